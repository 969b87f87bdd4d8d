#include "packs/mandates/engine/overlap.hpp"

#include <algorithm>
#include <array>

namespace hearth::packs::mandates {
namespace {

constexpr std::array<std::string_view, 6> names{"skip",         "buffer_one",      "buffer_all",
                                                "cancel_other", "terminate_other", "allow"};

}  // namespace

Admission admit(Overlap overlap, Load load, const QueueLimits& limits) {
  const bool is_free = load.waiting == 0 && load.active == 0;
  Admission admission;
  switch (overlap) {
    case Overlap::skip:
      if (!is_free) return {.is_admitted = false, .reason = "overlap"};
      break;
    case Overlap::buffer_one:
      if (load.waiting > 0) return {.is_admitted = false, .reason = "overlap"};
      break;
    case Overlap::cancel_other:
    case Overlap::terminate_other:
      // The newest takes the place of all others, so that the queue cannot be full.
      admission.drops_waiting = load.waiting > 0;
      if (load.active > 0) {
        admission.others = overlap == Overlap::cancel_other ? Stop::cancel : Stop::terminate;
      }
      return admission;
    case Overlap::buffer_all:
    case Overlap::allow:
      break;
  }
  if (load.waiting >= limits.most_waiting) return {.is_admitted = false, .reason = "queue_full"};
  return admission;
}

std::string_view overlap_name(Overlap overlap) {
  return names[static_cast<std::size_t>(overlap)];
}

std::optional<Overlap> overlap_from_name(std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Overlap>(found - names.begin());
}

}  // namespace hearth::packs::mandates
