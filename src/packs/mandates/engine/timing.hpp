// When a schedule is due: by cron in a zone, at an interval, once, when a run of another mandate
// has ended, or when something has happened in the world.
//
// Stored as its text, which parse() reads again:
//   cron 30 9 * * mon-fri           in the zone that stands beside it
//   every 90m from 2026-01-01T00:00:00Z
//   at 2026-12-24T18:00:00Z
//   after failed NAME               also succeeded, or ended for either
//   on changed docs/** *.md         files of the mandate's workspace
//   on labelled bug                 an issue of the workspace's repository has got the label
//   on remembered [TAG]             knowledge has a new entry, which carries the tag
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "packs/mandates/engine/cron.hpp"
#include "packs/mandates/engine/zone.hpp"

namespace hearth::packs::mandates {

// What happens in the world for a schedule to be due (sightings.hpp).
struct Watched {
  enum class What : std::uint8_t { files, label, entries };
  What what = What::files;
  std::vector<std::string> words;  // patterns; the label; the tag, or nothing
};

class Timing final {
 public:
  // `zone` belongs to cron; the other kinds are instants and ignore it. An interval is at least a
  // second; without "from" it counts from 1970-01-01 UTC.
  [[nodiscard]] static Result<Timing> parse(std::string_view text, std::string_view zone);

  // The first occurrence after `time`; nothing when there is none any more. Increases with `time`,
  // and depends on nothing else: no state, no clock.
  // What follows a run or an event is due at no time.
  [[nodiscard]] std::optional<WallTime> next_after(WallTime time) const;
  // The name of the mandate whose runs are followed; nothing for what goes by time.
  [[nodiscard]] std::optional<std::string> followed() const;
  // Nothing for what does not wait for the world.
  [[nodiscard]] std::optional<Watched> watched() const;

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
  struct AfterRun {
    std::string mandate;
  };
  using Kind = std::variant<ByCron, Interval, Once, AfterRun, Watched>;

  explicit Timing(Kind kind) : kind_(std::move(kind)) {}
  [[nodiscard]] static std::optional<WallTime> next(const ByCron& timing, WallTime time);
  [[nodiscard]] static std::optional<WallTime> next(const Interval& timing, WallTime time);
  [[nodiscard]] static std::optional<WallTime> next(const Once& timing, WallTime time);
  [[nodiscard]] static std::optional<WallTime> next(const AfterRun& timing, WallTime time);
  [[nodiscard]] static std::optional<WallTime> next(const Watched& timing, WallTime time);

  Kind kind_;
};

// The timings of what follows a run of `mandate` that ended with `outcome`.
[[nodiscard]] std::array<std::string, 2> timings_after(std::string_view mandate,
                                                       std::string_view outcome);

}  // namespace hearth::packs::mandates
