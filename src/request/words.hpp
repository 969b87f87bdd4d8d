// The words of the request language: names of verbs, arguments and members.
#pragma once

#include <algorithm>
#include <string_view>

namespace hearth::request {

[[nodiscard]] constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool starts_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
[[nodiscard]] constexpr bool continues_word(char c) {
  return starts_word(c) || is_digit(c);
}
// A name that needs no quotes.
[[nodiscard]] constexpr bool is_word(std::string_view text) {
  return !text.empty() && starts_word(text.front()) && std::ranges::all_of(text, continues_word);
}

}  // namespace hearth::request
