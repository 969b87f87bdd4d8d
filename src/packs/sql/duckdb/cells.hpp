// DuckDB's columns of values as cells of a Batch: the canonical texts of engine/values.hpp.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "packs/sql/engine/values.hpp"

namespace hearth::packs::sql::duckdb {

// A column's type with all that is needed to read its values, looked up once a result.
struct Type {
  duckdb_type id = DUCKDB_TYPE_INVALID;
  duckdb_type stored = DUCKDB_TYPE_INVALID;  // how a DECIMAL or an ENUM is kept
  std::string alias;                         // "JSON"
  std::uint8_t width = 0;                    // of a DECIMAL
  std::uint8_t scale = 0;
  std::uint64_t size = 0;          // of an ARRAY
  std::vector<std::string> names;  // of a STRUCT's or UNION's members, an ENUM's values
  std::vector<Type> children;      // of a LIST, ARRAY, MAP (key, value), STRUCT, UNION
};

// Takes what it needs; `type` stays the caller's.
[[nodiscard]] Type read_type(duckdb_logical_type type);
// As SQL spells it: "DECIMAL(18,3)", "STRUCT(a INTEGER, b VARCHAR[])".
[[nodiscard]] std::string type_name(const Type& type);

// Adds rows [begin, end) of `chunk` to `to`, and stops early once that holds `most_bytes`. Returns
// the row behind the last that was added.
[[nodiscard]] std::uint64_t add_rows(const std::vector<Type>& types,
                                     duckdb_data_chunk chunk,
                                     std::uint64_t begin,
                                     std::uint64_t end,
                                     std::size_t most_bytes,
                                     Batch& to);

}  // namespace hearth::packs::sql::duckdb
