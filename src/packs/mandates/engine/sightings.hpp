// What a schedule has seen of the world, so that a look tells what has happened since the last one.
//
// Nobody hands events over that a kill could lose: the pack looks (at files, issues, entries) and
// compares with what is stored here. What is new becomes occurrences in the transaction that stores
// what was seen. So each event has one occurrence, whatever is killed when, and what happened while
// no daemon ran is found by the next one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "packs/mandates/engine/schedules.hpp"

namespace hearth::packs::mandates {

// By item: what tells one state of it from another.
using Marks = std::map<std::string, std::string>;

struct Seen {
  std::int64_t round = 0;
  WallTime looked;  // when that look began
  Marks marks;
};

struct Sighting {
  WallTime looked;
  Marks marks;                      // all there is now
  std::vector<std::string> causes;  // one for each event; none at the first look
  // Changes of which nobody can tell whether a mandate made them: they begin nothing, and are
  // counted as missed.
  std::int64_t unclear = 0;
};

// A schedule that waits for the world.
struct WatchRow {
  std::int64_t schedule = 0;
  std::int64_t mandate = 0;
  Watched watched;
};

// An effect that may be the reason for what is seen: what mandates do begins no run.
struct OwnEffect {
  std::string kind;
  std::string target;
  std::string payload;
  std::string output;
  bool is_open = false;  // it may still be happening
  WallTime from;
  WallTime to;  // of an open one: now; where a kill came between: not known, as `from`
};

// Members are for any thread.
class Sightings final {
 public:
  explicit Sightings(MandateStore& store) : store_(store) {}

  // Also paused ones: what happens meanwhile is counted as missed.
  [[nodiscard]] Result<std::vector<WatchRow>> watches();
  // Nothing before the first look.
  [[nodiscard]] Result<std::optional<Seen>> last(std::int64_t schedule);
  // `conflict` when another look was stored since `round` (0: none was).
  [[nodiscard]] Result<Fired> store(std::int64_t schedule,
                                    std::int64_t round,
                                    const Sighting& sighting);
  // Of all mandates, that change something and were not over before `since`.
  [[nodiscard]] Result<std::vector<OwnEffect>> effects_since(WallTime since);

 private:
  MandateStore& store_;
};

}  // namespace hearth::packs::mandates
