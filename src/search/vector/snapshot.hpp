// The parts of a snapshot as vectors.
#pragma once

#include "search/part.hpp"
#include "search/vector/store_search.hpp"

namespace hearth::search::vector {

using search::Part;
using search::Snapshot;

[[nodiscard]] inline const VectorStore& store_of(const Part& part) {
  return static_cast<const VectorStore&>(*part.contents);
}

// `allowed`: null for all that are not gone.
[[nodiscard]] inline SearchTarget target_of(const Part& part, const NodeSet* allowed) {
  return {.store = store_of(part),
          .visible = part.visible,
          .gone = *part.tombstones,
          .allowed = allowed};
}

}  // namespace hearth::search::vector
