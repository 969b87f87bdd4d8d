// A one-shot timer on the loop thread.
#pragma once

#include <functional>
#include <optional>

#include "base/clock.hpp"
#include "io/loop.hpp"

namespace hearth::io {

// Loop thread only. Destroying or cancelling it means that `fire` will not run.
class Timer final {
 public:
  explicit Timer(Loop& loop) : loop_(loop) {}
  ~Timer() { cancel(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Runs `fire` once at `when`; a start before that replaces the earlier one.
  void start(MonotonicTime when, std::move_only_function<void()> fire);
  void cancel();

 private:
  friend class Loop;
  void expire();

  Loop& loop_;
  std::optional<MonotonicTime> when_;  // while it runs
  std::move_only_function<void()> fire_;
};

}  // namespace hearth::io
