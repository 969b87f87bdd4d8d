// Tells who waits for sockets that there is something to read, or room to write.
//
// All sockets sit in one level-triggered epoll of ours, and Asio watches only that. Asio's own
// reads try the socket before they wait: for clients that ask one thing at a time that is a failed
// system call for every request, a tenth of what a short request costs. Here one look serves all
// that are ready at the moment.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>
#include <unordered_map>

#include "io/loop.hpp"
#include "io/task_scope.hpp"

namespace hearth::io {

// Loop thread only. The loop does not run after it is gone.
class Readiness final {
 public:
  // Throws std::system_error when the process is out of descriptors.
  explicit Readiness(Loop& loop);
  ~Readiness();
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  // The place of one open socket. One waiter for each direction.
  class Watch final {
   public:
    Watch(Readiness& readiness, int fd);
    ~Watch() { end(); }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    // Returns when the socket has bytes, has ended or has failed, and after end(). Cancelling the
    // task does not end the wait; end() does.
    [[nodiscard]] Task<void> readable();
    // Runs `ready` once there is room, or the socket has failed; never after end().
    void when_writable(std::move_only_function<void()> ready);
    // For good, before the socket is closed: looks at it no more.
    void end();

   private:
    Readiness& readiness_;
    const int fd_;
    const std::uint64_t id_;
  };

 private:
  struct Entry {
    int fd = -1;
    std::uint32_t events = 0;                  // what the kernel reports; 0: it does not know it
    std::move_only_function<void()> readable;  // the waiters
    std::move_only_function<void()> writable;
  };

  void wait();
  void wake_ready();
  void wake(std::uint64_t id, std::uint32_t events);
  void await_readable(std::uint64_t id, std::move_only_function<void()> resume);
  void set_events(std::uint64_t id, Entry& entry, std::uint32_t events);
  void end(std::uint64_t id);

  Loop& loop_;
  boost::asio::posix::stream_descriptor poller_;
  std::unordered_map<std::uint64_t, Entry>
      entries_;  // by the watch's id, which is never used again
  std::uint64_t last_id_ = 0;
};

}  // namespace hearth::io
