// Opening what should be a file of ours, whatever lies in its place.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace hearth {

// open(2) that never waits: a FIFO, a device, or a symbolic link under O_NOFOLLOW, is an error that
// says so. Close-on-exec.
[[nodiscard]] Result<UniqueFd> open_regular(const std::string& path, int flags, mode_t mode = 0600);

// The file's first `most` bytes; fewer when it is shorter. Does not follow a symbolic link.
[[nodiscard]] Result<std::string> read_head(const std::string& path, std::size_t most);

}  // namespace hearth
