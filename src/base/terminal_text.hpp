// Text that is safe and fitting to show: no control sequences from data, widths in columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hearth {

// Columns that `text` takes on a terminal: 2 for East Asian wide characters and emoji, 0 for
// combining marks. Counts code points; independent of the locale.
[[nodiscard]] std::size_t display_width(std::string_view text);

// At most `width` columns of `text`, its last one "…" when something was left out.
[[nodiscard]] std::string clip(std::string_view text, std::size_t width);

enum class Lines : bool { keep, join };
// Plain: tabs are two blanks. Exact, for who approves a text: no two texts look the same. Tabs are
// "⇥" and blanks up to the next of every eight columns; backslashes that could be read as those of
// an escape are doubled, and the signs for tabs and line ends written out where the text has them.
enum class Spelling : bool { plain, exact };
// `text` with what a terminal would obey, and what nobody would see, written out: escape sequences,
// control characters (but tabs), C1 controls, marks that reorder, characters without a width, bytes
// that are not UTF-8, as \x1b, \u202e or \U000e0041: who approves something sees that it is there.
// Newlines stay, or become "⏎ " in one line; the carriage return before one is left out.
[[nodiscard]] std::string printable(std::string_view text,
                                    Lines lines,
                                    Spelling spelling = Spelling::plain);

}  // namespace hearth
