// A HEARTH_HOME in which test daemons are started, and killed in the end.
#pragma once

#include <csignal>
#include <cstdlib>
#include <string>

#include "base/file_lock.hpp"
#include "client/client.hpp"
#include "support/process.hpp"
#include "support/scratch_directory.hpp"
#include "support/test_client.hpp"

namespace hearth::test {

class DaemonHome final {
 public:
  DaemonHome() { ::setenv("HEARTH_HOME", scratch_.path().c_str(), 1); }
  ~DaemonHome() { kill_daemon(); }
  DaemonHome(const DaemonHome&) = delete;
  DaemonHome& operator=(const DaemonHome&) = delete;

  [[nodiscard]] const std::string& path() const { return scratch_.path(); }
  [[nodiscard]] ipc::Paths paths() const {
    return {path() + "/run", path() + "/data", path() + "/state", path() + "/config.toml"};
  }
  [[nodiscard]] static std::string binary(const std::string& name) {
    return std::string(HEARTH_BIN_DIR) + "/" + name;
  }
  [[nodiscard]] client::Options options(client::Mode mode = client::Mode::shared) const {
    client::Options options;
    options.paths = paths();
    options.greeting = TestClient::default_greeting();
    options.mode = mode;
    options.daemon_binary = binary("test_daemon");
    options.timeout = std::chrono::seconds(30);
    return options;
  }
  void configure(const std::string& text) const { write_file(paths().config, text); }

  // The process that holds the daemon's lock; 0 when none does.
  [[nodiscard]] pid_t daemon_pid() const {
    const auto holder = lock_holder(paths().lock());
    return holder && holder->starts_with("pid ") ? std::atoi(holder->c_str() + 4) : 0;
  }
  void kill_daemon() const {
    const pid_t pid = daemon_pid();
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    (void)eventually([&] { return !is_alive(pid); }, std::chrono::seconds(20));
  }

 private:
  ScratchDirectory scratch_{"client"};
};

}  // namespace hearth::test
