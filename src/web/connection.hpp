// One connection: a conversation on a socket, within bounds of size and time.
//
// Lives in the coroutine frame of HttpFront::serve_connection; the front's table holds a pointer
// while it is listed there. Loop thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "base/clock.hpp"
#include "base/unique_fd.hpp"
#include "daemon/server.hpp"
#include "io/event.hpp"
#include "io/task.hpp"
#include "io/timer.hpp"
#include "io/watch.hpp"
#include "web/conversation.hpp"

namespace hearth::web {

struct ConnectionLimits {
  WireLimits wire;
  std::chrono::milliseconds head_time = std::chrono::seconds(10);  // for a whole head
  std::chrono::milliseconds stall = std::chrono::seconds(30);    // a body, or a reader, that stands
  std::chrono::milliseconds idle = std::chrono::seconds(120);    // between requests
  std::chrono::milliseconds farewell = std::chrono::seconds(2);  // for the client to read the end
};

class Connection final {
 public:
  Connection(daemon::Server& server, UniqueFd socket, Handler& handler, ConnectionLimits limits);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Until the client goes, misbehaves or the daemon leaves.
  [[nodiscard]] io::Task run();
  // After the present answer.
  void finish() { conversation_.finish(); }
  void close_now(std::string_view why);
  [[nodiscard]] bool has_output() const { return !conversation_.output().empty(); }

 private:
  [[nodiscard]] bool read(std::size_t most);
  void flush();
  void say_farewell();
  void account();
  [[nodiscard]] MonotonicTime deadline() const;
  void watch_time();

  daemon::Server& server_;
  const ConnectionLimits limits_;
  UniqueFd socket_;  // -1 once closed
  io::Watch watch_;
  daemon::ByteBudget::Share share_;
  io::Event freed_;  // no requests are held any more
  Conversation conversation_;
  bool is_batching_ = false;  // what is said leaves together
  bool is_writing_ = false;   // waiting for the client to read
  bool is_paused_ = false;    // reading waits for room in the budget
  bool is_new_ = true;        // no request has come yet
  bool has_taken_leave_ = false;
  MonotonicTime began_;     // the present head, or the farewell
  MonotonicTime progress_;  // bytes came or went
  io::Timer timer_;
  MonotonicTime timer_at_ = MonotonicTime::max();
};

}  // namespace hearth::web
