// When a schedule is due: by cron in a zone, at an interval, or once.
//
// Stored as its text, which parse() reads again:
//   cron 30 9 * * mon-fri           in the zone that stands beside it
//   every 90m from 2026-01-01T00:00:00Z
//   at 2026-12-24T18:00:00Z
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "packs/mandates/engine/cron.hpp"
#include "packs/mandates/engine/zone.hpp"

namespace hearth::packs::mandates {

class Timing final {
 public:
  // `zone` belongs to cron; the other kinds are instants and ignore it. An interval is at least a
  // second; without "from" it counts from 1970-01-01 UTC.
  [[nodiscard]] static Result<Timing> parse(std::string_view text, std::string_view zone);

  // The first occurrence after `time`; nothing when there is none any more. Increases with `time`,
  // and depends on nothing else: no state, no clock.
  [[nodiscard]] std::optional<WallTime> next_after(WallTime time) const;

 private:
  struct ByCron {
    Cron cron;
    Zone zone;
  };
  struct Interval {
    std::chrono::milliseconds every;
    WallTime from;
  };
  struct Once {
    WallTime at;
  };
  using Kind = std::variant<ByCron, Interval, Once>;

  explicit Timing(const Kind& kind) : kind_(kind) {}
  [[nodiscard]] static std::optional<WallTime> next(const ByCron& timing, WallTime time);
  [[nodiscard]] static std::optional<WallTime> next(const Interval& timing, WallTime time);
  [[nodiscard]] static std::optional<WallTime> next(const Once& timing, WallTime time);

  Kind kind_;
};

}  // namespace hearth::packs::mandates
