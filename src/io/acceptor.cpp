#include "io/acceptor.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "base/log.hpp"
#include "io/event.hpp"
#include "io/timer.hpp"

namespace hearth::io {
namespace {

constexpr int most_at_once = 16;

}  // namespace

Acceptor::Acceptor(Loop& loop, UniqueFd listener, std::string what)
    : loop_(loop),
      listener_(std::move(listener)),
      arrivals_(loop, listener_.get()),
      what_(std::move(what)) {}

Task Acceptor::run(std::function<void(UniqueFd)> take) {
  Timer pause(loop_);
  int last_failure = 0;
  for (;;) {
    co_await arrivals_.readable();
    if (!listener_.valid()) co_return;
    const int failure = accept_some(take);
    if (failure == 0) {
      last_failure = 0;
      continue;
    }
    // Out of descriptors, most likely: the queue waits until connections have gone.
    if (failure != std::exchange(last_failure, failure))
      log::error("cannot accept " + what_, {log::kv("error", std::strerror(failure))});
    Event over(loop_);
    pause.start(std::chrono::steady_clock::now() + std::chrono::milliseconds(100),
                [&] { over.notify(); });
    co_await over.wait();
  }
}

// Those that have arrived, but not so many that the sessions there are must wait. The error that
// stopped it, or 0.
int Acceptor::accept_some(const std::function<void(UniqueFd)>& take) {
  for (int i = 0; i < most_at_once && listener_.valid(); ++i) {
    UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket.valid()) {
      take(std::move(socket));
      continue;
    }
    if (errno == EAGAIN) return 0;
    if (errno != ECONNABORTED && errno != EINTR) return errno;
  }
  return 0;
}

void Acceptor::stop() {
  arrivals_.end();
  listener_.reset();
}

}  // namespace hearth::io
