// What all processes of a PID namespace use together, read from its /proc.
#pragma once

#include <cstddef>

namespace hearth::packs::mandates::inside {

struct TreeUsage {
  std::size_t memory_bytes = 0;
  int processes = 0;  // threads count, as they do for RLIMIT_NPROC
};

// Of all processes but this one. Memory is what each has for itself and shared anonymously. Where
// that sum, in which pages shared after a fork count several times, passes `doubt_above`, each page
// is counted once instead (PSS), which costs more.
[[nodiscard]] TreeUsage tree_usage(std::size_t doubt_above);

}  // namespace hearth::packs::mandates::inside
