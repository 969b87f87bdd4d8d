#include "packs/issues/planning_wire.hpp"

namespace hearth::packs::issues::wire {

using json::defaulted;
using json::one_of;
using json::range;

json::Notes notes(const DependencyRequest*) {
  return {{"id", id_text, id_limits()},
          {"target", "The other issue, likewise", id_limits()},
          {"type", "depends_on: id waits for target; blocks: target waits for id; or related_to",
           one_of({"depends_on", "blocks", "related_to"}) | defaulted},
          {"actor", actor_text, name_limits()},
          {"key", key_text, key_limits()}};
}
json::Notes notes(const DependencyAnswer*) {
  return {{"event_id", "Id of the event that was written; empty: nothing had to change"},
          {"issue_id", full_id_text},
          {"target", "The other issue's whole id"},
          {"dep_type", "depends_on, blocks or related_to"},
          {"action", "added, removed or unchanged"},
          {"wal_head", head_text}};
}
json::Notes notes(const DependenciesRequest*) {
  return {{"id", id_text, id_limits()},
          {"reverse", "What other issues say about this one", defaulted}};
}
json::Notes notes(const ListedDependency*) {
  return {{"id", "Short, good for every verb"},
          {"issue_id", "The other issue's whole id"},
          {"dep_type", "depends_on, blocks or related_to"},
          {"title", "Empty when that issue is not here"},
          {"state", "open or closed; empty when that issue is not here"}};
}
json::Notes notes(const DependenciesAnswer*) {
  return {{"issue_id", full_id_text},
          {"direction", "outgoing: said by this issue; incoming: said of it by others"},
          {"deps", ""}};
}
json::Notes notes(const OrderRequest*) {
  return {{"state", "open, closed or all", state_choices() | defaulted},
          {"label", "Only issues with this label; several: with all of them",
           list_limits() | defaulted},
          {"limit", "Most issues to return", range(1, 1000) | defaulted},
          {"offset", "How many of them to pass over", range(0, 1'000'000) | defaulted}};
}
json::Notes notes(const OrderedIssue*) {
  return {{"id", "Short, good for every verb"},
          {"issue_id", full_id_text},
          {"title", ""},
          {"state", ""},
          {"priority", "0, most urgent, to 4"},
          {"labels", ""}};
}
json::Notes notes(const Circle*) {
  return {{"issues", "Whole ids; each waits for another of them"}};
}
json::Notes notes(const OrderAnswer*) {
  return {{"issues", "Each after all that it waits for"},
          {"order", "Their whole ids"},
          {"cycles", "Issues that wait for each other: remove one of their dependencies"},
          {"total", "How many fit, whatever limit says"},
          {"truncated", "There are more: raise limit or offset"}};
}
json::Notes notes(const TreeRequest*) {
  return {{"id", "Only the tree below this issue; default: all epics", id_limits()},
          {"limit", "Most rows to return", range(1, 5000) | defaulted}};
}
json::Notes notes(const TreeNode*) {
  return {{"depth", "0 for an epic that is no part itself"},
          {"id", "Short, good for every verb"},
          {"issue_id", full_id_text},
          {"title", ""},
          {"state", ""},
          {"type", ""},
          {"priority", "0, most urgent, to 4"},
          {"closed", "How many of its parts, at any depth, are closed"},
          {"parts", "How many it has"}};
}
json::Notes notes(const TreeAnswer*) {
  return {{"nodes", "Each before its parts"},
          {"total", "Rows in all, whatever limit says"},
          {"truncated", "There are more: raise limit, or name an epic"}};
}
json::Notes notes(const GraphRequest*) {
  return {{"id", "Only what is linked to this issue, over any number of steps", id_limits()},
          {"format", "mermaid (Markdown shows it) or dot (Graphviz)",
           one_of({"mermaid", "dot"}) | defaulted},
          {"state", "open, closed or all", state_choices() | defaulted},
          {"limit", "Most issues to draw, the most urgent first", range(1, 2000) | defaulted}};
}
json::Notes notes(const GraphAnswer*) {
  return {{"format", ""},
          {"text", "The diagram: arrows go from what comes first to what waits for it"},
          {"nodes", "Issues that are drawn"},
          {"total", "Issues that fit, whatever limit says"},
          {"truncated", "There are more: raise limit, or name an issue"}};
}

OrderedIssue to_ordered(const Summary& issue, const Board& board) {
  return {.id = board.short_id(issue.id),
          .issue_id = hex_of(issue.id),
          .title = short_title(issue.title),
          .state = std::string(name_of(issue.state)),
          .priority = issue.priority,
          .labels = short_names(issue.labels)};
}

TreeNode to_node(const TreeRow& row, const IssueGraph& graph, const Board& board) {
  const Summary& issue = graph.issue(row.issue);
  return {.depth = row.depth,
          .id = board.short_id(issue.id),
          .issue_id = hex_of(issue.id),
          .title = short_title(issue.title),
          .state = std::string(name_of(issue.state)),
          .type = short_name(issue.type),
          .priority = issue.priority,
          .closed = row.progress.closed,
          .parts = row.progress.total};
}

}  // namespace hearth::packs::issues::wire
