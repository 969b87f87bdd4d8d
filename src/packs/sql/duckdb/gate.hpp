// Which statements a user may run, by what DuckDB's own parser says they are, and by the names of
// functions in their text.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hearth::packs::sql::duckdb {

enum class Effect : std::uint8_t {
  reads,   // SELECT in all its forms, EXPLAIN
  changes  // rows, tables, views, macros …
};

// What running such a statement does; or why nobody may: `unsupported` names the tool that does it
// instead. Statements that reach outside of the database (COPY, ATTACH, EXPORT, INSTALL, SET …)
// are among those, since the daemon decides where files go and what is attached.
[[nodiscard]] Result<Effect> effect_of(duckdb_statement_type type);

// What stopped a statement from being prepared; one that nobody may run is refused as such, rather
// than for a file that its database may not touch.
[[nodiscard]] Error refusal_of(std::string_view sql, Error problem);

// `read_only` unless it reads.
[[nodiscard]] Result<void> check_reads(duckdb_statement_type type);

// DuckDB keeps a transaction that only reads from changing rows, but not from what some functions
// do to the process (logs and where they go, checkpoints), nor from running text as SQL.
// `unsupported` for a text that calls one of these, quoted or not, outside of its strings and
// comments, or names hearth's own schema; `invalid_args` for one with a NUL.
[[nodiscard]] Result<void> check_calls(std::string_view sql);

// Statements that DuckDB's C interface has no name for, or that are of no use here, by how they
// begin: MERGE INTO changes rows; what is temporary would be seen by its connection alone. The
// second looks at each statement of a text.
[[nodiscard]] bool is_merge(std::string_view sql);
[[nodiscard]] Result<void> check_lasting(std::string_view sql);
// Whether a text has the word PIVOT, which DuckDB makes two statements of.
[[nodiscard]] bool has_pivot(std::string_view sql);

// What EXPLAIN or EXPLAIN ANALYZE is asked to explain; empty for any other text, also for one with
// options.
[[nodiscard]] std::string_view explained(std::string_view sql);

}  // namespace hearth::packs::sql::duckdb
