// An order in which issues can be worked on, and the circles that have none.
//
// What counts is what `ready` goes by (ready.hpp): besides its dependencies, an epic waits for its
// parts, and its parts wait for what it waits for. So each issue has a beginning and an end: it
// ends after it has begun and after its parts have ended, and begins after what it depends on has
// ended and after its epic has begun. Where an epic depends on a part of its own, its end does.
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
// Whether it waits for itself already, over however many others.
[[nodiscard]] bool is_in_circle(const IssueGraph& graph, Position at);
// Whether the second one cannot be closed before the first one is.
[[nodiscard]] bool comes_before(const IssueGraph& graph, Position first, Position second);

}  // namespace hearth::packs::issues
