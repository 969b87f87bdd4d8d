// The client side of the socket: find the daemon or start it, greet it, exchange messages with a
// deadline. Synchronous, poll(2) only, so that the `hearth` binary stays small and starts in a
// millisecond.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
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
  std::string daemon_binary;  // hearthd to spawn; empty: the one beside this program
  std::vector<std::string> daemon_arguments;  // passed on to a hearthd that we start
  std::chrono::milliseconds timeout{15'000};  // for connecting, spawning and greeting together
  // Asked now and then while connect() waits; true ends the attempt with `cancelled` (the bridge's
  // client has gone).
  std::function<bool()> is_abandoned;
};

// Why a shared daemon could not serve; the words of the fallback counters in `daemon status`.
struct Fallback {
  std::string reason;   // "spawn_failed", "config_mismatch", "namespace_mismatch", "store_owned", …
  std::string message;  // one sentence
};

// A greeted connection. Not thread-safe.
class Connection {
 public:
  Connection(Options options, UniqueFd socket, ipc::Welcome welcome)
      : options_(std::move(options)), socket_(std::move(socket)), welcome_(std::move(welcome)) {}

  using OnNotification = std::function<void(const json::Value&)>;

  // Sends a request and waits for its answer until `timeout`. Notifications that arrive meanwhile
  // go to `on_other`. A JSON-RPC error comes back as an Error with the code named in its data, else
  // `internal`.
  [[nodiscard]] Result<json::Value> request(std::string_view method,
                                            const json::Object& params,
                                            std::chrono::milliseconds timeout,
                                            const OnNotification& on_other = nullptr);
  // Calls an MCP tool. The result is the tool's structured content; a tool error comes back as an
  // Error with its code, message and suggestions. Every call carries a key: when the daemon dies or
  // drains meanwhile, the call is sent again to its successor, which returns the stored result
  // instead of doing it twice.
  [[nodiscard]] Result<json::Value> call_tool(std::string_view tool,
                                              const json::Value& arguments,
                                              std::chrono::milliseconds timeout,
                                              const OnNotification& on_other = nullptr);
  // The descriptions of all tools the daemon lists (MCP's Tool objects).
  [[nodiscard]] Result<json::Array> list_tools(std::chrono::milliseconds timeout);

  [[nodiscard]] const ipc::Welcome& welcome() const { return welcome_; }
  // Set when a private daemon serves this connection although the shared one was wanted.
  [[nodiscard]] const std::optional<Fallback>& fallback() const { return fallback_; }
  void note_fallback(Fallback fallback) { fallback_ = std::move(fallback); }
  [[nodiscard]] int fd() const { return socket_.get(); }
  // Something else to wait for while listening; -1: nothing.
  struct Beside {
    int fd = -1;
    std::function<bool()> on_readable;
  };
  // Passes on what the daemon says by itself, until it goes (`unavailable`) or one of the functions
  // is false.
  [[nodiscard]] Result<void> listen(const std::function<bool(const json::Value&)>& on_other,
                                    const Beside& beside);
  [[nodiscard]] Result<void> listen(const std::function<bool(const json::Value&)>& on_other) {
    return listen(on_other, {});
  }
  // Whether the peer has closed the connection; waits for that until `deadline`.
  [[nodiscard]] bool wait_for_end(MonotonicTime deadline);

 private:
  // What the daemon says next; valid until the next call.
  [[nodiscard]] Result<std::string_view> next_message(MonotonicTime deadline);
  [[nodiscard]] Result<json::Value> exchange(std::string_view message,
                                             std::string_view id,
                                             MonotonicTime deadline,
                                             const OnNotification& on_other);
  [[nodiscard]] Result<void> reconnect();

  Options options_;
  UniqueFd socket_;
  ipc::Welcome welcome_;
  std::optional<Fallback> fallback_;
  ipc::FrameReader reader_{ipc::Framing::length_prefixed};
  std::int64_t next_id_ = 1;
};

// Whether the daemon says by this that somebody wants it gone: then no other is to be started. One
// that retires has a successor.
[[nodiscard]] bool tells_of_stop(const json::Value& message);

// Connects as `options.mode` says. On ENOENT and ECONNREFUSED only, and only if the mode allows,
// starts a daemon under the spawn lock; every other failure is an error to report. Never kills a
// slow daemon, never starts a second one.
[[nodiscard]] Result<Connection> connect(const Options& options);

}  // namespace hearth::client
