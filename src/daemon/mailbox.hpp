// Commands to the daemon, from wherever they come: signals, control requests and tests take this
// one path.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "base/guarded.hpp"
#include "io/loop.hpp"

namespace hearth::daemon {

enum class CommandKind : std::uint8_t {
  stop,         // drain and leave
  stop_now,     // leave at once
  reload,       // read the configuration again
  dump_status,  // write the status into the log
};

struct Command {
  CommandKind kind;
  std::string reason;  // "SIGTERM", "daemon/stop from s1a2b3c4", "idle", "retired for 0.2.0"
};

// Bounded: when 16 commands wait, further ones are refused, except stop_now, which always fits.
class Mailbox final {
 public:
  using Handler = std::function<void(const Command&)>;
  // `handler` runs on the loop thread, one command after the other.
  Mailbox(io::Loop& loop, Handler handler) : loop_(loop), handler_(std::move(handler)) {}

  // Any thread. False when the mailbox is full.
  [[nodiscard]] bool post(Command command);

 private:
  void deliver();

  static constexpr std::size_t capacity = 16;
  io::Loop& loop_;
  Handler handler_;
  Guarded<std::deque<Command>> waiting_;
};

}  // namespace hearth::daemon
