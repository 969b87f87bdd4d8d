// The values of a statement's parameters.
#pragma once

#include <duckdb.h>

#include <vector>

#include "base/result.hpp"
#include "packs/sql/engine/values.hpp"

namespace hearth::packs::sql::duckdb {

// All of them, by position or by name; `invalid_args` when one is missing, unknown or too much.
[[nodiscard]] Result<void> bind_parameters(duckdb_prepared_statement statement,
                                           const std::vector<Parameter>& parameters);

}  // namespace hearth::packs::sql::duckdb
