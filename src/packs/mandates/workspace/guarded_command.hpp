// Runs a command in the sandbox so that what is protected in the workspace stays as it is.
//
// What is protected and there is mounted read-only for the command: its version control, hooks, CI
// and start-up files. What is protected and new afterwards is removed; nothing of the command's
// runs any more then. Only git itself may write to version control, and even then not to its
// configuration, hooks and attributes.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/mandates/sandbox/sandbox.hpp"
#include "packs/mandates/workspace/root.hpp"

namespace hearth::packs::mandates::workspace {

struct GuardedOutcome {
  sandbox::Outcome outcome;
  std::vector<std::string> removed;  // protected paths that the command made
  std::vector<std::string>
      changed;  // those it changed: too many to mount each. A person should look.
};

// As Sandbox::run; the plan's workspace and read_only are set here.
[[nodiscard]] Result<GuardedOutcome> run_guarded(const sandbox::Sandbox& sandbox,
                                                 const Root& root,
                                                 sandbox::Plan plan,
                                                 const std::stop_token& stop = {});

// Who commits.
struct GitIdentity {
  std::string name = "Hearth";
  std::string email = "hearth@localhost";
};

// git with arguments that are checked (refusal_of_git), writing to version control. External
// differs and text conversions are off. Of the plan, its words, workspace and read_only are set
// here.
[[nodiscard]] Result<GuardedOutcome> run_git(const sandbox::Sandbox& sandbox,
                                             const Root& root,
                                             std::vector<std::string> arguments,
                                             sandbox::Plan plan = {},
                                             const GitIdentity& identity = {},
                                             const std::stop_token& stop = {});

}  // namespace hearth::packs::mandates::workspace
