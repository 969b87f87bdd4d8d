// What hearth must know about a statement's text, without being a parser: what it
// does, where one ends and the next begins, and where its parameters are.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "packs/sql/engine/pg/link.hpp"
#include "packs/sql/engine/sql_scanner.hpp"

namespace hearth::packs::sql::pg {

// What a statement does behind its WITH, in upper case: the first of SELECT, INSERT, UPDATE,
// DELETE, MERGE, VALUES and TABLE outside of parentheses, or INTO when a SELECT has one there.
// Empty when there is none.
[[nodiscard]] std::string main_verb(std::string_view sql, Dialect dialect);

// Each statement of each text on its own: parted at the semicolons outside of strings and
// parentheses. The servers take one at a time, so that a wrong cut is an error of theirs and
// nothing else.
[[nodiscard]] std::vector<Statement> parted(const std::vector<Statement>& texts, Dialect dialect);

[[nodiscard]] bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words);
// Why a query with that word, or with none that is known, is refused.
[[nodiscard]] Error not_reading(std::string_view word);

struct BoundStatement {
  std::string sql;
  Values values;  // of $1, $2 …; empty for hyperd
};

// Gives the server what it understands: names become numbers for PostgreSQL; hyperd, which knows no
// parameters, gets the values as literals. `invalid_args` for a parameter without a value.
[[nodiscard]] Result<BoundStatement> bind(const Statement& statement, Dialect dialect);

[[nodiscard]] std::string quote_name(std::string_view name);      // "a""b"
[[nodiscard]] std::string quote_literal(std::string_view value);  // 'it''s'

}  // namespace hearth::packs::sql::pg
