#include "packs/sql/engine/sql_scanner.hpp"

#include <algorithm>
#include <array>

namespace hearth::packs::sql {
namespace {

// By bytes, in any locale.
bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}
bool is_name_part(char c) {
  return is_name_start(c) || is_digit(c);
}

// What DuckDB makes a space of before it reads a text.
constexpr std::array<std::string_view, 18> unicode_spaces{
    "\u00a0", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007",
    "\u2008", "\u2009", "\u200a", "\u200b", "\u202f", "\u205f", "\u2060", "\u3000", "\ufeff"};

}  // namespace

Token SqlScanner::next() {
  skip_blanks();
  const std::size_t begin = at_;
  if (at_ >= sql_.size()) return {TokenKind::end, begin, begin};
  const char c = sql_[at_];
  if (is_name_start(c)) return word(begin);
  if (c == '$') return dollar(begin);
  ++at_;
  if (c == '\'' || c == '"') pass_quotes(c, false);
  if (is_digit(c)) {
    pass_name();
  }
  const TokenKind kind = c == '('   ? TokenKind::opening
                         : c == ')' ? TokenKind::closing
                         : c == '"' ? TokenKind::quoted_name
                                    : TokenKind::other;
  return {kind, begin, at_};
}

std::string SqlScanner::name(const Token& token) const {
  std::string_view text = this->text(token);
  if (token.kind == TokenKind::quoted_name) {
    text.remove_prefix(1);
    if (text.ends_with('"')) text.remove_suffix(1);
  } else if (token.kind != TokenKind::word) {
    return "";
  }
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    name.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    if (c == '"') ++i;  // it stands there twice
  }
  return name;
}

// The bytes of the blank that begins here; 0: none does.
std::size_t SqlScanner::blank_here() const {
  if (is_space(sql_[at_])) return 1;
  if (dialect_ != Dialect::duckdb || (sql_[at_] & 0x80) == 0) return 0;
  const auto found =
      std::ranges::find_if(unicode_spaces, [this](std::string_view each) { return is_at(each); });
  return found == unicode_spaces.end() ? 0 : found->size();
}

void SqlScanner::skip_blanks() {
  while (at_ < sql_.size()) {
    if (const std::size_t blank = blank_here(); blank > 0) {
      at_ += blank;
    } else if (is_at("--")) {
      const std::string_view ends = dialect_ == Dialect::hyper ? "\n" : "\n\r";
      at_ = std::min(sql_.find_first_of(ends, at_), sql_.size());
    } else if (is_at("/*")) {
      pass_comment();
    } else {
      return;
    }
  }
}

void SqlScanner::pass_comment() {
  int depth = 0;
  while (at_ < sql_.size()) {
    if (is_at("/*")) {
      depth = dialect_ == Dialect::hyper ? 1 : depth + 1;
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
void SqlScanner::pass_quotes(char quote, bool has_escapes) {
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

// What goes on a name or a number, and `more`.
void SqlScanner::pass_name(char more) {
  while (at_ < sql_.size() && (is_name_part(sql_[at_]) || sql_[at_] == more) && blank_here() == 0)
    ++at_;
}

Token SqlScanner::word(std::size_t begin) {
  pass_name('$');
  const bool is_escape_string =
      at_ - begin == 1 && (sql_[begin] == 'e' || sql_[begin] == 'E') && is_at("'");
  if (!is_escape_string) return {TokenKind::word, begin, at_};
  ++at_;
  pass_quotes('\'', true);
  return {TokenKind::other, begin, at_};
}

// $1, $name, or $tag$ … $tag$.
Token SqlScanner::dollar(std::size_t begin) {
  ++at_;
  pass_name();
  const bool is_number = at_ > begin + 1 && is_digit(sql_[begin + 1]);
  if (is_number || !is_at("$"))
    return {at_ == begin + 1 ? TokenKind::other : TokenKind::parameter, begin, at_};
  const std::string_view tag = sql_.substr(begin, at_ + 1 - begin);
  const auto closing = sql_.find(tag, at_ + 1);
  at_ = closing == std::string_view::npos ? sql_.size() : closing + tag.size();
  return {TokenKind::other, begin, at_};
}

std::vector<std::string> leading_words(std::string_view sql, Dialect dialect, std::size_t most) {
  SqlScanner scanner(sql, dialect);
  std::vector<std::string> words;
  while (words.size() < most) {
    const Token token = scanner.next();
    if (token.kind == TokenKind::opening && words.empty()) continue;
    if (token.kind != TokenKind::word) break;
    words.push_back(upper_case(scanner.text(token)));
  }
  return words;
}

std::string upper_case(std::string_view text) {
  std::string word(text);
  for (char& c : word) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return word;
}

std::string lower_case(std::string_view text) {
  std::string word(text);
  for (char& c : word) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return word;
}

}  // namespace hearth::packs::sql
