// What is done to schedules, each in a transaction of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "packs/mandates/engine/occurrences.hpp"

namespace hearth::packs::mandates {

// `invalid_args` for one that cannot be, knows no such zone, or would never fire after `now`.
[[nodiscard]] Result<void> check(const ScheduleSpec& spec, WallTime now);

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
  // The occurrences after `from` and up to `to` that have no run, of at most 1,000, with an overlap
  // policy of their own. Those for which there is no room now are left for another time
  // (Fired::left).
  [[nodiscard]] Result<Fired> backfill(std::int64_t n,
                                       WallTime from,
                                       WallTime to,
                                       Overlap overlap = Overlap::buffer_all);

  struct Wake {
    std::int64_t schedule = 0;
    WallTime time;
  };
  // When each active schedule of an active mandate has something to do next; of one, or of all.
  [[nodiscard]] Result<std::vector<Wake>> wakes(std::optional<std::int64_t> schedule = {});

 private:
  MandateStore& store_;
};

}  // namespace hearth::packs::mandates
