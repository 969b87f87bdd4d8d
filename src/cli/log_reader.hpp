// The end of the daemon's log, and what is appended to it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth::cli {

// The last `count` lines of the file, without their newlines. `not_found` when there is no file.
[[nodiscard]] Result<std::vector<std::string>> last_lines(const std::string& path,
                                                          std::size_t count);

// Passes what is appended to the file from now on to `take`, also after it was rotated, until
// `take` returns false. Waits for events, never polls.
[[nodiscard]] Result<void> follow_file(const std::string& path,
                                       const std::function<bool(std::string_view)>& take);

}  // namespace hearth::cli
