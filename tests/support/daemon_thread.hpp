// A daemon with the test packs, on a thread of the test, in a home of its own.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "daemon/daemon.hpp"
#include "io/signals.hpp"
#include "support/ask_pack.hpp"
#include "support/echo_pack.hpp"
#include "support/scratch_directory.hpp"
#include "support/test_client.hpp"

namespace hearth::test {

[[nodiscard]] inline ipc::Paths paths_below(const std::string& home) {
  return {home + "/run", home + "/data", home + "/state", home + "/config.toml"};
}

[[nodiscard]] inline daemon::Options quiet_options(const ipc::Paths& paths) {
  daemon::Options options;
  options.paths = paths;
  options.settings.log_level = log::Level::error;
  options.settings.drain_timeout = std::chrono::seconds(5);
  options.log_to_file = false;
  options.lock_patience = std::chrono::milliseconds(0);
  return options;
}

class DaemonThread final {
 public:
  // Returns when the daemon serves or has said why it does not: readiness().
  explicit DaemonThread(daemon::Options options,
                        std::unique_ptr<daemon::Front> front = nullptr,
                        std::unique_ptr<pack::Pack> another = nullptr)
      : paths_(options.paths) {
    io::hold_signals({SIGTERM, SIGINT, SIGHUP, SIGUSR1});
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    const UniqueFd ready(ends[0]);
    options.ready.emplace(ends[1]);
    daemon_ = std::make_unique<daemon::Daemon>(std::move(options));
    auto pack = std::make_unique<EchoPack>();
    pack_ = pack.get();
    daemon_->add(std::move(pack));
    daemon_->add(std::make_unique<AskPack>());
    if (another) daemon_->add(std::move(another));
    if (front) daemon_->add(std::move(front));
    thread_ = std::thread([this] { exit_status_ = daemon_->run(); });
    char chunk[512];
    for (ssize_t got = 0; (got = ::read(ready.get(), chunk, sizeof chunk)) > 0;) {
      readiness_.append(chunk, static_cast<std::size_t>(got));
    }
  }
  ~DaemonThread() {
    if (thread_.joinable()) (void)stop();
  }
  DaemonThread(const DaemonThread&) = delete;
  DaemonThread& operator=(const DaemonThread&) = delete;

  [[nodiscard]] const std::string& readiness() const { return readiness_; }
  [[nodiscard]] const ipc::Paths& paths() const { return paths_; }
  [[nodiscard]] std::string socket() const { return paths_.socket(); }
  [[nodiscard]] daemon::Daemon& daemon() { return *daemon_; }
  [[nodiscard]] EchoPack& pack() { return *pack_; }

  // A client that has been greeted.
  [[nodiscard]] TestClient client() const {
    TestClient client(socket());
    if (!client.greet()) std::abort();
    return client;
  }
  // Waits for the end; the exit status.
  int join() {
    thread_.join();
    daemon_.reset();
    return exit_status_;
  }
  int stop() {
    daemon_->stop("test");
    return join();
  }

 private:
  ipc::Paths paths_;
  std::unique_ptr<daemon::Daemon> daemon_;
  EchoPack* pack_ = nullptr;  // the daemon's
  std::thread thread_;
  std::string readiness_;
  int exit_status_ = -1;
};

}  // namespace hearth::test
