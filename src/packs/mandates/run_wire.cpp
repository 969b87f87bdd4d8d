#include "packs/mandates/run_wire.hpp"

namespace hearth::packs::mandates::wire {

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
          {"kind", "change, command, tool, commit or report"},
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

}  // namespace hearth::packs::mandates::wire
