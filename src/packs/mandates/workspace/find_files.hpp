// The files that patterns name in a workspace. Any thread; blocks.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "packs/mandates/workspace/root.hpp"

namespace hearth::packs::mandates::workspace {

inline constexpr std::size_t most_names = 100'000;

// Sorted, each once. Links are not followed, and .git is not looked into, nor a directory that no
// pattern reaches. A pattern that has nothing to fill in is the path itself, also where there is no
// file. What disappears meanwhile is not there; a directory that may not be read counts as empty.
// All or nothing, for who compares takes what is missing for gone: `unsupported` where there are
// more than `most` names to look at.
[[nodiscard]] Result<std::vector<std::string>> find_files(const Root& root,
                                                          const std::vector<std::string>& patterns,
                                                          std::size_t most = most_names);

}  // namespace hearth::packs::mandates::workspace
