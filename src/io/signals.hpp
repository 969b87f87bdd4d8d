// Signals as calls on the loop thread.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

#include "io/loop.hpp"

namespace hearth::io {

// Blocks `signals` in the calling thread, so that one that arrives before there is anybody to
// handle it waits instead of killing the process. The first statement of main(); threads made later
// inherit the mask.
void hold_signals(std::initializer_list<int> signals);

// From construction on each of `signals` calls `on_signal` on the loop thread; those that were held
// arrive first.
class SignalWatcher final {
 public:
  SignalWatcher(Loop& loop, std::initializer_list<int> signals, std::function<void(int)> on_signal);
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hearth::io
