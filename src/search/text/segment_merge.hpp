// Several text generations into one, without what is gone.
//
// The documents keep their order, one generation after another, so that a term's lists are joined
// end to end; postings are decoded and encoded again, positions are copied as bytes. Memory: see
// segment_writer.hpp, and the keys and lengths of the documents (10 bytes each).
#pragma once

#include <memory>
#include <span>
#include <stop_token>

#include "base/result.hpp"
#include "search/text/segment.hpp"
#include "search/tombstones.hpp"

namespace hearth::search::text {

struct MergeInput {
  std::shared_ptr<const Segment> segment;
  std::shared_ptr<const Tombstones> tombstones;
};

// `damaged` when an input is, `cancelled` when stopped. The sections are written, `finish` of the
// writer is left to the caller.
[[nodiscard]] Result<void> merge_segments(std::span<const MergeInput> inputs,
                                          GenerationWriter& writer,
                                          const std::stop_token& stop);

// The same into memory.
[[nodiscard]] Result<std::shared_ptr<const Segment>> merge_in_memory(
    std::span<const MergeInput> inputs, std::uint64_t sequence);

}  // namespace hearth::search::text
