// `hearth mandates logs RUN`: what a run does, also while it does it.
#include <array>
#include <string>

#include "cli/command.hpp"
#include "cli/run_follower.hpp"

namespace hearth::cli {
namespace {

Result<int> run_logs(const Context& context, const Arguments& arguments) {
  const std::string run = arguments.one("run").value_or("");
  if (arguments.flag("follow")) return RunFollower(context, run).follow();
  const auto logs = call_tool(context, "mandates_run_logs", json::Value{{"run", run}});
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
