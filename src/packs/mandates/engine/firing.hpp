// What is due of one schedule: a pure function of its rhythm, how far it got, and the time.
//
// How far it got is the cursor: the last occurrence that was considered, run or not. It only grows,
// so that a clock set back fires nothing again. Each occurrence between cursor and now is either
// due or counted as missed; none is lost from sight.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "packs/mandates/engine/timing.hpp"

namespace hearth::packs::mandates {

// Of occurrences that are noticed later than `late_after`: because the daemon was not there, or the
// machine slept.
enum class CatchUp : std::uint8_t {
  skip,     // none of them runs
  once,     // the last of them
  bounded,  // the last `most` of those not older than `window`
};

struct CatchUpRule {
  CatchUp kind = CatchUp::skip;
  int most = 5;
  std::chrono::milliseconds window = std::chrono::hours(24);
  std::chrono::milliseconds stagger = std::chrono::seconds(30);  // between two of them
};

struct Rhythm {
  Timing timing;
  // Each occurrence fires up to this much after its time, always the same of one occurrence, and
  // before the next one.
  std::chrono::milliseconds jitter{0};
  std::chrono::milliseconds late_after = std::chrono::minutes(1);
  CatchUpRule catch_up;
};

struct Due {
  WallTime scheduled;
  WallTime not_before;
  bool is_catch_up = false;
};

// Occurrences that will not run, from the first to the last of them.
struct Missed {
  WallTime first;
  WallTime last;
  std::int64_t count = 0;
  bool is_complete = true;  // false: there were more than were counted (100,000)
};

struct Firing {
  std::vector<Due> due;
  std::optional<Missed> missed;
  WallTime cursor;
};

// `seed` names the schedule: it decides the jitter.
[[nodiscard]] Firing plan_firing(const Rhythm& rhythm,
                                 std::string_view seed,
                                 WallTime cursor,
                                 WallTime now);

// When there is something to do next; nothing when the schedule is over.
[[nodiscard]] std::optional<WallTime> next_fire(const Rhythm& rhythm,
                                                std::string_view seed,
                                                WallTime cursor);

// The delay before attempt `attempt` + 1 of what failed: doubling, with a longest.
struct RetryRule {
  int most = 3;  // attempts after the first
  std::chrono::milliseconds first = std::chrono::seconds(30);
  std::chrono::milliseconds longest = std::chrono::hours(1);
};
// Nothing when there are to be no more. `attempt` counts from 1.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_delay(const RetryRule& rule,
                                                                   int attempt);

}  // namespace hearth::packs::mandates
