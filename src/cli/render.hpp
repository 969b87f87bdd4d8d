// Results for people: tables for lists of things, `key: value` lines for one thing.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.hpp"

namespace hearth::cli {

struct Look {
  std::size_t width = 0;  // columns of the terminal; 0: unlimited, nothing is clipped
  bool color = false;
};

// The whole result. An array of objects becomes a table of its scalar members (an object's own
// scalars follow below it), or one block of lines each where the terminal is too narrow for a table
// that says something; rows of a query (`columns` with names, `rows` of arrays) become a
// table of values as they are; everything else `key: value` lines, nested ones indented. Control
// characters in values are not passed on. Ends with a newline unless empty.
[[nodiscard]] std::string render(const json::Value& value, const Look& look);

// The rows of a query whose caller asked for a format (`columns`, and the rows as `text`): the
// text, which the next program in a pipe wants as it is.
[[nodiscard]] std::optional<std::string_view> rows_as_text(const json::Value& value);

// A table. Columns shrink until a row fits, those of prose first; clipped cells end in "…".
[[nodiscard]] std::string render_table(const std::vector<std::string>& headings,
                                       const std::vector<std::vector<std::string>>& rows,
                                       const Look& look);

// Turns the marks **…** of snippets into bold, or leaves them where color is off.
[[nodiscard]] std::string highlight(std::string text, const Look& look);

}  // namespace hearth::cli
