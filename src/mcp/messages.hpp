// JSON-RPC 2.0 messages as text, put together around parts that are JSON text already.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hearth::mcp {

// Error numbers of JSON-RPC 2.0 §5.1, and ours in the range it leaves to servers.
inline constexpr int parse_error = -32700;
inline constexpr int invalid_request = -32600;
inline constexpr int method_not_found = -32601;
inline constexpr int invalid_params = -32602;
inline constexpr int internal_error = -32603;
inline constexpr int server_error = -32000;  // data.code has the word

// `id` and `result`, `params` are JSON text. An unknown id is "null".
[[nodiscard]] std::string make_result(std::string_view id, std::string_view result);
[[nodiscard]] std::string make_error(std::string_view id, int number, std::string_view message);
// The number follows the error's code; data is {code, suggestions}.
[[nodiscard]] std::string make_error(std::string_view id, const Error& error);
[[nodiscard]] std::string make_notification(std::string_view method, std::string_view params);

// A tool's result (MCP CallToolResult): the structured content, and the same as text for clients
// that read only that.
[[nodiscard]] std::string tool_result(std::string_view structured);
// A tool error: isError, a text a model can act on, and {error: {code, message, suggestions}} as
// structured content.
[[nodiscard]] std::string tool_error(const Error& error);

}  // namespace hearth::mcp
