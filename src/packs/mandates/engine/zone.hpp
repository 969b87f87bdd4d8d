// Time zones by their IANA names, from the system's zone files.
//
// A wall time is an instant by two rules, so that each wall time happens exactly once:
//   - one that the clocks skip (spring) happens at the moment of the change: 02:30 is then 03:00,
//     the first minute that exists;
//   - one that they show twice (autumn) happens the first time.
// So instants never go backwards as wall times go forward.
//
// The only file that sees the date library (Howard Hinnant's) is zone.cpp.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "packs/mandates/engine/cron.hpp"

namespace date {
class time_zone;
}

namespace hearth::packs::mandates {

// A small value; the zone's data belongs to the library and stays. Any thread.
class Zone final {
 public:
  // `invalid_args` for a name that the system does not know (never taken for UTC), `unavailable`
  // when it has no zone files or incomplete ones. The zone files end with 2037: after it a zone
  // keeps its standard time.
  [[nodiscard]] static Result<Zone> load(std::string_view name);

  [[nodiscard]] std::string name() const;
  [[nodiscard]] WallTime instant(WallMinute wall) const;
  // What the clocks show, cut to the minute.
  [[nodiscard]] WallMinute wall(WallTime instant) const;

 private:
  explicit Zone(const date::time_zone* zone) : zone_(zone) {}
  const date::time_zone* zone_;
};

}  // namespace hearth::packs::mandates
