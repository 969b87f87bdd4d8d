// The tools that list issues: list, ready, search.
#include <algorithm>

#include "packs/issues/engine/issue_search.hpp"
#include "packs/issues/engine/views/ready.hpp"
#include "packs/issues/list_ready.hpp"
#include "packs/issues/list_wire.hpp"
#include "packs/issues/tools.hpp"

namespace hearth::packs::issues {
namespace {

Result<wire::ListAnswer> list(IssueStore& store, const wire::ListRequest& request) {
  if (auto good = wire::check_fields(request.fields); !good) return std::unexpected(good.error());
  const auto board = store.board();
  const auto filter = wire::to_filter(request, *board, store.now_ms());
  if (!filter) return std::unexpected(filter.error());
  const Page page = select(
      board->issues(), *filter, order_of(request.sort).value_or(Order::created), request.reverse,
      static_cast<std::size_t>(request.offset), static_cast<std::size_t>(request.limit));
  wire::ListAnswer answer{
      .issues = {},
      .total = wire::number(page.total),
      .truncated = page.total > page.issues.size() + static_cast<std::size_t>(request.offset)};
  for (const Summary* issue : page.issues) {
    answer.issues.push_back(wire::to_listed(*issue, *board, request.fields));
  }
  return answer;
}

// ---- Ready ------------------------------------------------------------------------------------

Result<Filter> filter_of(const wire::ReadyRequest& request, const Board& board) {
  Filter filter{.state = State::open,
                .labels = request.label,
                .assignee = request.assignee,
                .type = request.type};
  if (request.parent) {
    const auto parent = board.resolve(*request.parent);
    if (!parent) return std::unexpected(parent.error());
    filter.parent = *parent;
  }
  return filter;
}

// Issues that somebody has claimed, at this time.
Result<Claimed> claimed_issues(IssueStore& store) {
  const auto locks = store.locks();
  if (!locks) return std::unexpected(locks.error());
  constexpr std::string_view space = "issue:";
  Claimed claimed;
  for (const HeldLock& each : *locks) {
    if (!each.is_live(store.now_ms()) || !each.lock.resource.starts_with(space)) continue;
    const auto id = id_of_hex<IssueId>(each.lock.resource.substr(space.size()));
    if (id) claimed.insert(*id);
  }
  return claimed;
}

std::string joined(const std::vector<std::string>& reasons) {
  std::string all;
  for (const std::string& each : reasons) all.append(all.empty() ? "" : "; ").append(each);
  return all;
}

}  // namespace

Result<wire::ListAnswer> list_ready(IssueStore& store, const wire::ReadyRequest& request) {
  auto claimed = claimed_issues(store);
  if (!claimed) return std::unexpected(std::move(claimed.error()));
  const auto board = store.board();
  const auto filter = filter_of(request, *board);
  if (!filter) return std::unexpected(filter.error());
  const IssueGraph& graph = board->graph();
  const auto short_id = [&board](const IssueId& id) { return board->short_id(id); };
  wire::ListAnswer answer;
  const auto all =
      request.blocked ? blocked_issues(graph, *claimed) : ready_issues(graph, *claimed);
  for (const Position at : all) {
    if (!filter->admits(graph.issue(at))) continue;
    if (answer.total++ >= request.limit) continue;
    wire::ListedIssue listed = wire::to_brief(graph.issue(at), *board);
    listed.why = joined(request.blocked
                            ? obstacle_reasons(graph, obstacles_of(graph, at, *claimed), short_id)
                            : ready_reasons(graph, at));
    answer.issues.push_back(std::move(listed));
  }
  answer.truncated = answer.total > request.limit;
  return answer;
}

namespace {

// ---- Search -----------------------------------------------------------------------------------

Result<wire::ListAnswer> search(IssueStore& store,
                                const wire::SearchRequest& request,
                                const pack::Call& call) {
  const Filter filter{.state = state_of(request.state),
                      .labels = request.label,
                      .assignee = request.assignee,
                      .text = {}};
  const auto page = store.searcher().search(request.query, filter,
                                            static_cast<std::size_t>(request.limit), call.stop());
  if (!page) return std::unexpected(page.error());
  wire::ListAnswer answer{.issues = {},
                          .total = wire::number(page->total),
                          .truncated = page->total > page->hits.size()};
  const auto board = store.board();
  for (const SearchHit& hit : page->hits) {
    wire::ListedIssue listed = wire::to_brief(hit.issue, *board);
    listed.state = std::string(name_of(hit.issue.state));
    if (!hit.snippet.empty()) listed.snippet = hit.snippet;
    answer.issues.push_back(std::move(listed));
  }
  return answer;
}

}  // namespace

void declare_list_tools(pack::Binder& tools, ToolRunner& runner) {
  using enum pack::Length;
  runner.bind<wire::ListRequest, wire::ListAnswer>(
      tools,
      reading("list", "List issues",
              "List issues, oldest first; by state, labels, assignee, type, epic, priority, text "
              "of the title and time. For what can be done now use issues_ready."),
      brief, [](IssueStore& store, const wire::ListRequest& request, const pack::Call&) {
        return list(store, request);
      });
  runner.bind<wire::ReadyRequest, wire::ListAnswer>(
      tools,
      reading("ready", "What can be done now",
              "Open issues that nothing blocks and nobody has claimed, most urgent first, with "
              "reasons. Claim one before you begin."),
      brief, [](IssueStore& store, const wire::ReadyRequest& request, const pack::Call&) {
        return list_ready(store, request);
      });
  runner.bind<wire::SearchRequest, wire::ListAnswer>(
      tools,
      reading("search", "Search issues",
              "Full text of titles, labels, texts and comments, best first."),
      brief, search);
}

}  // namespace hearth::packs::issues
