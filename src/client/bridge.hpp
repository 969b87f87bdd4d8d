// `hearth mcp`: the stdio MCP server that an AI client starts. Forwards messages, and keeps its
// client's session alive while the daemon is killed, stopped, upgraded or restarted.
#pragma once

#include "client/client.hpp"

namespace hearth::client {

// Speaks newline-delimited JSON on standard input and output until end of file. Returns the
// process's exit status.
//
// Every tools/call gets a key. When the connection ends with requests unanswered, the bridge
// connects again (starting a daemon if need be), replays the handshake and sends them once more
// under the same keys; the daemon answers from the store what it has committed already. Without
// open requests it connects again at the next message only.
[[nodiscard]] int run_bridge(const Options& options);

}  // namespace hearth::client
