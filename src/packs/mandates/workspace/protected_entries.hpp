// What is protected in a workspace at one moment, so that two moments can be compared.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/mandates/workspace/root.hpp"

namespace hearth::packs::mandates::workspace {

// One entry, of a directory only itself. A file system gives the number of what is gone to what
// comes next, so that two entries are one only if they were also born together.
struct ProtectedEntry {
  struct Identity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t born_at = 0;  // ns; 0 where the file system does not tell
    mode_t kind = 0;           // S_IFMT
    friend auto operator<=>(const Identity&, const Identity&) = default;
  };
  Identity identity;
  std::int64_t changed_at = 0;  // ns; of the inode, so that nothing written goes unseen
  bool is_repository = false;   // without a .git: a directory that git takes for one
  bool lies_within = false;     // a protected directory: mounted with it
};

// By their paths in the workspace, those above before those below.
using ProtectedEntries = std::map<std::string, ProtectedEntry>;

// What protection_of() names, and repositories without a .git (repositories.hpp); "" where the
// workspace itself is one. Links are not followed. Of what a protected directory holds, only files
// with several names (hard links): through another name they could be changed. `git_may_write`: of
// version control only what git itself may not write. `hidden`: absolute paths that are left out,
// since the command does not see them, and others work there. `unsupported` for a workspace of too
// many files, `permission` for one that is itself protected by its path.
[[nodiscard]] Result<ProtectedEntries> protected_entries(const Root& root,
                                                         bool git_may_write,
                                                         const std::vector<std::string>& hidden);

// The workspace's own: whether it is still the same directory.
[[nodiscard]] ProtectedEntry::Identity identity_of(const Root& root);

// What is there of what git itself may not write in a git directory: where it finds programs to
// run, and other repositories. Absolute.
[[nodiscard]] std::vector<std::string> kept_from_git(const std::string& git_directory);

}  // namespace hearth::packs::mandates::workspace
