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

bool is_name_start(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
}
bool is_name_part(char c) {
  return is_name_start(c) || std::isdigit(static_cast<unsigned char>(c)) != 0;
}

enum class TokenKind : std::uint8_t { word, parameter, opening, closing, other, end };

struct Token {
  TokenKind kind = TokenKind::end;
  std::size_t begin = 0;
  std::size_t end = 0;
};

class Scanner {
 public:
  Scanner(std::string_view sql, Dialect dialect) : sql_(sql), dialect_(dialect) {}

  // White space and comments come with none.
  Token next() {
    skip_blanks();
    const std::size_t begin = at_;
    if (at_ >= sql_.size()) return {TokenKind::end, begin, begin};
    const char c = sql_[at_];
    if (is_name_start(c)) return word(begin);
    if (c == '$') return dollar(begin);
    ++at_;
    if (c == '\'' || c == '"') pass_quotes(c, false);
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      while (at_ < sql_.size() && is_name_part(sql_[at_])) ++at_;
    }
    if (c == '(') return {TokenKind::opening, begin, at_};
    return {c == ')' ? TokenKind::closing : TokenKind::other, begin, at_};
  }

 private:
  [[nodiscard]] bool is_at(std::string_view text) const {
    return sql_.substr(at_).starts_with(text);
  }

  void skip_blanks() {
    while (at_ < sql_.size()) {
      if (std::isspace(static_cast<unsigned char>(sql_[at_])) != 0) {
        ++at_;
      } else if (is_at("--")) {
        at_ = std::min(sql_.find('\n', at_), sql_.size());
      } else if (is_at("/*")) {
        pass_comment();
      } else {
        return;
      }
    }
  }

  void pass_comment() {
    int depth = 0;
    while (at_ < sql_.size()) {
      if (is_at("/*")) {
        depth = dialect_ == Dialect::postgres ? depth + 1 : 1;
        at_ += 2;
      } else if (is_at("*/")) {
        at_ += 2;
        if (--depth == 0) return;
      } else {
        ++at_;
      }
    }
  }

  // From behind the opening quote.
  void pass_quotes(char quote, bool has_escapes) {
    while (at_ < sql_.size()) {
      const char c = sql_[at_++];
      if (has_escapes && c == '\\') {
        ++at_;
      } else if (c == quote) {
        if (at_ >= sql_.size() || sql_[at_] != quote) return;
        ++at_;
      }
    }
    at_ = std::min(at_, sql_.size());
  }

  Token word(std::size_t begin) {
    while (at_ < sql_.size() && (is_name_part(sql_[at_]) || sql_[at_] == '$')) ++at_;
    const bool is_escape_string =
        at_ - begin == 1 && (sql_[begin] == 'e' || sql_[begin] == 'E') && is_at("'");
    if (!is_escape_string) return {TokenKind::word, begin, at_};
    ++at_;
    pass_quotes('\'', true);
    return {TokenKind::other, begin, at_};
  }

  // $1, $name, or $tag$ … $tag$.
  Token dollar(std::size_t begin) {
    ++at_;
    while (at_ < sql_.size() && is_name_part(sql_[at_])) ++at_;
    const bool is_number =
        at_ > begin + 1 && std::isdigit(static_cast<unsigned char>(sql_[begin + 1])) != 0;
    if (is_number || !is_at("$"))
      return {at_ == begin + 1 ? TokenKind::other : TokenKind::parameter, begin, at_};
    const std::string_view tag = sql_.substr(begin, at_ + 1 - begin);
    const auto closing = sql_.find(tag, at_ + 1);
    at_ = closing == std::string_view::npos ? sql_.size() : closing + tag.size();
    return {TokenKind::other, begin, at_};
  }

  const std::string_view sql_;
  const Dialect dialect_;
  std::size_t at_ = 0;
};

std::string upper(std::string_view text) {
  std::string word(text);
  std::ranges::transform(word, word.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return word;
}

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

std::vector<std::string> leading_words(std::string_view sql, Dialect dialect, std::size_t most) {
  Scanner scanner(sql, dialect);
  std::vector<std::string> words;
  while (words.size() < most) {
    const Token token = scanner.next();
    if (token.kind == TokenKind::opening && words.empty()) continue;
    if (token.kind != TokenKind::word) break;
    words.push_back(upper(sql.substr(token.begin, token.end - token.begin)));
  }
  return words;
}

std::string main_verb(std::string_view sql, Dialect dialect) {
  static constexpr std::array verbs{"SELECT", "INSERT", "UPDATE", "DELETE",
                                    "MERGE",  "VALUES", "TABLE"};
  Scanner scanner(sql, dialect);
  int depth = 0;
  for (Token token = scanner.next(); token.kind != TokenKind::end; token = scanner.next()) {
    if (token.kind == TokenKind::opening) ++depth;
    if (token.kind == TokenKind::closing) --depth;
    if (token.kind != TokenKind::word || depth > 0) continue;
    std::string word = upper(sql.substr(token.begin, token.end - token.begin));
    if (std::ranges::find(verbs, word) != verbs.end()) return word;
  }
  return "";
}

std::vector<Statement> parted(const std::vector<Statement>& texts, Dialect dialect) {
  std::vector<Statement> statements;
  for (const Statement& text : texts) {
    const std::string_view sql = text.sql;
    Scanner scanner(sql, dialect);
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

Result<BoundStatement> bind(const Statement& statement, Dialect dialect) {
  const std::string_view sql = statement.sql;
  if (sql.find('\0') != std::string_view::npos)
    return fail(Errc::invalid_args, "the statement holds a NUL character");
  const ParameterValues values(statement.parameters);
  BoundStatement bound;
  Scanner scanner(sql, dialect);
  std::size_t copied = 0;
  std::size_t highest = 0;
  for (Token token = scanner.next(); token.kind != TokenKind::end; token = scanner.next()) {
    if (token.kind != TokenKind::parameter) continue;
    const auto number = values.number_of(sql.substr(token.begin, token.end - token.begin));
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
