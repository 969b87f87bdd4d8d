// What hearth must know about a statement's text, without being a parser: with which words it
// begins, and where its parameters are. Strings, quoted names, dollar quotes and comments are
// passed over as the server does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "packs/sql/engine/pg/link.hpp"

namespace hearth::packs::sql::pg {

// Where the two differ: comments nest in PostgreSQL, and do not in hyperd.
enum class Dialect : std::uint8_t { postgres, hyper };

// The first words of a statement in upper case, at most `most`: {"CREATE", "TABLE"}. Opening
// parentheses before the first are passed over; anything else ends the list.
[[nodiscard]] std::vector<std::string> leading_words(std::string_view sql,
                                                     Dialect dialect,
                                                     std::size_t most = 3);

// What a statement does behind its WITH, in upper case: the first of SELECT, INSERT, UPDATE,
// DELETE, MERGE, VALUES and TABLE outside of parentheses, or INTO when a SELECT has one there.
// Empty when there is none.
[[nodiscard]] std::string main_verb(std::string_view sql, Dialect dialect);

// Each statement of each text on its own: parted at the semicolons outside of strings and
// parentheses. The servers take one at a time, so that a wrong cut is an error of theirs and
// nothing else.
[[nodiscard]] std::vector<Statement> parted(const std::vector<Statement>& texts, Dialect dialect);

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
