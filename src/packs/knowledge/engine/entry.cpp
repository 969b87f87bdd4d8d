#include "packs/knowledge/engine/entry.hpp"

#include <algorithm>

namespace hearth::packs::knowledge {
namespace {

constexpr std::string_view blanks = " \t\r\n\f\v";
constexpr std::size_t made_title_bytes = 80;

}  // namespace

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

Result<std::string> clean_label(std::string_view what, std::string_view label) {
  std::string clean(trimmed(label));
  if (clean.empty()) return fail(Errc::invalid_args, std::string(what) + " is empty");
  if (clean.size() > most_label_bytes) {
    return fail(Errc::invalid_args, std::string(what) + " is longer than " +
                                        std::to_string(most_label_bytes) +
                                        " bytes: " + std::string(utf8_prefix(clean, 40)) + "…");
  }
  for (char& c : clean) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      return fail(Errc::invalid_args, std::string(what) + " holds a control character");
    }
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return clean;
}

Result<std::vector<std::string>> clean_tags(const std::vector<std::string>& tags) {
  if (tags.size() > most_tags) {
    return fail(Errc::invalid_args, "more than " + std::to_string(most_tags) + " tags");
  }
  std::vector<std::string> clean;
  for (const std::string& tag : tags) {
    auto label = clean_label("a tag", tag);
    if (!label) return std::unexpected(std::move(label.error()));
    clean.push_back(std::move(*label));
  }
  std::ranges::sort(clean);
  clean.erase(std::ranges::unique(clean).begin(), clean.end());
  return clean;
}

namespace {

bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80;
}

}  // namespace

std::string_view utf8_prefix(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && !begins_character(text[bytes])) --bytes;
  return text.substr(0, bytes);
}

std::int64_t characters_of(std::string_view text) {
  return std::ranges::count_if(text, begins_character);
}

std::string_view first_characters(std::string_view text, std::int64_t count) {
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (begins_character(text[end]) && count-- == 0) break;
  }
  return text.substr(0, end);
}

std::string title_of(std::string_view text) {
  std::string_view line = trimmed(text);
  line = trimmed(line.substr(0, line.find('\n')));
  const std::size_t marks = line.find_first_not_of('#');
  if (marks != std::string_view::npos) line = trimmed(line.substr(marks));
  const std::string_view cut = utf8_prefix(line, made_title_bytes);
  return std::string(cut) + (cut.size() < line.size() ? "…" : "");
}

}  // namespace hearth::packs::knowledge
