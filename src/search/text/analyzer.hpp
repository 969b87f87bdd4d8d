// From text to terms.
//
// A word is a run of letters, digits and their marks; everything else separates (about the word
// boundaries of UAX #29, but "_", "." and apostrophes separate too: foo_bar, file.hpp and don't are
// two words each, and found as phrases). Terms are folded (unicode.hpp).
//
// Identifiers: a word of several parts, as fooBar, HTTPServer or sha256, gives its parts as
// neighbouring words (foo bar, http server, sha 256), and the whole at the place of its first part.
// So each of them finds it, in whatever spelling.
//
// Scripts without blanks, and Hangul, give their overlapping pairs of characters (bigrams), and the
// last character by itself, so that a single one can be found as a prefix.
//
// A term has at most most_term_bytes; longer words are cut.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::search::text {

// To be raised when the same text gives other terms than before: indexes are rebuilt then.
inline constexpr int analyzer_version = 1;
inline constexpr std::size_t most_term_bytes = 64;

enum class TokenKind : std::uint8_t {
  word,    // a word by itself, or a part of one
  whole,   // of a word of several parts: all of it, beside its first part
  bigram,  // two characters
  single,  // the last character of a run, or the only one
};

struct Token {
  std::string_view term;  // valid until the next call of next()
  TokenKind kind = TokenKind::word;
  std::uint32_t position = 0;  // in words; those of `whole` are those of their first part
  std::size_t begin = 0;       // in the text, in bytes
  std::size_t end = 0;
};

// Yields the tokens of one text after another. Reused, it allocates nothing.
class TokenStream final {
 public:
  TokenStream() = default;
  explicit TokenStream(std::string_view text) { reset(text); }
  void reset(std::string_view text);
  [[nodiscard]] bool next(Token& token);

 private:
  struct Part {
    std::size_t term_begin;  // in folded_
    std::size_t term_end;
    std::size_t begin;  // in text_
    std::size_t end;
    TokenKind kind;
    bool advances;  // the next token is one position on
  };
  bool read_word();
  bool read_ascii_word(std::size_t begin);
  void read_mixed_word(std::size_t begin);
  void read_ideographs(std::size_t begin);
  void add_part(std::size_t term_begin, std::size_t begin, std::size_t end);
  void finish_parts(std::size_t begin, std::size_t end);

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t position_ = 0;
  std::string folded_;  // the terms of parts_, one after another
  std::vector<Part> parts_;
  std::size_t next_part_ = 0;
};

}  // namespace hearth::search::text
