#include "packs/sql/transfer/column_types.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/ascii.hpp"

namespace hearth::packs::sql {
namespace {

struct Names {
  std::string_view known;  // in capitals, without parameters
  std::string_view duckdb;
  std::string_view postgres;
};
constexpr std::array<Names, 34> all{
    {{"BOOLEAN", "BOOLEAN", "boolean"},
     {"BOOL", "BOOLEAN", "boolean"},
     {"TINYINT", "TINYINT", "smallint"},
     {"SMALLINT", "SMALLINT", "smallint"},
     {"INTEGER", "INTEGER", "integer"},
     {"INT", "INTEGER", "integer"},
     {"BIGINT", "BIGINT", "bigint"},
     {"HUGEINT", "HUGEINT", "numeric(39)"},
     {"UTINYINT", "UTINYINT", "smallint"},
     {"USMALLINT", "USMALLINT", "integer"},
     {"UINTEGER", "UINTEGER", "bigint"},
     {"UBIGINT", "UBIGINT", "numeric(20)"},
     {"UHUGEINT", "UHUGEINT", "numeric(39)"},
     {"OID", "BIGINT", "bigint"},
     {"FLOAT", "FLOAT", "real"},
     {"REAL", "FLOAT", "real"},
     {"DOUBLE", "DOUBLE", "double precision"},
     {"DOUBLE PRECISION", "DOUBLE", "double precision"},
     {"DATE", "DATE", "date"},
     {"TIME", "TIME", "time"},
     {"TIME WITHOUT TIME ZONE", "TIME", "time"},
     {"TIME WITH TIME ZONE", "TIME WITH TIME ZONE", "time with time zone"},
     {"TIMESTAMP", "TIMESTAMP", "timestamp"},
     {"TIMESTAMP_S", "TIMESTAMP", "timestamp"},
     {"TIMESTAMP_MS", "TIMESTAMP", "timestamp"},
     {"TIMESTAMP_NS", "TIMESTAMP_NS", "timestamp"},
     {"TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP", "timestamp"},
     {"TIMESTAMP WITH TIME ZONE", "TIMESTAMP WITH TIME ZONE", "timestamp with time zone"},
     {"UUID", "UUID", "uuid"},
     {"BLOB", "BLOB", "bytea"},
     {"BYTEA", "BLOB", "bytea"},
     {"BYTES", "BLOB", "bytea"},
     {"JSON", "JSON", "jsonb"},
     {"JSONB", "JSON", "jsonb"}}};

// "TIMESTAMP(6) WITHOUT TIME ZONE" → "TIMESTAMP WITHOUT TIME ZONE".
std::string without_parameters(std::string type) {
  const std::size_t open = type.find('(');
  const std::size_t close = type.find(')', open);
  if (open == std::string::npos || close == std::string::npos) return type;
  return type.erase(open, close - open + 1);
}

bool has_parts(const std::string& type) {
  return type.ends_with("]") || type.starts_with("STRUCT") || type.starts_with("MAP") ||
         type.starts_with("UNION") || type.starts_with("RECORD");
}

bool is_decimal(const std::string& type) {
  return type.starts_with("DECIMAL") || type.starts_with("NUMERIC");
}

const Names* find(const std::string& type) {
  const std::string bare = without_parameters(type);
  const auto found = std::ranges::find(all, std::string_view(bare), &Names::known);
  return found == all.end() ? nullptr : &*found;
}

// The digits of DuckDB's and Hyper's decimals.
constexpr int most_digits = 38;

// A decimal in the words of an engine that calls it `name`; empty where it has none as wide, or the
// digits are not known. PostgreSQL's reach to 1,000 digits, and its scales below 0 and beyond the
// digits.
std::string decimal_of(const std::string& type, const std::string& name) {
  int digits = 0;
  int scale = 0;
  if (std::sscanf(type.c_str(), "%*[A-Z](%d,%d", &digits, &scale) < 1) return "";
  const int width = scale < 0 ? digits - scale : std::max(digits, scale);
  if (width > most_digits) return "";
  return name + "(" + std::to_string(width) + "," + std::to_string(std::max(scale, 0)) + ")";
}

}  // namespace

std::string duckdb_type(std::string_view engine, std::string_view type) {
  const std::string known = ascii_upper(type);
  if (engine == "duckdb" && !has_parts(known) && !known.starts_with("ENUM") &&
      known != "INTERVAL" && known != "BIT") {
    return known == "\"NULL\"" ? "VARCHAR" : std::string(type);
  }
  if (has_parts(known)) return "JSON";
  if (is_decimal(known)) {
    const std::string decimal = decimal_of(known, "DECIMAL");
    return decimal.empty() ? "VARCHAR" : decimal;
  }
  const Names* names = find(known);
  return names == nullptr ? "VARCHAR" : std::string(names->duckdb);
}

std::string postgres_type(std::string_view type) {
  const std::string known = ascii_upper(type);
  if (has_parts(known)) return "jsonb";
  if (is_decimal(known)) return "numeric" + known.substr(std::min(known.find('('), known.size()));
  const Names* names = find(known);
  return names == nullptr ? "text" : std::string(names->postgres);
}

// As PostgreSQL's, but for what it has not.
std::string hyper_type(std::string_view type) {
  const std::string known = ascii_upper(type);
  if (is_decimal(known)) {
    const std::string decimal = decimal_of(known, "numeric");
    return decimal.empty() ? "text" : decimal;
  }
  if (known == "HUGEINT") return "numeric(38)";  // all but those of 39 digits, which fail
  const std::string name = postgres_type(type);
  if (name == "real") return "double precision";
  const bool is_missing =
      name == "jsonb" || name == "uuid" || name == "time with time zone" || name == "numeric(39)";
  return is_missing ? "text" : name;
}

bool is_number_type(std::string_view type) {
  static constexpr std::array<std::string_view, 15> names{
      "INTEGER", "TINYINT",  "SMALLINT", "BIGINT",  "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
      "UBIGINT", "UHUGEINT", "DECIMAL",  "NUMERIC", "DOUBLE",  "FLOAT",    "REAL"};
  const std::string known = ascii_upper(type);
  return !has_parts(known) &&
         std::ranges::any_of(names, [&](std::string_view name) { return known.starts_with(name); });
}

bool is_zoned_time_type(std::string_view type) {
  const std::string known = without_parameters(ascii_upper(type));
  return known == "TIME WITH TIME ZONE" || known == "TIMETZ";
}

std::string zoned_time_of(const std::string& text_sql) {
  return "CAST(replace(upper(" + text_sql + "), 'Z', '+00') AS TIME WITH TIME ZONE)";
}

bool is_bytes_type(std::string_view type) {
  const std::string known = ascii_upper(type);
  return known == "BLOB" || known == "BYTEA" || known == "BYTES";
}

}  // namespace hearth::packs::sql
