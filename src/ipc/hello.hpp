// The first exchange on a framed connection: who the client is, what it insists on, and the
// daemon's answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth::ipc {

// Grows when frames or hello change so that an older end would misunderstand. Both ends speak the
// lower of the two; a daemon serves every protocol from `oldest_protocol` on.
inline constexpr int protocol_version = 1;
inline constexpr int oldest_protocol = 1;

// What a client says of itself and insists on ("hello").
struct Greeting {
  int protocol = protocol_version;
  std::string client_name;     // "hearth", or what the MCP client calls itself
  std::string client_version;  //
  std::int64_t pid = 0;        // 0: the daemon takes the peer's
  std::string kind = "cli";    // "bridge" | "cli" | "embedded"
  std::string name_space = "default";
  std::string cwd;
  std::string resume;       // session token of an earlier connection; empty for a new session
  bool is_compact = false;  // tools/list shows `request` and `verbs` only, which reach all others
  // Explicit overrides only: what the user demanded on this command line. A daemon that serves
  // otherwise refuses.
  std::vector<std::string> packs;  // empty: whatever is served
  std::string data;                // store path; empty: whatever is served
  bool read_only = false;          // bound to the session, never a mismatch
};

// The daemon's answer to a greeting it accepts.
struct Welcome {
  int protocol = protocol_version;
  std::string version;     // of hearthd
  std::int64_t pid = 0;    //
  std::string started_at;  // RFC 3339
  std::string state;       // "starting" | "running"
  std::string config_id;   // fingerprint of what changes answers
  std::string session;     // public id of this session
  std::string resume;      // token that keeps the session's identity over a reconnect
  std::string challenge;   // of this connection: who decides in person answers with it
  std::string
      store_owner;  // who owns the stores, when that is another process and this daemon only reads
};

// The rule of is_namespace(), with what was expected.
[[nodiscard]] Result<void> check_namespace(std::string_view name);

[[nodiscard]] std::string encode_greeting(
    const Greeting& greeting);  // a whole JSON-RPC request with id 0
[[nodiscard]] Result<Greeting> decode_greeting(std::string_view message);
[[nodiscard]] std::string encode_welcome(
    const Welcome& welcome);  // a whole JSON-RPC response to id 0
[[nodiscard]] std::string encode_refusal(const Error& error, std::string_view reason);
// The welcome, or the refusal as an Error whose message starts with the daemon's reason word.
struct Refusal {
  std::string reason;  // "namespace_mismatch", "config_mismatch", "protocol_mismatch", "draining",
                       // "busy", "wrong_user"
  Error error;
};
[[nodiscard]] std::expected<Welcome, Refusal> decode_welcome(std::string_view message);

}  // namespace hearth::ipc
