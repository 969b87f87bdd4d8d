// What an edit changed, for people to check.
#pragma once

#include <string>
#include <string_view>

#include "cli/render.hpp"

namespace hearth::cli {

// One hunk of a unified diff with a line of context on either side; empty when the texts are equal.
// Meant for edits in one place. Long lines are clipped.
[[nodiscard]] std::string text_diff(std::string_view before,
                                    std::string_view after,
                                    const Look& look);

}  // namespace hearth::cli
