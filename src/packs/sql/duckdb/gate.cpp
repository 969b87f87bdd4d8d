#include "packs/sql/duckdb/gate.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/ascii.hpp"
#include "packs/sql/duckdb/instances.hpp"
#include "packs/sql/engine/sql_scanner.hpp"

namespace hearth::packs::sql::duckdb {
namespace {

constexpr std::array forbidden{
    "arrow_scan",
    "arrow_scan_dumb",
    "checkpoint",
    "disable_logging",
    "enable_logging",
    "force_checkpoint",
    "json_execute_serialized_sql",
    "pandas_scan",
    "query",
    "query_table",
    "repeat_row",  // of NULL, it ends the process
    "truncate_duckdb_logs",
    "write_log",
};

std::unexpected<Error> refuse(std::string what, std::string instead) {
  return fail(Errc::unsupported, std::move(what) + " is not run here", {std::move(instead)});
}

// DuckDB makes others of these while it reads a text: IMPORT those of a file, PRAGMA those of a
// function. So nothing of them may come to its parser, EXPLAIN before it or not.
bool is_expanded(std::string_view statement) {
  static constexpr std::array passed{"explain", "analyze"};
  SqlScanner scanner(statement, Dialect::duckdb);
  std::string name = scanner.name(scanner.next());
  while (std::ranges::find(passed, name) != passed.end()) {
    Token token = scanner.next();
    for (int depth = 0; token.kind == TokenKind::opening || depth > 0; token = scanner.next()) {
      if (token.kind == TokenKind::end) return false;
      if (token.kind == TokenKind::opening) ++depth;
      if (token.kind == TokenKind::closing) --depth;
    }
    name = scanner.name(token);
  }
  return name == "import" || name == "export" || name == "pragma";
}

// Calls `look` with each statement of a text and what is behind it, until it says something.
template <typename Look>
Result<void> each_statement(std::string_view sql, Look look) {
  SqlScanner scanner(sql, Dialect::duckdb);
  bool begins = true;
  for (Token token = scanner.next(); token.kind != TokenKind::end; token = scanner.next()) {
    if (begins) {
      if (auto done = look(sql.substr(token.begin)); !done) return done;
    }
    begins = scanner.text(token) == ";";
  }
  return {};
}

// Secrets would be seen by all sessions, and gone with the process.
bool is_secret(std::string_view statement) {
  const auto words = leading_words(statement, Dialect::duckdb, 5);
  const bool is_about = !words.empty() && (words[0] == "CREATE" || words[0] == "DROP");
  return is_about && std::ranges::find(words, "SECRET") != words.end();
}

// Whether a statement makes a macro of a name that hearth's own SQL calls, or that reads files.
bool takes_a_name(std::string_view statement) {
  SqlScanner scanner(statement, Dialect::duckdb);
  if (scanner.name(scanner.next()) != "create") return false;
  std::string name;
  do {
    name = scanner.name(scanner.next());
  } while (!name.empty() && name != "macro" && name != "function");
  std::string last;
  while (!name.empty()) {
    last = name;
    Token token = scanner.next();
    if (scanner.text(token) == ".") token = scanner.next();
    name = scanner.name(token);
  }
  return std::ranges::any_of(
      std::array<std::string_view, 5>{"hearth_", "duckdb_", "read_", "parquet_", "sniff_"},
      [&](std::string_view prefix) { return last.starts_with(prefix); });
}

// Whether a statement makes something that only its connection sees: CREATE [OR REPLACE] [LOCAL]
// TEMP …, or CREATE … temp.name.
bool is_temporary(std::string_view statement) {
  static constexpr std::array passed{"or", "replace", "local", "global"};
  SqlScanner scanner(statement, Dialect::duckdb);
  if (scanner.name(scanner.next()) != "create") return false;
  std::string name = scanner.name(scanner.next());
  while (std::ranges::find(passed, name) != passed.end()) name = scanner.name(scanner.next());
  if (name == "temp" || name == "temporary") return true;
  std::string before;
  while (!name.empty()) {
    const Token token = scanner.next();
    before = std::exchange(name, scanner.name(token));
    if (name.empty()) return before == "temp" && scanner.text(token) == ".";
  }
  return false;
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
      return refuse("LOAD or INSTALL",
                    "extensions cannot be added; CSV, JSON and Parquet are built in");
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
  const std::string word =
      ascii_upper(sql.substr(std::min(sql.find_first_not_of(" \t\n"), sql.size()), 6));
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

Result<void> check_calls(std::string_view sql) {
  // The engine would read it up to there only.
  if (sql.contains('\0')) return fail(Errc::invalid_args, "the statement holds a NUL character");
  SqlScanner scanner(sql, Dialect::duckdb);
  for (Token token = scanner.next(); token.kind != TokenKind::end;) {
    const Token following = scanner.next();
    const std::string name = scanner.name(token);
    if (name == "u" && scanner.rest(token).starts_with("&\""))
      return refuse("a name with Unicode escapes", "write it as it is");
    if (name == internal_schema)
      return refuse("what reads or changes " + name, "hearth keeps its own records there");
    const bool is_called = following.kind == TokenKind::opening;
    if (is_called && std::ranges::find(forbidden, name) != forbidden.end())
      return refuse("the function " + name + "()", "hearth sees to the engine by itself");
    token = following;
  }
  return each_statement(sql, [](std::string_view statement) -> Result<void> {
    if (!is_expanded(statement)) return {};
    return refuse("IMPORT, EXPORT or PRAGMA",
                  "sql_load and sql_export read and write files; settings are in config.toml");
  });
}

bool is_merge(std::string_view sql) {
  return leading_words(sql, Dialect::duckdb, 2) == std::vector<std::string>{"MERGE", "INTO"};
}

Result<void> check_lasting(std::string_view sql) {
  return each_statement(sql, [](std::string_view statement) -> Result<void> {
    if (is_temporary(statement))
      return refuse("CREATE TEMP", "make it in scratch, which is this session's own");
    if (takes_a_name(statement))
      return refuse("a macro in place of a function of the engine", "give it another name");
    if (is_secret(statement)) return refuse("SECRET", "credentials are in config.toml");
    return {};
  });
}

bool has_pivot(std::string_view sql) {
  SqlScanner scanner(sql, Dialect::duckdb);
  for (Token token = scanner.next(); token.kind != TokenKind::end; token = scanner.next()) {
    const std::string name = scanner.name(token);
    if (name == "pivot" || name == "pivot_wider") return true;
  }
  return false;
}

std::string_view explained(std::string_view sql) {
  SqlScanner scanner(sql, Dialect::duckdb);
  const Token first = scanner.next();
  if (scanner.name(first) != "explain") return {};
  const Token second = scanner.next();
  return scanner.rest(scanner.name(second) == "analyze" ? second : first);
}

}  // namespace hearth::packs::sql::duckdb
