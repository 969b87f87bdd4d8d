// Where the version control of a workspace lies: in it, around it, or, of a worktree, elsewhere.
#pragma once

#include <string>

#include "base/result.hpp"
#include "packs/mandates/workspace/root.hpp"

namespace hearth::packs::mandates::workspace {

// Real paths.
struct GitPlace {
  std::string directory;  // of this checkout: its HEAD
  std::string common;     // of the repository: objects, references, configuration; often the same
  std::string prefix;     // of the workspace's paths in the repository: "" or "sub/"
};

// As git would find it, but read and checked by us, since what it names is shown to a sandbox and
// written there: it has to be this user's, and a worktree and its repository have to name each
// other. A repository around the workspace is looked for up to the directory that allowed it
// (Root::top), and not in the home of the user and above.
// Errors: not_found, permission, unsupported (a submodule).
[[nodiscard]] Result<GitPlace> find_git(const Root& root);

}  // namespace hearth::packs::mandates::workspace
