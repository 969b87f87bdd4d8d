// Which process it is, so that another daemon, after a kill, knows when it has ended.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace hearth::packs::mandates::sandbox {

// Process numbers are used again, also after the machine has started anew.
struct ProcessMark {
  pid_t number = 0;
  std::uint64_t started = 0;  // proc_pid_stat(5): ticks since the machine started
  std::string boot;           // which start that was

  [[nodiscard]] bool is_of_this_boot() const;
};

// Of a process that runs. `not_found` where there is none.
[[nodiscard]] Result<ProcessMark> mark_of(pid_t number);
// 0 where there is no such process, or its parent is none of ours to see.
[[nodiscard]] pid_t parent_of(pid_t number);

// Blocks until it has ended, and with it, where it is the first one of a sandbox, everything in
// there: the kernel lets it end last. It gets `grace` to end by itself and is killed then;
// `unavailable` when it lives on after another `grace`.
[[nodiscard]] Result<void> wait_for_end(const ProcessMark& mark, std::chrono::milliseconds grace);

}  // namespace hearth::packs::mandates::sandbox
