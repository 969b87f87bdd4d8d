// What happens to an occurrence whose schedule still has runs (Temporal's overlap policies).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace hearth::packs::mandates {

enum class Overlap : std::uint8_t {
  skip,             // the occurrence does not run
  buffer_one,       // it waits, if no other waits
  buffer_all,       // it waits
  cancel_other,     // the others are asked to end; it waits for that
  terminate_other,  // the others are ended at once; it waits for that
  allow,            // it runs beside them
};

// How a run is asked to end: at the next boundary, or in the middle of what it does.
enum class Stop : std::uint8_t { none, cancel, terminate };

struct QueueLimits {
  int most_waiting = 100;  // runs of a schedule that have not begun
  int most_active = 8;     // at once, where they may overlap
};

// Runs of the schedule.
struct Load {
  int waiting = 0;
  int active = 0;  // begun and not ended, also while they wait for an approval
};

struct Admission {
  bool is_admitted = true;
  std::string_view reason;   // why not: "overlap" or "queue_full"
  Stop others = Stop::none;  // asked of those that are active
  bool drops_waiting = false;
};

[[nodiscard]] Admission admit(Overlap overlap, Load load, const QueueLimits& limits);

[[nodiscard]] std::string_view overlap_name(Overlap overlap);
[[nodiscard]] std::optional<Overlap> overlap_from_name(std::string_view name);

}  // namespace hearth::packs::mandates
