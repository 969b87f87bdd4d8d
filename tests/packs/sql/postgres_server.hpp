// The real PostgreSQL, on a Unix socket in a directory of its own, for as long as a test wants it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::test {

class PostgresServer final {
 public:
  // Whether there is one on this machine.
  [[nodiscard]] static bool is_installed();

  // A new cluster, and the server over it: both wait until they are ready, or end the test program.
  // As root they belong to `nobody`, because PostgreSQL refuses to run as root.
  PostgresServer() : PostgresServer(Tls::no) {}
  // With TLS it also listens on loopback, with a certificate of its own for `localhost`.
  enum class Tls : std::uint8_t { no, yes };
  explicit PostgresServer(Tls tls);
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;
  ~PostgresServer();

  // Of the superuser, as an alias names it.
  [[nodiscard]] std::string location(const std::string& database = "postgres") const;
  [[nodiscard]] std::string directory() const { return directory_.path(); }
  [[nodiscard]] pid_t pid() const { return server_->pid(); }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string certificate() const { return directory_ / "server.crt"; }

  // KILL to the server itself, and a new one over what is left on the disk.
  void kill_and_restart();
  // Puts a line before the others of pg_hba.conf, and has the server read it.
  void allow(const std::string& line);

 private:
  [[nodiscard]] Plan plan(std::vector<std::string> words) const;
  void make_certificate();
  [[nodiscard]] std::vector<std::string> command() const;
  void start();

  ScratchDirectory directory_{"postgres"};
  const Tls tls_;
  int port_ = 5432;               // also part of the name of its Unix socket
  std::optional<unsigned> user_;  // whose it is, when it cannot be ours
  std::optional<Process> server_;
};

// The one that the tests of a program share; started at its first use, ended with the program's
// tests.
[[nodiscard]] PostgresServer& postgres_server();

}  // namespace hearth::test
