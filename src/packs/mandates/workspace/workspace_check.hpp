// Which directories no mandate may work in, whatever its rules say.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace hearth::packs::mandates::workspace {

// `permission` for a directory, by its real path,
//  - that is protected by its name (protection_of) or that of one above it, or lies in a repository
//    of git rather than beside its .git: there every file may make a machine run code;
//  - that holds, or lies in, one of `own` (hearth's directories), or holds hearth's programs: who
//    may rename what lies above them puts others in their place.
// Asked when a mandate is made, and again whenever it observes or acts: the directory, and what is
// refused, may have changed since. For any thread; looks at the file system.
[[nodiscard]] Result<void> check_workspace(const std::string& path,
                                           const std::vector<std::string>& own);

}  // namespace hearth::packs::mandates::workspace
