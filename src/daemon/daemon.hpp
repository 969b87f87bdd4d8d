// The daemon: builds nothing by itself, runs what it is given, and leaves in order.
//
//   hearth::daemon::Daemon daemon(options);
//   daemon.add(std::make_unique<MyPack>());
//   return daemon.run();          // until stopped, idle or told to retire
//
// States: initialized → starting → running → draining → stopped, or error. examples/embed is a
// whole program.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/unique_fd.hpp"
#include "config/settings.hpp"
#include "daemon/front.hpp"
#include "ipc/paths.hpp"
#include "pack/pack.hpp"

namespace hearth::daemon {

enum class State : std::uint8_t { initialized, starting, running, draining, stopped, error };
[[nodiscard]] std::string_view state_name(State state);

struct Options {
  ipc::Paths paths;
  config::Settings settings;
  // Reads the settings again for `reload`; without it a reload is refused.
  std::function<Result<config::Settings>()> reload_settings;
  std::optional<UniqueFd>
      private_connection;            // private mode: one client on this socket, no rendezvous
  std::optional<UniqueFd> listener;  // handed over by a service manager
  std::optional<UniqueFd> ready;     // readiness pipe: "ready\n", or why not
  std::string binary;       // path of this program, recorded beside the data; empty: not recorded
  bool log_to_file = true;  // false: the log stays on standard error
  std::chrono::milliseconds lock_patience{15'000};  // for a predecessor that is leaving
};

class Daemon final {
 public:
  explicit Daemon(Options options);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  void add(std::unique_ptr<pack::Pack> pack);
  void add(std::unique_ptr<Front> front);
  // Serves on the calling thread. Process exit status: 0 after an orderly end, 6 when it could not
  // start.
  [[nodiscard]] int run();
  // Asks for an orderly end. Any thread.
  void stop(std::string reason);

 private:
  class Core;  // keeps Asio out of this header
  std::unique_ptr<Core> core_;
};

}  // namespace hearth::daemon
