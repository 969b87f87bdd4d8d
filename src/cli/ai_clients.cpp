// Locations and shapes as the clients document them (November 2026):
//   Claude Code  code.claude.com/docs/en/mcp                      ~/.claude.json, .mcp.json
//   Cursor       cursor.com/docs/mcp                              ~/.cursor/mcp.json,
//   .cursor/mcp.json VS Code      code.visualstudio.com/docs/…/mcp-configuration   User/mcp.json,
//   .vscode/mcp.json Codex        developers.openai.com/codex/mcp ~/.codex/config.toml, .codex/…
//   opencode     opencode.ai/docs/config, opencode.ai/docs/mcp-servers
#include "cli/ai_clients.hpp"

#include <unistd.h>

#include <algorithm>

#include "cli/jsonc_edit.hpp"
#include "cli/toml_edit.hpp"

namespace hearth::cli {
namespace {

using config::Environment;

// A directory from a variable, if that holds an absolute path, else below HOME.
Result<std::string> directory(const Environment& environment,
                              const char* variable,
                              std::string_view below_home) {
  const auto value = variable == nullptr ? std::nullopt : environment(variable);
  if (value && value->starts_with('/')) return *value;
  const auto home = environment("HOME");
  if (home && home->starts_with('/')) return *home + std::string(below_home);
  return fail(Errc::invalid_args, "HOME is not set, so the client's file cannot be found",
              {"set HOME", "use --project for the project's own file"});
}

Result<std::string> below(Result<std::string> parent, std::string_view name) {
  if (parent) parent->append(name);
  return parent;
}

// ---- JSON files -------------------------------------------------------------------------------

json::Object environment_object(const ServerEntry& entry) {
  json::Object object;
  for (const auto& [name, value] : entry.environment) object[name] = value;
  return object;
}

json::Object command_and_arguments(const ServerEntry& entry, bool has_type) {
  json::Object object;
  if (has_type) object["type"] = "stdio";
  object["command"] = entry.command;
  object["args"] = json::Array(entry.arguments.begin(), entry.arguments.end());
  if (!entry.environment.empty()) object["env"] = environment_object(entry);
  return object;
}

Result<std::string> enter_json(std::string_view text,
                               const std::vector<std::string>& path,
                               const json::Object& entry) {
  return merge_jsonc(text, path, json::Value(entry));
}

Result<std::string> claude_file(const Environment& environment, const std::string& project) {
  if (!project.empty()) return project + "/.mcp.json";
  return below(directory(environment, "CLAUDE_CONFIG_DIR", ""), "/.claude.json");
}
Result<std::string> enter_claude(std::string_view text, const ServerEntry& entry) {
  return enter_json(text, {"mcpServers", "hearth"}, command_and_arguments(entry, true));
}

Result<std::string> cursor_file(const Environment& environment, const std::string& project) {
  if (!project.empty()) return project + "/.cursor/mcp.json";
  return below(directory(environment, nullptr, "/.cursor"), "/mcp.json");
}
Result<std::string> enter_cursor(std::string_view text, const ServerEntry& entry) {
  return enter_json(text, {"mcpServers", "hearth"}, command_and_arguments(entry, false));
}

Result<std::string> vscode_file(const Environment& environment, const std::string& project) {
  if (!project.empty()) return project + "/.vscode/mcp.json";
  return below(directory(environment, "XDG_CONFIG_HOME", "/.config"), "/Code/User/mcp.json");
}
Result<std::string> enter_vscode(std::string_view text, const ServerEntry& entry) {
  return enter_json(text, {"servers", "hearth"}, command_and_arguments(entry, true));
}

// ---- opencode: one array for the command, JSON or JSONC -----------------------------------------

Result<std::string> opencode_file(const Environment& environment, const std::string& project) {
  if (const auto own = environment("OPENCODE_CONFIG");
      project.empty() && own && own->starts_with('/'))
    return *own;
  auto base = project.empty()
                  ? below(directory(environment, "XDG_CONFIG_HOME", "/.config"), "/opencode")
                  : Result<std::string>(project);
  if (!base) return base;
  const std::string with_comments = *base + "/opencode.jsonc";
  return ::access(with_comments.c_str(), F_OK) == 0 ? with_comments : *base + "/opencode.json";
}

Result<std::string> enter_opencode(std::string_view text, const ServerEntry& entry) {
  json::Array command{json::Value(entry.command)};
  for (const std::string& argument : entry.arguments) command.emplace_back(argument);
  json::Object object{{"type", "local"}, {"command", std::move(command)}};
  if (!entry.environment.empty()) object["environment"] = environment_object(entry);
  // opencode 2 keeps the servers one level deeper; a file that has that level wants it.
  std::vector<std::string> path{"mcp", "hearth"};
  const auto document = parse_jsonc(text);
  const json::Value* mcp = document ? json::find(*document, "mcp") : nullptr;
  const json::Value* servers = mcp == nullptr ? nullptr : json::find(*mcp, "servers");
  if (servers != nullptr && servers->is_object() && json::find(*servers, "command") == nullptr)
    path = {"mcp", "servers", "hearth"};
  return enter_json(text, path, object);
}

// ---- Codex: TOML --------------------------------------------------------------------------------

Result<std::string> codex_file(const Environment& environment, const std::string& project) {
  if (!project.empty()) return project + "/.codex/config.toml";
  return below(directory(environment, "CODEX_HOME", "/.codex"), "/config.toml");
}

Result<std::string> enter_codex(std::string_view text, const ServerEntry& entry) {
  std::string arguments;
  for (const std::string& argument : entry.arguments)
    arguments += (arguments.empty() ? "" : ", ") + toml_quoted(argument);
  TomlEntries entries{{"command", toml_quoted(entry.command)}, {"args", "[" + arguments + "]"}};
  std::string environment;
  for (const auto& [name, value] : entry.environment)
    environment += (environment.empty() ? "" : ", ") + name + " = " + toml_quoted(value);
  if (!environment.empty()) entries.emplace_back("env", "{ " + environment + " }");
  return merge_toml_table(text, "mcp_servers", "hearth", entries);
}

}  // namespace

const std::vector<AiClient>& ai_clients() {
  static const std::vector<AiClient> all{
      {"claude-code", "Claude Code", "start claude again; /mcp lists hearth", claude_file,
       enter_claude},
      {"cursor", "Cursor", "restart Cursor; its MCP settings list hearth", cursor_file,
       enter_cursor},
      {"vscode", "VS Code", "run \"MCP: List Servers\" in VS Code and start hearth", vscode_file,
       enter_vscode},
      {"codex", "Codex", "start codex again; /mcp lists hearth", codex_file, enter_codex},
      {"opencode", "opencode", "start opencode again; opencode mcp list shows hearth",
       opencode_file, enter_opencode},
  };
  return all;
}

const AiClient* find_ai_client(std::string_view name) {
  const auto found = std::ranges::find(ai_clients(), name, &AiClient::name);
  return found == ai_clients().end() ? nullptr : &*found;
}

}  // namespace hearth::cli
