// The leg of vectors: entries about what a query is about, and how sure that is.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "packs/knowledge/engine/vector_leg.hpp"
#include "search/hit.hpp"
#include "search/vector/index.hpp"

namespace hearth::packs::knowledge {

struct SemanticHits {
  std::vector<search::Hit> hits;  // best first; scores are 0 … 1: how sure
  bool is_all = false;            // there are no more
  float best_unseen = 0;          // no other is surer
  search::Trust trust = search::Trust::verified;
};

// How sure it is that a text is about the same, by its cosine to another, among `entries` texts.
//
// Of many texts that have nothing to do with a query, some are near to it by chance: the nearest of
// N lies about √(2 ln N) deviations above their mean. Only what stands out from these is evidence.
[[nodiscard]] float similarity_confidence(float cosine,
                                          const EmbeddingModel& model,
                                          std::uint64_t entries);

// A query of vectors. `vector` has length 1, in the space of `model`.
struct SemanticQuery {
  std::shared_ptr<const search::vector::Index> index;
  std::optional<search::vector::Selection> among;  // nothing: all
  EmbeddingModel model;
  std::vector<float> vector;
};

// The best `most`, of which the last may be nothing that anybody is sure of.
[[nodiscard]] Result<SemanticHits> search_vectors(const SemanticQuery& query, std::size_t most);
// How sure each of some entries is, as search_vectors says.
[[nodiscard]] Result<std::vector<float>> score_vectors(const SemanticQuery& query,
                                                       std::span<const search::Key> keys);

}  // namespace hearth::packs::knowledge
