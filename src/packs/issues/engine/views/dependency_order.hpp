// An order in which issues can be worked on, and the circles that have none.
#pragma once

#include <vector>

#include "packs/issues/engine/issue_graph.hpp"

namespace hearth::packs::issues {

struct DependencyOrder {
  // Every issue once, after all that it waits for; of those that could come next the most urgent.
  // The members of a circle stand together.
  std::vector<Position> order;
  // Each group of issues that wait for each other, or one that waits for itself; by position.
  std::vector<std::vector<Position>> circles;
};

// The groups are the strongly connected components (Tarjan 1972, without recursion), and the order
// is that of the graph of the groups (Kahn 1962).
[[nodiscard]] DependencyOrder order_of(const IssueGraph& graph);

// Whether `after` would come to wait for itself if `before` had to come before it: to be asked
// before a dependency is added.
[[nodiscard]] bool would_close_circle(const IssueGraph& graph, Position before, Position after);

}  // namespace hearth::packs::issues
