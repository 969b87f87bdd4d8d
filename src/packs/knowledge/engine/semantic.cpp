#include "packs/knowledge/engine/semantic.hpp"

#include <algorithm>
#include <cmath>

namespace hearth::packs::knowledge {
namespace {

// Deviations above the nearest of the unrelated for evens, and for each step of the odds by e:
// fitted to how many hits of a cosine are right (tests/data/judged).
constexpr float evens = 2.0F;
constexpr float step = 1.0F;
// Few texts are no smaller risk: the unrelated scatter wider than a normal distribution.
constexpr std::uint64_t least_entries = 100;
// Less than this is noise.
constexpr float least = 0.05F;

constexpr std::size_t least_walk = 64;

}  // namespace

float similarity_confidence(float cosine, const EmbeddingModel& model, std::uint64_t entries) {
  const float deviation = std::max(model.unrelated_deviation, 1e-3F);
  const auto among = static_cast<float>(std::max(entries, least_entries));
  const float by_chance = std::sqrt(2.0F * std::log(among));
  const float deviations = (cosine - model.unrelated_mean) / deviation - by_chance;
  const float sure = 1.0F / (1.0F + std::exp((evens - deviations) / step));
  return sure < least ? 0.0F : sure;
}

Result<SemanticHits> search_vectors(const SemanticQuery& query, std::size_t most) {
  const search::vector::Index& index = *query.index;
  const search::vector::SearchWidth width{.walk = std::max(least_walk, most)};
  auto found = query.among ? index.search(query.vector, most, *query.among, width)
                           : index.search(query.vector, most, width);
  if (!found) return std::unexpected(std::move(found.error()));
  SemanticHits hits;
  hits.trust = found->trust;
  hits.is_all = found->hits.size() < most;
  const std::uint64_t entries = index.status().live;
  for (const search::Hit& hit : found->hits) {
    hits.hits.push_back({hit.key, similarity_confidence(hit.score, query.model, entries)});
  }
  if (!hits.is_all) hits.best_unseen = hits.hits.back().score;
  return hits;
}

Result<std::vector<float>> score_vectors(const SemanticQuery& query,
                                         std::span<const search::Key> keys) {
  const auto scores = query.index->scores(query.vector, keys);
  if (!scores) return std::unexpected(scores.error());
  const std::uint64_t entries = query.index->status().live;
  std::vector<float> sure;
  for (const std::optional<float>& score : *scores) {
    sure.push_back(score ? similarity_confidence(*score, query.model, entries) : 0);
  }
  return sure;
}

}  // namespace hearth::packs::knowledge
