// The client side of the socket: find the daemon or start it, greet it, exchange messages with a deadline.
// Synchronous, poll(2) only, so that the `hearth` binary stays small and starts in a millisecond.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "ipc/frame.hpp"
#include "ipc/hello.hpp"
#include "ipc/paths.hpp"
#include "json/json.hpp"

namespace hearth::client {

enum class Mode : std::uint8_t {
  shared,         // the shared daemon, started if there is none; an error if it cannot serve
  shared_only,    // never start one: `daemon status`, `daemon stop`
  with_fallback,  // the shared daemon, else private mode with a typed, logged and counted reason
  private_only,   // `--no-daemon`
};

struct Options {
  ipc::Paths paths;
  ipc::Greeting greeting;  // client name, kind, namespace, cwd, overrides
  Mode mode = Mode::with_fallback;
  std::string daemon_binary;                  // hearthd to spawn; empty: the one beside this program
  std::vector<std::string> daemon_arguments;  // passed on to a hearthd that we start
  std::chrono::milliseconds timeout{10'000};  // for connecting, spawning and greeting together
};

// Why a shared daemon could not serve; the words of the fallback counters in `daemon status`.
struct Fallback {
  std::string reason;   // "spawn_failed", "config_mismatch", "namespace_mismatch", "store_owned", …
  std::string message;  // one sentence
};

// A greeted connection. Not thread-safe. The daemon's requests to us do not occur on it (the bridge forwards those).
class Connection {
 public:
  Connection(UniqueFd socket, ipc::Welcome welcome) : socket_(std::move(socket)), welcome_(std::move(welcome)) {}

  using OnNotification = std::function<void(const json::Value&)>;

  // Sends a request and waits for its answer until `timeout`. Notifications that arrive meanwhile go to `on_other`.
  // A JSON-RPC error comes back as an Error with the code named in its data, or by its number.
  [[nodiscard]] Result<json::Value> request(std::string_view method,
                                            const json::Object& params,
                                            std::chrono::milliseconds timeout,
                                            const OnNotification& on_other = nullptr);
  // Calls an MCP tool (the session is initialised at the first call). The result is the tool's structured content; a
  // tool error comes back as an Error with its code, message and suggestions. Every call carries an idempotency key.
  [[nodiscard]] Result<json::Value> call_tool(std::string_view tool,
                                              const json::Value& arguments,
                                              std::chrono::milliseconds timeout,
                                              const OnNotification& on_other = nullptr);
  // The descriptions of all tools the daemon lists (MCP's Tool objects).
  [[nodiscard]] Result<json::Array> list_tools(std::chrono::milliseconds timeout);

  [[nodiscard]] const ipc::Welcome& welcome() const { return welcome_; }
  [[nodiscard]] const std::optional<Fallback>& fallback() const { return fallback_; }
  void note_fallback(Fallback fallback) { fallback_ = std::move(fallback); }
  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] UniqueFd release() { return std::move(socket_); }

 private:
  UniqueFd socket_;
  ipc::Welcome welcome_;
  std::optional<Fallback> fallback_;
  ipc::FrameReader reader_;
  std::int64_t next_id_ = 1;
  bool initialised_ = false;
};

// Connects as `options.mode` says. On ENOENT and ECONNREFUSED only, and only if the mode allows, starts a daemon under
// the spawn lock; every other failure is an error to report. Never kills a slow daemon, never starts a second one.
[[nodiscard]] Result<Connection> connect(const Options& options);

}  // namespace hearth::client
