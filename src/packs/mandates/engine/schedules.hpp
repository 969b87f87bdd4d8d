// Mandates and their schedules as rows, and the transaction that fires: occurrences, runs and the
// cursor change together, so that each occurrence has exactly one run whatever is killed when.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "packs/mandates/engine/firing.hpp"
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

struct Mandate {
  std::int64_t n = 0;
  std::string id;
  std::string name;
  std::string spec;   // opaque
  std::string state;  // active, paused, stopped
  std::string reason;
};
[[nodiscard]] Result<Mandate> create_mandate(MandateStore& store,
                                             std::string name,
                                             std::string spec);
[[nodiscard]] Result<Mandate> load_mandate(store::Database& database, std::int64_t n);
// Runs that have begun go on by the new one from their next phase.
[[nodiscard]] Result<void> update_mandate(MandateStore& store,
                                          std::int64_t mandate,
                                          std::string spec);
// "paused" keeps its runs, "stopped" asks them to end. `not_found`, or `conflict` for a stopped
// one.
[[nodiscard]] Result<void> set_mandate_state(MandateStore& store,
                                             std::int64_t mandate,
                                             std::string state,
                                             std::string reason);

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

// What a firing has done.
struct Fired {
  std::vector<std::int64_t> runs;        // new ones
  std::vector<std::int64_t> cancelled;   // asked to end at the next boundary
  std::vector<std::int64_t> terminated;  // asked to end at once
};

// Begins what follows a run of `mandate` that ended with `outcome`. Within the change that ends it,
// so that each end is followed once, whatever is killed when.
[[nodiscard]] Result<void> fire_after(Change& change,
                                      std::int64_t mandate,
                                      const std::string& run,
                                      std::string_view outcome);

// One run for each cause, as overlap and queue allow; of more than 100 at once, and of a schedule
// or mandate that is not active, the rest is counted as missed. Within the change that remembers
// what was seen (sightings.hpp).
[[nodiscard]] Result<void> fire_events(Change& change,
                                       std::int64_t schedule,
                                       std::span<const std::string> causes,
                                       Fired& fired);

// Members are for any thread; `n` is a schedule's number.
class Schedules final {
 public:
  explicit Schedules(MandateStore& store) : store_(store) {}

  // Its first occurrence is the first after now. `not_found` when it follows a mandate that is not
  // there, `conflict` when mandates would follow each other in a circle.
  [[nodiscard]] Result<std::int64_t> create(std::int64_t mandate, const ScheduleSpec& spec);
  // Its runs and what is known of its occurrences stay.
  [[nodiscard]] Result<void> remove(std::int64_t n);
  [[nodiscard]] Result<void> pause(std::int64_t n, std::string reason);
  // What was due meanwhile is missed, and visible as that.
  [[nodiscard]] Result<void> resume(std::int64_t n);
  // Fires what is due of these, in one transaction. Overlap and catch-up apply.
  [[nodiscard]] Result<Fired> fire(std::span<const std::int64_t> schedules, WallTime now);
  // One run now, beside the schedule. `occurrence` makes it happen once: two triggers with the same
  // time are one.
  [[nodiscard]] Result<Fired> trigger(std::int64_t n, WallTime occurrence);
  // The occurrences after `from` and up to `to` that were never considered by themselves, at most
  // 1,000, with an overlap policy of their own.
  [[nodiscard]] Result<Fired> backfill(std::int64_t n,
                                       WallTime from,
                                       WallTime to,
                                       Overlap overlap = Overlap::buffer_all);

  struct Wake {
    std::int64_t schedule = 0;
    WallTime time;
  };
  // When each active schedule has something to do next; of one, or of all.
  [[nodiscard]] Result<std::vector<Wake>> wakes(std::optional<std::int64_t> schedule = {});

 private:
  MandateStore& store_;
};

}  // namespace hearth::packs::mandates
