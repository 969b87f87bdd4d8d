// Text that is safe and fitting to show: no control sequences from data, widths in columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hearth::cli {

// Columns that `text` takes on a terminal: 2 for East Asian wide characters and emoji, 0 for
// combining marks. Counts code points; independent of the locale.
[[nodiscard]] std::size_t display_width(std::string_view text);

// At most `width` columns of `text`, its last one "…" when something was left out.
[[nodiscard]] std::string clip(std::string_view text, std::size_t width);

// `text` with what a terminal would obey, and what nobody would see, written out: escape sequences,
// control characters (but tabs become blanks), C1 controls, marks that reorder, characters without
// a width, bytes that are not UTF-8, as \x1b, \u202e or \U000e0041: who approves something sees
// that it is there. Newlines stay, or become "⏎ " in one line;
// the carriage return before one is left out.
enum class Lines : bool { keep, join };
[[nodiscard]] std::string printable(std::string_view text, Lines lines);

}  // namespace hearth::cli
