// Base64 with padding (RFC 4648 §4), as MCP carries bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hearth::mcp {

[[nodiscard]] std::string base64(std::string_view bytes);
// Nothing if `text` is not base64.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace hearth::mcp
