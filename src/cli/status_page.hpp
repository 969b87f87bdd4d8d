// `hearth daemon status` for people.
#pragma once

#include <string>

#include "cli/render.hpp"
#include "json/json.hpp"

namespace hearth::cli {

// The result of daemon/status as a page. Members it does not know are left out; absent ones too.
[[nodiscard]] std::string status_page(const json::Value& status, const Look& look);

}  // namespace hearth::cli
