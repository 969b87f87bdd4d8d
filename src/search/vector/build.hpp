// Builds the Vamana graph of many vectors at once (Subramanya et al. 2019, algorithm 3).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

#include "base/result.hpp"
#include "search/vector/growing_graph.hpp"

namespace hearth::search::vector {

struct BuildOptions {
  GraphOptions graph;
  // Over all nodes: the first pass with alpha = 1, the last with the graph's. One suffices where
  // the vectors come one after another anyway.
  unsigned passes = 1;
  unsigned threads = 1;  // with one, the same vectors make the same graph
  // Told how many of how many steps are done, from time to time, by one of the threads.
  std::function<void(std::size_t, std::size_t)> progress;
};

// A graph of the first of the vectors: it is taken over, and only the others are linked, as merges
// of FreshDiskANN do (Singh et al. 2021).
struct KnownGraph {
  NodeId nodes = 0;
  // Appends the neighbours that a node had, all of them below `nodes`. Asked by several threads.
  std::function<void(NodeId, std::vector<NodeId>&)> neighbours{};
};

// The mean of all vectors, and the longest's length.
[[nodiscard]] Space space_of(Metric metric,
                             std::size_t dimensions,
                             std::span<const float* const> vectors);

// Vectors are numbered as they come; they outlive the graph, and for `cosine` they are normalised.
// `cancelled` when stopped. Memory: a block of 8-bit code a vector, for 384 dimensions 576 bytes.
[[nodiscard]] Result<std::unique_ptr<GrowingGraph>> build_graph(
    Space space,
    std::span<const float* const> vectors,
    const BuildOptions& options,
    const std::stop_token& stop,
    const KnownGraph& known = {});

}  // namespace hearth::search::vector
