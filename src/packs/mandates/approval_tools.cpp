// The tools that show what waits for a person, and what was spent. None decides.
#include "packs/mandates/approval_wire.hpp"
#include "packs/mandates/engine/digest.hpp"
#include "packs/mandates/mandate_spec.hpp"
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
  auto text = named_proposal_text(space.store(), *row);
  if (!text) return std::unexpected(std::move(text.error()));
  answer.text = std::move(*text);
  return answer;
}

// The day is that of all namespaces.
wire::BudgetAnswer budget_of_today(const Workbench& bench) {
  const auto day = DayTotal::day_of(bench.context().clock().wall());
  return {.day = wire::to_row(bench.days()->of(day), bench.settings()->day),
          .mandate = {},
          .run = {},
          .digest = {}};
}

// A run is shown with its mandate, whose limits are its own.
Result<wire::BudgetAnswer> budget(Space& space, const wire::BudgetRequest& request) {
  Spender spender;
  std::optional<Mandate> mandate;
  {
    auto reader = space.store().read();
    if (!reader) return std::unexpected(std::move(reader.error()));
    if (request.run) {
      auto run = find_run(**reader, *request.run);
      if (!run) return std::unexpected(std::move(run.error()));
      spender.run = std::move(run->id);
      auto own = load_mandate(**reader, run->mandate_n);
      if (!own) return std::unexpected(std::move(own.error()));
      mandate = std::move(*own);
    }
    if (request.mandate) {
      auto named = find_mandate(**reader, *request.mandate);
      if (!named) return std::unexpected(std::move(named.error()));
      if (mandate && mandate->n != named->n)
        return fail(Errc::invalid_args, "the run is of another mandate: " + mandate->name);
      mandate = std::move(*named);
    }
  }
  Budget limits{.run = {}, .mandate = {}, .day = space.bench().settings()->day};
  if (mandate) {
    const auto spec = parse_spec(mandate->spec);
    if (!spec) return std::unexpected(spec.error());
    limits = budget_of(*spec, limits.day);
    spender.mandate = mandate->id;
  }
  const Ledger::Usage usage = space.ledger().usage(spender);
  wire::BudgetAnswer answer{
      .day = wire::to_row(usage.day, limits.day), .mandate = {}, .run = {}, .digest = {}};
  if (mandate) {
    answer.mandate = wire::to_row(usage.mandate, limits.mandate);
    // Of no run yet, what each is allowed.
    answer.run = wire::to_row(usage.run, limits.run);
    answer.digest = hex(digest(mandate->spec));
  }
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
      },
      Without::is_empty);
  runner.bind<wire::ApprovalRequest, wire::ApprovalAnswer>(
      tools, reading("approval", "Show a proposal", "Exactly what would be done."),
      [](Space& space, const wire::ApprovalRequest& request, const pack::Call&) {
        return show(space, request);
      });
  runner.bind_anyway<wire::BudgetRequest, wire::BudgetAnswer>(
      tools,
      reading("budget", "What was spent",
              "Today, and of a mandate or a run, in calls, tokens, money and time; with what is "
              "allowed. A person changes that: hearth mandates budget-set, in a terminal."),
      [&runner](const Result<std::shared_ptr<Space>>& space, const wire::BudgetRequest& request,
                const pack::Call& call) -> Result<wire::BudgetAnswer> {
        if (!space) return std::unexpected(space.error());
        if (*space != nullptr) return budget(**space, request);
        if (request.run || request.mandate) return no_mandates(call.caller().name_space);
        return budget_of_today(runner.bench());
      });
}

}  // namespace hearth::packs::mandates
