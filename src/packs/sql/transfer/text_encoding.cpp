#include "packs/sql/transfer/text_encoding.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace hearth::packs::sql {
namespace {

constexpr std::array<std::pair<std::string_view, Encoding>, 11> names{{
    {"utf-8", Encoding::utf8},
    {"utf8", Encoding::utf8},
    {"latin-1", Encoding::latin1},
    {"latin1", Encoding::latin1},
    {"iso-8859-1", Encoding::latin1},
    {"windows-1252", Encoding::latin1},
    {"utf-16", Encoding::utf16le},
    {"utf-16le", Encoding::utf16le},
    {"utf-16-le", Encoding::utf16le},
    {"utf-16be", Encoding::utf16be},
    {"utf-16-be", Encoding::utf16be},
}};

// Of a character that begins with `lead`; 0: none does.
std::size_t utf8_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

bool may_be_utf8(std::string_view head) {
  for (std::size_t at = 0; at < head.size();) {
    const std::size_t length = utf8_length(static_cast<unsigned char>(head[at]));
    if (length == 0) return false;
    for (std::size_t i = 1; i < length && at + i < head.size(); ++i) {
      if ((static_cast<unsigned char>(head[at + i]) & 0xC0) != 0x80) return false;
    }
    at += length;
  }
  return true;
}

void append_utf8(std::string& to, char32_t code) {
  const auto put = [&to](std::uint32_t byte) { to.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

constexpr char32_t replacement = 0xFFFD;
constexpr char16_t byte_order_mark = 0xFEFF;

}  // namespace

std::string_view encoding_name(Encoding encoding) {
  switch (encoding) {
    case Encoding::utf8:
      return "utf-8";
    case Encoding::latin1:
      return "latin-1";
    case Encoding::utf16le:
      return "utf-16le";
    case Encoding::utf16be:
      return "utf-16be";
  }
  return "?";
}

std::optional<Encoding> encoding_from_name(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto found = std::ranges::find(names, lower, &std::pair<std::string_view, Encoding>::first);
  if (found == names.end()) return std::nullopt;
  return found->second;
}

Encoding guess_encoding(std::string_view head) {
  if (head.starts_with("\xFF\xFE")) return Encoding::utf16le;
  if (head.starts_with("\xFE\xFF")) return Encoding::utf16be;
  // Without a mark: text in Latin letters has a zero in every other byte.
  std::size_t zeros[2] = {0, 0};
  for (std::size_t i = 0; i < head.size(); ++i) zeros[i % 2] += head[i] == '\0' ? 1 : 0;
  if (head.size() >= 4 && zeros[1] * 4 > head.size() && zeros[0] == 0) return Encoding::utf16le;
  if (head.size() >= 4 && zeros[0] * 4 > head.size() && zeros[1] == 0) return Encoding::utf16be;
  return may_be_utf8(head) ? Encoding::utf8 : Encoding::latin1;
}

void Utf16Reader::add(std::string_view bytes, std::string& utf8) {
  for (const char each : bytes) {
    const auto byte = static_cast<unsigned char>(each);
    if (!odd_) {
      odd_ = byte;
      continue;
    }
    const unsigned int first = *std::exchange(odd_, std::nullopt);
    take(static_cast<char16_t>(is_big_endian_ ? first << 8U | byte : unsigned{byte} << 8U | first),
         utf8);
  }
}

void Utf16Reader::take(char16_t unit, std::string& utf8) {
  if (std::exchange(is_at_start_, false) && unit == byte_order_mark) return;
  const bool is_low = unit >= 0xDC00 && unit < 0xE000;
  if (high_ && is_low) {
    const char16_t high = *std::exchange(high_, std::nullopt);
    return append_utf8(utf8, 0x10000U + ((high - 0xD800U) << 10) + (unit - 0xDC00U));
  }
  if (std::exchange(high_, std::nullopt)) append_utf8(utf8, replacement);
  if (unit >= 0xD800 && unit < 0xDC00) {
    high_ = unit;
    return;
  }
  append_utf8(utf8, is_low ? replacement : unit);
}

void Utf16Reader::finish(std::string& utf8) {
  if (odd_ || high_) append_utf8(utf8, replacement);
  odd_.reset();
  high_.reset();
}

}  // namespace hearth::packs::sql
