// Whether a person sits before a process: what the kernel says of it, not what it says itself.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace hearth::daemon {

// A process as the kernel has it at one moment. Another moment's is the same only while it runs the
// same program: whoever executes another keeps the number, the terminal and what it has open.
struct ProcessSight {
  pid_t pid = 0;
  std::string program;      // empty: nothing could be seen
  std::uint64_t begun = 0;  // in ticks since the machine started
  int terminal = 0;         // 0: none
  bool operator==(const ProcessSight&) const = default;
};
[[nodiscard]] ProcessSight look_at(pid_t pid);

// "ada at terminal 34816", when the process that was seen as `connected` runs the command line
// program beside this daemon, did so then, and has a controlling terminal. `permission` otherwise.
[[nodiscard]] Result<std::string> person_before(const ProcessSight& connected);

}  // namespace hearth::daemon
