// One command in a workspace, so that what is protected there stays as it is (guard.hpp). Only git
// itself may write to version control, and even then not to its configuration, hooks and
// attributes.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/mandates/sandbox/sandbox.hpp"
#include "packs/mandates/workspace/git_place.hpp"
#include "packs/mandates/workspace/guard.hpp"
#include "packs/mandates/workspace/root.hpp"

namespace hearth::packs::mandates::workspace {

// Guard::run for one; a plan that does not write is not guarded.
[[nodiscard]] Result<GuardedOutcome> run_guarded(const Ground& ground,
                                                 sandbox::Plan plan,
                                                 const GuardPlaces& places,
                                                 const std::stop_token& stop = {});

// Who commits.
struct GitIdentity {
  std::string name = "Hearth";
  std::string email = "hearth@localhost";
};

// git with arguments that are checked (refusal_of_git), writing to version control where the plan
// may write. Of the repository's configuration it gets what names no program
// (repository_config.hpp). Of the plan, its words, workspace and
// read_only are set here.
[[nodiscard]] Result<GuardedOutcome> run_git(const Ground& ground,
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
