// A schedule as a row: when, and what happens to occurrences that come late or meet others.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "packs/mandates/engine/firing.hpp"
#include "packs/mandates/engine/mandate.hpp"
#include "packs/mandates/engine/mandate_store.hpp"
#include "packs/mandates/engine/overlap.hpp"

namespace hearth::packs::mandates {

struct ScheduleSpec {
  std::string timing;  // timing.hpp
  std::string zone = "UTC";
  std::chrono::milliseconds jitter{0};
  std::chrono::milliseconds late_after = std::chrono::minutes(1);
  CatchUpRule catch_up;
  Overlap overlap = Overlap::skip;
  QueueLimits limits;
  int pause_after = 0;  // failed runs in a row; 0: never
};

// `invalid_args` names what is out of bounds.
[[nodiscard]] Result<Rhythm> rhythm_of(const ScheduleSpec& spec);

struct Schedule {
  std::int64_t n = 0;
  std::string id;
  std::int64_t mandate_n = 0;
  ScheduleSpec spec;
  std::string state;  // active, paused
  std::string reason;
  WallTime cursor;
};
[[nodiscard]] Result<Schedule> load_schedule(store::Database& database, std::int64_t n);
// For queries of several: this and a condition, each of whose rows `read_schedule` reads.
[[nodiscard]] std::string select_schedules(std::string_view condition);
[[nodiscard]] Schedule read_schedule(const store::Rows& rows);
// Its first occurrence is the first after now.
[[nodiscard]] Result<std::int64_t> insert_schedule(Change& change,
                                                   const Mandate& owner,
                                                   const ScheduleSpec& spec);

}  // namespace hearth::packs::mandates
