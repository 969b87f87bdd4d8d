#include "packs/mandates/engine/scheduler.hpp"

namespace hearth::packs::mandates {
namespace {

constexpr std::size_t most_together = 64;

}  // namespace

Result<void> Scheduler::load() {
  auto wakes = schedules_.wakes();
  if (!wakes) return std::unexpected(std::move(wakes.error()));
  queue_ = {};
  for (const Schedules::Wake& each : *wakes) queue_.put(each.schedule, each.time);
  return {};
}

Result<void> Scheduler::changed(std::int64_t schedule) {
  auto wakes = schedules_.wakes(schedule);
  if (!wakes) return std::unexpected(std::move(wakes.error()));
  queue_.erase(schedule);
  for (const Schedules::Wake& each : *wakes) queue_.put(each.schedule, each.time);
  return {};
}

Result<Scheduler::Ran> Scheduler::run_due(WallTime now) {
  Ran ran;
  const auto due = queue_.take(now, most_together);
  if (!due.empty()) {
    auto fired = schedules_.fire(due, now);
    if (!fired) {
      // Nothing of it happened: they are due as before.
      for (const std::int64_t each : due) queue_.put(each, now);
      return std::unexpected(std::move(fired.error()));
    }
    ran.fired = std::move(*fired);
    for (const std::int64_t each : due) {
      if (auto ok = changed(each); !ok) return std::unexpected(std::move(ok.error()));
    }
  }
  ran.wake = queue_.next();
  return ran;
}

}  // namespace hearth::packs::mandates
