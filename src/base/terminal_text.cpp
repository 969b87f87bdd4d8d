#include "base/terminal_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace hearth {
namespace {

constexpr std::size_t tab_stop = 8;

struct CodePoint {
  char32_t value;      // U+FFFD for a malformed byte
  std::size_t length;  // bytes
  bool is_valid;
};

// The code point at the front of `text`, which is not empty (RFC 3629).
CodePoint decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1, true};
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return {0xfffd, 1, false};
  char32_t value = first & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {0xfffd, 1, false};
    value = (value << 6) | (byte(i) & 0x3fU);
  }
  const bool is_overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool is_surrogate = value >= 0xd800 && value <= 0xdfff;
  if (is_overlong || is_surrogate || value > 0x10ffff) return {0xfffd, 1, false};
  return {value, length, true};
}

struct Range {
  char32_t low;
  char32_t high;
};

template <std::size_t size>
bool is_in(const std::array<Range, size>& ranges, char32_t value) {
  return std::ranges::any_of(ranges,
                             [&](const Range& r) { return value >= r.low && value <= r.high; });
}

// Coarse: whole blocks of UAX #11 and of combining marks, which is what columns need.
std::size_t width_of(char32_t value) {
  static constexpr std::array<Range, 8> no_width{{{0x0300, 0x036f},
                                                  {0x200b, 0x200f},
                                                  {0x202a, 0x202e},
                                                  {0x2060, 0x2064},
                                                  {0x20d0, 0x20ff},
                                                  {0xfe00, 0xfe0f},
                                                  {0xfe20, 0xfe2f},
                                                  {0xe0100, 0xe01ef}}};
  static constexpr std::array<Range, 9> wide{{{0x1100, 0x115f},
                                              {0x2e80, 0x303e},
                                              {0x3041, 0xa4cf},
                                              {0xac00, 0xd7a3},
                                              {0xf900, 0xfaff},
                                              {0xfe30, 0xfe6f},
                                              {0xff00, 0xff60},
                                              {0x1f300, 0x1faff},
                                              {0x20000, 0x3fffd}}};
  if (is_in(no_width, value)) return 0;
  return is_in(wide, value) ? 2 : 1;
}

// What a terminal obeys, or what is not seen: controls, marks that reorder the text around them,
// line ends of Unicode, and what may be left out of a display (Default_Ignorable_Code_Point of UAX
// #44: zero-width characters, tags, variation selectors, fillers). Text with them can say something
// else than it shows.
bool is_control(char32_t value) {
  static constexpr std::array<Range, 19> unseen{{{0x0000, 0x001f},
                                                 {0x007f, 0x009f},
                                                 {0x00ad, 0x00ad},
                                                 {0x034f, 0x034f},
                                                 {0x061c, 0x061c},
                                                 {0x115f, 0x1160},
                                                 {0x17b4, 0x17b5},
                                                 {0x180b, 0x180f},
                                                 {0x200b, 0x200f},
                                                 {0x2028, 0x202e},
                                                 {0x2060, 0x206f},
                                                 {0x3164, 0x3164},
                                                 {0xfe00, 0xfe0f},
                                                 {0xfeff, 0xfeff},
                                                 {0xffa0, 0xffa0},
                                                 {0xfff0, 0xfffb},
                                                 {0x1bca0, 0x1bca3},
                                                 {0x1d173, 0x1d17a},
                                                 {0xe0000, 0xe0fff}}};
  return is_in(unseen, value);
}

// A symbol as a picture, and pictures joined to one, are what they look like.
bool belongs_to_picture(char32_t value, char32_t previous) {
  return previous >= 0x2190 && !is_control(previous) && (value == 0xfe0f || value == 0x200d);
}

// As a program's text would have it: \x1b for a byte or a control, \u202e for another code point.
std::string escaped(std::string_view bytes, const CodePoint& point) {
  constexpr std::string_view digits = "0123456789abcdef";
  const std::uint32_t value =
      point.is_valid ? std::uint32_t{point.value} : static_cast<unsigned char>(bytes.front());
  const int digit_count = value > 0xffff ? 8 : value > 0xff ? 4 : 2;
  std::string text = value > 0xffff ? "\\U" : value > 0xff ? "\\u" : "\\x";
  for (int shift = 4 * (digit_count - 1); shift >= 0; shift -= 4)
    text += digits[(value >> shift) & 0xfU];
  return text;
}

// Whether the code point at the front of `text` is written out.
bool is_escaped(std::string_view text,
                const CodePoint& point,
                char32_t previous,
                Spelling spelling) {
  const bool is_line_end =
      point.value == '\n' || (point.value == '\r' && text.substr(1).starts_with('\n'));
  if (is_line_end || point.value == '\t') return false;
  if (spelling == Spelling::exact && (point.value == U'⇥' || point.value == U'⏎')) return true;
  return !point.is_valid || (is_control(point.value) && !belongs_to_picture(point.value, previous));
}

// The backslashes at the front of `text`, which it loses: twice as many where an escape, or what
// looks like one, follows.
std::string take_backslashes(std::string_view& text) {
  const std::size_t count = std::min(text.find_first_not_of('\\'), text.size());
  text.remove_prefix(count);
  const bool is_doubled = !text.empty() && (std::string_view("xuU").contains(text.front()) ||
                                            is_escaped(text, decode(text), U'\\', Spelling::exact));
  return std::string(is_doubled ? 2 * count : count, '\\');
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const CodePoint point = decode(text);
    width += width_of(point.value);
    text.remove_prefix(point.length);
  }
  return width;
}

std::string clip(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::size_t used = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    const CodePoint point = decode(text.substr(end));
    const std::size_t next = used + width_of(point.value);
    if (next > width - 1) break;
    used = next;
    end += point.length;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string printable(std::string_view text, Lines lines, Spelling spelling) {
  std::string out;
  out.reserve(text.size());
  std::size_t column = 0;   // of the present line, up to
  std::size_t counted = 0;  // this place in `out`
  char32_t previous = 0;
  while (!text.empty()) {
    const CodePoint point = decode(text);
    if (spelling == Spelling::exact && point.value == '\\') {
      out += take_backslashes(text);
      previous = point.value;
      continue;
    }
    if (point.value == '\n') {
      out += lines == Lines::keep ? "\n" : "⏎ ";
      column = 0;
      counted = out.size();
    } else if (point.value == '\t' && spelling == Spelling::exact) {
      column += display_width(std::string_view(out).substr(counted));
      const std::size_t blanks = tab_stop - 1 - column % tab_stop;
      out.append("⇥").append(blanks, ' ');
      column += 1 + blanks;
      counted = out.size();
    } else if (point.value == '\t') {
      out += "  ";
    } else if (point.value == '\r' && text.substr(1).starts_with('\n')) {
      // part of a line end
    } else if (is_escaped(text, point, previous, spelling)) {
      out += escaped(text.substr(0, point.length), point);
    } else {
      out += text.substr(0, point.length);
    }
    // A joiner behind a picture's mark belongs to it, too.
    if (point.value != 0xfe0f) previous = point.value;
    text.remove_prefix(point.length);
  }
  return out;
}

}  // namespace hearth
