// Runs a command in the sandbox so that what is protected in the workspace stays as it is.
//
// What is protected and there is mounted read-only for the command: its version control, hooks, CI
// and start-up files. What is protected and new afterwards is moved aside, for the command may have
// made it; nothing of the command's runs any more then. A person who works in the directory may
// have made it as well: nothing is deleted, and whoever runs the command tells where it is. Only
// git itself may write to version control, and even then not to its configuration, hooks and
// attributes. When the daemon is killed meanwhile, the next start compares (guard_record.hpp).
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/mandates/sandbox/sandbox.hpp"
#include "packs/mandates/workspace/comparison.hpp"
#include "packs/mandates/workspace/git_place.hpp"
#include "packs/mandates/workspace/guard_record.hpp"
#include "packs/mandates/workspace/root.hpp"

namespace hearth::packs::mandates::workspace {

struct GuardedOutcome : Findings {
  sandbox::Outcome outcome;
};

// As Sandbox::run; the plan's workspace and read_only are set here. A command that
// writes is refused where something protected could not be kept: a
// symbolic link (`permission`), or more than 2,000 of them (`unsupported`).
[[nodiscard]] Result<GuardedOutcome> run_guarded(const sandbox::Sandbox& sandbox,
                                                 const Root& root,
                                                 sandbox::Plan plan,
                                                 const GuardPlaces& places,
                                                 const std::stop_token& stop = {});

// Who commits.
struct GitIdentity {
  std::string name = "Hearth";
  std::string email = "hearth@localhost";
};

// git with arguments that are checked (refusal_of_git), writing to version control where the plan
// may write. External differs and text conversions are off. Of the plan, its words, workspace and
// read_only are set here.
[[nodiscard]] Result<GuardedOutcome> run_git(const sandbox::Sandbox& sandbox,
                                             const Root& root,
                                             std::vector<std::string> arguments,
                                             sandbox::Plan plan,
                                             const GuardPlaces& places,
                                             const std::stop_token& stop = {});

// Where git only looks: at whatever repository find_git() finds, also one around the workspace or
// that of a worktree, of which nothing can be written. In a workspace below its top, what git would
// say of files that lie elsewhere, and are not seen in the sandbox, is left out. Without a
// repository git says so itself.
[[nodiscard]] Result<sandbox::Outcome> look_with_git(const sandbox::Sandbox& sandbox,
                                                     const Root& root,
                                                     std::vector<std::string> arguments,
                                                     sandbox::Plan plan,
                                                     const std::stop_token& stop = {});

// git that writes nothing but version control, or looks at it alone: the files of the workspace
// stay as they are, so that nothing is to be compared, and others may work on them.
struct GitCall {
  std::vector<std::string> arguments;
  std::string input;
  bool writes = false;
  GitIdentity identity = {};
};
[[nodiscard]] Result<sandbox::Outcome> call_git(const sandbox::Sandbox& sandbox,
                                                const Root& root,
                                                const GitPlace& place,
                                                GitCall call,
                                                const std::stop_token& stop = {});

}  // namespace hearth::packs::mandates::workspace
