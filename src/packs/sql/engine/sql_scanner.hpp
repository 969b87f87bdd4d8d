// The tokens of a SQL text, told apart as the servers' own scanners do: what is a name, and what is
// only part of a string, a dollar quote or a comment. All of it is read, however it is broken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::packs::sql {

// Where they differ: hyperd nests no comments, and DuckDB takes the spaces of Unicode for blanks.
enum class Dialect : std::uint8_t { postgres, duckdb, hyper };

enum class TokenKind : std::uint8_t {
  word,         // a name or a keyword, as it stands
  quoted_name,  // "a name"
  parameter,    // $1, $name
  opening,      // (
  closing,      // )
  other,        // strings, numbers, and each other character by itself
  end
};

// A place in the text, in bytes.
struct Token {
  TokenKind kind = TokenKind::end;
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Passes over a text that must outlive it. White space and comments come with no token.
class SqlScanner final {
 public:
  SqlScanner(std::string_view sql, Dialect dialect) : sql_(sql), dialect_(dialect) {}

  [[nodiscard]] Token next();
  [[nodiscard]] std::string_view text(const Token& token) const {
    return sql_.substr(token.begin, token.end - token.begin);
  }
  // What is behind a token.
  [[nodiscard]] std::string_view rest(const Token& token) const { return sql_.substr(token.end); }
  // Of a word or a quoted name, in lower case and without its quotes; empty for other tokens.
  [[nodiscard]] std::string name(const Token& token) const;

 private:
  [[nodiscard]] bool is_at(std::string_view text) const {
    return sql_.substr(at_).starts_with(text);
  }
  [[nodiscard]] std::size_t blank_here() const;
  void skip_blanks();
  void pass_name(char more = '\0');
  void pass_comment();
  void pass_quotes(char quote, bool has_escapes);
  [[nodiscard]] Token word(std::size_t begin);
  [[nodiscard]] Token dollar(std::size_t begin);

  const std::string_view sql_;
  const Dialect dialect_;
  std::size_t at_ = 0;
};

// The first words of a statement in upper case, at most `most`: {"CREATE", "TABLE"}. Opening
// parentheses before the first are passed over; anything else ends the list.
[[nodiscard]] std::vector<std::string> leading_words(std::string_view sql,
                                                     Dialect dialect,
                                                     std::size_t most = 3);

// ASCII letters only, as keywords are.
[[nodiscard]] std::string upper_case(std::string_view text);
[[nodiscard]] std::string lower_case(std::string_view text);

}  // namespace hearth::packs::sql
