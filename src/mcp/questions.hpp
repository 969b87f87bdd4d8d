// How what a call asks of its client is written, whether the client is asked at once, repeats the
// call, or finds the question in a task.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "mcp/era.hpp"
#include "pack/reply.hpp"

namespace hearth::mcp {

// "elicitation/create", "sampling/createMessage", "roots/list"
[[nodiscard]] std::string_view method_of(const pack::Question& question);
// JSON text of the ClientCapabilities that the client lacks for it; empty when it can be asked.
[[nodiscard]] std::string_view missing_for(const pack::Question& question,
                                           const Abilities& abilities);
// MCP's InputRequests, as JSON text.
[[nodiscard]] std::string input_requests(const std::map<std::string, pack::Question>& questions);

}  // namespace hearth::mcp
