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

Result<SemanticHits> search_vectors(const VectorLeg& vectors,
                                    const EmbeddingModel& model,
                                    std::span<const float> query,
                                    const std::function<bool(search::Key)>& allows,
                                    std::size_t most) {
  const auto index = vectors.index();
  const search::vector::SearchWidth width{.walk = std::max(least_walk, most)};
  auto found = allows ? index->search(query, most, index->select(allows), width)
                      : index->search(query, most, width);
  if (!found) return std::unexpected(std::move(found.error()));
  SemanticHits hits;
  hits.trust = found->trust;
  const std::uint64_t entries = index->status().live;
  for (const search::Hit& hit : found->hits) {
    const float sure = similarity_confidence(hit.score, model, entries);
    if (sure > 0) hits.hits.push_back({hit.key, sure});
  }
  return hits;
}

}  // namespace hearth::packs::knowledge
