#include "packs/issues/engine/views/tree.hpp"

#include <algorithm>

namespace hearth::packs::issues {
namespace {

// Rows stand in the order of a walk, so that from the last to the first each is complete before it
// is added to its parent: the nearest row above that is less deep.
void add_up(const IssueGraph& graph, std::span<TreeRow> rows) {
  std::vector<std::size_t> parent_row(rows.size());
  std::vector<std::size_t> path;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    path.resize(rows[i].depth);
    if (!path.empty()) parent_row[i] = path.back();
    path.push_back(i);
  }
  for (std::size_t i = rows.size(); i-- > 1;) {
    if (rows[i].depth == 0) continue;
    Progress& above = rows[parent_row[i]].progress;
    above.total += rows[i].progress.total + 1;
    above.closed += rows[i].progress.closed;
    if (graph.issue(rows[i].issue).state == State::closed) ++above.closed;
  }
}

void append_tree(const IssueGraph& graph, Position root, std::vector<TreeRow>& rows) {
  std::vector<TreeRow> todo{{root, 0, {}}};
  while (!todo.empty()) {
    const TreeRow row = todo.back();
    todo.pop_back();
    rows.push_back(row);
    const auto parts = graph.children(row.issue);
    const auto first = static_cast<std::ptrdiff_t>(todo.size());
    for (const Position part : parts) todo.push_back({part, row.depth + 1, {}});
    // The last is taken next.
    std::ranges::sort(todo.begin() + first, todo.end(), std::ranges::greater{},
                      [&graph](const TreeRow& part) { return urgency(graph.issue(part.issue)); });
  }
}

}  // namespace

std::vector<TreeRow> tree_of(const IssueGraph& graph, Position root) {
  std::vector<TreeRow> rows;
  append_tree(graph, root, rows);
  add_up(graph, rows);
  return rows;
}

std::vector<TreeRow> all_trees(const IssueGraph& graph) {
  std::vector<Position> roots;
  for (Position at = 0; at < graph.size(); ++at) {
    const bool has_tree = !graph.children(at).empty() || graph.issue(at).type == "epic";
    if (has_tree && !graph.parent(at)) roots.push_back(at);
  }
  std::ranges::sort(roots, {}, [&graph](Position at) { return urgency(graph.issue(at)); });
  std::vector<TreeRow> rows;
  for (const Position root : roots) append_tree(graph, root, rows);
  add_up(graph, rows);
  return rows;
}

}  // namespace hearth::packs::issues
