// The version of this build, of both binaries.
#pragma once

#include <string_view>

namespace hearth {

// "0.1.0". Defined in app/version.cpp, so that a build of another version is one object file.
[[nodiscard]] std::string_view version();

// Negative, zero or positive as `a` is older than, equal to or newer than `b`. Numeric dotted
// parts; what follows a
// '-' is a pre-release and sorts before the release (semver.org §11, without its identifier rules).
[[nodiscard]] int compare_versions(std::string_view a, std::string_view b);

}  // namespace hearth
