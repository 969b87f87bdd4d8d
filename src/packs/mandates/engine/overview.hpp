// Looking at mandates, schedules, runs and proposals: pages of rows, newest first. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packs/mandates/engine/approvals.hpp"
#include "packs/mandates/engine/runs.hpp"
#include "packs/mandates/engine/schedules.hpp"

namespace hearth::packs::mandates {

struct PageRequest {
  std::int64_t offset = 0;
  std::int64_t limit = 50;
};
template <typename T>
struct PageOf {
  std::vector<T> rows;
  std::int64_t total = 0;
};

// By id, a unique beginning of it, or name; `not_found`, or `conflict` for several.
[[nodiscard]] Result<Mandate> find_mandate(store::Database& database, const std::string& word);
[[nodiscard]] Result<Schedule> find_schedule(store::Database& database, const std::string& word);
[[nodiscard]] Result<Run> find_run(store::Database& database, const std::string& word);
[[nodiscard]] Result<std::string> find_proposal(store::Database& database, const std::string& word);
// The same with a reader of their own.
[[nodiscard]] Result<Mandate> find_mandate(MandateStore& store, const std::string& word);
[[nodiscard]] Result<Schedule> find_schedule(MandateStore& store, const std::string& word);
[[nodiscard]] Result<Run> find_run(MandateStore& store, const std::string& word);

[[nodiscard]] Result<PageOf<Mandate>> list_mandates(store::Database& database, PageRequest page);
[[nodiscard]] Result<PageOf<Schedule>> list_schedules(store::Database& database,
                                                      std::optional<std::int64_t> mandate,
                                                      PageRequest page);
// `state`: one of a run's, or empty for all.
[[nodiscard]] Result<PageOf<Run>> list_runs(store::Database& database,
                                            std::optional<std::int64_t> mandate,
                                            const std::string& state,
                                            PageRequest page);
// Ids. `state`: empty for all; of one run, or of all.
[[nodiscard]] Result<PageOf<std::string>> list_proposals(store::Database& database,
                                                         const std::string& state,
                                                         std::optional<std::int64_t> run,
                                                         PageRequest page);

struct CycleLog {
  int cycle = 1;
  Phase phase = Phase::observe;
  bool is_done = false;
  int failed = 0;
  std::string error;
  std::string output;
  WallTime begun;
  std::optional<WallTime> ended;
};
struct EffectRow {
  std::string key;
  std::string state;
  std::string kind;
  std::string target;
  std::string output;
};
// Also of a step that was refused, and had no effect.
struct StepLog {
  int cycle = 1;
  StepRow step;
};
// In the order of their beginning; steps in that of their names.
[[nodiscard]] Result<std::vector<CycleLog>> phases_of(store::Database& database, std::int64_t run);
[[nodiscard]] Result<std::vector<EffectRow>> effects_of(store::Database& database,
                                                        std::int64_t run);
[[nodiscard]] Result<std::vector<StepLog>> steps_of(store::Database& database, std::int64_t run);
// Occurrences of a schedule that did not run, of one gap.
struct MissedRow {
  WallTime first;
  WallTime last;
  std::int64_t count = 0;
  std::string reason;
};
// Of a schedule: occurrences that do not run for its overlap or a full queue.
[[nodiscard]] Result<std::int64_t> skipped_of(store::Database& database, std::int64_t schedule);
[[nodiscard]] Result<std::int64_t> missed_in_all(store::Database& database, std::int64_t schedule);
// The last gaps, the newest first.
[[nodiscard]] Result<std::vector<MissedRow>> missed_of(store::Database& database,
                                                       std::int64_t schedule,
                                                       std::int64_t most);

// What a store has to do.
struct Census {
  std::int64_t mandates = 0;
  std::int64_t schedules = 0;  // active ones
  std::int64_t waiting = 0;
  std::int64_t running = 0;
  std::int64_t blocked = 0;
  std::int64_t approvals = 0;  // pending
};
[[nodiscard]] Result<Census> census_of(store::Database& database);

// With its schedules, ended runs and all that belongs to them; the journal keeps what happened.
// `conflict` while it is not stopped, or a run of it has not ended.
[[nodiscard]] Result<void> delete_mandate(MandateStore& store, std::int64_t mandate);

}  // namespace hearth::packs::mandates
