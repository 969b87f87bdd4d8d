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
    UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    const int failure = socket.valid() ? 0 : errno;
    if (failure == EAGAIN || failure == ECONNABORTED || failure == EINTR) continue;
    if (failure != 0) {
      // Out of descriptors, most likely: the queue waits until connections have gone.
      if (failure != last_failure)
        log::error("cannot accept " + what_, {log::kv("error", std::strerror(failure))});
      last_failure = failure;
      Event over(loop_);
      pause.start(std::chrono::steady_clock::now() + std::chrono::milliseconds(100),
                  [&] { over.notify(); });
      co_await over.wait();
      continue;
    }
    last_failure = 0;
    take(std::move(socket));
  }
}

void Acceptor::stop() {
  arrivals_.end();
  listener_.reset();
}

}  // namespace hearth::io
