#include "packs/mandates/engine/plan.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace hearth::packs::mandates {
namespace {

constexpr std::array<std::string_view, 3> state_names{"done", "failed", "skipped"};

// It becomes the end of a key that people type.
bool is_id(std::string_view id) {
  constexpr std::size_t longest = 64;
  return !id.empty() && id.size() <= longest && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

// Steps that can be put into an order in which each follows what it needs (Kahn 1962).
std::size_t count_ordered(const Plan& plan) {
  std::unordered_set<std::string_view> placed;
  for (bool is_moving = true; is_moving;) {
    is_moving = false;
    for (const Step& step : plan.steps) {
      const auto is_placed = [&](const std::string& need) { return placed.contains(need); };
      if (!placed.contains(step.id) && std::ranges::all_of(step.needs, is_placed)) {
        is_moving = placed.insert(step.id).second;
      }
    }
  }
  return placed.size();
}

}  // namespace

std::string_view step_state_name(StepState state) {
  return state_names[static_cast<std::size_t>(state)];
}

StepState step_state_from_name(std::string_view name) {
  const auto found = std::ranges::find(state_names, name);
  return found == state_names.end() ? StepState::failed
                                    : static_cast<StepState>(found - state_names.begin());
}

Result<void> check(const Plan& plan) {
  if (plan.steps.size() > Plan::most_steps) {
    return fail(Errc::invalid_args, "plan: " + std::to_string(plan.steps.size()) +
                                        " steps; at most " + std::to_string(Plan::most_steps));
  }
  std::unordered_set<std::string_view> ids;
  for (const Step& step : plan.steps) {
    if (!is_id(step.id)) {
      return fail(Errc::invalid_args,
                  "plan: a step's id has 1 to 64 letters, digits and . _ - and no others");
    }
    if (!ids.insert(step.id).second) {
      return fail(Errc::invalid_args, "plan: two steps are called \"" + step.id + "\"");
    }
  }
  for (const Step& step : plan.steps) {
    for (const std::string& need : step.needs) {
      if (!ids.contains(need)) {
        return fail(Errc::invalid_args,
                    "plan: step \"" + step.id + "\" needs \"" + need + "\", which is no step");
      }
    }
  }
  if (count_ordered(plan) != plan.steps.size()) {
    return fail(Errc::invalid_args, "plan: some steps need each other in a circle");
  }
  return {};
}

Frontier frontier(const Plan& plan, const StepStates& states) {
  Frontier found;
  bool is_halted = false;
  std::unordered_map<std::string_view, const Step*> by_id;
  for (const Step& step : plan.steps) {
    by_id.emplace(step.id, &step);
    const auto state = states.find(step.id);
    is_halted |= state != states.end() && state->second == StepState::failed &&
                 step.on_failure == OnFailure::halt;
  }
  for (const Step& step : plan.steps) {
    if (states.contains(step.id)) continue;
    bool is_ready = true;
    bool is_skipped = is_halted;
    for (const std::string& need : step.needs) {
      const auto state = states.find(need);
      is_ready &= state != states.end();
      if (state == states.end() || state->second == StepState::done) continue;
      // Skipped ones are passed on, failed ones as their own policy says.
      is_skipped |=
          state->second == StepState::skipped || by_id.at(need)->on_failure != OnFailure::continue_;
    }
    if (is_skipped) {
      found.skipped.push_back(&step);
    } else if (is_ready) {
      found.ready.push_back(&step);
    }
  }
  return found;
}

}  // namespace hearth::packs::mandates
