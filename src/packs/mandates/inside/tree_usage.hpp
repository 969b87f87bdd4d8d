// What all processes of a PID namespace use together, read from its /proc.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace hearth::packs::mandates::inside {

struct TreeUsage {
  std::size_t memory_bytes = 0;
  int processes = 0;  // threads count, as they do for RLIMIT_NPROC
};

// Of all processes but this one; nothing where it could not look. Memory is what each has for
// itself and shared anonymously, in swap too, and its page tables. Where that sum, in which pages
// shared after a fork, and memory shared with a child before it executes, count several times,
// passes `doubt_above`, each page is counted once instead (PSS), which costs more.
[[nodiscard]] std::optional<TreeUsage> tree_usage(std::size_t doubt_above);

// The machine has next to nothing left. Some memory is nobody's in /proc: buffers of sockets, and
// of pages shared anonymously those that nobody maps any more.
[[nodiscard]] bool is_machine_out_of_memory();
// The same of the text of /proc/meminfo.
[[nodiscard]] bool is_out_of_memory(std::string_view meminfo);

}  // namespace hearth::packs::mandates::inside
