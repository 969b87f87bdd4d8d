// Paths that callers name, held to the directories they may touch.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth {

// `asked`, relative to `cwd`, as a canonical path inside one of `roots`: `not_found` when it does
// not exist, `permission` when it lies (after its symbolic links) outside of all of them, or inside
// of one of `own`: the directories of hearth itself.
[[nodiscard]] Result<std::string> confine(const std::string& asked,
                                          const std::string& cwd,
                                          const std::vector<std::string>& roots,
                                          const std::vector<std::string>& own);

// The same of a file that need not exist yet: its folder does.
[[nodiscard]] Result<std::string> confine_new(const std::string& asked,
                                              const std::string& cwd,
                                              const std::vector<std::string>& roots,
                                              const std::vector<std::string>& own);

// `conflict` where a file is there that may not be replaced.
[[nodiscard]] Result<void> check_is_new(const std::string& path, bool may_replace);

// Whether a path is a directory, or lies in it; both are absolute, or relative to the same, without
// "..". Pure.
[[nodiscard]] bool is_within(std::string_view path, std::string_view directory);

// Whether one of these directories, or files, lies within `directory`.
[[nodiscard]] bool holds_one_of(const std::string& directory, const std::vector<std::string>& own);

}  // namespace hearth
