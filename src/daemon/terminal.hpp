// Whether a person sits before a process: what the kernel says of it, not what it says itself.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace hearth::daemon {

// What a process runs at the moment of the look, held on to by its memory: whoever executes another
// program keeps the number, the terminal and all that is open, but not that.
class RunningProgram final {
 public:
  RunningProgram() = default;  // none
  [[nodiscard]] static RunningProgram of(pid_t pid);

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const std::string& path() const { return path_; }  // empty: it cannot be seen
  // Whether the process has run it ever since, and does still.
  [[nodiscard]] bool is_running() const;

 private:
  pid_t pid_ = 0;
  std::string path_;
  UniqueFd memory_;
};

// "ada at terminal 34816", when that is the command line program beside this daemon, is still
// running, and has a controlling terminal. `permission` otherwise.
[[nodiscard]] Result<std::string> person_before(const RunningProgram& program);

}  // namespace hearth::daemon
