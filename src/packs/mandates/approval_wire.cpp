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
json::Notes notes(const BudgetAnswer*) {
  return {{"today", "Of all mandates of the namespace, UTC"},
          {"mandate", ""},
          {"run", ""},
          {"day_calls", "What a day allows"},
          {"day_tokens", ""},
          {"day_money", ""}};
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

Spent to_spent(const Amounts& amounts) {
  return {.calls = amounts.calls,
          .tokens = amounts.tokens,
          .money = static_cast<double>(amounts.money) / 1e6,
          .seconds = amounts.wall_ms / 1000};
}

}  // namespace hearth::packs::mandates::wire
