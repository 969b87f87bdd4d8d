// Code points of UTF-8: which are part of a word, and what they fold to, so that case, accents and
// compatibility forms do not matter to a search (Straße, STRASSE; café, cafe; ﬁ, fi).
//
// Own tables instead of ICU: its data is 30 MB and takes the daemon milliseconds and megabytes at
// its first use, for two look-ups.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::search::text {

enum class CodeClass : std::uint8_t {
  separator,
  letter,
  upper,
  digit,
  dropped,     // a mark or an invisible character: within a word, but not written to its term
  ideograph,   // scripts without blanks between words, and Hangul
  upper_even,  // in the tables only: of a range, the even ones are upper case, the others letters
  upper_odd,
};

struct DecodedCode {
  char32_t code = 0;
  std::uint32_t size = 0;  // bytes
};

// The code point at the front of `text`, which is not empty. A byte that begins none is U+FFFD of
// one byte, a separator.
[[nodiscard]] DecodedCode decode_utf8(std::string_view text);
// Whether all of it is UTF-8.
[[nodiscard]] bool is_utf8(std::string_view text);
void append_utf8(std::string& out, char32_t code);

// For code points above ASCII; analyzer.cpp has a table for the others.
[[nodiscard]] CodeClass class_of(char32_t code);
void append_folded(std::string& out, char32_t code);

}  // namespace hearth::search::text
