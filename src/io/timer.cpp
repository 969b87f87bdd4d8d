#include "io/timer.hpp"

#include <utility>

namespace hearth::io {

void Timer::start(MonotonicTime when, std::move_only_function<void()> fire) {
  cancel();
  when_ = when;
  fire_ = std::move(fire);
  loop_.timers_.emplace(when, this);
}

void Timer::cancel() {
  if (when_) loop_.timers_.erase({*when_, this});
  when_.reset();
  fire_ = nullptr;
}

// The loop has taken it off its list. What it runs may start or destroy it.
void Timer::expire() {
  when_.reset();
  auto fire = std::exchange(fire_, nullptr);
  fire();
}

}  // namespace hearth::io
