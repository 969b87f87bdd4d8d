// Child processes of a test: started with an environment of their own, waited for with a deadline,
// killed and reaped when the test ends.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/unique_fd.hpp"

namespace hearth::test {

using Environment = std::map<std::string, std::string>;
using std::chrono::milliseconds;

// How a program ended and what it said.
struct Outcome {
  int exit_code = -1;  // -1: it did not exit
  int signal = 0;      // that ended it
  bool is_timed_out = false;
  std::string out;
  std::string err;
  milliseconds took{0};

  [[nodiscard]] std::string describe() const;  // for messages of failed assertions
};

struct Plan {
  std::vector<std::string> words;  // the program's path, then its arguments
  Environment environment;         // all of it
  std::string cwd = "/";
  bool has_input = false;     // standard input is a pipe of ours; else /dev/null
  bool pipes_output = false;  // standard output is a pipe of ours; else kept for Outcome::out
  int gate = -1;  // an eventfd with EFD_SEMAPHORE: the program starts once it can take 1 from it
  std::function<void()> before_exec;  // in the child; async-signal-safe calls only
};

// Moveable; kills and reaps a process that is still there.
class Process {
 public:
  explicit Process(const Plan& plan);
  Process(Process&&) noexcept;
  Process& operator=(Process&&) = delete;
  ~Process();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] int input() const { return input_.get(); }
  [[nodiscard]] int output() const { return output_.get(); }
  void close_input() { input_.reset(); }
  void close_output() { output_.reset(); }
  void signal(int number) const;
  // Waits for the end. At the deadline the process is killed, and the outcome says so.
  [[nodiscard]] Outcome wait(milliseconds timeout);
  [[nodiscard]] bool is_running();
  // What it has written to standard error until now.
  [[nodiscard]] std::string errors() const;

 private:
  bool reap(milliseconds timeout);

  pid_t pid_ = -1;
  UniqueFd pidfd_;
  UniqueFd input_, output_, kept_out_, kept_err_;
  MonotonicTime started_;
  std::optional<int> status_;  // once reaped
};

// Starts, waits, tells.
[[nodiscard]] Outcome run(const Plan& plan, milliseconds timeout);

// Polls `is_true` every few milliseconds until it is or time is up.
[[nodiscard]] bool eventually(const std::function<bool()>& is_true, milliseconds timeout);

// Whether `pid` lives: a zombie that nobody reaps has ended.
[[nodiscard]] bool is_alive(pid_t pid);
// Resident bytes of a process, 0 when it is gone.
[[nodiscard]] std::size_t resident_bytes(pid_t pid);
// Empty when it cannot be read.
[[nodiscard]] std::string read_file(const std::string& path);
void write_file(const std::string& path, std::string_view text);

}  // namespace hearth::test
