#include "packs/sql/duckdb/gate.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace hearth::packs::sql::duckdb {
namespace {

std::unexpected<Error> refuse(std::string what, std::string instead) {
  return fail(Errc::unsupported, std::move(what) + " is not run here", {std::move(instead)});
}

}  // namespace

Result<Effect> effect_of(duckdb_statement_type type) {
  switch (type) {
    case DUCKDB_STATEMENT_TYPE_SELECT:
    case DUCKDB_STATEMENT_TYPE_EXPLAIN:
      return Effect::reads;
    case DUCKDB_STATEMENT_TYPE_INSERT:
    case DUCKDB_STATEMENT_TYPE_UPDATE:
    case DUCKDB_STATEMENT_TYPE_DELETE:
    case DUCKDB_STATEMENT_TYPE_CREATE:
    case DUCKDB_STATEMENT_TYPE_CREATE_FUNC:
    case DUCKDB_STATEMENT_TYPE_ALTER:
    case DUCKDB_STATEMENT_TYPE_DROP:
    case DUCKDB_STATEMENT_TYPE_ANALYZE:
    case DUCKDB_STATEMENT_TYPE_VACUUM:
      return Effect::changes;
    case DUCKDB_STATEMENT_TYPE_COPY:
    case DUCKDB_STATEMENT_TYPE_EXPORT:
      return refuse("COPY", "sql_load reads files into tables, sql_export writes them");
    case DUCKDB_STATEMENT_TYPE_ATTACH:
    case DUCKDB_STATEMENT_TYPE_DETACH:
      return refuse("ATTACH", "sql_attach and sql_detach do it for the session");
    case DUCKDB_STATEMENT_TYPE_TRANSACTION:
      return refuse("transaction control",
                    "sql_execute runs a list of statements as one transaction");
    case DUCKDB_STATEMENT_TYPE_SET:
    case DUCKDB_STATEMENT_TYPE_VARIABLE_SET:
    case DUCKDB_STATEMENT_TYPE_PRAGMA:
      return refuse("SET or PRAGMA", "settings of the engine are in [sql] of config.toml");
    case DUCKDB_STATEMENT_TYPE_LOAD:
    case DUCKDB_STATEMENT_TYPE_EXTENSION:
      return refuse("LOAD", "extensions cannot be added; CSV, JSON and Parquet are built in");
    case DUCKDB_STATEMENT_TYPE_PREPARE:
    case DUCKDB_STATEMENT_TYPE_EXECUTE:
      return refuse("PREPARE or EXECUTE", "give the values as params of the call");
    case DUCKDB_STATEMENT_TYPE_CALL:
      return refuse("CALL", "write SELECT * FROM function(…)");
    default:
      return refuse("such a statement", "sql_query reads, sql_execute changes tables");
  }
}

Error refusal_of(std::string_view sql, Error problem) {
  std::string word(sql.substr(std::min(sql.find_first_not_of(" \t\n"), sql.size()), 6));
  std::ranges::transform(word, word.begin(), [](unsigned char c) { return std::toupper(c); });
  const bool is_copy = word.starts_with("COPY ") || word == "EXPORT" || word == "IMPORT";
  return is_copy ? effect_of(DUCKDB_STATEMENT_TYPE_COPY).error() : std::move(problem);
}

Result<void> check_reads(duckdb_statement_type type) {
  const auto effect = effect_of(type);
  if (!effect) {
    Error error = effect.error();
    error.code = Errc::read_only;
    return std::unexpected(std::move(error));
  }
  if (*effect == Effect::reads) return {};
  return fail(Errc::read_only, "the statement changes the database; nothing was done",
              {"sql_execute runs statements that change something"});
}

}  // namespace hearth::packs::sql::duckdb
