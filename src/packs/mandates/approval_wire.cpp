#include "packs/mandates/approval_wire.hpp"

namespace hearth::packs::mandates::wire {

json::Notes notes(const ApprovalRow*) {
  return {{"id", ""},
          {"run", ""},
          {"state", "pending, approved, denied, expired, superseded or used"},
          {"kind", "change, command, tool, commit or report"},
          {"target", ""},
          {"needs_elevation", "It concerns what is protected"},
          {"created", time_text},
          {"expires", "No answer until then is a no"},
          {"reviewer", "Who decided"},
          {"digest", "Of all that is sealed; a decision names it"}};
}
json::Notes notes(const ApprovalsRequest*) {
  return {{"state", "",
           json::one_of({"all", "pending", "approved", "denied", "expired", "superseded", "used"}) |
               json::defaulted},
          {"run", run_text, word()},
          {"limit", "Most rows", page_size()},
          {"offset", "Rows to leave out", page_begin()}};
}
json::Notes notes(const ApprovalsAnswer*) {
  return {{"approvals", "Newest first"},
          {"total", ""},
          {"truncated", "There are more"},
          {"for_review", "Effects of which only a person can tell whether they happened"}};
}
json::Notes notes(const ApprovalRequest*) {
  return {
      {"proposal", "Its id, or a beginning of it", word()},
      {"as_text", "As a person reads it, with the diff, instead of its parts", json::defaulted}};
}
json::Notes notes(const ApprovalAnswer*) {
  return {{"approval", ""}, {"deed", "Exactly what would be done"}, {"text", "The same to read"}};
}
json::Notes notes(const AskRequest*) {
  return {{"proposal", "Its id, or a beginning of it", word()}};
}
json::Notes notes(const AskAnswer*) {
  return {{"proposal", "Its id"}, {"state", "approved, denied, or still pending"}};
}
json::Notes notes(const BudgetRequest*) {
  return {{"mandate", mandate_text, word()}, {"run", run_text, word()}};
}
json::Notes notes(const Spent*) {
  return {{"calls", "Of the model"},
          {"tokens", ""},
          {"money", "In the unit of the configured prices"},
          {"seconds", "In model calls"}};
}
json::Notes notes(const Allowed*) {
  return {{"calls", "No such member: no limit"}, {"tokens", ""}, {"money", ""}, {"seconds", ""}};
}
json::Notes notes(const BudgetRow*) {
  return {{"used", "With what is reserved now"}, {"limit", ""}};
}
json::Notes notes(const BudgetAnswer*) {
  return {{"day", "Of all mandates of the daemon, today (UTC)"},
          {"mandate", "Of all its runs"},
          {"run", "Its own; each run of a mandate is allowed as much"},
          {"digest", "Of the mandate as it is, which a person's change of its budget is about"}};
}

ApprovalRow to_row(const ProposalRow& row) {
  const Proposal& proposal = row.proposal;
  return {.id = proposal.id,
          .run = proposal.run,
          .state = row.state,
          .kind = proposal.kind,
          .target = proposal.target,
          .needs_elevation = proposal.needs_elevation,
          .created = format_rfc3339(proposal.created),
          .expires = format_rfc3339(proposal.expires),
          .reviewer = row.decision ? row.decision->reviewer : std::string(),
          .digest = row.digest};
}

BudgetRow to_row(const Amounts& used, const Limits& limit) {
  BudgetRow row{
      .used = {.calls = used.calls,
               .tokens = used.tokens,
               .money = static_cast<double>(used.money) / 1e6,
               .seconds = used.wall_ms / 1'000},
      .limit = {.calls = limit.calls, .tokens = limit.tokens, .money = {}, .seconds = {}}};
  if (limit.money) row.limit.money = static_cast<double>(*limit.money) / 1e6;
  if (limit.wall_ms) row.limit.seconds = *limit.wall_ms / 1'000;
  return row;
}

}  // namespace hearth::packs::mandates::wire
