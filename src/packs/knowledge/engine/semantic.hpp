// The leg of vectors: entries about what a query is about, and how sure that is.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "packs/knowledge/engine/vector_leg.hpp"
#include "search/hit.hpp"

namespace hearth::packs::knowledge {

struct SemanticHits {
  std::vector<search::Hit> hits;  // best first; scores are 0 … 1: how sure
  search::Trust trust = search::Trust::verified;
};

// How sure it is that a text is about the same, by its cosine to another, among `entries` texts.
//
// Of many texts that have nothing to do with a query, some are near to it by chance: the nearest of
// N lies about √(2 ln N) deviations above their mean. Only what stands out from these is evidence.
[[nodiscard]] float similarity_confidence(float cosine,
                                          const EmbeddingModel& model,
                                          std::uint64_t entries);

// `query` has length 1, in the space of `model`. `allows` is empty if all are asked for.
[[nodiscard]] Result<SemanticHits> search_vectors(const VectorLeg& vectors,
                                                  const EmbeddingModel& model,
                                                  std::span<const float> query,
                                                  const std::function<bool(search::Key)>& allows,
                                                  std::size_t most);

}  // namespace hearth::packs::knowledge
