#include "search/manifest.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "search/checksum.hpp"

namespace hearth::search {
namespace {

constexpr std::string_view first_line = "hearth-index ";
constexpr std::uint64_t version = 1;

std::string hexadecimal(std::uint32_t value) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text(8, '0');
  for (std::size_t i = 0; i < 8; ++i) text[7 - i] = digits[(value >> (4 * i)) & 0xF];
  return text;
}

// Cuts the first line off.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

bool take_word(std::string_view& line, std::string_view word) {
  if (!line.starts_with(word)) return false;
  line.remove_prefix(word.size());
  return true;
}

std::optional<std::uint64_t> take_number(std::string_view& line) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (error != std::errc{}) return std::nullopt;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  return value;
}

std::unexpected<Error> damaged(std::string_view line) {
  return fail(Errc::damaged, "the manifest is damaged at \"" + std::string(line) + "\"",
              {"rebuild the index"});
}

}  // namespace

std::string print(const Manifest& manifest) {
  std::string text = std::string(first_line) + std::to_string(version) + "\n";
  text += "schema " + manifest.schema + "\n";
  text += "sequence " + std::to_string(manifest.sequence) + "\n";
  for (const Manifest::Entry& each : manifest.entries) {
    text += "generation " + std::to_string(each.generation);
    if (each.tombstones != 0) text += " tombstones " + std::to_string(each.tombstones);
    text += "\n";
  }
  return text + "check " + hexadecimal(crc32c(text)) + "\n";
}

Result<Manifest> parse_manifest(std::string_view text) {
  std::string_view rest = text;
  std::string_view line = take_line(rest);
  if (!take_word(line, first_line)) return damaged(line);
  const auto found = take_number(line);
  if (!found || !line.empty()) return damaged(line);
  if (*found > version) {
    return fail(Errc::unsupported, "the manifest was written by a newer version of this program",
                {"use the newer version, or rebuild the index"});
  }
  // The last line is the checksum of all before it.
  const std::size_t check = text.rfind("check ");
  if (check == std::string_view::npos ||
      text.substr(check) != "check " + hexadecimal(crc32c(text.substr(0, check))) + "\n") {
    return fail(Errc::damaged, "the manifest fails its checksum", {"rebuild the index"});
  }
  rest = text.substr(0, check);
  (void)take_line(rest);

  Manifest manifest;
  line = take_line(rest);
  if (!take_word(line, "schema ")) return damaged(line);
  manifest.schema = line;
  line = take_line(rest);
  const bool has_sequence = take_word(line, "sequence ");
  const auto sequence = take_number(line);
  if (!has_sequence || !sequence || !line.empty()) return damaged(line);
  manifest.sequence = *sequence;
  while (!rest.empty()) {
    line = take_line(rest);
    const bool is_generation = take_word(line, "generation ");
    const auto generation = take_number(line);
    if (!is_generation || !generation) return damaged(line);
    Manifest::Entry entry{.generation = *generation};
    if (take_word(line, " tombstones ")) entry.tombstones = take_number(line).value_or(0);
    if (!line.empty()) return damaged(line);
    manifest.entries.push_back(entry);
  }
  return manifest;
}

}  // namespace hearth::search
