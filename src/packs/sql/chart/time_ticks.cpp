// Ticks of a time axis. The steps are those of clocks and calendars; days that are not counted from
// the first of a month would wander, so that steps of days begin anew with each month.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>

#include "packs/sql/chart/ticks.hpp"

namespace hearth::packs::sql::chart {
namespace {

using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year_month_day;

enum class Unit : std::uint8_t { second, day, month, year };

struct Step {
  Unit unit;
  int count;
  double seconds;
};
constexpr double day_seconds = 86'400;
constexpr std::array<Step, 27> steps{{
    {Unit::second, 1, 1},
    {Unit::second, 2, 2},
    {Unit::second, 5, 5},
    {Unit::second, 15, 15},
    {Unit::second, 30, 30},
    {Unit::second, 60, 60},
    {Unit::second, 120, 120},
    {Unit::second, 300, 300},
    {Unit::second, 900, 900},
    {Unit::second, 1'800, 1'800},
    {Unit::second, 3'600, 3'600},
    {Unit::second, 10'800, 10'800},
    {Unit::second, 21'600, 21'600},
    {Unit::second, 43'200, 43'200},
    {Unit::day, 1, day_seconds},
    {Unit::day, 2, 2 * day_seconds},
    {Unit::day, 7, 7 * day_seconds},
    {Unit::day, 14, 14 * day_seconds},
    {Unit::month, 1, 30.44 * day_seconds},
    {Unit::month, 2, 60.88 * day_seconds},
    {Unit::month, 3, 91.3 * day_seconds},
    {Unit::month, 6, 182.6 * day_seconds},
    {Unit::year, 1, 365.25 * day_seconds},
    {Unit::year, 2, 2 * 365.25 * day_seconds},
    {Unit::year, 5, 5 * 365.25 * day_seconds},
    {Unit::year, 10, 10 * 365.25 * day_seconds},
    {Unit::year, 25, 25 * 365.25 * day_seconds},
}};
// What the calendar of <chrono> can hold.
constexpr double earliest = -9.0e11;
constexpr double latest = 9.0e11;

constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

template <typename... Values>
std::string printed(const char* format, Values... values) {
  std::array<char, 64> text;
  const int size = std::snprintf(text.data(), text.size(), format, values...);
  return {text.data(), static_cast<std::size_t>(std::clamp(size, 0, 63))};
}

struct Moment {
  explicit Moment(double at)
      : time(seconds(static_cast<std::int64_t>(at))),
        day(std::chrono::floor<days>(time)),
        date(day),
        of_day(static_cast<int>((time - day).count())) {}
  [[nodiscard]] int year() const { return static_cast<int>(date.year()); }
  [[nodiscard]] unsigned month() const { return static_cast<unsigned>(date.month()); }
  [[nodiscard]] unsigned day_of_month() const { return static_cast<unsigned>(date.day()); }

