// The tools that show what waits for a person, and what was spent. None decides.
#include "packs/mandates/approval_wire.hpp"
#include "packs/mandates/proposal_text.hpp"
#include "packs/mandates/tools.hpp"

namespace hearth::packs::mandates {
namespace {

Result<wire::ApprovalsAnswer> list(Space& space, const wire::ApprovalsRequest& request) {
  PageOf<std::string> page;
  {
    auto reader = space.store().read();
    if (!reader) return std::unexpected(std::move(reader.error()));
    std::optional<std::int64_t> of_run;
    if (request.run) {
      const auto run = find_run(**reader, *request.run);
      if (!run) return std::unexpected(run.error());
      of_run = run->n;
    }
    auto found = list_proposals(**reader, request.state == "all" ? "" : request.state, of_run,
                                wire::to_page(request.offset, request.limit));
    if (!found) return std::unexpected(std::move(found.error()));
    page = std::move(*found);
  }
  wire::ApprovalsAnswer answer{.approvals = {}, .total = page.total, .for_review = {}};
  Approvals approvals(space.store());
  for (const std::string& id : page.rows) {
    const auto row = approvals.load(id);
    if (!row) return std::unexpected(row.error());
    answer.approvals.push_back(wire::to_row(*row));
  }
  answer.truncated = request.offset + static_cast<std::int64_t>(page.rows.size()) < page.total;
  auto review = Effects(space.store()).for_review();
  if (!review) return std::unexpected(std::move(review.error()));
  answer.for_review = std::move(*review);
  return answer;
}

Result<wire::ApprovalAnswer> show(Space& space, const wire::ApprovalRequest& request) {
  std::string id;
  {
    auto reader = space.store().read();
    if (!reader) return std::unexpected(std::move(reader.error()));
    auto found = find_proposal(**reader, request.proposal);
    if (!found) return std::unexpected(std::move(found.error()));
    id = std::move(*found);
  }
  const auto row = Approvals(space.store()).load(id);
  if (!row) return std::unexpected(row.error());
  wire::ApprovalAnswer answer{.approval = wire::to_row(*row), .deed = {}, .text = {}};
  if (!request.as_text) {
    answer.deed = json::Raw{row->proposal.content};
    return answer;
  }
  auto text = proposal_text(*row);
  if (!text) return std::unexpected(std::move(text.error()));
  answer.text = std::move(*text);
  return answer;
}

Result<wire::BudgetAnswer> budget(Space& space, const wire::BudgetRequest& request) {
  Spender spender;
  {
    auto reader = space.store().read();
    if (!reader) return std::unexpected(std::move(reader.error()));
    if (request.mandate) {
      auto mandate = find_mandate(**reader, *request.mandate);
      if (!mandate) return std::unexpected(std::move(mandate.error()));
      spender.mandate = std::move(mandate->id);
    }
    if (request.run) {
      auto run = find_run(**reader, *request.run);
      if (!run) return std::unexpected(std::move(run.error()));
      spender.run = std::move(run->id);
    }
  }
  const Ledger::Usage usage = space.ledger().usage(spender);
  const Limits& day = space.bench().settings().day;
  wire::BudgetAnswer answer{.today = wire::to_spent(usage.day),
                            .mandate = {},
                            .run = {},
                            .day_calls = day.calls,
                            .day_tokens = day.tokens,
                            .day_money = {}};
  if (day.money) answer.day_money = static_cast<double>(*day.money) / 1e6;
  if (request.mandate) answer.mandate = wire::to_spent(usage.mandate);
  if (request.run) answer.run = wire::to_spent(usage.run);
  return answer;
}

}  // namespace

void declare_approval_tools(pack::Binder& tools, ToolRunner& runner) {
  runner.bind<wire::ApprovalsRequest, wire::ApprovalsAnswer>(
      tools,
      reading("approvals", "What waits for a person",
              "Proposals by state. A person decides them: hearth mandates approve, in a terminal."),
      [](Space& space, const wire::ApprovalsRequest& request, const pack::Call&) {
        return list(space, request);
      });
  runner.bind<wire::ApprovalRequest, wire::ApprovalAnswer>(
      tools, reading("approval", "Show a proposal", "Exactly what would be done."),
      [](Space& space, const wire::ApprovalRequest& request, const pack::Call&) {
        return show(space, request);
      });
  runner.bind<wire::BudgetRequest, wire::BudgetAnswer>(
      tools,
      reading("budget", "What was spent",
              "Today, and of a mandate or a run; with what is allowed."),
      [](Space& space, const wire::BudgetRequest& request, const pack::Call&) {
        return budget(space, request);
      });
}

}  // namespace hearth::packs::mandates
