// What every command works with: the options, the settings and a way to the daemon.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "cli/globals.hpp"
#include "cli/output.hpp"
#include "client/client.hpp"
#include "config/settings.hpp"
#include "ipc/paths.hpp"

namespace hearth::cli {

class Context {
 public:
  Context(Globals globals, const Output& output) : globals_(std::move(globals)), output_(output) {}

  [[nodiscard]] const Globals& globals() const { return globals_; }
  [[nodiscard]] const Output& output() const { return output_; }

  // Where everything is, the data directory as --data or the configuration says.
  [[nodiscard]] Result<ipc::Paths> paths() const;
  // Configuration file, project file, environment and options; the namespace is checked.
  [[nodiscard]] Result<config::ClientSettings> settings() const;
  // How to connect, in the mode that the settings ask for.
  [[nodiscard]] Result<client::Options> client_options(const std::string& kind) const;

  // Connects as the settings say, starting a daemon if need be; notes a fallback on standard error.
  [[nodiscard]] Result<client::Connection> connect() const;
  // Connects to the shared daemon if one runs; `unavailable` when none does.
  [[nodiscard]] Result<client::Connection> connect_running() const;
  // The shared daemon, started with `more` arguments if there is none.
  [[nodiscard]] Result<client::Connection> connect_shared(
      const std::vector<std::string>& more = {}) const;

  // For one request: --timeout, else ten minutes (tools have their own, shorter limits).
  [[nodiscard]] std::chrono::milliseconds request_timeout() const;

 private:
  Globals globals_;
  const Output& output_;
};

// nullptr-safe getenv.
[[nodiscard]] std::optional<std::string> environment(const char* name);
[[nodiscard]] std::string working_directory();

}  // namespace hearth::cli
