// The vector index of a store: what entries are about, in the space of one model.
#pragma once

#include <cstdint>
#include <string_view>

#include "packs/knowledge/engine/embedder.hpp"
#include "packs/knowledge/engine/stored_leg.hpp"
#include "search/vector/index.hpp"

namespace hearth::packs::knowledge {

struct ByMeaning {
  using Index = search::vector::Index;
  static constexpr std::string_view name = "vectors";
  static constexpr bool wants_vectors = true;
  static constexpr std::uint64_t most_uncovered = UINT64_MAX;

  EmbeddingModel model;

  // An index of vectors of another length cannot be used.
  [[nodiscard]] search::vector::Schema schema() const {
    return {.dimensions = model.dimensions, .metric = search::vector::Metric::cosine};
  }
  [[nodiscard]] static Result<void> put(Index& index, const IndexedEntry& entry) {
    const auto key = static_cast<search::Key>(entry.n);
    if (!entry.vector.empty()) return index.put(key, entry.vector);
    index.erase(key);
    return {};
  }
  [[nodiscard]] static Result<void> commit(Index& index, std::uint64_t sequence) {
    index.commit(sequence);
    return {};
  }
};

using VectorLeg = StoredLeg<ByMeaning>;

}  // namespace hearth::packs::knowledge
