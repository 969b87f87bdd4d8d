// What an edit changed, for people to check.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cli/render.hpp"

namespace hearth::cli {

// One hunk of a unified diff with a line of context on either side; empty when the texts are equal.
// Meant for edits in one place. Lines are cut at `longest_line` columns.
[[nodiscard]] std::string text_diff(std::string_view before,
                                    std::string_view after,
                                    const Look& look,
                                    std::size_t longest_line = 160);

}  // namespace hearth::cli
