#include "search/text/unicode.hpp"

#include <algorithm>

#include "search/text/unicode_tables.hpp"

namespace hearth::search::text {
namespace {

constexpr char32_t replacement = 0xFFFD;

// The last range that begins at `code` or before, or null.
template <typename Ranges>
const typename Ranges::value_type* range_before(const Ranges& ranges, char32_t code) {
  const auto after = std::ranges::upper_bound(ranges, code, {}, &Ranges::value_type::first);
  return after == ranges.begin() ? nullptr : &*std::prev(after);
}

}  // namespace

DecodedCode decode_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const char32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::uint32_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return {replacement, 1};
  char32_t code = first & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {replacement, 1};
    code = (code << 6) | (byte(i) & 0x3FU);
  }
  const bool is_overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  if (is_overlong || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {replacement, 1};
  return {code, size};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto [code, size] = decode_utf8(text);
    if (code == replacement && size == 1) return false;
    text.remove_prefix(size);
  }
  return true;
}

void append_utf8(std::string& out, char32_t code) {
  const auto tail = [&](unsigned shift) {
    out += static_cast<char>(0x80 | ((code >> shift) & 0x3F));
  };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

CodeClass class_of(char32_t code) {
  const ClassRange* range = range_before(class_ranges, code);
  if (range == nullptr || code > range->last) return CodeClass::separator;
  if (range->kind == CodeClass::upper_even || range->kind == CodeClass::upper_odd) {
    const bool is_upper = (code % 2 == 1) == (range->kind == CodeClass::upper_odd);
    return is_upper ? CodeClass::upper : CodeClass::letter;
  }
  return range->kind;
}

void append_folded(std::string& out, char32_t code) {
  const FoldRange* range = range_before(fold_ranges, code);
  if (range != nullptr && code <= range->last && (code - range->first) % range->stride == 0) {
    return append_utf8(out, static_cast<char32_t>(static_cast<std::int32_t>(code) + range->delta));
  }
  const auto several = std::ranges::lower_bound(fold_texts, code, {}, &FoldText::code);
  if (several != fold_texts.end() && several->code == code) {
    out += fold_text_bytes.substr(several->offset, several->size);
    return;
  }
  append_utf8(out, code);
}

}  // namespace hearth::search::text
