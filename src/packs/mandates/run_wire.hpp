// What the tools for runs take and give. Field names are a
// contract with clients.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pack/reply.hpp"
#include "packs/mandates/engine/overview.hpp"
#include "packs/mandates/page_wire.hpp"

namespace hearth::packs::mandates::wire {

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

[[nodiscard]] Result<RunRow> to_row(store::Database& database, const Run& run);
// The answer of a tool that tells of one run.
[[nodiscard]] Result<pack::Reply> to_reply(store::Database& database, const Run& run);

}  // namespace hearth::packs::mandates::wire
