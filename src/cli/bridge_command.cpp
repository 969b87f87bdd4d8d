// `hearth mcp`: the stdio MCP server that AI clients start.
#include <array>

#include "cli/command.hpp"
#include "client/bridge.hpp"

namespace hearth::cli {
namespace {

std::vector<Parameter> mcp_parameters() {
  return {{.name = "surface",
           .about = "The tools to list: full, or compact for request and verbs only, which reach "
                    "all others (default full)",
           .choices = {"full", "compact"},
           .value_name = "NAME"}};
}

Result<int> run_mcp(const Context& context, const Arguments& arguments) {
  auto options = context.client_options("bridge");
  if (!options) return std::unexpected(options.error());
  options->greeting.is_compact = arguments.one("surface") == "compact";
  return client::run_bridge(*options);
}

constexpr std::array commands{
    Command{
        "mcp", "Serve MCP on standard input and output (what AI clients start)",
        "Connects to the daemon, starting it if none runs, and keeps the client's session alive "
        "while the daemon is stopped, upgraded or restarted. Ends at end of file. `hearth setup` "
        "enters it into a client's configuration.\n"
        "--surface compact is for clients that pay for every tool they list.",
        mcp_parameters, run_mcp},
};

}  // namespace

std::span<const Command> bridge_commands() {
  return commands;
}

}  // namespace hearth::cli
