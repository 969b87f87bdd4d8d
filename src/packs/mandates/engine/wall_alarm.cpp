#include "packs/mandates/engine/wall_alarm.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

namespace hearth::packs::mandates {

Result<WallAlarm> WallAlarm::make() {
  UniqueFd timer(::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer.valid()) return fail_errno("timerfd_create", errno);
  UniqueFd bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!bell.valid()) return fail_errno("eventfd", errno);
  return WallAlarm(std::move(timer), std::move(bell));
}

void WallAlarm::wait(std::optional<WallTime> time) {
  itimerspec when{};
  if (time) {
    // Zero would turn it off.
    const std::int64_t ms = std::max<std::int64_t>(time->time_since_epoch().count(), 1);
    when.it_value.tv_sec = ms / 1000;
    when.it_value.tv_nsec = ms % 1000 * 1'000'000;
  }
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, nullptr);
  std::array<pollfd, 2> both{{{timer_.get(), POLLIN, 0}, {bell_.get(), POLLIN, 0}}};
  (void)::poll(both.data(), both.size(), -1);
  // Reading makes both quiet again; a set clock reads as ECANCELED.
  std::uint64_t ignored = 0;
  (void)!::read(timer_.get(), &ignored, sizeof ignored);
  (void)!::read(bell_.get(), &ignored, sizeof ignored);
}

void WallAlarm::ring() const {
  const std::uint64_t one = 1;
  (void)!::write(bell_.get(), &one, sizeof one);
}

}  // namespace hearth::packs::mandates
