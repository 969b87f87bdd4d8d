// What the tools of the pack take and give. Field names are a contract with clients.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packs/mandates/mandate_spec_wire.hpp"
#include "packs/mandates/space.hpp"

namespace hearth::packs::mandates::wire {

// ---- Mandates -------------------------------------------------------------------------------

struct CreateRequest {
  std::string name;
  std::string goal;
  std::optional<std::string> workspace;
  Observed observe;
  std::vector<PathScope> paths;
  std::vector<CommandScope> commands;
  std::vector<ToolScope> tools;
  std::string commits = "ask";
  std::string model = "any";
  std::int64_t cycles = 10;
  std::int64_t deadline = 86'400;
  std::int64_t approval_time = 28'800;
  std::int64_t retries = 3;
  std::optional<std::int64_t> run_calls;
  std::optional<std::int64_t> run_tokens;
  std::optional<std::int64_t> mandate_calls;
  std::optional<std::int64_t> mandate_tokens;
  std::optional<std::string> timing;
  std::string zone = "UTC";
  bool start = false;
};
BOOST_DESCRIBE_STRUCT(CreateRequest,
                      (),
                      (name,
                       goal,
                       workspace,
                       observe,
                       paths,
                       commands,
                       tools,
                       commits,
                       model,
                       cycles,
                       deadline,
                       approval_time,
                       retries,
                       run_calls,
                       run_tokens,
                       mandate_calls,
                       mandate_tokens,
                       timing,
                       zone,
                       start))
json::Notes notes(const CreateRequest*);

struct CreateAnswer {
  std::string id;
  std::string name;
  std::optional<std::string> schedule;
  std::optional<std::string> run;
};
BOOST_DESCRIBE_STRUCT(CreateAnswer, (), (id, name, schedule, run))
json::Notes notes(const CreateAnswer*);

struct UpdateRequest {
  std::string mandate;
  std::optional<std::string> goal;
  std::optional<Observed> observe;
  std::optional<std::int64_t> cycles;
  std::optional<std::int64_t> run_calls;
  std::optional<std::int64_t> run_tokens;
  std::optional<std::int64_t> mandate_calls;
  std::optional<std::int64_t> mandate_tokens;
};
BOOST_DESCRIBE_STRUCT(
    UpdateRequest,
    (),
    (mandate, goal, observe, cycles, run_calls, run_tokens, mandate_calls, mandate_tokens))
json::Notes notes(const UpdateRequest*);

struct MandateRequest {
  std::string mandate;
};
BOOST_DESCRIBE_STRUCT(MandateRequest, (), (mandate))
json::Notes notes(const MandateRequest*);

struct StateRequest {
  std::string mandate;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(StateRequest, (), (mandate, reason))
json::Notes notes(const StateRequest*);

struct MandateRow {
  std::string id;
  std::string name;
  std::string state;
  std::string reason;
  std::string goal;
};
BOOST_DESCRIBE_STRUCT(MandateRow, (), (id, name, state, reason, goal))
json::Notes notes(const MandateRow*);

struct ShowAnswer {
  MandateRow mandate;
  json::Raw rules;
};
BOOST_DESCRIBE_STRUCT(ShowAnswer, (), (mandate, rules))
json::Notes notes(const ShowAnswer*);

struct PageRequest {
  std::int64_t limit = 50;
  std::int64_t offset = 0;
};
BOOST_DESCRIBE_STRUCT(PageRequest, (), (limit, offset))
json::Notes notes(const PageRequest*);

struct MandatesAnswer {
  std::vector<MandateRow> mandates;
  std::int64_t total = 0;
  bool truncated = false;
};
BOOST_DESCRIBE_STRUCT(MandatesAnswer, (), (mandates, total, truncated))
json::Notes notes(const MandatesAnswer*);

struct DoneAnswer {
  std::string id;
  std::string state;
};
BOOST_DESCRIBE_STRUCT(DoneAnswer, (), (id, state))
json::Notes notes(const DoneAnswer*);

// ---- Schedules ------------------------------------------------------------------------------

struct ScheduleRow {
  std::string id;
  std::string mandate;
  std::string timing;
  std::string zone;
  std::string state;
  std::string reason;
  std::optional<std::string> next;
  std::string overlap;
  std::int64_t missed = 0;
};
BOOST_DESCRIBE_STRUCT(ScheduleRow,
                      (),
                      (id, mandate, timing, zone, state, reason, next, overlap, missed))
json::Notes notes(const ScheduleRow*);

struct ScheduleAddRequest {
  std::string mandate;
  std::string timing;
  std::string zone = "UTC";
  std::int64_t jitter = 0;
  std::string catch_up = "skip";
  std::int64_t catch_up_most = 5;
  std::int64_t catch_up_window = 86'400;
  std::string overlap = "skip";
  std::int64_t pause_after = 0;
};
BOOST_DESCRIBE_STRUCT(
    ScheduleAddRequest,
    (),
    (mandate, timing, zone, jitter, catch_up, catch_up_most, catch_up_window, overlap, pause_after))
json::Notes notes(const ScheduleAddRequest*);

struct SchedulesRequest {
  std::optional<std::string> mandate;
  std::int64_t limit = 50;
  std::int64_t offset = 0;
};
BOOST_DESCRIBE_STRUCT(SchedulesRequest, (), (mandate, limit, offset))
json::Notes notes(const SchedulesRequest*);

struct SchedulesAnswer {
  std::vector<ScheduleRow> schedules;
  std::int64_t total = 0;
  bool truncated = false;
};
BOOST_DESCRIBE_STRUCT(SchedulesAnswer, (), (schedules, total, truncated))
json::Notes notes(const SchedulesAnswer*);

struct ScheduleRequest {
  std::string schedule;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(ScheduleRequest, (), (schedule, reason))
json::Notes notes(const ScheduleRequest*);

struct BackfillRequest {
  std::string schedule;
  std::string from;
  std::string to;
  std::string overlap = "buffer_all";
};
BOOST_DESCRIBE_STRUCT(BackfillRequest, (), (schedule, from, to, overlap))
json::Notes notes(const BackfillRequest*);

struct FiredAnswer {
  std::vector<std::string> runs;
};
BOOST_DESCRIBE_STRUCT(FiredAnswer, (), (runs))
json::Notes notes(const FiredAnswer*);

// ---- Runs -----------------------------------------------------------------------------------

struct RunRow {
  std::string id;
  std::string mandate;
  std::string cause;
  std::string state;
  std::string reason;
  std::string outcome;
  std::int64_t cycle = 1;
  std::string created;
  std::optional<std::string> begun;
};
BOOST_DESCRIBE_STRUCT(RunRow,
                      (),
                      (id, mandate, cause, state, reason, outcome, cycle, created, begun))
json::Notes notes(const RunRow*);

struct RunsRequest {
  std::optional<std::string> mandate;
  std::string state = "all";
  std::int64_t limit = 50;
  std::int64_t offset = 0;
};
BOOST_DESCRIBE_STRUCT(RunsRequest, (), (mandate, state, limit, offset))
json::Notes notes(const RunsRequest*);

struct RunsAnswer {
  std::vector<RunRow> runs;
  std::int64_t total = 0;
  bool truncated = false;
};
BOOST_DESCRIBE_STRUCT(RunsAnswer, (), (runs, total, truncated))
json::Notes notes(const RunsAnswer*);

struct RunRequest {
  std::string run;
};
BOOST_DESCRIBE_STRUCT(RunRequest, (), (run))
json::Notes notes(const RunRequest*);

struct FollowRequest {
  std::string run;
  bool lend_model = true;
};
BOOST_DESCRIBE_STRUCT(FollowRequest, (), (run, lend_model))
json::Notes notes(const FollowRequest*);

struct CancelRequest {
  std::string run;
  std::string reason;
  bool now = false;
};
BOOST_DESCRIBE_STRUCT(CancelRequest, (), (run, reason, now))
json::Notes notes(const CancelRequest*);

struct LogEntry {
  std::int64_t cycle = 1;
  std::string phase;
  std::string state;
  std::string begun;
  std::optional<std::string> ended;
  std::string text;
};
BOOST_DESCRIBE_STRUCT(LogEntry, (), (cycle, phase, state, begun, ended, text))
json::Notes notes(const LogEntry*);

struct EffectEntry {
  std::string key;
  std::string kind;
  std::string target;
  std::string state;
  std::string output;
};
BOOST_DESCRIBE_STRUCT(EffectEntry, (), (key, kind, target, state, output))
json::Notes notes(const EffectEntry*);

struct StepEntry {
  std::int64_t cycle = 1;
  std::string step;
  std::string state;
  std::string output;
};
BOOST_DESCRIBE_STRUCT(StepEntry, (), (cycle, step, state, output))
json::Notes notes(const StepEntry*);

struct LogsAnswer {
  RunRow run;
  std::vector<LogEntry> phases;
  std::vector<StepEntry> steps;
  std::vector<EffectEntry> effects;
};
BOOST_DESCRIBE_STRUCT(LogsAnswer, (), (run, phases, steps, effects))
json::Notes notes(const LogsAnswer*);

// ---- Approvals, budget, upkeep --------------------------------------------------------------

struct ApprovalRow {
  std::string id;
  std::string run;
  std::string state;
  std::string kind;
  std::string target;
  bool needs_elevation = false;
  std::string created;
  std::string expires;
  std::string reviewer;
  std::string digest;
};
BOOST_DESCRIBE_STRUCT(
    ApprovalRow,
    (),
    (id, run, state, kind, target, needs_elevation, created, expires, reviewer, digest))
json::Notes notes(const ApprovalRow*);

struct ApprovalsRequest {
  std::string state = "pending";
  std::optional<std::string> run;
  std::int64_t limit = 50;
  std::int64_t offset = 0;
};
BOOST_DESCRIBE_STRUCT(ApprovalsRequest, (), (state, run, limit, offset))
json::Notes notes(const ApprovalsRequest*);

struct ApprovalsAnswer {
  std::vector<ApprovalRow> approvals;
  std::int64_t total = 0;
  bool truncated = false;
  std::vector<std::string> for_review;
};
BOOST_DESCRIBE_STRUCT(ApprovalsAnswer, (), (approvals, total, truncated, for_review))
json::Notes notes(const ApprovalsAnswer*);

struct ApprovalRequest {
  std::string proposal;
  bool as_text = false;
};
BOOST_DESCRIBE_STRUCT(ApprovalRequest, (), (proposal, as_text))
json::Notes notes(const ApprovalRequest*);

struct ApprovalAnswer {
  ApprovalRow approval;
  std::optional<json::Raw> deed;
  std::optional<std::string> text;
};
BOOST_DESCRIBE_STRUCT(ApprovalAnswer, (), (approval, deed, text))
json::Notes notes(const ApprovalAnswer*);

struct AskRequest {
  std::string proposal;
};
BOOST_DESCRIBE_STRUCT(AskRequest, (), (proposal))
json::Notes notes(const AskRequest*);

struct AskAnswer {
  std::string proposal;
  std::string state;
};
BOOST_DESCRIBE_STRUCT(AskAnswer, (), (proposal, state))
json::Notes notes(const AskAnswer*);

struct BudgetRequest {
  std::optional<std::string> mandate;
  std::optional<std::string> run;
};
BOOST_DESCRIBE_STRUCT(BudgetRequest, (), (mandate, run))
json::Notes notes(const BudgetRequest*);

struct Spent {
  std::int64_t calls = 0;
  std::int64_t tokens = 0;
  double money = 0;
  std::int64_t seconds = 0;
};
BOOST_DESCRIBE_STRUCT(Spent, (), (calls, tokens, money, seconds))
json::Notes notes(const Spent*);

struct BudgetAnswer {
  Spent today;
  std::optional<Spent> mandate;
  std::optional<Spent> run;
  std::optional<std::int64_t> day_calls;
  std::optional<std::int64_t> day_tokens;
  std::optional<double> day_money;
};
BOOST_DESCRIBE_STRUCT(BudgetAnswer, (), (today, mandate, run, day_calls, day_tokens, day_money))
json::Notes notes(const BudgetAnswer*);

struct NoRequest {};
BOOST_DESCRIBE_STRUCT(NoRequest, (), ())
json::Notes notes(const NoRequest*);

struct AuditAnswer {
  bool intact = false;
  std::int64_t records = 0;
  std::string head;
  std::string problem;
};
BOOST_DESCRIBE_STRUCT(AuditAnswer, (), (intact, records, head, problem))
json::Notes notes(const AuditAnswer*);

struct Finding {
  std::string check;
  bool good = false;
  std::string detail;
};
BOOST_DESCRIBE_STRUCT(Finding, (), (check, good, detail))
json::Notes notes(const Finding*);

struct DoctorAnswer {
  bool good = false;
  std::vector<Finding> findings;
};
BOOST_DESCRIBE_STRUCT(DoctorAnswer, (), (good, findings))
json::Notes notes(const DoctorAnswer*);

struct StatusAnswer {
  std::int64_t mandates = 0;
  std::int64_t schedules = 0;
  std::int64_t waiting = 0;
  std::int64_t running = 0;
  std::int64_t blocked = 0;
  std::int64_t approvals = 0;
  std::string heartbeat;
  std::optional<std::string> next;
  std::int64_t lateness_ms = 0;
  std::int64_t clock_lag_ms = 0;
  std::string problem;
};
BOOST_DESCRIBE_STRUCT(StatusAnswer,
                      (),
                      (mandates,
                       schedules,
                       waiting,
                       running,
                       blocked,
                       approvals,
                       heartbeat,
                       next,
                       lateness_ms,
                       clock_lag_ms,
                       problem))
json::Notes notes(const StatusAnswer*);

[[nodiscard]] MandateRow to_row(const Mandate& mandate);
[[nodiscard]] Result<RunRow> to_row(store::Database& database, const Run& run);
// The answer of a tool that tells of one run.
[[nodiscard]] Result<pack::Reply> to_reply(store::Database& database, const Run& run);
[[nodiscard]] ApprovalRow to_row(const ProposalRow& row);
[[nodiscard]] Spent to_spent(const Amounts& amounts);
[[nodiscard]] inline mandates::PageRequest to_page(std::int64_t offset, std::int64_t limit) {
  return {.offset = offset, .limit = limit};
}

}  // namespace hearth::packs::mandates::wire
