// Names of references that others tell us: a remote, a note in a file. Such a name becomes a
// reference here, an argument of git, or part of a path.
#pragma once

#include <string_view>

namespace hearth::packs::issues {

// Whether it lies below refs/grite/ or refs/hearth/, and git allows it (git-check-ref-format(1)).
[[nodiscard]] bool is_issue_reference(std::string_view name);

}  // namespace hearth::packs::issues
