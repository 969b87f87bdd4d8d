// The directory tree that a caller's tools may read: its project.
#pragma once

#include <string>

namespace hearth::daemon {

// The git top level of `cwd` (the nearest directory upwards with a .git entry), else `cwd` itself.
// Empty when that would be /, the home directory, or is unknown: then tools read no files on the
// caller's behalf.
[[nodiscard]] std::string project_root_of(const std::string& cwd);

}  // namespace hearth::daemon
