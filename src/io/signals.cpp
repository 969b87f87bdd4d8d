#include "io/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <csignal>
#include <utility>

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
      : descriptor(loop.context(), ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)),
        on_signal(std::move(handler)) {}

  void wait() {
    descriptor.async_wait(
        boost::asio::posix::stream_descriptor::wait_read,
        [this](const boost::system::error_code& error) {
          if (error) return;  // the watcher goes
          signalfd_siginfo info{};
          while (::read(descriptor.native_handle(), &info, sizeof info) == sizeof info) {
            on_signal(static_cast<int>(info.ssi_signo));
          }
          wait();
        });
  }

  boost::asio::posix::stream_descriptor descriptor;
  std::function<void(int)> on_signal;
};

SignalWatcher::SignalWatcher(Loop& loop,
                             std::initializer_list<int> signals,
                             std::function<void(int)> on_signal) {
  hold_signals(signals);
  state_ = std::make_unique<State>(loop, set_of(signals), std::move(on_signal));
  state_->wait();
}

// The pending wait refers to the state: it is cancelled here and its handler, run later, sees only
// the error.
SignalWatcher::~SignalWatcher() = default;

}  // namespace hearth::io
