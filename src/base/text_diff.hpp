// What an edit changed, for people to check.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hearth {

// One hunk of a unified diff with a line of context on either side; empty when the texts are equal.
// Meant for edits in one place. Lines are cut at `longest_line` columns, and hold nothing that a
// terminal would obey (terminal_text.hpp).
[[nodiscard]] std::string text_diff(std::string_view before,
                                    std::string_view after,
                                    std::size_t longest_line = 160);

// With the lines of a diff in their colours: those that begin with + and -.
[[nodiscard]] std::string colored_diff(std::string_view text);

}  // namespace hearth
