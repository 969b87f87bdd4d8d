// The AI clients that `hearth setup` knows: where each keeps its MCP servers, and in which shape.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/settings.hpp"

namespace hearth::cli {

// How a client shall start hearth.
struct ServerEntry {
  std::string command;                             // "/usr/local/bin/hearth", or "hearth"
  std::vector<std::string> arguments;              // "mcp", …
  std::map<std::string, std::string> environment;  // HEARTH_HOME, when it is set
};

struct AiClient {
  std::string_view name;   // "claude-code"
  std::string_view title;  // "Claude Code"
  std::string_view next;   // what makes the client notice
  // The user's file; `project` empty, or the project's directory for its own file.
  Result<std::string> (*file)(const config::Environment& environment, const std::string& project);
  // The file's text with the server entered as "hearth"; the same text when it is there already.
  Result<std::string> (*enter)(std::string_view text, const ServerEntry& entry);
};

[[nodiscard]] const std::vector<AiClient>& ai_clients();
[[nodiscard]] const AiClient* find_ai_client(std::string_view name);

}  // namespace hearth::cli
