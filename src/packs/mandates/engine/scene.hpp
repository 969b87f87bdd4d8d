// What the machine knows of a run at one moment, read anew at each step. Private to machine*.cpp.
#pragma once

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "packs/mandates/engine/machine.hpp"
#include "packs/mandates/engine/schedules.hpp"

namespace hearth::packs::mandates {

struct RunMachine::Scene {
  Run run;
  Mandate mandate;
  RunRules rules;
  PhaseRows phases;
  RunContext context;

  [[nodiscard]] WallTime deadline() const {
    return run.begun.value_or(run.created) + rules.deadline;
  }
};

// What a step is carried out with, on the thread that does it.
struct RunMachine::Turn {
  const Scene& scene;
  const Step& step;
  const std::stop_token& stop;
  std::string key;  // of its effect
  Seat seat;
  std::optional<Amounts> used;  // of what was reserved for it; nothing: not known
};

// How a step went on: it ended, or what it waits for, and until when at most.
struct RunMachine::StepEnd {
  std::optional<StepState> state;
  std::string waits_for;
  WallTime until;
  bool was_cut = false;    // the daemon leaves
  std::string lacks = {};  // of which budget too little is left for it
};

// What the steps of a cycle have come to.
struct RunMachine::Acting {
  StepStates states;
  std::set<std::string_view> tried;    // since the phase was begun, also those that wait
  std::set<std::string_view> begun;    // before, whose effects are there
  std::set<std::string_view> refused;  // by a person, or by the end of the time to answer
  std::vector<StepEnd> waiting;
  std::string lacks;  // why the run cannot go on with one of them

  [[nodiscard]] bool is_in_review() const {
    return std::ranges::any_of(
        waiting, [](const StepEnd& each) { return each.waits_for == "needs_review"; });
  }
};

}  // namespace hearth::packs::mandates
