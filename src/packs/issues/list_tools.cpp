// The tools that list issues: list, ready, search.
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

}  // namespace

void declare_list_tools(pack::Binder& tools, ToolRunner& runner) {
  runner.bind<wire::ListRequest, wire::ListAnswer>(
      tools,
      reading("list", "List issues",
              "List issues, oldest first; by state, labels, assignee, type, epic, priority, text "
              "of the title and time. For what can be done now use issues_ready."),
      ToolRunner::Length::brief,
      [](IssueStore& store, const wire::ListRequest& request, const pack::Call&) {
        return list(store, request);
      });
}

}  // namespace hearth::packs::issues
