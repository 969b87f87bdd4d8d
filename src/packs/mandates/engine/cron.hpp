// Cron expressions: five fields (minute, hour, day of month, month, day of week), as crontab(5) has
// them, over wall times without a zone; zone.hpp makes instants of these.
//
//   */15 9-17 * jan-nov mon-fri     lists (1,2), ranges (1-5), steps (*/5, 10-50/20), names, 7 =
//   Sunday
//   @yearly @annually @monthly @weekly @daily @midnight @hourly
//
// When both days are restricted, either will do (the rule of Vixie's cron): "0 0 13 * fri" is each
// Friday and each 13th. A field that begins with * restricts nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"

namespace hearth::packs::mandates {

// What a clock on the wall shows, to the minute.
using WallMinute = std::chrono::local_time<std::chrono::minutes>;

class Cron final {
 public:
  // `invalid_args` names the field and what it may hold; also for a day that never comes
  // (February 30).
  [[nodiscard]] static Result<Cron> parse(std::string_view text);

  [[nodiscard]] bool matches(WallMinute time) const;
  // The first match after `time`. Every expression has one within eight years (leap days around
  // 1900 and 2100); nothing only at the end of the calendar.
  [[nodiscard]] std::optional<WallMinute> next_after(WallMinute time) const;

  friend bool operator==(const Cron&, const Cron&) = default;

 private:
  [[nodiscard]] bool has_day(std::chrono::local_days day) const;
  [[nodiscard]] std::optional<std::chrono::minutes> first_from(std::chrono::minutes of_day) const;

  // One bit for each value that fits.
  std::uint64_t minutes_ = 0;
  std::uint64_t hours_ = 0;
  std::uint64_t days_ = 0;
  std::uint64_t months_ = 0;
  std::uint64_t weekdays_ = 0;  // 0: Sunday
  bool any_day_ = false;
  bool any_weekday_ = false;
};

}  // namespace hearth::packs::mandates
