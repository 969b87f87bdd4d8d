#include "cli/run_follower.hpp"

#include "cli/command.hpp"

namespace hearth::cli {
namespace {

bool has_gone(const Error& error) {
  return error.code == Errc::unavailable || error.code == Errc::draining ||
         error.code == Errc::outcome_unknown;
}

// Whether the daemon said so before it went.
bool was_stopped(client::Connection& listening) {
  const auto ended =
      listening.listen([](const json::Value& message) { return !client::tells_of_stop(message); });
  return ended.has_value();
}

Error stopped() {
  return {Errc::cancelled,
          "the daemon was stopped; the run goes on with the next",
          {"hearth daemon start"}};
}

}  // namespace

Result<int> RunFollower::follow(const RunHooks& hooks) {
  auto listening = context_.connect();
  for (;;) {
    if (!listening) return std::unexpected(std::move(listening.error()));
    // Of the daemon that is there: this one starts none, as it would when a call is cut off.
    auto asking = context_.connect_running();
    if (!asking) return std::unexpected(std::move(asking.error()));
    // First listen, then look: what happens between the two is heard.
    const auto subscribed = listening->request(
        "events/subscribe", json::Object{{"follow", true}, {"kinds", json::Array{"pack"}}},
        context_.request_timeout());
    Result<bool> goes_on = true;
    if (!subscribed) goes_on = std::unexpected(subscribed.error());
    if (goes_on) goes_on = look(*asking, hooks);
    if (goes_on && *goes_on) goes_on = listen(*listening, *asking, hooks);
    if (goes_on) return log_.has_ended() ? log_.exit_status() : 0;
    if (!has_gone(goes_on.error())) return std::unexpected(goes_on.error());
    if (was_stopped(*listening)) return std::unexpected(stopped());
    listening = context_.connect_shared();  // it was killed or replaced
  }
}

// Until one of them says that it is over.
Result<bool> RunFollower::listen(client::Connection& listening,
                                 client::Connection& asking,
                                 const RunHooks& hooks) {
  Result<bool> goes_on = true;
  const auto is_over = [&] { return !goes_on || !*goes_on; };
  const auto heard = listening.listen(
      [&](const json::Value& message) {
        // At once: whoever asks a daemon that has gone starts another.
        if (client::tells_of_stop(message)) goes_on = std::unexpected(stopped());
        if (!is_over() && is_about_run(message)) goes_on = look(asking, hooks);
        return !is_over();
      },
      {.fd = hooks.fd, .on_readable = [&] {
         goes_on = hooks.on_readable(asking);
         return !is_over();
       }});
  if (!heard) return std::unexpected(heard.error());
  return goes_on;
}

bool RunFollower::is_about_run(const json::Value& message) const {
  const json::Value* event = json::find(message, "params");
  const json::Value* data = event == nullptr ? nullptr : json::find(*event, "data");
  return data != nullptr && json::string_or(*data, "run", "") == run_;
}

// Shows what is new. Nobody who reads any more ends it, too.
Result<bool> RunFollower::look(client::Connection& asking, const RunHooks& hooks) {
  const auto logs = call_tool(context_, asking, "mandates_run_logs", json::Value{{"run", run_}});
  if (!logs) return std::unexpected(logs.error());
  run_ = json::string_or(logs->at("run"), "id", run_);
  std::string text;
  for (const json::Object& each : log_.news(*logs))
    text += context_.output().is_json() ? json::dump(each) + "\n" : log_lines(each);
  if (context_.output().text(text) != 0 || log_.has_ended()) return false;
  return hooks.on_look ? hooks.on_look(asking) : true;
}

}  // namespace hearth::cli
