// Commands of the sandbox as deeds: which rule of the mandate is for one, and what that gives it.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "packs/mandates/decision.hpp"
#include "packs/mandates/mandate_spec.hpp"
#include "packs/mandates/workbench.hpp"
#include "packs/mandates/workspace/guard.hpp"
#include "packs/mandates/workspace/guard_record.hpp"

namespace hearth::packs::mandates {

// Of what a step keeps of its output.
inline constexpr std::size_t most_output_bytes = 8 << 10;

// What a mandate says of a command.
struct CommandRuling {
  const CommandScope* rule;      // what it may write, reach and read
  const CommandScope* scope_by;  // the same, or a later one that asks or forbids
};
// By the last rule that fits; one that asks or forbids also counts where options stand between or
// behind its words. Nothing: none allows it.
[[nodiscard]] std::optional<CommandRuling> ruling_on(const MandateSpec& spec,
                                                     const std::vector<std::string>& words);
// What to say where there is none: which word fits no rule.
[[nodiscard]] std::string why_no_rule(const MandateSpec& spec,
                                      const std::vector<std::string>& words);
// Completes the deed by its rule. `permission` where a secret is not for this command.
[[nodiscard]] Result<void> prepare_command(Deed& deed,
                                           const MandateSpec& spec,
                                           const Workbench& bench);
// Of the command that is an effect's. `records`: a directory of hearth's own, which is there.
[[nodiscard]] workspace::GuardPlaces guard_places(const std::string& records,
                                                  const std::string& key);
// Marks an effect, by its key, for a person's look; the reason is shown to them.
using ForReview = std::function<Result<void>(const std::string& key, std::string_view why)>;
// Commands of one wave that write are guarded together.
class CommandWave final : public Wave {
 public:
  explicit CommandWave(std::size_t steps) : guard(steps) {}
  void leave() override { guard.leave(); }
  workspace::Guard guard;
};
// What it printed, with its end; no secret. `unknown` where one that writes or sends was cut off,
// and where what is protected is not as it was: a person should look, and `for_review` is told at
// once, so that a kill costs nobody what was found. `places`: where what is protected and new goes,
// and, for a kill, what there was before. `seat`: in a CommandWave, or none.
[[nodiscard]] Performed run_command(const Deed& deed,
                                    Workbench& bench,
                                    const workspace::GuardPlaces& places,
                                    const ForReview& for_review,
                                    Seat seat,
                                    const std::stop_token& stop);

// Of commands that a kill cut off: compares what is protected in their workspaces, as their end
// would have done. Before anything else happens there. `open`: keys of all effects that are
// intended or for review. Errors: `unavailable` where one runs on, `damaged` where nobody can tell
// whose a record is, those of for_review and of the directory; what else cannot be compared is told
// there. `name_space`: whose they are.
[[nodiscard]] Result<void> recover_commands(const std::string& records,
                                            const std::vector<std::string>& open,
                                            const std::string& name_space,
                                            Workbench& bench,
                                            const ForReview& for_review);
// Of sets of changes: completes each, or takes it back (workspace/change_set.hpp). Where a person
// has to look, its step says so when its run goes on.
[[nodiscard]] Result<void> recover_changes(const std::string& records,
                                           const std::string& name_space,
                                           Workbench& bench);
// Where both of them would look: the workspaces that a kill left something of; "/", all there are,
// where a record does not tell.
[[nodiscard]] std::vector<std::string> left_workspaces(const std::string& records);
// Of records that could not be read, until a person removes them; empty: there is none.
[[nodiscard]] std::string problem_of_records(const std::string& records);

}  // namespace hearth::packs::mandates
