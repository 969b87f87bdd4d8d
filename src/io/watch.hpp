// Tells who waits for a descriptor that there is something to read, or room to write.
#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>

#include "io/loop.hpp"

namespace hearth::io {

// The loop's eye on one open descriptor, which must outlive it. One waiter for each direction. Loop
// thread only.
class Watch final {
 public:
  Watch(Loop& loop, int fd) : loop_(loop), fd_(fd) {}
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Runs `ready` once there are bytes, an end or an error to read; in any case after end().
  void when_readable(std::move_only_function<void()> ready);
  // Runs `ready` once there is room, or the descriptor has failed; never after end().
  void when_writable(std::move_only_function<void()> ready);
  // when_readable for a task: `co_await watch.readable()`.
  [[nodiscard]] auto readable() {
    struct Awaiter {
      Watch& watch;
      [[nodiscard]] bool await_ready() const { return false; }
      void await_suspend(std::coroutine_handle<> task) const { watch.when_readable(task); }
      void await_resume() const {}
    };
    return Awaiter{*this};
  }
  // For good, before the descriptor is closed: looks at it no more.
  void end();

 private:
  friend class Loop;
  void wake(std::uint32_t events);
  void set_events(std::uint32_t events);

  Loop& loop_;
  const int fd_;
  bool has_ended_ = false;
  std::uint32_t events_ = 0;  // what the kernel reports; 0: it does not know the descriptor
  std::move_only_function<void()> readable_;  // the waiters
  std::move_only_function<void()> writable_;
};

}  // namespace hearth::io
