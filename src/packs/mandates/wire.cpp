#include "packs/mandates/wire.hpp"

namespace hearth::packs::mandates::wire {
namespace {

constexpr const char* mandate_text = "Name or id of the mandate";
constexpr const char* schedule_text = "Id of the schedule, or a beginning of it";
constexpr const char* run_text = "Id of the run, or a beginning of it";
constexpr const char* time_text = "RFC 3339, UTC";

json::Limits word() {
  return json::range(1, 200);
}
json::Limits budget() {
  return json::range(1, 1'000'000'000'000);
}
json::Limits reason() {
  return json::range(0, 2'000) | json::defaulted;
}
json::Limits page_size() {
  return json::range(1, 500) | json::defaulted;
}
json::Limits page_begin() {
  return json::range(0, 1'000'000'000) | json::defaulted;
}
json::Limits overlaps() {
  return json::one_of(
             {"skip", "buffer_one", "buffer_all", "cancel_other", "terminate_other", "allow"}) |
         json::defaulted;
}

}  // namespace

json::Notes notes(const CreateRequest*) {
  json::Notes all = mandates::notes(static_cast<const MandateSpec*>(nullptr));
  all.insert(all.begin(), {"name", "A short unique name", json::range(1, 200)});
  for (json::Note& each : all) {
    if (each.name == "workspace")
      each = {"workspace", "Directory in the caller's project; default: the project's top"};
  }
  all.push_back(
      {"timing",
       "When: \"cron 30 9 * * mon-fri\", \"every 90m\", \"at 2026-12-24T18:00:00Z\", \"after "
       "failed NAME\" (succeeded, ended) of another mandate's run, \"on changed docs/** *.md\", "
       "\"on labelled bug\" of an issue, \"on remembered TAG\" of a new entry of knowledge",
       json::range(1, 5'000)});
  all.push_back({"zone", "Time zone of cron: Europe/Berlin", json::defaulted});
  all.push_back({"start", "Also begin a run now", json::defaulted});
  return all;
}
json::Notes notes(const CreateAnswer*) {
  return {{"id", ""}, {"name", ""}, {"schedule", "Its schedule's id"}, {"run", "The run's id"}};
}
json::Notes notes(const UpdateRequest*) {
  return {{"mandate", mandate_text, word()},
          {"goal", "The new goal", json::range(1, 20'000)},
          {"observe", "What it looks at from now on"},
          {"cycles", "Fewer cycles", json::range(1, 1'000)},
          {"run_calls", "A smaller budget; a larger one needs a new mandate", budget()},
          {"run_tokens", "", budget()},
          {"mandate_calls", "", budget()},
          {"mandate_tokens", "", budget()}};
}
json::Notes notes(const MandateRequest*) {
  return {{"mandate", mandate_text, word()}};
}
json::Notes notes(const StateRequest*) {
  return {{"mandate", mandate_text, word()}, {"reason", "Why", reason()}};
}
json::Notes notes(const MandateRow*) {
  return {{"id", ""},
          {"name", ""},
          {"state", "active, paused or stopped"},
          {"reason", "Why it is not active"},
          {"goal", ""}};
}
json::Notes notes(const ShowAnswer*) {
  return {{"mandate", ""}, {"rules", "All that it was created with"}};
}
json::Notes notes(const PageRequest*) {
  return {{"limit", "Most rows", page_size()}, {"offset", "Rows to leave out", page_begin()}};
}
json::Notes notes(const MandatesAnswer*) {
  return {{"mandates", "Newest first"}, {"total", ""}, {"truncated", "There are more"}};
}
json::Notes notes(const DoneAnswer*) {
  return {{"id", ""}, {"state", ""}};
}

json::Notes notes(const ScheduleRow*) {
  return {{"id", ""},
          {"mandate", ""},
          {"timing", ""},
          {"zone", ""},
          {"state", ""},
          {"reason", "Why it is paused"},
          {"next", time_text},
          {"overlap", "What happens while a run goes on"},
          {"missed", "Occurrences that did not run, of the last twenty gaps"}};
}
json::Notes notes(const ScheduleAddRequest*) {
  return {{"mandate", mandate_text, word()},
          {"timing",
           "\"cron 30 9 * * mon-fri\", \"every 90m\", \"at 2026-12-24T18:00:00Z\", \"after failed "
           "NAME\" (succeeded, ended), \"on changed docs/** *.md\", \"on labelled LABEL\" or \"on "
           "remembered [TAG]\"",
           json::range(1, 5'000)},
          {"zone", "Time zone of cron: Europe/Berlin", json::defaulted},
          {"jitter", "Seconds by which an occurrence may be late on purpose",
           json::range(0, 86'400) | json::defaulted},
          {"catch_up", "Of occurrences that were missed: none, the last, or the last few",
           json::one_of({"skip", "once", "bounded"}) | json::defaulted},
          {"catch_up_most", "Of bounded: how many", json::range(1, 1'000) | json::defaulted},
          {"catch_up_window", "Of bounded: how old at most, in seconds",
           json::range(0, 31'536'000) | json::defaulted},
          {"overlap", "What happens while a run goes on", overlaps()},
          {"pause_after", "Failed runs in a row that pause it; 0: never",
           json::range(0, 1'000) | json::defaulted}};
}
json::Notes notes(const SchedulesRequest*) {
  return {{"mandate", mandate_text, word()},
          {"limit", "Most rows", page_size()},
          {"offset", "Rows to leave out", page_begin()}};
}
json::Notes notes(const SchedulesAnswer*) {
  return {{"schedules", "Newest first"}, {"total", ""}, {"truncated", "There are more"}};
}
json::Notes notes(const ScheduleRequest*) {
  return {{"schedule", schedule_text, word()}, {"reason", "Why", reason()}};
}
json::Notes notes(const BackfillRequest*) {
  return {{"schedule", schedule_text, word()},
          {"from", "After this time, RFC 3339", word()},
          {"to", "Up to this time, RFC 3339", word()},
          {"overlap", "", overlaps()}};
}
json::Notes notes(const FiredAnswer*) {
  return {{"runs", "Ids of new runs"}};
}

json::Notes notes(const RunRow*) {
  return {{"id", ""},
          {"mandate", "Its name"},
          {"cause", "schedule, catch_up, backfill, trigger, or \"after\" and a run"},
          {"state", "waiting, running, blocked or ended"},
          {"reason", "What it waits for, or how it ended"},
          {"outcome", "Of an ended one: succeeded, failed or stopped"},
          {"cycle", ""},
          {"created", time_text},
          {"begun", time_text}};
}
json::Notes notes(const RunsRequest*) {
  return {{"mandate", mandate_text, word()},
          {"state", "",
           json::one_of({"all", "waiting", "running", "blocked", "ended"}) | json::defaulted},
          {"limit", "Most rows", page_size()},
          {"offset", "Rows to leave out", page_begin()}};
}
json::Notes notes(const RunsAnswer*) {
  return {{"runs", "Newest first"}, {"total", ""}, {"truncated", "There are more"}};
}
json::Notes notes(const RunRequest*) {
  return {{"run", run_text, word()}};
}
json::Notes notes(const FollowRequest*) {
  return {
      {"run", run_text, word()},
      {"lend_model", "Answer its questions with the client's model, if it can", json::defaulted}};
}
json::Notes notes(const CancelRequest*) {
  return {{"run", run_text, word()},
          {"reason", "Why", reason()},
          {"now", "In the middle of what it does, not at the next boundary", json::defaulted}};
}
json::Notes notes(const LogEntry*) {
  return {{"cycle", ""},        {"phase", ""},        {"state", "done, failed, or open"},
          {"begun", time_text}, {"ended", time_text}, {"text", "What it gave, or why it failed"}};
}
json::Notes notes(const EffectEntry*) {
  return {{"key", "Run, cycle and step"},
          {"kind", "change, command, tool or commit"},
          {"target", ""},
          {"state", "intended, done, failed or review"},
          {"output", ""}};
}
json::Notes notes(const StepEntry*) {
  return {{"cycle", ""},
          {"step", "As the decision calls it"},
          {"state", "done, failed or skipped"},
          {"output", "What came of it, or why it was not done"}};
}
json::Notes notes(const LogsAnswer*) {
  return {{"run", ""},
          {"phases", "In order"},
          {"steps", "Those that ended, also what was refused"},
          {"effects", "In order"}};
}

json::Notes notes(const ApprovalRow*) {
  return {{"id", ""},
          {"run", ""},
          {"state", "pending, approved, denied, expired, superseded or used"},
          {"kind", "change, command, tool or commit"},
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
json::Notes notes(const NoRequest*) {
  return {};
}
json::Notes notes(const AuditAnswer*) {
  return {{"intact", "Nothing was changed, removed or cut"},
          {"records", ""},
          {"head", "Keyed hash of the last record"},
          {"problem", "What does not hold, and where"}};
}
json::Notes notes(const Finding*) {
  return {{"check", ""}, {"good", ""}, {"detail", ""}};
}
json::Notes notes(const DoctorAnswer*) {
  return {{"good", "All is well"}, {"findings", ""}};
}
json::Notes notes(const StatusAnswer*) {
  return {{"mandates", ""},
          {"schedules", "Active ones"},
          {"waiting", "Runs that have not begun"},
          {"running", ""},
          {"blocked", "Runs that wait for an approval, a model, a look or a retry"},
          {"approvals", "Proposals that wait for an answer"},
          {"heartbeat", "When schedules were last looked at"},
          {"next", "When something is due next"},
          {"lateness_ms", "By how much the last schedule fired late"},
          {"clock_lag_ms", "How far the clock is behind what it once was"},
          {"problem", "Why nothing goes on; empty: nothing is wrong"}};
}

MandateRow to_row(const Mandate& mandate) {
  const auto spec = parse_spec(mandate.spec);
  return {.id = mandate.id,
          .name = mandate.name,
          .state = mandate.state,
          .reason = mandate.reason,
          .goal = spec ? spec->goal : std::string()};
}

Result<RunRow> to_row(store::Database& database, const Run& run) {
  const auto mandate = load_mandate(database, run.mandate_n);
  if (!mandate) return std::unexpected(mandate.error());
  RunRow row{.id = run.id,
             .mandate = mandate->name,
             .cause = run.cause,
             .state = run.state,
             .reason = run.reason,
             .outcome = run.outcome,
             .cycle = run.cycle,
             .created = format_rfc3339(run.created),
             .begun = {}};
  if (run.begun) row.begun = format_rfc3339(*run.begun);
  return row;
}

Result<pack::Reply> to_reply(store::Database& database, const Run& run) {
  const auto row = to_row(database, run);
  if (!row) return std::unexpected(row.error());
  return pack::Reply{.structured = json::encode(*row)};
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
