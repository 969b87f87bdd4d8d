// Rows as lines of a file. Pure.
#pragma once

#include <string>
#include <vector>

#include "packs/sql/engine/values.hpp"

namespace hearth::packs::sql {

// RFC 4180, lines end in a line feed; NULL is an empty field and an empty text "".
void append_separated(const Batch& rows, char separator, std::string& to);
void append_separated_header(const std::vector<Column>& columns, char separator, std::string& to);
// An object a line. Numbers as they are, also those beyond 2^53, since the file's reader may well
// keep them; names that repeat get a number behind them.
void append_json_lines(const std::vector<std::string>& names, const Batch& rows, std::string& to);
[[nodiscard]] std::vector<std::string> distinct_names(const std::vector<Column>& columns);

void append_json_text(std::string_view text, std::string& to);

}  // namespace hearth::packs::sql
