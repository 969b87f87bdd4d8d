// The two eras of the protocol, and what of a request tells them apart.
//
// Legacy (2024-11-05 to 2025-11-25): a handshake says once what the client is and can. Modern (from
// 2026-07-28): every request says it in `_meta`. The era is a thin layer: it reads what a client
// says of itself, and dresses results; tools, resources, prompts and calls know little of it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "pack/call.hpp"

namespace hearth::mcp {

enum class Era : std::uint8_t { legacy, modern };

// Newest first.
inline constexpr std::array<std::string_view, 4> legacy_revisions{"2025-11-25", "2025-06-18",
                                                                  "2025-03-26", "2024-11-05"};
inline constexpr std::array<std::string_view, 1> modern_revisions{"2026-07-28"};

// MCP lifecycle: the requested revision if we speak it, else our newest, which the client may
// refuse.
[[nodiscard]] constexpr std::string_view negotiate_revision(std::string_view requested) {
  const auto* found = std::ranges::find(legacy_revisions, requested);
  return found != legacy_revisions.end() ? *found : legacy_revisions.front();
}

// What MCP's own members of `_meta` begin with.
inline constexpr std::string_view meta_prefix = "io.modelcontextprotocol/";

// All of them, as a JSON array.
[[nodiscard]] std::string supported_versions();

// What a client can be asked.
struct Abilities {
  bool elicit_form = false;
  bool elicit_page = false;  // a URL to visit
  bool sample = false;
  bool list_roots = false;
  bool follow_tasks = false;  // modern; in the older era a call itself says so
};
// What a client lacks that cannot follow tasks: JSON text of ClientCapabilities.
inline constexpr std::string_view tasks_ability =
    R"({"extensions":{"io.modelcontextprotocol/tasks":{}}})";
// From the JSON text of MCP's ClientCapabilities.
[[nodiscard]] Result<Abilities> read_abilities(std::string_view capabilities);

// MCP's level names, "debug" to "emergency"; hearth logs nothing above error.
[[nodiscard]] std::optional<pack::LogLevel> read_level(std::string_view name);
[[nodiscard]] std::string_view level_name(pack::LogLevel level);

// The members of a request's params that any method uses: JSON text, slices of the message, empty
// when absent.
struct Params {
  std::string_view name;
  std::string_view arguments;
  std::string_view meta;
  std::string_view cursor;
  std::string_view uri;
  std::string_view level;
  std::string_view reference;  // "ref"
  std::string_view argument;
  std::string_view context;
  std::string_view answers;        // "inputResponses"
  std::string_view state;          // "requestState"
  std::string_view notifications;  // of subscriptions/listen
  std::string_view task;           // of a call that is to be a task, in the legacy era
  std::string_view task_id;        // "taskId"
};
[[nodiscard]] Result<Params> read_params(std::string_view text);

// The text of a member that is a JSON string; `what` names it in errors.
[[nodiscard]] Result<std::string> string_of(std::string_view member, std::string_view what);

// What a request's `_meta` says.
struct Meta {
  Era era = Era::legacy;
  std::string revision;                     // modern
  std::string progress_token;               // JSON text; empty when no progress is wanted
  std::optional<pack::LogLevel> log_level;  // modern: none means no log messages
  Abilities abilities;                      // modern
  std::string client_name;                  // modern, if it says so
};
[[nodiscard]] Result<Meta> read_meta(std::string_view text);

// How long a client may keep a list or a resource.
enum class Caching : std::uint8_t { none, list, content };

// MCP's Implementation, as JSON text; with its icon where that is not said again and again.
[[nodiscard]] std::string server_info(bool has_icon);

// What the modern era wants a result to say of itself.
struct Dress {
  Caching caching = Caching::none;
  std::string_view type = "complete";
  bool has_icon = false;  // of the server
};
// A result as its era wants it. `result` is the JSON text of an object without `_meta`.
[[nodiscard]] std::string dressed(std::string result, Era era, Dress dress = {});

}  // namespace hearth::mcp
