// Commands of the sandbox as deeds: which rule of the mandate is for one, and what that gives it.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "packs/mandates/decision.hpp"
#include "packs/mandates/mandate_spec.hpp"
#include "packs/mandates/workbench.hpp"
#include "packs/mandates/workspace/guard.hpp"

namespace hearth::packs::mandates {

// The first that fits; null: none allows it.
[[nodiscard]] const CommandScope* rule_for(const MandateSpec& spec,
                                           const std::vector<std::string>& words);
// Completes the deed by its rule. `permission` where a secret is not for this command.
[[nodiscard]] Result<void> prepare_command(Deed& deed,
                                           const MandateSpec& spec,
                                           const Workbench& bench);
// Commands of one wave that write are guarded together.
class CommandWave final : public Wave {
 public:
  explicit CommandWave(std::size_t steps) : guard(steps) {}
  void leave() override { guard.leave(); }
  workspace::Guard guard;
};

// What it printed; an error when it failed. Neither holds a secret. `outcome_unknown` where what is
// protected is not as it was: a person should look. What is protected and new then lies in `aside`,
// a directory of hearth's own. `seat` in a CommandWave, or none.
[[nodiscard]] Result<std::string> run_command(const Deed& deed,
                                              Workbench& bench,
                                              const std::string& aside,
                                              Seat seat,
                                              const std::stop_token& stop);

}  // namespace hearth::packs::mandates
