#include "daemon/control.hpp"

#include <utility>

#include "base/log.hpp"
#include "mcp/messages.hpp"

namespace hearth::daemon {

void Control::answer(Session& session, const json::Envelope& message) {
  if (message.is_notification()) return;
  const std::string& method = message.method;
  if (method == "daemon/ping" || method == "daemon/heartbeat")
    return session.send(mcp::make_result(message.id, "{}"));
  if (method == "daemon/status")
    return session.send(mcp::make_result(message.id, json::dump(commands_.status())));
  if (method == "daemon/reload") return reload(session, message.id);
  const auto params = json::parse(message.params.empty() ? "{}" : message.params);
  if (!params) return session.send(mcp::make_error(message.id, params.error()));
  if (method == "daemon/stop") return stop(session, message.id, *params);
  if (method == "daemon/decide")
    return decide(commands_, session, std::string(message.id), *params);
  if (method == "events/subscribe") return subscribe(session, message.id, *params);
  session.send(
      mcp::make_error(message.id, mcp::method_not_found, "unknown method \"" + method + "\""));
}

void Control::reload(Session& session, std::string_view id) {
  const auto needs_restart = commands_.reload();
  if (!needs_restart) return session.send(mcp::make_error(id, needs_restart.error()));
  const json::Value result{
      {"reloaded", true},
      {"needs_restart", json::Array(needs_restart->begin(), needs_restart->end())}};
  session.send(mcp::make_result(id, json::dump(result)));
}

// {"reason": "stop" | "retire", "version": of the client that retires us}
void Control::stop(Session& session, std::string_view id, const json::Value& params) {
  std::string reason(json::string_or(params, "reason", "stop"));
  if (reason != "stop" && reason != "retire") {
    return session.send(mcp::make_error(
        id, Error{Errc::invalid_args, "params.reason: expected one of \"stop\", \"retire\"", {}}));
  }
  session.send(mcp::make_result(id, R"({"draining":true})"));
  log::info("asked to leave",
            {log::kv("session", session.welcome().session), log::kv("reason", reason)});
  commands_.stop(std::move(reason));
}

// {"pack": text, "arguments": object, "challenge": the welcome's}. Answered only to the command
// line program at a terminal.
void Control::decide(Commands& commands,
                     Session& session,
                     const std::string& id,
                     const json::Value& params) {
  auto person = session.person(json::string_or(params, "challenge", ""));
  if (!person) {
    log::warning("refused a decision", {log::kv("session", session.welcome().session),
                                        log::kv("why", person.error().message)});
    return session.send(mcp::make_error(id, person.error()));
  }
  const json::Value* arguments = json::find(params, "arguments");
  commands.in_person(json::string_or(params, "pack", ""),
                     arguments == nullptr ? "{}" : json::dump(*arguments),
                     {.name = std::move(*person), .name_space = session.mcp().caller().name_space},
                     [handle = session.handle(), id](Result<std::string> outcome) {
                       const auto alive = handle.lock();
                       if (!alive) return;
                       (*alive)->send(outcome ? mcp::make_result(id, *outcome)
                                              : mcp::make_error(id, outcome.error()));
                     });
}

// {"since": number?, "epoch": text?, "kinds": [text]?, "follow": bool?}. Answers with the events
// kept since then, and goes on with notifications events/event and events/missed.
void Control::subscribe(Session& session, std::string_view id, const json::Value& params) {
  EventFilter filter{.name_space = session.mcp().caller().name_space, .kinds = {}};
  if (const json::Value* kinds = json::find(params, "kinds"); kinds && kinds->is_array()) {
    for (const json::Value& kind : kinds->as_array()) {
      auto added = filter.add_kind(kind.is_string() ? std::string(kind.get_string()) : "");
      if (!added) return session.send(mcp::make_error(id, added.error()));
    }
  }
  // Numbers of another process say nothing here.
  const bool is_ours = json::string_or(params, "epoch", events_.epoch()) == events_.epoch();
  const auto since = static_cast<std::uint64_t>(is_ours ? json::int_or(params, "since", 0) : 0);
  const std::uint64_t last = events_.last();
  std::string result = R"({"epoch":")" + events_.epoch() + R"(","seq":)" + std::to_string(last) +
                       R"(,"lost":)" + std::to_string(events_.lost_after(since)) + R"(,"events":[)";
  bool is_first = true;
  for (const EventRecord* event : events_.after(since, filter)) {
    result.append(std::exchange(is_first, false) ? "" : ",").append(event->text);
  }
  session.send(mcp::make_result(id, result + "]}"));
  if (json::bool_or(params, "follow", true)) session.follow(events_, std::move(filter), last);
}

}  // namespace hearth::daemon
