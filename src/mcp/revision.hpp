// The protocol revisions hearth speaks in the legacy era (initialize handshake), newest first.
//
// The era is a thin layer: everything after the handshake (tools, calls, progress, cancellation,
// logging) is shared.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace hearth::mcp {

inline constexpr std::array<std::string_view, 4> legacy_revisions{"2025-11-25", "2025-06-18",
                                                                  "2025-03-26", "2024-11-05"};

// MCP lifecycle: the requested revision if we speak it, else our newest, which the client may
// refuse.
[[nodiscard]] constexpr std::string_view negotiate_revision(std::string_view requested) {
  const auto* found = std::ranges::find(legacy_revisions, requested);
  return found != legacy_revisions.end() ? *found : legacy_revisions.front();
}

}  // namespace hearth::mcp