  sys_seconds time;
  sys_days day;
  year_month_day date;
  int of_day;
};

std::string label_of(double at, const Step& step, bool is_first) {
  const Moment moment(at);
  const char* const month = months[moment.month() - 1];
  switch (step.unit) {
    case Unit::year:
      return std::to_string(moment.year());
    case Unit::month:
      if (moment.month() == 1 || is_first) return printed("%s %d", month, moment.year());
      return month;
    case Unit::day:
      if (is_first) return printed("%s %u, %d", month, moment.day_of_month(), moment.year());
      if (moment.month() == 1 && moment.day_of_month() == 1) return std::to_string(moment.year());
      return printed("%s %u", month, moment.day_of_month());
    case Unit::second:
      break;
  }
  const int hour = moment.of_day / 3'600;
  const int minute = moment.of_day / 60 % 60;
  const std::string clock = step.count >= 60
                                ? printed("%02d:%02d", hour, minute)
                                : printed("%02d:%02d:%02d", hour, minute, moment.of_day % 60);
  if (is_first) return printed("%s %u, ", month, moment.day_of_month()) + clock;
  return moment.of_day == 0 ? printed("%s %u", month, moment.day_of_month()) : clock;
}

double at_date(std::chrono::year year, unsigned month, unsigned day) {
  const sys_days date = year / std::chrono::month(month) / std::chrono::day(day);
  return static_cast<double>(date.time_since_epoch().count()) * day_seconds;
}

// The first of a step's places after `at`; at its own place it goes on.
double place_after(double at, const Step& step) {
  const Moment moment(at);
  switch (step.unit) {
    case Unit::second:
      return (std::floor(at / step.count) + 1) * step.count;
    case Unit::day: {
      const auto next = ((moment.day_of_month() - 1) / static_cast<unsigned>(step.count) + 1) *
                            static_cast<unsigned>(step.count) +
                        1;
      // No place within less than half a step of the next month's first.
      if (next + static_cast<unsigned>(step.count) / 2 <= 30 || (step.count == 1 && next <= 31)) {
        const auto date = moment.date.year() / moment.date.month() / std::chrono::day(next);
        if (date.ok()) return at_date(moment.date.year(), moment.month(), next);
      }
      const auto month = moment.date.year() / moment.date.month() + std::chrono::months(1);
      return at_date(month.year(), static_cast<unsigned>(month.month()), 1);
    }
    case Unit::month: {
      const auto next =
          (static_cast<int>(moment.month()) - 1) / step.count * step.count + step.count;
      const auto year = moment.date.year() + std::chrono::years(next / 12);
      return at_date(year, static_cast<unsigned>(next % 12) + 1, 1);
    }
    case Unit::year: {
      const int year =
          static_cast<int>(std::floor(1.0 * moment.year() / step.count) + 1) * step.count;
      return at_date(std::chrono::year(year), 1, 1);
    }
  }
  return std::numeric_limits<double>::infinity();
}

// Below a second and beyond a quarter of a century the places are those of numbers.
std::vector<Tick> subsecond_ticks(double low, double high, double wanted) {
  const double base = std::floor(low);
  std::vector<Tick> ticks;
  for (const double at : round_numbers(low - base, high - base, wanted, false)) {
    const Moment moment(base + std::floor(at + 1e-9));
    const double part = at - std::floor(at + 1e-9);
    ticks.push_back({base + at, printed("%02d:%02d:%05.2f", moment.of_day / 3'600,
                                        moment.of_day / 60 % 60, moment.of_day % 60 + part)});
  }
  return ticks;
}

std::vector<Tick> century_ticks(double low, double high, double wanted) {
  constexpr double year = 365.2425 * day_seconds;
  std::vector<Tick> ticks;
  for (const double at : round_numbers(1970 + low / year, 1970 + high / year, wanted, false)) {
    if (at != std::floor(at) || std::abs(at) > 30'000) continue;
    ticks.push_back({at_date(std::chrono::year(static_cast<int>(at)), 1, 1),
                     std::to_string(static_cast<int>(at))});
  }
  return ticks;
}

}  // namespace

std::vector<Tick> time_ticks(double low, double high, double wanted) {
  low = std::clamp(low, earliest, latest);
  high = std::clamp(high, earliest, latest);
  const double gap = (high - low) / std::max(wanted, 1.0);
  if (gap < 0.5) return subsecond_ticks(low, high, wanted);
  if (gap > 30 * 365.25 * day_seconds) return century_ticks(low, high, wanted);
  // By proportion, as the eye compares them.
  const auto nearest = std::ranges::min_element(
      steps, {}, [gap](const Step& step) { return std::abs(std::log(step.seconds / gap)); });
  std::vector<Tick> ticks;
  double at = place_after(low - 1, *nearest);
  if (at < low) at = place_after(at, *nearest);
  for (; at <= high; at = place_after(at, *nearest)) {
    ticks.push_back({at, label_of(at, *nearest, ticks.empty())});
  }
  return ticks;
}

std::string short_time(double at) {
  const Moment moment(std::clamp(at, earliest, latest));
  const std::string date =
      printed("%04d-%02u-%02u", moment.year(), moment.month(), moment.day_of_month());
  if (moment.of_day == 0) return date;
  const std::string clock = printed(" %02d:%02d", moment.of_day / 3'600, moment.of_day / 60 % 60);
  return date + clock + (moment.of_day % 60 == 0 ? "" : printed(":%02d", moment.of_day % 60));
}

}  // namespace hearth::packs::sql::chart
