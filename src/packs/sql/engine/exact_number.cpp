#include "packs/sql/engine/exact_number.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <system_error>

namespace hearth::packs::sql {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// A decimal as 0.DIGITS times ten to an exponent.
struct Decimal {
  std::string digits;  // neither begins nor ends with 0
  std::int64_t exponent = 0;
  bool operator==(const Decimal&) const = default;
};

Decimal decimal_of(std::string_view number) {
  Decimal decimal;
  const std::size_t mark = number.find_first_of("eE");
  std::string_view mantissa = number.substr(0, mark);
  if (mantissa.starts_with('-')) mantissa.remove_prefix(1);
  if (mark != std::string_view::npos) {
    std::string_view power = number.substr(mark + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    std::from_chars(power.data(), power.data() + power.size(), decimal.exponent);
  }
  bool is_behind_point = false;
  for (const char c : mantissa) {
    if (c == '.') {
      is_behind_point = true;
    } else if (c == '0' && decimal.digits.empty()) {
      if (is_behind_point) --decimal.exponent;
    } else {
      decimal.digits.push_back(c);
      if (!is_behind_point) ++decimal.exponent;
    }
  }
  while (decimal.digits.ends_with('0')) decimal.digits.pop_back();
  if (decimal.digits.empty()) decimal.exponent = 0;
  return decimal;
}

}  // namespace

bool is_exact(std::string_view number, std::uint64_t largest) {
  if (number.size() <= digits_kept) return true;
  const std::string_view digits = number.substr(number.starts_with('-') ? 1 : 0);
  if (number.find_first_of(".eE") == std::string_view::npos) {
    std::uint64_t whole = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), whole);
    return error == std::errc{} && whole <= largest;
  }
  if (std::ranges::count_if(number.substr(0, number.find_first_of("eE")), is_digit) <=
      static_cast<std::ptrdiff_t>(digits_kept))
    return true;
  double value = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
  if (read.ec != std::errc{}) return false;
  std::array<char, 32> shortest{};
  const auto written = std::to_chars(shortest.data(), shortest.data() + shortest.size(), value);
  return decimal_of(number) == decimal_of({shortest.data(), written.ptr});
}

}  // namespace hearth::packs::sql
