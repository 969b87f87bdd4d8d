// How the characters of a text file are encoded.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hearth::packs::sql {

enum class Encoding : std::uint8_t { utf8, latin1, utf16le, utf16be };

[[nodiscard]] std::string_view encoding_name(Encoding encoding);
// "utf-8", "latin-1" and its aliases, "utf-16", "utf-16le", "utf-16be"; in any case.
[[nodiscard]] std::optional<Encoding> encoding_from_name(std::string_view name);

// By the byte order mark, the zeros of UTF-16, and whether it can be UTF-8; else Latin-1. `head` is
// the beginning of a file, possibly cut within a character.
[[nodiscard]] Encoding guess_encoding(std::string_view head);

// UTF-16 to UTF-8, piece by piece. A half of a surrogate pair that stands alone becomes U+FFFD, as
// does an odd byte at the end.
class Utf16Reader final {
 public:
  explicit Utf16Reader(bool is_big_endian) : is_big_endian_(is_big_endian) {}
  void add(std::string_view bytes, std::string& utf8);
  void finish(std::string& utf8);

 private:
  void take(char16_t unit, std::string& utf8);
  const bool is_big_endian_;
  bool is_at_start_ = true;
  std::optional<unsigned char> odd_;
  std::optional<char16_t> high_;  // the first half of a pair
};

}  // namespace hearth::packs::sql
