// Epics with their parts, and how far they are.
#pragma once

#include <cstdint>
#include <vector>

#include "packs/issues/engine/issue_graph.hpp"

namespace hearth::packs::issues {

// Of the parts below an issue, at whatever depth.
struct Progress {
  std::uint32_t closed = 0;
  std::uint32_t total = 0;
  bool operator==(const Progress&) const = default;
};

struct TreeRow {
  Position issue = 0;
  std::uint32_t depth = 0;
  Progress progress;
  bool operator==(const TreeRow&) const = default;
};

// `root` and its parts, each parent before its parts, these by urgency.
[[nodiscard]] std::vector<TreeRow> tree_of(const IssueGraph& graph, Position root);
// The trees of all issues that have parts, or are of type "epic", and are no part themselves.
[[nodiscard]] std::vector<TreeRow> all_trees(const IssueGraph& graph);

}  // namespace hearth::packs::issues
