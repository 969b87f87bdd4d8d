// The directory tree that a caller's tools may read: its project.
#pragma once

#include <string>
#include <vector>

namespace hearth {

// The git top level of `cwd` (the nearest directory upwards with a .git entry), else `cwd` itself.
// Empty when that would be /, the home directory, or is unknown: then tools read no files on the
// caller's behalf.
[[nodiscard]] std::string project_root_of(const std::string& cwd);

// Without those that hold one of `own`, hearth's own directories, which would open its stores and
// its configuration to every tool; each of them is logged.
[[nodiscard]] std::vector<std::string> readable_roots(std::vector<std::string> roots,
                                                      const std::vector<std::string>& own);

}  // namespace hearth
