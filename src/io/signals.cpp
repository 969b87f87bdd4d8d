#include "io/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "base/unique_fd.hpp"
#include "io/watch.hpp"

namespace hearth::io {
namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : signals) ::sigaddset(&set, number);
  return set;
}

}  // namespace

void hold_signals(std::initializer_list<int> signals) {
  const sigset_t set = set_of(signals);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

// A signalfd reads the held signals off the process, in the loop's own time; no handler ever runs.
struct SignalWatcher::State {
  State(Loop& loop, const sigset_t& set, std::function<void(int)> handler)
      : descriptor(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)),
        watch(loop, descriptor.get()),
        on_signal(std::move(handler)) {}

  void wait() {
    watch.when_readable([this] {
      wait();
      signalfd_siginfo info{};
      if (::read(descriptor.get(), &info, sizeof info) == sizeof info) {
        on_signal(static_cast<int>(info.ssi_signo));  // may destroy us
      }
    });
  }

  UniqueFd descriptor;
  Watch watch;
  std::function<void(int)> on_signal;
};

SignalWatcher::SignalWatcher(Loop& loop,
                             std::initializer_list<int> signals,
                             std::function<void(int)> on_signal) {
  hold_signals(signals);
  state_ = std::make_unique<State>(loop, set_of(signals), std::move(on_signal));
  state_->wait();
}

SignalWatcher::~SignalWatcher() = default;

}  // namespace hearth::io
