#include "packs/sql/duckdb/scalar_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

namespace hearth::packs::sql::duckdb {
namespace {

constexpr std::int64_t powers_of_ten[] = {
    1, 10, 100, 1000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};

// At least `width` digits.
void append_padded(std::string& to, std::int64_t value, std::size_t width) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  const auto size = static_cast<std::size_t>(end - digits.data());
  to.append(size < width ? width - size : 0, '0').append(digits.data(), size);
}

// ".25" of 25 hundredths; nothing of zero.
void append_fraction(std::string& to, std::int64_t units, unsigned digits) {
  if (units == 0) return;
  to.push_back('.');
  append_padded(to, units, digits);
  while (to.back() == '0') to.pop_back();
}

struct CivilDate {
  std::int64_t year;
  std::int64_t month;
  std::int64_t day;
};

// Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days: for years that
// std::chrono does not reach.
CivilDate civil_from_days(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted = (5 * day_of_year + 2) / 153;  // months since March
  const std::int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month,
          day_of_year - (153 * shifted + 2) / 5 + 1};
}

void append_days(std::string& to, std::int64_t days) {
  const CivilDate date = civil_from_days(days);
  if (date.year < 0) to.push_back('-');
  append_padded(to, std::abs(date.year), 4);
  to.push_back('-');
  append_padded(to, date.month, 2);
  to.push_back('-');
  append_padded(to, date.day, 2);
}

template <typename Real>
void append_shortest(std::string& to, Real value) {
  if (std::isnan(value)) {
    to += "NaN";
  } else if (std::isinf(value)) {
    to += value > 0 ? "Infinity" : "-Infinity";
  } else {
    std::array<char, 40> text{};
    to.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
  }
}

// The length of the UTF-8 sequence at the beginning of `text`; 0: there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xc2 ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  }
  if (length == 3 && ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) >= 0xa0)))
    return 0;
  if (length == 4 && ((first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) >= 0x90)))
    return 0;
  return length;
}

}  // namespace

Int128 int128_of(std::uint64_t lower, std::int64_t upper) {
  return static_cast<Int128>((static_cast<UInt128>(static_cast<std::uint64_t>(upper)) << 64U) |
                             lower);
}

void append_unsigned(std::string& to, UInt128 value) {
  std::array<char, 40> digits{};
  std::size_t at = digits.size();
  do {
    digits[--at] = static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  } while (value != 0);
  to.append(digits.data() + at, digits.size() - at);
}

void append_integer(std::string& to, Int128 value) {
  if (value < 0) to.push_back('-');
  append_unsigned(
      to, value < 0 ? UInt128{0} - static_cast<UInt128>(value) : static_cast<UInt128>(value));
}

void append_decimal(std::string& to, Int128 unscaled, unsigned scale) {
  if (unscaled < 0) to.push_back('-');
  std::string digits;
  append_unsigned(digits, unscaled < 0 ? UInt128{0} - static_cast<UInt128>(unscaled)
                                       : static_cast<UInt128>(unscaled));
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  to.append(digits, 0, digits.size() - scale);
  if (scale > 0) to.append(".").append(digits, digits.size() - scale);
}

void append_real(std::string& to, double value) {
  append_shortest(to, value);
}

void append_real(std::string& to, float value) {
  append_shortest(to, value);
}

void append_date(std::string& to, std::int32_t days) {
  constexpr std::int32_t infinity = std::numeric_limits<std::int32_t>::max();
  if (days == infinity || days == -infinity) {
    to += days > 0 ? "infinity" : "-infinity";
    return;
  }
  append_days(to, days);
}

void append_time(std::string& to, std::int64_t units, unsigned digits) {
  const std::int64_t second = powers_of_ten[digits];
  const std::int64_t seconds = units / second;
  append_padded(to, seconds / 3600, 2);
  to.push_back(':');
  append_padded(to, seconds / 60 % 60, 2);
  to.push_back(':');
  append_padded(to, seconds % 60, 2);
  append_fraction(to, units % second, digits);
}

