// `hearth mcp`: the stdio MCP server that AI clients start.
#include <array>

#include "cli/command.hpp"
#include "client/bridge.hpp"

namespace hearth::cli {
namespace {

Result<int> run_mcp(const Context& context, const Arguments&) {
  const auto options = context.client_options("bridge");
  if (!options) return std::unexpected(options.error());
  return client::run_bridge(*options);
}

constexpr std::array commands{
    Command{
        "mcp", "Serve MCP on standard input and output (what AI clients start)",
        "Connects to the daemon, starting it if none runs, and keeps the client's session alive "
        "while the daemon is stopped, upgraded or restarted. Ends at end of file. `hearth setup` "
        "enters it into a client's configuration.",
        nullptr, run_mcp},
};

}  // namespace

std::span<const Command> bridge_commands() {
  return commands;
}

}  // namespace hearth::cli
