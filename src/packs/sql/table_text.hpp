// Rows as one text, for people and for other programs.
#pragma once

#include <string>
#include <vector>

#include "packs/sql/engine/values.hpp"

namespace hearth::packs::sql {

// A pipe table of Markdown; what would break it is escaped.
[[nodiscard]] std::string markdown_table(const std::vector<Column>& columns, const Batch& rows);
// RFC 4180 with a header and line feeds. NULL is an empty field, an empty text is "".
[[nodiscard]] std::string csv_text(const std::vector<Column>& columns, const Batch& rows);

}  // namespace hearth::packs::sql
