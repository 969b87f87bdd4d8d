#include "packs/mandates/markdown.hpp"

#include <algorithm>

#include "base/terminal_text.hpp"

namespace hearth::packs::mandates {
namespace {

constexpr std::string_view go_on = "… ";

bool is_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

// Whether the character at `at` could begin, end or make markup there: of CommonMark, and of what
// others add to it (tables, formulas, addresses that become links). Others stay readable.
bool is_markup(std::string_view text, std::size_t at, bool begins_line) {
  constexpr std::string_view always = "\\`*_{}[]<>#!|&~$@";
  const char c = text[at];
  if (always.contains(c)) return true;
  const std::string_view before = text.substr(0, at);
  if (c == ':') return text.substr(at).starts_with(":/");
  if (before.empty()) return begins_line && is_punctuation(c);
  const bool is_after_number =
      begins_line && std::ranges::all_of(before, [](char d) { return d >= '0' && d <= '9'; });
  if (c == '.' || c == ')') return is_after_number || before.ends_with("www");
  return false;
}

// Any punctuation may be escaped, and escaped it is nothing else (CommonMark §2.4).
std::string inline_text(std::string_view text, bool begins_line = true) {
  const std::string shown = printable(text, Lines::join);
  std::string out;
  for (std::size_t at = 0; at < shown.size(); ++at) {
    if (is_markup(shown, at, begins_line)) out += '\\';
    out += shown[at];
  }
  return out;
}

std::size_t longest_run(std::string_view text, char of) {
  std::size_t longest = 0;
  std::size_t now = 0;
  for (const char c : text) {
    now = c == of ? now + 1 : 0;
    longest = std::max(longest, now);
  }
  return longest;
}

// The bytes of the character at the beginning.
std::size_t character_size(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) ++size;
  return size;
}

std::string broken_line(std::string_view text, std::size_t columns) {
  std::string out;
  std::size_t width = 0;
  while (!text.empty()) {
    const std::string_view character = text.substr(0, character_size(text));
    text.remove_prefix(character.size());
    const std::size_t wide = display_width(character);
    if (width + wide > columns) {
      out.append("\n").append(go_on);
      width = display_width(go_on);
    }
    width += wide;
    out.append(character);
  }
  return out;
}

}  // namespace

void Markdown::begin_block() {
  if (!text_.empty()) text_ += '\n';
  is_in_list_ = false;
}

void Markdown::heading(int level, std::string_view text) {
  begin_block();
  text_.append(static_cast<std::size_t>(level), '#');
  text_.append(" ").append(inline_text(text)).append("\n");
}

void Markdown::paragraph(std::string_view text) {
  begin_block();
  text_.append(inline_text(text)).append("\n");
}

void Markdown::item(std::string_view label, std::string_view text) {
  if (text.empty()) return;
  if (!is_in_list_) begin_block();
  is_in_list_ = true;
  text_.append("- ").append(inline_text(label));
  text_.append(label.empty() ? "" : ": ");
  text_.append(inline_text(text, label.empty())).append("\n");
}

void Markdown::block(std::string_view text) {
  begin_block();
  std::string shown = printable(text, Lines::keep);
  while (shown.ends_with('\n')) shown.pop_back();
  const std::string fence(std::max<std::size_t>(3, longest_run(shown, '`') + 1), '`');
  text_.append(fence).append("\n").append(shown).append("\n").append(fence).append("\n");
}

std::string broken_blocks(std::string_view markdown, std::size_t columns) {
  std::string out;
  std::string_view fence;  // of the block that is open
  while (!markdown.empty()) {
    const auto end = std::min(markdown.find('\n'), markdown.size());
    const std::string_view line = markdown.substr(0, end);
    markdown.remove_prefix(std::min(end + 1, markdown.size()));
    const bool is_fence = fence.empty() ? line.starts_with("```") : line == fence;
    if (is_fence) fence = fence.empty() ? line : std::string_view();
    out += is_fence || fence.empty() ? std::string(line) : broken_line(line, columns);
    out += '\n';
  }
  return out;
}

}  // namespace hearth::packs::mandates
