// The part of a transaction that fires: occurrences, runs and the cursor change together, so that
// each occurrence has exactly one run whatever is killed when. firing.hpp says which are due.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "packs/mandates/engine/schedule.hpp"

namespace hearth::packs::mandates {

// What a firing has done.
struct Fired {
  std::vector<std::int64_t> runs;        // new ones
  std::vector<std::int64_t> cancelled;   // asked to end at the next boundary
  std::vector<std::int64_t> terminated;  // asked to end at once
  std::string_view skipped;              // why the last that does not run does not: "overlap"
  std::int64_t left = 0;                 // by a backfill, for a later one
};

// One occurrence: a run, or the reason why there is none. One that is known already is left alone.
[[nodiscard]] Result<void> fire_one(
    Change& change, const Schedule& schedule, const Due& due, std::string_view cause, Fired& fired);
// One that is made up for: also where it was skipped when it was due. What is not admitted now
// stays as it was.
[[nodiscard]] Result<void> backfill_one(Change& change,
                                        const Schedule& schedule,
                                        const Due& due,
                                        Fired& fired);
// Counts all up to `now` as missed.
[[nodiscard]] Result<void> skip_all(Change& change,
                                    const Schedule& schedule,
                                    WallTime now,
                                    std::string_view why);
// What is due of one schedule. Overlap and catch-up apply.
[[nodiscard]] Result<void> fire_due(Change& change, std::int64_t n, WallTime now, Fired& fired);
// Begins what follows a run of `mandate` that ended with `outcome`. Within the change that ends it,
// so that each end is followed once, whatever is killed when.
[[nodiscard]] Result<void> fire_after(Change& change,
                                      std::int64_t mandate,
                                      const std::string& run,
                                      std::string_view outcome);
// Counts events that begin nothing.
[[nodiscard]] Result<void> miss_events(Change& change,
                                       std::int64_t schedule,
                                       std::int64_t count,
                                       std::string_view why);
// One run for each cause, as overlap and queue allow; of more than 100 at once, and of a schedule
// or mandate that is not active, the rest is counted as missed. Within the change that remembers
// what was seen (sightings.hpp).
[[nodiscard]] Result<void> fire_events(Change& change,
                                       std::int64_t schedule,
                                       std::span<const std::string> causes,
                                       Fired& fired);

}  // namespace hearth::packs::mandates
