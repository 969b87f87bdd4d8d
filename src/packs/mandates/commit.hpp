// Commits files as they are in the workspace to a branch, without touching what is checked out, the
// index or any hook: one run of git fast-import in the sandbox.
#pragma once

#include <stop_token>
#include <string>

#include "base/result.hpp"
#include "packs/mandates/decision.hpp"
#include "packs/mandates/engine/ports.hpp"
#include "packs/mandates/sandbox/sandbox.hpp"
#include "packs/mandates/workspace/root.hpp"
#include "secrets/redactor.hpp"

namespace hearth::packs::mandates {

inline constexpr std::string_view branch_prefix = "hearth/";

// Fills in the branch's last commit, or the one checked out for a new branch, and of each file its
// hash, and its content there and now where both are text. `invalid_args` for another name of a
// branch; `conflict` when it is checked out, in whichever worktree; `permission` where a file holds
// a secret.
[[nodiscard]] Result<void> prepare_commit(Deed& deed,
                                          const workspace::Root& root,
                                          const sandbox::Sandbox& sandbox,
                                          const secrets::Redactor& redactor);
// `key` is kept in the message, by which the commit is known again. `conflict` when a file has
// changed since, or the branch has moved.
[[nodiscard]] Result<std::string> commit(const Deed& deed,
                                         const std::string& key,
                                         const workspace::Root& root,
                                         const sandbox::Sandbox& sandbox,
                                         const std::stop_token& stop);
[[nodiscard]] Result<Standing> inspect_commit(const Deed& deed,
                                              const std::string& key,
                                              const workspace::Root& root,
                                              const sandbox::Sandbox& sandbox);

}  // namespace hearth::packs::mandates
