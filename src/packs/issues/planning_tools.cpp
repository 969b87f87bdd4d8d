// The tools for what waits for what, and what is part of what: dep_add, dep_remove, dep_list,
// dep_topo, tree, graph.
#include <algorithm>
#include <cctype>
#include <set>

#include "packs/issues/engine/filter.hpp"
#include "packs/issues/engine/views/graph_text.hpp"
#include "packs/issues/planning_wire.hpp"
#include "packs/issues/tools.hpp"

namespace hearth::packs::issues {
namespace {

// ---- Dependencies -----------------------------------------------------------------------------

struct Wanted {
  IssueId id;
  Dependency dependency;
  bool is_there = false;
};

// An issue, or one that this one depends on and that is not here.
Result<IssueId> resolve_target(const std::string& prefix,
                               const Summary* issue,
                               const Board& board) {
  auto target = board.resolve(prefix);
  if (target || issue == nullptr || target.error().code != Errc::not_found) return target;
  std::string digits = prefix;
  std::ranges::transform(digits, digits.begin(), [](unsigned char c) { return std::tolower(c); });
  std::set<IssueId> found;
  for (const Dependency& each : issue->dependencies) {
    if (hex_of(each.target).starts_with(digits)) found.insert(each.target);
  }
  return found.size() == 1 ? Result<IssueId>(*found.begin()) : target;
}

Result<Wanted> resolve(const wire::DependencyRequest& request, const Board& board) {
  const auto id = board.resolve(request.id);
  if (!id) return std::unexpected(id.error());
  const auto target = resolve_target(request.target, board.find(*id), board);
  if (!target) return std::unexpected(target.error());
  const auto type = dependency_type_of(request.type).value_or(DependencyType::depends_on);
  Wanted wanted{.id = *id, .dependency = {*target, type}};
  const Summary* issue = board.find(*id);
  wanted.is_there = issue != nullptr && std::ranges::find(issue->dependencies, wanted.dependency) !=
                                            issue->dependencies.end();
  return wanted;
}

Result<void> check_no_circle(const Wanted& wanted, const Board& board) {
  if (wanted.id == wanted.dependency.target) {
    return fail(Errc::conflict, "an issue cannot depend on itself");
  }
  if (wanted.dependency.type == DependencyType::related_to) return {};
  const IssueGraph& graph = board.graph();
  const auto id = graph.find(wanted.id);
  const auto target = graph.find(wanted.dependency.target);
  if (!id || !target) return {};
  const bool waits = wanted.dependency.type == DependencyType::depends_on;
  const auto [before, after] = waits ? std::pair(*target, *id) : std::pair(*id, *target);
  if (!would_close_circle(graph, before, after)) return {};
  return fail(Errc::conflict,
              board.short_id(graph.issue(before).id) + " waits for " +
                  board.short_id(graph.issue(after).id) +
                  " already: they would wait for each other",
              {"see what waits for what with hearth issues dep-list and dep-topo"});
}

Result<Batch> make_dependency(const wire::DependencyRequest& request,
                              const Board& board,
                              store::Database&,
                              const Actor&) {
  const auto wanted = resolve(request, board);
  if (!wanted) return std::unexpected(wanted.error());
  if (wanted->is_there) return Batch{};
  if (auto good = check_no_circle(*wanted, board); !good) {
    return std::unexpected(std::move(good.error()));
  }
  const auto& [target, type] = wanted->dependency;
  return Batch{.drafts = {{wanted->id, DependencyAdded{target, type}}}, .events = {}};
}

Result<Batch> make_no_dependency(const wire::DependencyRequest& request,
                                 const Board& board,
                                 store::Database&,
                                 const Actor&) {
  const auto wanted = resolve(request, board);
  if (!wanted) return std::unexpected(wanted.error());
  if (!wanted->is_there) return Batch{};
  const auto& [target, type] = wanted->dependency;
  return Batch{.drafts = {{wanted->id, DependencyRemoved{target, type}}}, .events = {}};
}

auto tell_dependency(std::string_view action) {
  return [action](const wire::DependencyRequest& request, const Receipt& receipt) {
    const wire::Written written = wire::to_written(receipt, request.id);
    wire::DependencyAnswer answer{
        .event_id = written.event_id,
        .issue_id = written.issue_id,
        .target = request.target,
        .dep_type = request.type,
        .action = std::string(receipt.events.empty() ? "unchanged" : action),
        .wal_head = written.wal_head};
    if (receipt.events.empty()) return answer;
    const Kind& kind = receipt.events.back().kind;
    if (const auto* added = std::get_if<DependencyAdded>(&kind)) {
      answer.target = hex_of(added->target);
    } else if (const auto* removed = std::get_if<DependencyRemoved>(&kind)) {
      answer.target = hex_of(removed->target);
    }
    return answer;
  };
}

wire::ListedDependency listed(const IssueId& id, DependencyType type, const Board& board) {
  wire::ListedDependency shown{.id = board.short_id(id),
                               .issue_id = hex_of(id),
                               .dep_type = std::string(name_of(type)),
                               .title = {},
                               .state = {}};
  if (const Summary* issue = board.find(id)) {
    shown.title = wire::short_title(issue->title);
    shown.state = name_of(issue->state);
  }
  return shown;
}

Result<wire::DependenciesAnswer> list_dependencies(IssueStore& store,
                                                   const wire::DependenciesRequest& request) {
  const auto board = store.board();
  const auto id = board->resolve(request.id);
  if (!id) return std::unexpected(id.error());
  wire::DependenciesAnswer answer{
      .issue_id = hex_of(*id), .direction = request.reverse ? "incoming" : "outgoing", .deps = {}};
  const Summary* asked = board->find(*id);
  if (!request.reverse && asked != nullptr) {
    for (const Dependency& each : asked->dependencies) {
      answer.deps.push_back(listed(each.target, each.type, *board));
    }
  }
  if (!request.reverse) return answer;
  std::vector<const Summary*> others;
  for (const Summary& issue : board->issues()) others.push_back(&issue);
  std::ranges::sort(others, {}, [](const Summary* issue) { return urgency(*issue); });
  for (const Summary* issue : others) {
    for (const Dependency& each : issue->dependencies) {
      if (each.target == *id) answer.deps.push_back(listed(issue->id, each.type, *board));
    }
  }
  return answer;
}

// ---- Order, trees, diagrams ---------------------------------------------------------------------

std::vector<Summary> issues_in_state(const Board& board, const std::string& state) {
  const auto wanted = state_of(state);  // none: all
  std::vector<Summary> issues;
  for (const Summary& issue : board.issues()) {
    if (!wanted || issue.state == *wanted) issues.push_back(issue);
  }
  return issues;
}

// What is not shown does not order what is, except for those without the label.
Result<wire::OrderAnswer> put_in_order(IssueStore& store, const wire::OrderRequest& request) {
  const auto board = store.board();
  const std::vector<Summary> issues = issues_in_state(*board, request.state);
  const IssueGraph graph(issues);
  const DependencyOrder found = order_of(graph);
  const Filter filter{.labels = request.label, .text = {}};
  wire::OrderAnswer answer;
  for (const Position at : found.order) {
    if (!filter.admits(graph.issue(at))) continue;
    const std::int64_t place = answer.total++;
    if (place < request.offset || place >= request.offset + request.limit) continue;
    answer.issues.push_back(wire::to_ordered(graph.issue(at), *board));
    answer.order.push_back(answer.issues.back().issue_id);
  }
  for (const auto& circle : found.circles) {
    wire::Circle& shown = answer.cycles.emplace_back();
    for (const Position at : circle) shown.issues.push_back(hex_of(graph.issue(at).id));
  }
  answer.truncated = answer.total > request.offset + wire::number(answer.issues.size());
  return answer;
}

Result<wire::TreeAnswer> trees(IssueStore& store, const wire::TreeRequest& request) {
  const auto board = store.board();
  const IssueGraph& graph = board->graph();
  std::vector<TreeRow> rows;
  if (request.id) {
    const auto id = board->resolve(*request.id);
    if (!id) return std::unexpected(id.error());
    const auto root = graph.find(*id);
    if (!root) return fail(Errc::not_found, "no issue " + *request.id);
    rows = tree_of(graph, *root);
  } else {
    rows = all_trees(graph);
  }
  const auto kept = std::min(rows.size(), static_cast<std::size_t>(request.limit));
  wire::TreeAnswer answer{
      .nodes = {}, .total = wire::number(rows.size()), .truncated = kept < rows.size()};
  for (std::size_t i = 0; i < kept; ++i) {
    answer.nodes.push_back(wire::to_node(rows[i], graph, *board));
  }
  return answer;
}

Result<wire::GraphAnswer> draw(IssueStore& store, const wire::GraphRequest& request) {
  const auto board = store.board();
  std::optional<IssueId> id;
  if (request.id) {
    const auto found = board->resolve(*request.id);
    if (!found) return std::unexpected(found.error());
    id = *found;
  }
  const auto wanted = state_of(request.state);
  const IssueGraph& graph = board->graph();
  std::vector<Position> shown;
  const auto add = [&](Position at) {
    const Summary& issue = graph.issue(at);
    if (!wanted || issue.state == *wanted || issue.id == id) shown.push_back(at);
  };
  if (const auto at = id ? graph.find(*id) : std::nullopt) {
    std::ranges::for_each(graph.connected_to(*at), add);
  } else {
    for (Position each = 0; each < graph.size(); ++each) add(each);
  }
  std::ranges::sort(shown, {}, [&graph, &id](Position at) {
    const Summary& issue = graph.issue(at);
    return std::tuple(issue.id != id, issue.priority, issue.created_ms, issue.id);
  });
  const std::size_t total = shown.size();
  shown.resize(std::min(total, static_cast<std::size_t>(request.limit)));
  const auto short_id = [&board](const IssueId& each) { return board->short_id(each); };
  const auto syntax = request.format == "dot" ? GraphSyntax::dot : GraphSyntax::mermaid;
  return wire::GraphAnswer{.format = request.format,
                           .text = graph_text(graph, shown, syntax, short_id),
                           .nodes = wire::number(shown.size()),
                           .total = wire::number(total),
                           .truncated = shown.size() < total};
}

// Binds a tool that looks at the board only.
template <typename Request, typename Answer>
void bind_view(pack::Binder& tools,
               ToolRunner& runner,
               pack::ToolSpec spec,
               Result<Answer> (*view)(IssueStore&, const Request&)) {
  runner.bind<Request, Answer>(tools, std::move(spec), pack::Length::brief,
                               [view](IssueStore& store, const Request& request,
                                      const pack::Call&) { return view(store, request); });
}

}  // namespace

void declare_planning_tools(pack::Binder& tools, ToolRunner& runner) {
  runner.bind_write<wire::DependencyRequest, wire::DependencyAnswer>(
      tools,
      writing("dep_add", "Add a dependency",
              "Say that one issue waits for another, blocks it or is related to it. Refused where "
              "they would wait for each other.",
              {.idempotent = true}),
      make_dependency, tell_dependency("added"));
  runner.bind_write<wire::DependencyRequest, wire::DependencyAnswer>(
      tools,
      writing("dep_remove", "Remove a dependency", "Take back what dep_add said.",
              {.destructive = true, .idempotent = true}),
      make_no_dependency, tell_dependency("removed"));
  bind_view(tools, runner,
            reading("dep_list", "List dependencies",
                    "What an issue says of others, or with reverse what others say of it."),
            list_dependencies);
  bind_view(tools, runner,
            reading("dep_topo", "Order issues by dependencies",
                    "Issues so that each comes after all that it waits for, the most urgent first; "
                    "names those that wait for each other."),
            put_in_order);
  bind_view(tools, runner,
            reading("tree", "Show epics with their parts",
                    "Epics and their parts at every depth, with how many parts are closed."),
            trees);
  bind_view(
      tools, runner,
      reading("graph", "Draw issues", "Dependencies and epics as a diagram, in Mermaid or DOT."),
      draw);
}

}  // namespace hearth::packs::issues
