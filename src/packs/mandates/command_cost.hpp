// What commands of the sandbox are charged to a run: their time.
#pragma once

#include <optional>

#include "packs/mandates/engine/amounts.hpp"
#include "packs/mandates/sandbox/plan.hpp"

namespace hearth::packs::mandates {

// Before one begins: what the sandbox lets it have.
[[nodiscard]] inline Amounts most_of_command() {
  return {.wall_ms = sandbox::Limits().time.count()};
}
[[nodiscard]] inline Amounts used_by(const sandbox::Outcome& outcome) {
  return {.wall_ms = outcome.took.count()};
}
// Of one without an outcome; nothing: it may have run.
[[nodiscard]] inline std::optional<Amounts> used_by(const Error& why) {
  return why.code == Errc::outcome_unknown ? std::nullopt : std::optional(Amounts());
}

}  // namespace hearth::packs::mandates
