// Where everything of one user lives, and the rendezvous files by which clients find the daemon.
//
// Follows the XDG base directory specification; HEARTH_HOME moves all of it together (run/, data/,
// state/ and config.toml under it), so that there is never a socket here and its pid file there.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace hearth::ipc {

struct Paths {
  std::string runtime;  // 0700: lock, socket, discovery
  std::string data;     // stores, one directory a namespace
  std::string state;    // logs, counters
  std::string config;   // config.toml, need not exist

  [[nodiscard]] std::string socket() const { return runtime + "/hearthd.sock"; }
  [[nodiscard]] std::string lock() const { return runtime + "/hearthd.lock"; }
  [[nodiscard]] std::string spawn_lock() const { return runtime + "/hearthd.spawn.lock"; }
  [[nodiscard]] std::string discovery() const { return runtime + "/hearthd.json"; }
  [[nodiscard]] std::string log() const { return state + "/hearthd.log"; }
  // The key of what calls leave with their callers (mcp/request_state.hpp).
  [[nodiscard]] std::string seal_key() const { return state + "/request-state.key"; }
  [[nodiscard]] std::string fallbacks() const { return state + "/fallbacks.log"; }
  [[nodiscard]] std::string store_lock() const { return data + "/hearthd.lock"; }
  [[nodiscard]] std::string newest() const { return data + "/newest.json"; }
  // Everything of hearth's, which is nobody's project.
  [[nodiscard]] std::vector<std::string> all() const { return {data, state, runtime, config}; }
};

// Reads HEARTH_HOME, XDG_* and HOME through `environment` (nullptr-safe getenv). Touches no file.
// `invalid_args` when HEARTH_HOME is relative, or neither it nor HOME is set, or the socket path
// would not fit into sockaddr_un.
using Environment = std::function<std::optional<std::string>(const char*)>;
[[nodiscard]] Result<Paths> resolve_paths(const Environment& environment, unsigned uid);
[[nodiscard]] Result<Paths> resolve_paths();  // of this process

// Makes `path` (and missing parents, 0700) a directory that only its owner may enter: refuses a
// symlink or another owner's directory, narrows wider modes and says so in the log.
[[nodiscard]] Result<void> ensure_private_directory(const std::string& path);

}  // namespace hearth::ipc
