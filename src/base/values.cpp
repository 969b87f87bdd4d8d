#include "base/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

#include "base/ascii.hpp"

namespace hearth {
namespace {

constexpr double longest_ms = 10.0 * 366 * 24 * 3600 * 1000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes digits with an optional fraction off the front of `text`; no sign, no exponent.
std::optional<double> take_number(std::string_view& text) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(value)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// Takes the letters at the front of `text`, lower-cased, with blanks around them.
std::string take_unit(std::string_view& text) {
  text = trim(text);
  std::size_t size = 0;
  while (size < text.size() && !is_digit(text[size]) && text[size] != ' ') ++size;
  std::string unit = ascii_lower(text.substr(0, size));
  text = trim(text.substr(size));
  return unit;
}

std::optional<double> milliseconds_of(std::string_view unit) {
  static constexpr std::array<std::pair<std::string_view, double>, 9> units{{{"ms", 1},
                                                                             {"s", 1e3},
                                                                             {"sec", 1e3},
                                                                             {"m", 60e3},
                                                                             {"min", 60e3},
                                                                             {"h", 3600e3},
                                                                             {"d", 24 * 3600e3},
                                                                             {"w", 168 * 3600e3},
                                                                             {"", 1e3}}};
  for (const auto& [name, value] : units) {
    if (name == unit) return value;
  }
  return std::nullopt;
}

std::optional<double> bytes_of(std::string_view unit) {
  static constexpr std::array<std::pair<std::string_view, double>, 11> units{{{"", 1},
                                                                              {"b", 1},
                                                                              {"k", 1024},
                                                                              {"kib", 1024},
                                                                              {"kb", 1e3},
                                                                              {"m", 1048576},
                                                                              {"mib", 1048576},
                                                                              {"mb", 1e6},
                                                                              {"g", 1073741824},
                                                                              {"gib", 1073741824},
                                                                              {"gb", 1e9}}};
  for (const auto& [name, value] : units) {
    if (name == unit) return value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  text = trim(text);
  if (text.empty()) return std::nullopt;
  double total = 0;
  bool first = true;
  while (!text.empty()) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    const std::string unit = take_unit(text);
    const auto factor = milliseconds_of(unit);
    // Only a lone number may leave its unit out: "1h30" could be minutes or seconds.
    if (!factor || (unit.empty() && (!first || !text.empty()))) return std::nullopt;
    total += *number * *factor;
    if (total > longest_ms) return std::nullopt;
    first = false;
  }
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::llround(total)));
}

std::optional<std::size_t> parse_size(std::string_view text) {
  text = trim(text);
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  const auto factor = bytes_of(take_unit(text));
  if (!factor || !text.empty()) return std::nullopt;
  const double bytes = *number * *factor;
  if (bytes > 9e15) return std::nullopt;  // beyond, doubles skip integers
  return static_cast<std::size_t>(bytes);
}

std::optional<bool> parse_bool(std::string_view text) {
  const std::string word = ascii_lower(trim(text));
  if (word == "1" || word == "true" || word == "yes" || word == "on") return true;
  if (word == "0" || word == "false" || word == "no" || word == "off") return false;
  return std::nullopt;
}

}  // namespace hearth
