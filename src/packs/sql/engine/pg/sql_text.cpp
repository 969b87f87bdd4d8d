#include "packs/sql/engine/pg/sql_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <map>
#include <optional>

#include "base/closest.hpp"

namespace hearth::packs::sql::pg {
namespace {

bool is_integer(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// As hyperd reads it. Behind a sign a literal could become a comment: "-" and "-1".
std::string literal_of(const Cell& cell) {
  switch (cell.kind) {
    case CellKind::null:
      return "NULL";
    case CellKind::boolean:
      return cell.text == "true" ? "TRUE" : "FALSE";
    case CellKind::integer: {
      std::int64_t value = 0;
      const char* const end = cell.text.data() + cell.text.size();
      const auto [stop, error] = std::from_chars(cell.text.data(), end, value);
      const bool is_small = error == std::errc() && stop == end && value != INT64_MIN;
      if (is_small && is_integer(cell.text)) return "(" + cell.text + ")";
      return "CAST(" + quote_literal(cell.text) + " AS numeric(38,0))";
    }
    case CellKind::real:
      return "CAST(" + quote_literal(cell.text) + " AS double precision)";
    case CellKind::text:
    case CellKind::json:
      break;
  }
  return quote_literal(cell.text);
}

// The values of a statement's parameters, by number and by name.
class ParameterValues {
 public:
  explicit ParameterValues(const std::vector<Parameter>& parameters) {
    for (const Parameter& parameter : parameters) {
      all_.push_back(&parameter.value);
      if (!parameter.name.empty()) by_name_[parameter.name] = all_.size();
    }
  }

  // From 1 on, for "$1" or "$name".
  [[nodiscard]] Result<std::size_t> number_of(std::string_view parameter) const {
    const std::string name(parameter.substr(1));
    if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
    std::size_t number = 0;
    (void)std::from_chars(name.data(), name.data() + name.size(), number);
    if (number >= 1 && number <= all_.size()) return number;
    std::vector<std::string> names;
    for (const auto& [known, unused] : by_name_) names.push_back(known);
    std::vector<std::string> suggestions;
    for (const std::string& close : closest_names(name, names))
      suggestions.push_back("did you mean $" + close + "?");
    return fail(Errc::invalid_args, "there is no value for the parameter " + std::string(parameter),
                std::move(suggestions));
  }
  [[nodiscard]] const Cell& at(std::size_t number) const { return *all_[number - 1]; }
  [[nodiscard]] std::size_t size() const { return all_.size(); }

 private:
  std::vector<const Cell*> all_;
  std::map<std::string, std::size_t> by_name_;
};

}  // namespace

std::string main_verb(std::string_view sql, Dialect dialect) {
  static constexpr std::array verbs{"SELECT", "INSERT", "UPDATE", "DELETE",
                                    "MERGE",  "VALUES", "TABLE"};
  SqlScanner scanner(sql, dialect);
  int depth = 0;
  for (Token token = scanner.next(); token.kind != TokenKind::end; token = scanner.next()) {
    if (token.kind == TokenKind::opening) ++depth;
    if (token.kind == TokenKind::closing) --depth;
    if (token.kind != TokenKind::word || depth > 0) continue;
    std::string word = upper_case(scanner.text(token));
    if (std::ranges::find(verbs, word) != verbs.end()) return word;
  }
  return "";
}

std::vector<Statement> parted(const std::vector<Statement>& texts, Dialect dialect) {
  std::vector<Statement> statements;
  for (const Statement& text : texts) {
    const std::string_view sql = text.sql;
    SqlScanner scanner(sql, dialect);
    std::size_t begin = 0;
    int depth = 0;
    bool has_content = false;
    const std::size_t before = statements.size();
    const auto cut = [&](std::size_t end) {
      if (has_content)
        statements.push_back({std::string(sql.substr(begin, end - begin)), text.parameters});
      has_content = false;
    };
    for (Token token = scanner.next(); token.kind != TokenKind::end; token = scanner.next()) {
      if (token.kind == TokenKind::opening) ++depth;
      if (token.kind == TokenKind::closing) --depth;
      if (token.kind == TokenKind::other && sql[token.begin] == ';' && depth <= 0) {
        cut(token.begin);
        begin = token.end;
      } else {
        has_content = true;
      }
    }
    cut(sql.size());
    if (statements.size() == before) statements.push_back(text);  // for the server to refuse
  }
  return statements;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

Error not_reading(std::string_view word) {
  static const std::vector<std::string> reading{"SELECT", "WITH", "VALUES",
                                                "TABLE",  "SHOW", "EXPLAIN"};
  if (word.empty()) return {Errc::invalid_args, "there is no statement", {}};
  if (word == "COPY") {
    return {Errc::unsupported,
            "COPY reads and writes files, or runs programs, on the server's machine",
            {"use sql_load or sql_export"}};
  }
  const std::vector<std::string> close = closest_names(word, reading, 1);
  if (!close.empty() && close.front() != word) {
    return {Errc::invalid_args,
            "no statement begins with " + std::string(word),
            {"did you mean " + close.front() + "?"}};
  }
  return {Errc::read_only,
          "a query only reads, and " + std::string(word) + " may write",
          {"use sql_execute"}};
}

Result<BoundStatement> bind(const Statement& statement, Dialect dialect) {
  const std::string_view sql = statement.sql;
  if (sql.find('\0') != std::string_view::npos)
    return fail(Errc::invalid_args, "the statement holds a NUL character");
  const ParameterValues values(statement.parameters);
  BoundStatement bound;
  SqlScanner scanner(sql, dialect);
  std::size_t copied = 0;
  std::size_t highest = 0;
  for (Token token = scanner.next(); token.kind != TokenKind::end; token = scanner.next()) {
    if (token.kind != TokenKind::parameter) continue;
    const auto number = values.number_of(scanner.text(token));
    if (!number) return std::unexpected(number.error());
    if (values.at(*number).text.find('\0') != std::string::npos)
      return fail(Errc::invalid_args,
                  "the value of $" + std::to_string(*number) + " holds a NUL character");
    bound.sql += sql.substr(copied, token.begin - copied);
    bound.sql +=
        dialect == Dialect::hyper ? literal_of(values.at(*number)) : "$" + std::to_string(*number);
    copied = token.end;
    highest = std::max(highest, *number);
  }
  bound.sql += sql.substr(copied);
  if (dialect == Dialect::hyper) return bound;
  // The server wants as many as the statement names.
  for (std::size_t number = 1; number <= highest; ++number) {
    const Cell& cell = values.at(number);
    bound.values.push_back(cell.kind == CellKind::null ? std::nullopt : std::optional(cell.text));
  }
  return bound;
}

std::string quote_name(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

std::string quote_literal(std::string_view value) {
  std::string quoted = "'";
  for (const char c : value) quoted.append(c == '\'' ? 2 : 1, c);
  return quoted + '\'';
}

}  // namespace hearth::packs::sql::pg
