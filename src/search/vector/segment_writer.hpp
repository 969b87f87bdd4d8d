// Writes a graph in memory as the sections of a generation.
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>

#include "base/result.hpp"
#include "search/generation.hpp"
#include "search/vector/growing_graph.hpp"

namespace hearth::search::vector {

// `keys` has one for each of the graph's nodes. Nodes are numbered anew, breadth first from the
// entry, so that what a walk visits together lies together. `cancelled` when stopped; `finish` of
// the writer is left to the caller.
[[nodiscard]] Result<void> write_segment(const GrowingGraph& graph,
                                         std::span<const Key> keys,
                                         std::uint32_t code_bits,
                                         GenerationWriter& writer,
                                         const std::stop_token& stop);

}  // namespace hearth::search::vector
