// A program that runs for us: an engine, a model server, a converter.
//
// It gets a session and process group of its own, none of our descriptors but those lent to it, and
// default signals. It never outlives us: the kernel kills it when this process ends, however that
// happens. What it starts itself dies with its group when we end it; when we are killed, only the
// program itself does, so name the program, not a script around it (or let that `exec` it).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace hearth::io {

struct ChildPlan {
  std::vector<std::string> words;  // the program, as a path or a name in PATH; its arguments
  std::optional<std::vector<std::string>> environment;  // "NAME=value"; else ours
  std::string directory = "/";
  // Descriptors lent for its standard streams; -1: /dev/null.
  int input = -1;
  int output = -1;
  int errors = -1;
  std::vector<int> lent;  // others that it keeps, under the numbers they have here (3 and above)
};

struct ChildEnd {
  int exit_code = -1;  // -1: a signal ended it
  int signal = 0;
  [[nodiscard]] bool is_success() const { return exit_code == 0; }
  [[nodiscard]] std::string describe() const;  // "exited with status 3", "was killed by SIGSEGV"
};

// Where a program lies: its path, or a name that is looked for in PATH, in absolute directories
// only. `not_found`, `permission`.
[[nodiscard]] Result<std::string> find_program(const std::string& name);

// One thread at a time.
class ChildProcess final {
 public:
  // Returns once the program runs. `not_found`, `permission` … say why it cannot.
  [[nodiscard]] static Result<std::unique_ptr<ChildProcess>> start(const ChildPlan& plan);
  ~ChildProcess();  // kills what is left of it
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  // Readable, for poll and epoll, once it has ended.
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }
  // How it ended, if it has by `deadline`. At once without one.
  [[nodiscard]] std::optional<ChildEnd> wait(MonotonicTime deadline = {});
  // To its whole group. Nothing happens once it has ended.
  void signal(int number);
  // TERM to the group, then, after `grace`, KILL; waits for the end.
  ChildEnd stop(std::chrono::milliseconds grace);

 private:
  ChildProcess(pid_t pid, UniqueFd pidfd, std::jthread keeper);
  ChildEnd reap();

  const pid_t pid_;
  const UniqueFd pidfd_;
  // Who forked. The kernel takes the end of that thread for the end of the parent (prctl(2),
  // PR_SET_PDEATHSIG), so it lives as long as the program does.
  std::jthread keeper_;
  std::optional<ChildEnd> end_;
};

}  // namespace hearth::io
