// The control methods, which a session has besides MCP: daemon/ping, daemon/heartbeat,
// daemon/status, daemon/reload, daemon/stop, events/subscribe, daemon/decide. docs/protocol.md says
// what they take and answer.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "daemon/event_log.hpp"
#include "daemon/session.hpp"
#include "json/envelope.hpp"
#include "json/json.hpp"
#include "pack/pack.hpp"

namespace hearth::daemon {

// What a client may ask of the daemon as a whole.
class Commands {
 public:
  virtual ~Commands() = default;
  [[nodiscard]] virtual json::Object status() const = 0;
  // Reads the configuration again; the settings that have changed and need a restart.
  [[nodiscard]] virtual Result<std::vector<std::string>> reload() = 0;
  virtual void stop(std::string reason) = 0;
  // A person's decision, for a pack: pack/pack.hpp.
  virtual void in_person(std::string_view pack,
                         std::string_view arguments,
                         pack::Reviewer reviewer,
                         std::move_only_function<void(Result<std::string>)> answer) = 0;
};

// Loop thread.
class Control final {
 public:
  Control(Commands& commands, EventLog& events) : commands_(commands), events_(events) {}

  void answer(Session& session, const json::Envelope& message);

 private:
  void reload(Session& session, std::string_view id);
  void stop(Session& session, std::string_view id, const json::Value& params);
  static void decide(Commands& commands,
                     Session& session,
                     const std::string& id,
                     const json::Value& params);
  void subscribe(Session& session, std::string_view id, const json::Value& params);

  Commands& commands_;
  EventLog& events_;
};

}  // namespace hearth::daemon
