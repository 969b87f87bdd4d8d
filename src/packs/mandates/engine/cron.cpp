#include "packs/mandates/engine/cron.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <span>
#include <string>

#include "base/ascii.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::minutes;

constexpr std::size_t most_bytes = 256;

struct Field {
  std::string_view name;
  unsigned low;
  unsigned high;
  std::span<const std::string_view> names;  // of `low`, `low` + 1 …
};

constexpr std::array<std::string_view, 12> month_names{"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekday_names{"sun", "mon", "tue", "wed",
                                                        "thu", "fri", "sat"};
constexpr std::array<Field, 5> fields{{{"minute", 0, 59, {}},
                                       {"hour", 0, 23, {}},
                                       {"day of month", 1, 31, {}},
                                       {"month", 1, 12, month_names},
                                       {"day of week", 0, 7, weekday_names}}};

struct Short {
  std::string_view name;
  std::string_view meaning;
};
constexpr std::array<Short, 7> shorts{{{"@yearly", "0 0 1 1 *"},
                                       {"@annually", "0 0 1 1 *"},
                                       {"@monthly", "0 0 1 * *"},
                                       {"@weekly", "0 0 * * 0"},
                                       {"@daily", "0 0 * * *"},
                                       {"@midnight", "0 0 * * *"},
                                       {"@hourly", "0 * * * *"}}};

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

constexpr std::uint64_t bit(unsigned value) {
  return std::uint64_t{1} << value;
}

std::unexpected<Error> refuse(const Field& field, std::string_view text) {
  return fail(Errc::invalid_args,
              "cron: " + std::string(field.name) + " \"" + std::string(text) + "\"",
              {"use " + std::to_string(field.low) + " to " + std::to_string(field.high) +
               (field.names.empty() ? "" : ", or names such as " + std::string(field.names[0])) +
               ", with * , - and /"});
}

std::optional<unsigned> parse_digits(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<unsigned> parse_value(const Field& field, std::string_view text) {
  for (unsigned i = 0; i < field.names.size(); ++i) {
    if (ascii_lower(field.names[i]) == ascii_lower(text)) return field.low + i;
  }
  const auto value = parse_digits(text);
  if (!value || *value < field.low || *value > field.high) return std::nullopt;
  return value;
}

struct Range {
  unsigned low;
  unsigned high;
  bool is_single;
};

// "*", "5" or "1-5".
std::optional<Range> parse_range(const Field& field, std::string_view text) {
  if (text == "*") return Range{field.low, field.high, false};
  const auto dash = text.find('-');
  const auto low = parse_value(field, text.substr(0, dash));
  if (!low) return std::nullopt;
  if (dash == std::string_view::npos) return Range{*low, *low, true};
  auto high = parse_value(field, text.substr(dash + 1));
  if (high == 0U && field.high == 7) high = 7;  // "fri-sun"
  if (!high || *high < *low) return std::nullopt;
  return Range{*low, *high, false};
}

Result<std::uint64_t> parse_field(const Field& field, std::string_view text) {
  std::uint64_t bits = 0;
  for (std::string_view rest = text;;) {
    const auto comma = rest.find(',');
    const std::string_view item = rest.substr(0, comma);
    const auto slash = item.find('/');
    auto range = parse_range(field, item.substr(0, slash));
    if (!range) return refuse(field, text);
    unsigned step = 1;
    if (slash != std::string_view::npos) {
      const auto given = parse_digits(item.substr(slash + 1));
      if (!given || *given == 0) return refuse(field, text);
      step = *given;
      // "5/15" is "5-59/15", as most programs read it.
      if (range->is_single) range->high = field.high;
    }
    for (unsigned value = range->low; value <= range->high; value += std::min(step, 64U)) {
      bits |= bit(value);
    }
    if (comma == std::string_view::npos) return bits;
    rest.remove_prefix(comma + 1);
  }
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

Result<std::array<std::string_view, 5>> split(std::string_view text) {
  std::array<std::string_view, 5> parts;
  std::size_t count = 0;
  for (std::string_view rest = text; !rest.empty(); rest = trimmed(rest)) {
    const auto end = std::min(rest.find_first_of(" \t"), rest.size());
    if (count < parts.size()) parts[count] = rest.substr(0, end);
    ++count;
    rest.remove_prefix(end);
  }
  if (count != parts.size()) {
    return fail(Errc::invalid_args, "cron: " + std::to_string(count) + " fields instead of 5",
                {"give minute, hour, day of month, month and day of week: \"30 9 * * mon-fri\"",
                 "use a short form such as @daily"});
  }
  return parts;
}

}  // namespace

Result<Cron> Cron::parse(std::string_view text) {
  if (text.size() > most_bytes) return fail(Errc::invalid_args, "cron: more than 256 bytes");
  text = trimmed(text);
  if (text.starts_with('@')) {
    const auto found = std::ranges::find_if(
        shorts, [&](const Short& each) { return ascii_lower(each.name) == ascii_lower(text); });
    if (found == shorts.end()) {
      return fail(Errc::invalid_args, "cron: unknown short form \"" + std::string(text) + "\"",
                  {"use @yearly, @monthly, @weekly, @daily or @hourly"});
    }
    text = found->meaning;
  }
  const auto parts = split(text);
  if (!parts) return std::unexpected(parts.error());
  Cron cron;
  std::uint64_t* const bits[] = {&cron.minutes_, &cron.hours_, &cron.days_, &cron.months_,
                                 &cron.weekdays_};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    auto parsed = parse_field(fields[i], (*parts)[i]);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    *bits[i] = *parsed;
  }
  if ((cron.weekdays_ & bit(7)) != 0) cron.weekdays_ = (cron.weekdays_ | bit(0)) & ~bit(7);
  cron.any_day_ = (*parts)[2].starts_with('*');
  cron.any_weekday_ = (*parts)[4].starts_with('*');
  // From a leap year, so that February 29 is found at once.
  if (!cron.next_after(local_days(std::chrono::year(2000) / 1 / 1))) {
    return fail(Errc::invalid_args,
                "cron: \"" + std::string(text) + "\" is a day that never comes");
  }
  return cron;
}

