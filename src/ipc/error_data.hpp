// The `data` of the daemon's errors: {"code", "suggestions", …}.
#pragma once

#include <string>
#include <vector>

#include "json/json.hpp"

namespace hearth::ipc {

// What it says to do next; whatever is no text is passed over.
[[nodiscard]] std::vector<std::string> read_suggestions(const json::Value& data);

}  // namespace hearth::ipc
