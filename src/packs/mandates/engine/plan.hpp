// What a run has decided to do: steps that depend on each other (a DAG), and what a failed step
// means for the others.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"

namespace hearth::packs::mandates {

enum class OnFailure : std::uint8_t {
  halt,             // no step begins any more
  skip_dependents,  // what needs it, directly or not, is skipped
  continue_,        // what needs it begins all the same
};

struct Step {
  std::string id;
  std::vector<std::string> needs;
  OnFailure on_failure = OnFailure::halt;
  std::string action;  // opaque
  friend bool operator==(const Step&, const Step&) = default;
};

struct Plan {
  static constexpr std::size_t most_steps = 200;
  std::vector<Step> steps;
  friend bool operator==(const Plan&, const Plan&) = default;
};

// `invalid_args` for two steps of one id, an unknown need, a circle, or too many steps.
[[nodiscard]] Result<void> check(const Plan& plan);

enum class StepState : std::uint8_t { done, failed, skipped };
[[nodiscard]] std::string_view step_state_name(StepState state);
[[nodiscard]] StepState step_state_from_name(std::string_view name);

using StepStates = std::unordered_map<std::string, StepState>;  // of those that ended

struct Frontier {
  std::vector<const Step*> ready;    // may begin now, side by side
  std::vector<const Step*> skipped;  // will never
};
// Pure: the same answer after a restart. Points into `plan`.
[[nodiscard]] Frontier frontier(const Plan& plan, const StepStates& states);

}  // namespace hearth::packs::mandates
