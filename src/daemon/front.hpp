// Another way into the daemon besides its socket: HTTP.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "daemon/event_log.hpp"
#include "daemon/server.hpp"
#include "io/task.hpp"
#include "ipc/paths.hpp"
#include "json/json.hpp"
#include "pack/pack.hpp"

namespace hearth::daemon {

class Commands;
class VerbCalls;

// What a front needs of the daemon around it. Outlives the front. Loop thread.
class FrontHost {
 public:
  virtual ~FrontHost() = default;
  // The loop, the tools, the limits, the budget, and the count of requests in flight.
  [[nodiscard]] virtual Server& server() = 0;
  [[nodiscard]] virtual const ipc::Paths& paths() const = 0;
  [[nodiscard]] virtual std::string_view state() const = 0;
  [[nodiscard]] virtual WallTime started() const = 0;
  [[nodiscard]] virtual std::vector<const pack::Pack*> packs() const = 0;
  [[nodiscard]] virtual EventLog& events() = 0;
  // What a client may ask of the daemon as a whole (control.hpp).
  [[nodiscard]] virtual Commands& commands() = 0;
  // Calls tools for a client that has no session.
  [[nodiscard]] virtual VerbCalls& verbs() = 0;
  // The front has nothing more to finish.
  virtual void on_quiet() = 0;
};

// Owned by the daemon, which stays as long as it has one: who comes this way cannot start it. Loop
// thread.
class Front {
 public:
  virtual ~Front() = default;
  // Before the daemon serves; an error means that it does not start.
  [[nodiscard]] virtual Result<void> start(FrontHost& host) = 0;
  // Puts back what somebody has taken away of the files by which it is found.
  virtual void restore() = 0;
  // Takes no more connections, and answers further calls `draining`.
  virtual void drain() = 0;
  // Whether requests are in flight, or answers not yet sent.
  [[nodiscard]] virtual bool is_busy() const = 0;
  // Answers what is in flight with `error`.
  virtual void abandon(const Error& error) = 0;
  // Ends whatever is left; returns when nothing of the front runs.
  [[nodiscard]] virtual io::Task close() = 0;
  // Adds its part to `daemon status`; may add to its "sessions".
  virtual void describe(json::Object& status) const = 0;
};

}  // namespace hearth::daemon
