// Landlock: the kernel's own rule about which files this process and all that it starts may touch,
// however they are mounted. A second wall behind the mounts of the sandbox, for the day that one of
// them has a hole.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace hearth::packs::mandates::inside {

// The version of the kernel's Landlock; 0 where it has none, or where it is switched off.
[[nodiscard]] int landlock_version();

struct LandlockRules {
  std::vector<std::string> readable;  // these and what is below: read and execute
  std::vector<std::string> devices;   // read, write and ioctl, but nothing new
  std::vector<std::string> writable;  // everything
};

// From here on this thread, and what it starts, reaches nothing else; it signals nobody outside and
// finds no abstract socket of others where the kernel is new enough (6.12). There is no way back.
// Paths that do not exist are left out. Nothing happens, successfully, where there is no Landlock.
[[nodiscard]] Result<void> restrict_with_landlock(const LandlockRules& rules);

}  // namespace hearth::packs::mandates::inside
