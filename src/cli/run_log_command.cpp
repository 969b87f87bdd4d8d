// `hearth mandates logs RUN`: what a run does, also while it does it.
#include <array>
#include <string>
#include <utility>

#include "cli/command.hpp"
#include "cli/run_log.hpp"

namespace hearth::cli {
namespace {

class Follower final {
 public:
  Follower(const Context& context, std::string run) : context_(context), run_(std::move(run)) {}

  // Until the run has ended, whatever becomes of daemons.
  Result<int> follow() {
    auto listening = context_.connect();
    for (;;) {
      if (!listening) return std::unexpected(std::move(listening.error()));
      // First listen, then look: what happens between the two is heard.
      const auto subscribed = listening->request(
          "events/subscribe", json::Object{{"follow", true}, {"kinds", json::Array{"pack"}}},
          context_.request_timeout());
      if (!subscribed) return std::unexpected(subscribed.error());
      auto asking = context_.connect();
      if (!asking) return std::unexpected(std::move(asking.error()));
      auto ended = look(*asking);
      Result<void> heard;
      if (ended && !*ended) {
        heard = listening->listen([&](const json::Value& message) {
          if (is_about_run(message)) ended = look(*asking);
          return ended.has_value() && !*ended;
        });
      }
      if (ended && *ended) return log_.exit_status();
      const Error* const error = !ended ? &ended.error() : !heard ? &heard.error() : nullptr;
      if (error != nullptr && !has_gone(*error)) return std::unexpected(*error);
      listening = context_.connect_shared();  // it was killed or replaced
    }
  }

 private:
  static bool has_gone(const Error& error) {
    return error.code == Errc::unavailable || error.code == Errc::draining ||
           error.code == Errc::outcome_unknown;
  }
  [[nodiscard]] bool is_about_run(const json::Value& message) const {
    const json::Value* event = json::find(message, "params");
    const json::Value* data = event == nullptr ? nullptr : json::find(*event, "data");
    return data != nullptr && json::string_or(*data, "run", "") == run_;
  }
  // Shows what is new; whether that was all. Nobody who reads any more ends it, too.
  Result<bool> look(client::Connection& connection) {
    const auto logs =
        call_tool(context_, connection, "mandates_run_logs", json::Value{{"run", run_}});
    if (!logs) return std::unexpected(logs.error());
    run_ = json::string_or(logs->at("run"), "id", run_);
    std::string text;
    for (const json::Object& each : log_.news(*logs))
      text += context_.output().is_json() ? json::dump(each) + "\n" : log_lines(each);
    return context_.output().text(text) != 0 || log_.has_ended();
  }

  const Context& context_;
  std::string run_;
  RunLog log_;
};

Result<int> run_logs(const Context& context, const Arguments& arguments) {
  const std::string run = arguments.one("run").value_or("");
  if (arguments.flag("follow")) return Follower(context, run).follow();
  auto connection = context.connect();
  if (!connection) return std::unexpected(std::move(connection.error()));
  const auto logs = call_tool(context, *connection, "mandates_run_logs", json::Value{{"run", run}});
  if (!logs) return std::unexpected(logs.error());
  std::string text;
  for (const json::Object& each : RunLog().news(*logs)) text += log_lines(each);
  return context.output().result(*logs, text);
}

std::vector<Parameter> parameters() {
  return {{.name = "run",
           .about = "Its id, or a beginning of it; hearth mandates runs lists them",
           .is_positional = true,
           .is_required = true},
          {.name = "follow",
           .about = "Go on showing what it does until it has ended",
           .kind = ValueKind::boolean,
           .short_name = 'f'}};
}

constexpr std::array commands{
    Command{"mandates logs", "Show what a run of a mandate does",
            "With --follow it exits with 0 when the run has reached its goal, else with 1; with "
            "--follow and --json, one entry a line.",
            parameters, run_logs},
};

}  // namespace

std::span<const Command> run_log_commands() {
  return commands;
}

}  // namespace hearth::cli
