// What `hearth daemon status` shows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "daemon/server.hpp"
#include "ipc/paths.hpp"
#include "json/json.hpp"
#include "mcp/catalog.hpp"
#include "pack/pack.hpp"

namespace hearth::daemon {

struct StatusInput {
  std::string_view state;
  std::string config_id;
  std::string store_owner;  // empty: this process
  WallTime started;
  WallTime now;
  bool is_private = false;
  const ipc::Paths& paths;
  const Server& server;
  const mcp::Catalog& catalog;
  std::vector<const pack::Pack*> packs;
  std::string last_reload_error;  // empty when the last reload was good
};

// Resident bytes of this process.
[[nodiscard]] std::int64_t resident_bytes();

// What "sessions" says of one, whatever its transport.
[[nodiscard]] json::Object describe_session(const mcp::Session& session,
                                            std::size_t queued_bytes,
                                            WallTime opened);

// The result of daemon/status. Loop thread; takes well under a millisecond.
[[nodiscard]] json::Object make_status(const StatusInput& input);

}  // namespace hearth::daemon
