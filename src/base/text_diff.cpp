#include "base/text_diff.hpp"

#include <algorithm>
#include <vector>

#include "base/terminal_text.hpp"

namespace hearth {
namespace {

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

std::string text_diff(std::string_view before, std::string_view after, std::size_t longest_line) {
  if (before == after) return {};
  const auto old_lines = split_lines(before);
  const auto new_lines = split_lines(after);
  const std::size_t shorter = std::min(old_lines.size(), new_lines.size());
  std::size_t head = 0;
  while (head < shorter && old_lines[head] == new_lines[head]) ++head;
  std::size_t tail = 0;
  while (tail < shorter - head &&
         old_lines[old_lines.size() - 1 - tail] == new_lines[new_lines.size() - 1 - tail])
    ++tail;
  std::string out;
  const auto append = [&](char mark, std::string_view line) {
    out += mark + clip(printable(line, Lines::join, Spelling::exact), longest_line) + "\n";
  };
  const std::size_t context = head > 0 ? head - 1 : 0;
  const std::size_t old_end = old_lines.size() - tail;
  const std::size_t new_end = new_lines.size() - tail;
  out += "@@ line " + std::to_string(context + 1) + " @@\n";
  if (head > 0) append(' ', old_lines[context]);
  for (std::size_t i = head; i < old_end; ++i) append('-', old_lines[i]);
  for (std::size_t i = head; i < new_end; ++i) append('+', new_lines[i]);
  if (tail > 0) append(' ', old_lines[old_end]);
  const bool had_end = before.empty() || before.ends_with('\n');
  const bool has_end = after.ends_with('\n');
  if (!after.empty() && had_end != has_end)
    out += has_end ? "(the last line had no end)\n" : "(the last line has no end)\n";
  return out;
}

std::string colored_diff(std::string_view text) {
  std::string out;
  for (const std::string_view line : split_lines(text)) {
    const char* color = line.starts_with('+')   ? "\x1b[32m"
                        : line.starts_with('-') ? "\x1b[31m"
                                                : "";
    out.append(color).append(line).append(*color != '\0' ? "\x1b[0m\n" : "\n");
  }
  return out;
}

}  // namespace hearth
