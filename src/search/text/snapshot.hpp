// The parts of a snapshot as texts.
#pragma once

#include "search/part.hpp"
#include "search/text/bm25.hpp"
#include "search/text/segment.hpp"

namespace hearth::search::text {

using search::Part;
using search::Snapshot;

[[nodiscard]] inline const Segment& segment_of(const Part& part) {
  return static_cast<const Segment&>(*part.contents);
}

// Without what is gone.
[[nodiscard]] Collection collection_of(const Snapshot& snapshot);

}  // namespace hearth::search::text
