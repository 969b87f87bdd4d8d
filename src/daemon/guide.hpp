// The text of hearth://guide: how an agent uses hearth, from what is listed, so that it is always
// true.
#pragma once

#include <string>

#include "mcp/catalog.hpp"

namespace hearth::daemon {

// Markdown.
[[nodiscard]] std::string make_guide(const mcp::Catalog& catalog);

}  // namespace hearth::daemon
