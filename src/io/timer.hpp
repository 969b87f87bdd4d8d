// A one-shot timer on the loop thread.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "io/loop.hpp"

namespace hearth::io {

// Loop thread only. Destroying or cancelling it means that `fire` will not run.
class Timer final {
 public:
  explicit Timer(Loop& loop);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Runs `fire` once at `when`; a start before that replaces the earlier one.
  void start(MonotonicTime when, std::function<void()> fire);
  void cancel();

 private:
  struct State;
  std::shared_ptr<State>
      state_;  // also held by the pending wait, which outlives us by one turn of the loop
};

}  // namespace hearth::io
