// Whether a person sits before a process: what the kernel says of it, not what it says itself.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.hpp"

namespace hearth::daemon {

// "ada at a terminal (34816)", when the process runs the command line program beside this daemon,
// and has a controlling terminal. `permission` otherwise.
[[nodiscard]] Result<std::string> person_before(pid_t pid);

}  // namespace hearth::daemon
