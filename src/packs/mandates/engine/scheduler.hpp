// Fires schedules when they are due: the heap of all of them, and one time to wake at.
//
//   const auto wake = scheduler.run_due(clock.wall());   // then set the one timer to it
//
// One thread; the pack runs it on a worker, because each firing is a transaction.
#pragma once

#include <optional>

#include "packs/mandates/engine/due_queue.hpp"
#include "packs/mandates/engine/schedules.hpp"

namespace hearth::packs::mandates {

class Scheduler final {
 public:
  explicit Scheduler(MandateStore& store) : schedules_(store) {}

  // Reads all schedules; or the one that was created, paused, resumed or deleted.
  [[nodiscard]] Result<void> load();
  [[nodiscard]] Result<void> changed(std::int64_t schedule);

  struct Ran {
    Fired fired;
    std::optional<WallTime> wake;  // when to be called again; now or earlier: at once
  };
  // Fires what is due, at most 64 schedules in one transaction. When the clock was set back,
  // nothing is due until it has caught up.
  [[nodiscard]] Result<Ran> run_due(WallTime now);
  [[nodiscard]] std::size_t size() const { return queue_.size(); }

 private:
  Schedules schedules_;
  DueQueue queue_;
};

}  // namespace hearth::packs::mandates
