// Paths that callers name, held within the folders that they may use.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace hearth::store {

// `asked`, relative to `cwd`, as a canonical path inside one of `roots`: `not_found` when it does
// not exist, `permission` when it lies (after its symbolic links) outside of all of them.
[[nodiscard]] Result<std::string> confine(const std::string& asked,
                                          const std::string& cwd,
                                          const std::vector<std::string>& roots);

// The same of a file that need not exist yet: its folder does.
[[nodiscard]] Result<std::string> confine_new(const std::string& asked,
                                              const std::string& cwd,
                                              const std::vector<std::string>& roots);

}  // namespace hearth::store
