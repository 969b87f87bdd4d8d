// Types of one engine in another's words. Pure.
#pragma once

#include <string>
#include <string_view>

namespace hearth::packs::sql {

// How a column of `type`, as `engine` ("duckdb", "postgres", "hyper") spells it, is kept in DuckDB,
// and how one of any engine is in PostgreSQL or Hyper. What has no counterpart is kept as the
// nearest type that holds all its values (FLOAT: double precision), else as text, or as JSON where
// it has parts.
[[nodiscard]] std::string duckdb_type(std::string_view engine, std::string_view type);
[[nodiscard]] std::string postgres_type(std::string_view type);
[[nodiscard]] std::string hyper_type(std::string_view type);
// A column of numbers, in any engine's words.
[[nodiscard]] bool is_number_type(std::string_view type);
// TIME WITH TIME ZONE of DuckDB, whose reader of CSV makes NULL of what it cannot read (checked:
// 1.4.4), and cannot read a Z; and what makes one of a text, or fails.
[[nodiscard]] bool is_zoned_time_type(std::string_view type);
[[nodiscard]] std::string zoned_time_of(const std::string& text_sql);
// Bytes, whose cells are base64.
[[nodiscard]] bool is_bytes_type(std::string_view type);

}  // namespace hearth::packs::sql
