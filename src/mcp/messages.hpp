// JSON-RPC 2.0 messages as text, put together around parts that are JSON text already.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "mcp/era.hpp"
#include "pack/reply.hpp"

namespace hearth::mcp {

// Error numbers of JSON-RPC 2.0 §5.1, and ours in the range it leaves to servers.
inline constexpr int parse_error = -32700;
inline constexpr int invalid_request = -32600;
inline constexpr int method_not_found = -32601;
inline constexpr int invalid_params = -32602;
inline constexpr int internal_error = -32603;
inline constexpr int server_error = -32000;  // data.code has the word
// MCP's own: 2025-11-25 and before; from 2026-07-28.
inline constexpr int legacy_resource_not_found = -32002;
inline constexpr int missing_client_capability = -32021;
inline constexpr int unsupported_version = -32022;

// `id` and `result`, `params` are JSON text. An unknown id is "null".
[[nodiscard]] std::string make_result(std::string_view id, std::string_view result);
[[nodiscard]] std::string make_error(std::string_view id, int number, std::string_view message);
// The number follows the error's code; data is {code, suggestions}.
[[nodiscard]] std::string make_error(std::string_view id, const Error& error);
// The error by itself: {code, message, data}.
[[nodiscard]] std::string error_text(const Error& error);
[[nodiscard]] std::string make_notification(std::string_view method, std::string_view params);
[[nodiscard]] std::string make_request(std::string_view id,
                                       std::string_view method,
                                       std::string_view params);
// `needs` is the JSON text of the ClientCapabilities that the client lacks.
[[nodiscard]] std::string missing_ability(std::string_view id, std::string_view needs);
[[nodiscard]] std::string resource_not_found(std::string_view id, std::string_view uri, Era era);
[[nodiscard]] std::string refused_version(std::string_view id, std::string_view requested);

// Whether `tool` did its work before the daemon went away, nobody can tell.
[[nodiscard]] Error outcome_unknown(const std::string& tool);
[[nodiscard]] Error took_too_long(const std::string& subject, std::chrono::milliseconds limit);

// A tool's result (MCP CallToolResult): the structured content, and the same as text for clients
// that read only that, unless the reply has contents of its own.
[[nodiscard]] std::string tool_result(const pack::Reply& reply);
// MCP's ReadResourceResult and GetPromptResult. Contents without a URI are those of `uri`.
[[nodiscard]] std::string resource_result(const pack::Reply& reply, std::string_view uri);
[[nodiscard]] std::string prompt_result(const pack::Reply& reply);
// A tool error: isError, a text a model can act on, and {error: {code, message, suggestions}} as
// structured content.
[[nodiscard]] std::string tool_error(const Error& error);

}  // namespace hearth::mcp
