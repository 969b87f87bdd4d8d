// Names and texts of callers as parts of SQL statements: always quoted, never pasted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth::packs::sql {

// "a name", with its quotes doubled.
[[nodiscard]] std::string quoted_name(std::string_view name);
// 'a text', likewise.
[[nodiscard]] std::string quoted_text(std::string_view text);
// "a", "b", …
[[nodiscard]] std::string quoted_names(const std::vector<std::string>& names);

// A table as a caller names it, `sales` or `schema.sales`, with double quotes around what holds a
// dot.
struct TableName {
  std::string schema;  // may be empty
  std::string name;
  [[nodiscard]] std::string quoted() const;
};
[[nodiscard]] Result<TableName> parse_table_name(std::string_view text);

// A type as a caller names it: "DECIMAL(10,2)", "STRUCT(a INTEGER)[]". It goes into statements
// unquoted, so that only letters, digits and the marks of types may be in it.
[[nodiscard]] Result<std::string> checked_type(std::string_view text);

// Names of columns are the same in any case.
[[nodiscard]] bool is_same_name(std::string_view a, std::string_view b);

// The statement without the semicolon and the white space behind it.
[[nodiscard]] std::string_view without_semicolon(std::string_view sql);

}  // namespace hearth::packs::sql