bool Cron::has_day(local_days day) const {
  const std::chrono::year_month_day date{day};
  if ((months_ & bit(static_cast<unsigned>(date.month()))) == 0) return false;
  const bool day_fits = (days_ & bit(static_cast<unsigned>(date.day()))) != 0;
  const bool weekday_fits = (weekdays_ & bit(std::chrono::weekday(day).c_encoding())) != 0;
  // Also with steps: "*/2" restricts nothing by the rule above, so both must fit.
  if (any_day_ || any_weekday_) return day_fits && weekday_fits;
  return day_fits || weekday_fits;
}

// The first minute of a day that fits, not before `of_day`.
std::optional<minutes> Cron::first_from(minutes of_day) const {
  const auto first_bit = [](std::uint64_t bits, unsigned from) -> unsigned {
    return from > 63 ? 64
                     : static_cast<unsigned>(std::countr_zero(bits & (~std::uint64_t{0} << from)));
  };
  const auto count = static_cast<unsigned>(of_day.count());
  const unsigned hour = first_bit(hours_, count / 60);
  if (hour > 23) return std::nullopt;
  if (hour > count / 60) return hours(hour) + minutes(first_bit(minutes_, 0));
  const unsigned minute = first_bit(minutes_, count % 60);
  if (minute < 60) return hours(hour) + minutes(minute);
  return first_from(hours(hour + 1));
}

bool Cron::matches(WallMinute time) const {
  const auto day = std::chrono::floor<days>(time);
  return has_day(day) && first_from(time - day) == time - day;
}

std::optional<WallMinute> Cron::next_after(WallMinute time) const {
  constexpr int most_days = 366 * 9;
  const WallMinute from = time + minutes(1);
  local_days day = std::chrono::floor<days>(from);
  minutes of_day = from - day;
  for (int i = 0; i < most_days; ++i, day += days(1), of_day = minutes(0)) {
    if (!has_day(day)) continue;
    if (const auto found = first_from(of_day)) return day + *found;
  }
  return std::nullopt;
}

}  // namespace hearth::packs::mandates
