// What a command gets in its sandbox, and how it ended.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "packs/mandates/sandbox/host_rule.hpp"

namespace hearth::packs::mandates::sandbox {

struct Limits {
  std::size_t memory_bytes = std::size_t{2} << 30;  // of all its processes together
  std::size_t tmp_bytes = std::size_t{256} << 20;   // of /tmp, which is memory too
  std::size_t file_bytes = std::size_t{1} << 30;    // of the largest file it writes
  std::size_t output_bytes = std::size_t{4} << 20;  // of each stream; more ends it
  int processes = 256;                              // with threads
  int open_files = 1'024;                           // of each process
  std::chrono::milliseconds time{10 * 60 * 1'000};
};

struct Plan {
  std::vector<std::string> words;  // the program, in the sandbox's PATH or absolute; its arguments
  std::string workspace;           // absolute, real; seen under its own path
  bool may_write = true;           // in the workspace
  std::string directory;           // to start in, below the workspace; empty: the workspace
  // Absolute paths that may be written where the workspace may not. They exist.
  std::vector<std::string> writable;
  // Absolute paths below the workspace, or below what is writable, that stay as they are. They
  // exist.
  std::vector<std::string> read_only;
  // Files of what is shown that have another content in there, and are read-only. They exist.
  std::vector<std::pair<std::string, std::string>> replaced;
  // Further directories of the machine to read and execute: tool chains outside of /usr.
  std::vector<std::string> tools;
  std::vector<std::pair<std::string, std::string>> environment;  // beyond the fixed one
  std::string input;                                             // standard input
  std::vector<HostRule> network;  // hosts reachable through the proxy; none: no network at all
  Limits limits;
  // Called once, when the sandbox stands and before the command begins, with the number of its
  // first process; an error ends it, and is run()'s.
  std::function<Result<void>(pid_t)> before_start;
  // Called once a second while the command runs.
  std::function<void()> each_second;
};

struct Outcome {
  enum class End : std::uint8_t {
    exited,     // number: its status
    signalled,  // number: the signal
    memory,     // passed limits.memory_bytes
    processes,  // started more than limits.processes
    output,     // printed more than limits.output_bytes
    time,       // ran longer than limits.time
    stopped,    // asked to
  };
  End end = End::exited;
  int number = 0;
  std::string out;  // at most limits.output_bytes
  std::string err;
  std::chrono::milliseconds took{0};
  std::size_t peak_bytes = 0;  // as sampled every 20 ms; 0 where it was ended from outside
  int peak_processes = 0;
  std::vector<std::string> refused_hosts;  // "host:port" that the proxy did not let pass

  [[nodiscard]] bool is_success() const { return end == End::exited && number == 0; }
  [[nodiscard]] std::string describe() const;  // "exited with status 3", "used more than …"
};

}  // namespace hearth::packs::mandates::sandbox
