#include "base/version.hpp"

#include <charconv>
#include <cstdint>

namespace hearth {
namespace {

// Takes the next dotted number off `text`; 0 when there is none.
std::uint64_t take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (error != std::errc{}) number = 0;
  if (text.starts_with('.')) text.remove_prefix(1);
  return number;
}

}  // namespace

int compare_versions(std::string_view a, std::string_view b) {
  const auto split = [](std::string_view text) {
    const auto dash = text.find('-');
    return std::pair(text.substr(0, dash), dash == std::string_view::npos ? "" : text.substr(dash));
  };
  auto [a_numbers, a_suffix] = split(a);
  auto [b_numbers, b_suffix] = split(b);
  for (int part = 0; part < 4; ++part) {
    const auto left = take_number(a_numbers);
    const auto right = take_number(b_numbers);
    if (left != right) return left < right ? -1 : 1;
  }
  if (a_suffix.empty() != b_suffix.empty()) return a_suffix.empty() ? 1 : -1;
  return a_suffix.compare(b_suffix);
}

}  // namespace hearth
