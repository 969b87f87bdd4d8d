// Waiting for a time of the wall clock: one timer of the kernel (timerfd_create(2)), no polling.
//
// A relative wait would come too late after the machine slept, and at the wrong time when somebody
// sets the clock; this one is told of both.
#pragma once

#include <optional>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace hearth::packs::mandates {

class WallAlarm final {
 public:
  [[nodiscard]] static Result<WallAlarm> make();

  // Until `time` (nothing: no time), a ring, or a change of the clock; returns early rather than
  // late, so that the caller looks at the clock. One thread.
  void wait(std::optional<WallTime> time);
  // Ends the wait that goes on, or the next one. Any thread.
  void ring() const;

 private:
  WallAlarm(UniqueFd timer, UniqueFd bell) : timer_(std::move(timer)), bell_(std::move(bell)) {}
  UniqueFd timer_;
  UniqueFd bell_;
};

}  // namespace hearth::packs::mandates
