// Which statements a user may run, by what DuckDB's own parser says they are.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <optional>
#include <string>

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

// `read_only` unless it reads.
[[nodiscard]] Result<void> check_reads(duckdb_statement_type type);

}  // namespace hearth::packs::sql::duckdb
