#include "packs/sql/duckdb/handles.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/ids.hpp"

namespace hearth::packs::sql::duckdb {
namespace {

struct ErrorClass {
  std::string_view prefix;
  std::string_view contains;  // empty: whatever it says
  Errc code;
};

// The first that fits.
constexpr std::array classes{
    ErrorClass{"INTERRUPT Error", "", Errc::cancelled},
    ErrorClass{"FATAL Error", "", Errc::engine_restarted},
    ErrorClass{"INTERNAL Error", "", Errc::engine_restarted},
    ErrorClass{"Out of Memory Error", "", Errc::busy},
    ErrorClass{"Permission Error", "", Errc::permission},
    ErrorClass{"TransactionContext Error", "read-only", Errc::read_only},
    ErrorClass{"TransactionContext Error", "onflict", Errc::conflict},
    ErrorClass{"TransactionContext Error", "No space left", Errc::io},
    ErrorClass{"Invalid Input Error", "read-only mode", Errc::read_only},
    ErrorClass{"Constraint Error", "", Errc::invalid_args},
    ErrorClass{"Catalog Error", "write-write conflict", Errc::conflict},
    ErrorClass{"Catalog Error", "does not exist", Errc::not_found},
    ErrorClass{"Catalog Error", "already exists", Errc::conflict},
    ErrorClass{"Binder Error", "read-only mode", Errc::read_only},
    ErrorClass{"Binder Error", "does not exist", Errc::not_found},
    ErrorClass{"Binder Error", "not found", Errc::not_found},
    ErrorClass{"IO Error", "No files found", Errc::not_found},
    ErrorClass{"IO Error", "does not exist", Errc::not_found},
    ErrorClass{"IO Error", "No such file", Errc::not_found},
    ErrorClass{"IO Error", "ermission denied", Errc::permission},
    ErrorClass{"IO Error", "Could not set lock", Errc::busy},
    ErrorClass{"IO Error", "", Errc::io},
    ErrorClass{"Serialization Error", "", Errc::damaged},
    ErrorClass{"Not implemented Error", "", Errc::unsupported},
    ErrorClass{"Missing Extension Error", "", Errc::unsupported},
    ErrorClass{"TransactionContext Error", "", Errc::conflict},
};

Errc code_of(std::string_view message) {
  for (const ErrorClass& each : classes) {
    const bool fits = message.starts_with(each.prefix) &&
                      (each.contains.empty() || message.contains(each.contains));
    if (fits) return each.code;
  }
  return Errc::invalid_args;  // Parser, Binder, Conversion, Invalid Input, Out of Range …
}

std::string in_one_line(std::string_view text) {
  std::string line;
  for (const char each : text) {
    const bool is_space = each == '\n' || each == '\t' || each == ' ';
    if (!is_space) {
      line.push_back(each);
    } else if (!line.empty() && line.back() != ' ') {
      line.push_back(' ');
    }
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

// Cuts what begins with `mark` off `text`.
std::optional<std::string> cut_from(std::string_view& text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  std::string cut = in_one_line(text.substr(at));
  text = text.substr(0, at);
  return cut;
}

// The number in "LINE 3: …", from the second line on.
std::optional<std::string> line_of(std::string_view place) {
  const std::size_t digits = place.find_first_of("0123456789");
  if (digits == std::string_view::npos) return std::nullopt;
  const std::string_view number = place.substr(digits, place.find(':', digits) - digits);
  if (number == "1") return std::nullopt;
  return std::string(number);
}

std::optional<std::string> advice_for(Errc code, std::string_view message) {
  if (message.contains("already exists"))
    return "CREATE OR REPLACE puts another one in its place, IF NOT EXISTS keeps it";
  switch (code) {
    case Errc::permission:
      return "files are read below the project's directory and the roots of config.toml only";
    case Errc::busy:
      if (message.contains("Could not set lock"))
        return "another process has it open, the daemon perhaps: leave out --no-daemon";
      return "try again when less is running, or make the query smaller";
    case Errc::conflict:
      return "send it again";
    case Errc::io:
      if (message.contains("space") || message.contains("write") || message.contains("sync"))
        return "see whether the disk is full, or broken";
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

// No value that DuckDB shows can hold it.
const std::string& mark_of_parts() {
  static const std::string mark = "\x1e" + random_hex(8);
  return mark;
}

// What as_text() has made of an error, with what DuckDB puts around it.
std::optional<Error> own_error(std::string_view message) {
  const std::string& between = mark_of_parts();
  const std::size_t mark = message.find(between);
  if (mark == std::string_view::npos) return std::nullopt;
  std::string_view own = message.substr(0, mark);
  if (const std::size_t colon = own.find(" Error: "); colon < 40) own.remove_prefix(colon + 8);
  Error error{.code = Errc::internal, .message = std::string(own), .suggestions = {}};
  std::string_view rest = message.substr(mark + between.size());
  int code = 0;
  const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), code);
  if (problem == std::errc{} && code >= 0 && code <= static_cast<int>(Errc::internal))
    error.code = static_cast<Errc>(code);
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  rest = rest.substr(0, rest.find('\n'));
  while (rest.starts_with(between)) {
    rest.remove_prefix(between.size());
    const std::size_t size = std::min(rest.find(between), rest.size());
    error.suggestions.emplace_back(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  return error;
}

}  // namespace

bool is_fatal(std::string_view message) {
  return message.starts_with("FATAL Error") || message.starts_with("INTERNAL Error");
}

std::string as_text(const Error& error) {
  const std::string& between = mark_of_parts();
  std::string text = error.message + between + std::to_string(static_cast<int>(error.code));
  for (const std::string& each : error.suggestions) text += between + each;
  return text;
}

Error engine_error(std::string_view message) {
  if (auto own = own_error(message)) return std::move(*own);
  Error error{.code = code_of(message), .message = {}, .suggestions = {}};
  if (const std::size_t colon = message.find(" Error: "); colon < 40) {
    message.remove_prefix(colon + 8);
  }
  const auto place = cut_from(message, "\nLINE ");  // LINE 3: WHERE a = = 1
  for (const std::string_view mark : {"\nCandidate bindings:", "\nCandidate functions:",
                                      "\nCandidates:", "\nDid you mean", "\n* ", "\nHINT:"}) {
    if (auto advice = cut_from(message, mark)) error.suggestions.push_back(std::move(*advice));
  }
  error.message = in_one_line(message);
  if (const auto line = place ? line_of(*place) : std::nullopt) error.message += ", line " + *line;
  if (error.suggestions.empty()) {
    if (auto advice = advice_for(error.code, error.message))
      error.suggestions.push_back(std::move(*advice));
  }
  return error;
}

Result<Prepared> prepare(duckdb_connection connection, const std::string& sql) {
  Prepared prepared;
  if (api().duckdb_prepare(connection, sql.c_str(), prepared.out()) != DuckDBSuccess) {
    const char* why = prepared ? api().duckdb_prepare_error(prepared.get()) : nullptr;
    return std::unexpected(engine_error(why != nullptr ? why : "out of memory"));
  }
  return prepared;
}

Result<QueryResult> run(duckdb_connection connection, const std::string& sql) {
  QueryResult result;
  if (api().duckdb_query(connection, sql.c_str(), result.out()) != DuckDBSuccess) {
    return std::unexpected(engine_error(api().duckdb_result_error(&result.get())));
  }
  return result;
}

Result<QueryResult> run_streaming(duckdb_prepared_statement statement) {
  Pending pending;
  if (api().duckdb_pending_prepared_streaming(statement, pending.out()) != DuckDBSuccess) {
    const char* why = pending ? api().duckdb_pending_error(pending.get()) : nullptr;
    return std::unexpected(engine_error(why != nullptr ? why : "out of memory"));
  }
  QueryResult result;
  if (api().duckdb_execute_pending(pending.get(), result.out()) != DuckDBSuccess) {
    return std::unexpected(engine_error(api().duckdb_result_error(&result.get())));
  }
  return result;
}

std::string sql_literal(std::string_view text) {
  std::string literal = "'";
  for (const char each : text) literal.append(each == '\'' ? 2 : 1, each);
  return literal + "'";
}

std::string sql_name(std::string_view name) {
  std::string quoted = "\"";
  for (const char each : name) quoted.append(each == '"' ? 2 : 1, each);
  return quoted + "\"";
}

}  // namespace hearth::packs::sql::duckdb
