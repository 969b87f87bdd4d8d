// Texts of others where there is room for so much only: one that is very long must not keep a list
// from being read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hearth::packs::issues {

// The text, or as much of its beginning as fits, between characters of UTF-8, and "…".
[[nodiscard]] inline std::string shortened(std::string_view text, std::size_t most_bytes) {
  if (text.size() <= most_bytes) return std::string(text);
  std::size_t end = most_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace hearth::packs::issues
