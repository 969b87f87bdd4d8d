// The proof that the walls hold on this machine, today.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth::packs::mandates::sandbox {

struct Settings;

enum class Wall : std::uint8_t {
  system,        // the machine's files cannot be written
  files,         // others than the workspace's cannot be seen: secrets, sockets, hearth's own
  environment,   // the daemon's variables
  descriptors,   // the daemon's open files
  network,       // no way out
  processes,     // others cannot be signalled, traced or read
  privileges,    // not root, no capability, no way to gain any
  namespaces,    // no further ones, no mounts
  system_calls,  // the filter
  landlock,
  memory,         // one that takes too much is ended
  process_count,  // one that starts too many cannot
  time,           // one that takes too long is ended
  tree,           // what it leaves behind ends with it
  output,         // one that prints too much is ended
};
[[nodiscard]] std::string_view wall_name(Wall wall);

struct WallReport {
  enum class State : std::uint8_t {
    holds,
    broken,
    absent,  // the kernel has none of it; allowed for Landlock alone
  };
  Wall wall{};
  State state = State::broken;
  std::string detail;
};

struct SelfTest {
  std::vector<WallReport> walls;  // all, in the order of Wall
  [[nodiscard]] bool is_passed() const;
  [[nodiscard]] std::string describe()
      const;  // "landlock: absent; network: broken (…)", or "all hold"
};

// An error when no sandbox can be made at all.
[[nodiscard]] Result<SelfTest> try_walls(const Settings& settings, const std::stop_token& stop);

}  // namespace hearth::packs::mandates::sandbox
