// The files that patterns name in a workspace. Any thread; blocks.
#pragma once

#include <string>
#include <vector>

#include "packs/mandates/workspace/root.hpp"

namespace hearth::packs::mandates::workspace {

// Sorted, each once. Links are not followed, and .git is not looked into. A pattern that has
// nothing to fill in is the path itself, also where there is no file. After 100,000 names the rest
// is left.
[[nodiscard]] std::vector<std::string> find_files(const Root& root,
                                                  const std::vector<std::string>& patterns);

}  // namespace hearth::packs::mandates::workspace