void append_timestamp(std::string& to, std::int64_t units, unsigned digits) {
  constexpr std::int64_t infinity = std::numeric_limits<std::int64_t>::max();
  if (units == infinity || units == -infinity) {
    to += units > 0 ? "infinity" : "-infinity";
    return;
  }
  const std::int64_t day = 86'400 * powers_of_ten[digits];
  std::int64_t days = units / day;
  if (units % day < 0) --days;
  append_days(to, days);
  to.push_back('T');
  append_time(to, units - days * day, digits);
}

void append_offset(std::string& to, std::int32_t seconds) {
  if (seconds == 0) {
    to.push_back('Z');
    return;
  }
  to.push_back(seconds < 0 ? '-' : '+');
  const std::int32_t size = std::abs(seconds);
  append_padded(to, size / 3600, 2);
  to.push_back(':');
  append_padded(to, size / 60 % 60, 2);
  if (size % 60 != 0) {
    to.push_back(':');
    append_padded(to, size % 60, 2);
  }
}

void append_interval(std::string& to, std::int32_t months, std::int32_t days, std::int64_t micros) {
  const std::size_t begin = to.size();
  const auto part = [&](std::int64_t value, char unit) {
    if (value != 0) to.append(std::to_string(value)).push_back(unit);
  };
  to.push_back('P');
  part(months / 12, 'Y');
  part(months % 12, 'M');
  part(days, 'D');
  if (micros != 0) {
    to.push_back('T');
    part(micros / 3'600'000'000, 'H');
    part(micros / 60'000'000 % 60, 'M');
    const std::int64_t rest = micros % 60'000'000;
    if (rest != 0) {
      if (rest < 0) to.push_back('-');
      append_padded(to, std::abs(rest) / 1'000'000, 1);
      append_fraction(to, std::abs(rest) % 1'000'000, 6);
      to.push_back('S');
    }
  }
  if (to.size() == begin + 1) to += "T0S";
}

void append_uuid(std::string& to, std::uint64_t lower, std::int64_t upper) {
  const std::uint64_t high = static_cast<std::uint64_t>(upper) ^ (std::uint64_t{1} << 63U);
  std::array<char, 37> text{};
  std::snprintf(text.data(), text.size(), "%08x-%04x-%04x-%04x-%012llx",
                static_cast<unsigned>(high >> 32U), static_cast<unsigned>(high >> 16U & 0xffffU),
                static_cast<unsigned>(high & 0xffffU), static_cast<unsigned>(lower >> 48U),
                static_cast<unsigned long long>(lower & 0xffff'ffff'ffffU));
  to.append(text.data(), 36);
}

void append_base64(std::string& to, std::string_view bytes) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8U | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    const std::size_t digits = std::min<std::size_t>(bytes.size() - i, 3) + 1;
    for (std::size_t j = 0; j < 4; ++j) {
      to.push_back(j < digits ? alphabet[group >> (18 - 6 * j) & 63U] : '=');
    }
  }
}

void append_bits(std::string& to, std::string_view bytes) {
  if (bytes.empty()) return;
  const auto padding = static_cast<std::size_t>(static_cast<unsigned char>(bytes[0]));
  for (std::size_t bit = padding; bit < (bytes.size() - 1) * 8; ++bit) {
    const auto byte = static_cast<unsigned char>(bytes[1 + bit / 8]);
    to.push_back((byte >> (7 - bit % 8) & 1U) != 0 ? '1' : '0');
  }
}

void append_json_string(std::string& to, std::string_view text) {
  to.push_back('"');
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte < 0x80) {
      if (byte == '"' || byte == '\\') to.push_back('\\');
      to.push_back(text[i++]);
    } else if (byte < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", byte);
      to.append(escape.data());
      ++i;
    } else if (const std::size_t length = sequence_length(text.substr(i)); length > 0) {
      to.append(text, i, length);
      i += length;
    } else {
      to += "\xef\xbf\xbd";
      ++i;
    }
  }
  to.push_back('"');
}

}  // namespace hearth::packs::sql::duckdb
