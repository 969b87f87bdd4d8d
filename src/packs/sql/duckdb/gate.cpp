#include "packs/sql/duckdb/gate.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string>
#include <utility>

#include "packs/sql/duckdb/instances.hpp"

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
    "truncate_duckdb_logs",
    "write_log",
};

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_name_start(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
}

bool is_name(char c) {
  return is_name_start(c) || (c >= '0' && c <= '9') || c == '$';
}

// Passes over a text as DuckDB's scanner does (that of PostgreSQL), from name to name.
class Scanner final {
 public:
  explicit Scanner(std::string_view sql) : rest_(sql) {}

  // The next name, in lower case and without quotes; nothing at the end.
  std::optional<std::string> next_name() {
    while (!rest_.empty()) {
      if (skip_blank()) continue;
      const char c = rest_.front();
      if (c == '"') return quoted();
      if (c == '\'') {
        skip_string(false);
      } else if (c == '$') {
        skip_dollars();
      } else if (c >= '0' && c <= '9') {
        rest_.remove_prefix(1);
        while (!rest_.empty() && is_name(rest_.front())) rest_.remove_prefix(1);
      } else if (is_name_start(c)) {
        std::string name = plain();
        if (name == "e" && rest_.starts_with('\'')) {
          skip_string(true);
          continue;
        }
        return name;
      } else {
        rest_.remove_prefix(1);
      }
    }
    return std::nullopt;
  }
  [[nodiscard]] bool is_called() {
    while (skip_blank()) continue;
    return rest_.starts_with('(');
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  // A space or a comment, if there is one.
  bool skip_blank() {
    if (rest_.empty()) return false;
    if (is_space(rest_.front())) {
      rest_.remove_prefix(1);
      return true;
    }
    if (rest_.starts_with("--")) {
      rest_.remove_prefix(std::min(rest_.find_first_of("\n\r"), rest_.size()));
      return true;
    }
    if (!rest_.starts_with("/*")) return false;
    int depth = 0;
    do {
      const std::size_t step = rest_.starts_with("/*") || rest_.starts_with("*/") ? 2 : 1;
      if (rest_.starts_with("/*")) ++depth;
      if (rest_.starts_with("*/")) --depth;
      rest_.remove_prefix(step);
    } while (depth > 0 && !rest_.empty());
    return true;
  }
  std::string plain() {
    std::string name;
    for (; !rest_.empty() && is_name(rest_.front()); rest_.remove_prefix(1))
      name.push_back(lower(rest_.front()));
    return name;
  }
  std::string quoted() {
    std::string name;
    rest_.remove_prefix(1);
    while (!rest_.empty()) {
      const bool is_twice = rest_.starts_with("\"\"");
      if (rest_.front() == '"' && !is_twice) break;
      name.push_back(lower(rest_.front()));
      rest_.remove_prefix(is_twice ? 2 : 1);
    }
    rest_.remove_prefix(std::min<std::size_t>(1, rest_.size()));
    return name;
  }
  void skip_string(bool has_escapes) {
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_.front() != '\'') {
      const bool is_escape = has_escapes && rest_.front() == '\\' && rest_.size() > 1;
      rest_.remove_prefix(is_escape ? 2 : 1);
    }
    rest_.remove_prefix(std::min<std::size_t>(1, rest_.size()));
  }
  // $$ … $$ and $tag$ … $tag$.
  void skip_dollars() {
    std::size_t end = 1;
    while (end < rest_.size() && is_name(rest_[end]) && rest_[end] != '$') ++end;
    const bool is_tag =
        end < rest_.size() && rest_[end] == '$' && (end == 1 || is_name_start(rest_[1]));
    if (!is_tag) return rest_.remove_prefix(1);
    const std::string tag(rest_.substr(0, end + 1));
    rest_.remove_prefix(tag.size());
    const std::size_t close = rest_.find(tag);
    rest_.remove_prefix(close == std::string_view::npos ? rest_.size() : close + tag.size());
  }
  static char lower(char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }

  std::string_view rest_;
};

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

Result<void> check_calls(std::string_view sql) {
  Scanner scanner(sql);
  while (const auto name = scanner.next_name()) {
    if (*name == "u" && scanner.rest().starts_with("&\""))
      return refuse("a name with Unicode escapes", "write it as it is");
    if (*name == internal_schema)
      return refuse("what reads or changes " + *name, "hearth keeps its own records there");
    if (std::ranges::find(forbidden, *name) != forbidden.end() && scanner.is_called())
      return refuse("the function " + *name + "()", "hearth sees to the engine by itself");
  }
  return {};
}

bool is_merge(std::string_view sql) {
  Scanner scanner(sql);
  return scanner.next_name() == "merge" && scanner.next_name() == "into";
}

Result<void> check_lasting(std::string_view sql) {
  Scanner scanner(sql);
  if (scanner.next_name() != "create") return {};
  auto word = scanner.next_name();
  if (word == "or" && scanner.next_name() == "replace") word = scanner.next_name();
  if (word != "temp" && word != "temporary") return {};
  return refuse("CREATE TEMP", "make it in scratch, which is this session's own");
}

bool has_pivot(std::string_view sql) {
  Scanner scanner(sql);
  while (const auto name = scanner.next_name()) {
    if (*name == "pivot" || *name == "pivot_wider") return true;
  }
  return false;
}

std::string_view explained(std::string_view sql) {
  Scanner scanner(sql);
  if (scanner.next_name() != "explain") return {};
  const std::string_view all = scanner.rest();
  return scanner.next_name() == "analyze" ? scanner.rest() : all;
}

}  // namespace hearth::packs::sql::duckdb
