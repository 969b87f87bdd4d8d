#include "packs/sql/postgres_server.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/unique_fd.hpp"
#include "packs/sql/engine/pg/link.hpp"
#include "support/sizes.hpp"

namespace hearth::test {
namespace {

// Debian keeps each version's programs in a directory of its own; the newest counts.
std::string programs() {
  std::string newest;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
    const std::string folder = entry.path().string() + "/bin/";
    if (::access((folder + "initdb").c_str(), X_OK) == 0 && folder > newest) newest = folder;
  }
  return newest;
}

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "the PostgreSQL of the tests: %s\n", why.c_str());
  std::abort();
}

// One that nobody had a moment ago.
int free_port() {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.get(), any, size) != 0 || ::getsockname(socket.get(), any, &size) != 0)
    give_up("has no port");
  return ntohs(address.sin_port);
}

std::unique_ptr<PostgresServer>& shared_server() {
  static std::unique_ptr<PostgresServer> server;
  return server;
}

class EndOfTests final : public testing::Environment {
 public:
  void TearDown() override { shared_server().reset(); }
};
// gtest owns it.
[[maybe_unused]] const testing::Environment* const end_of_tests =
    testing::AddGlobalTestEnvironment(new EndOfTests);

}  // namespace

bool PostgresServer::is_installed() {
  return !programs().empty();
}

PostgresServer::PostgresServer(Tls tls) : tls_(tls) {
  if (::geteuid() == 0) {
    const passwd* const nobody = ::getpwnam("nobody");
    if (nobody == nullptr ||
        ::chown(directory_.path().c_str(), nobody->pw_uid, nobody->pw_gid) != 0)
      give_up("cannot give it to nobody");
    user_ = nobody->pw_uid;
  }
  const Outcome made =
      run(plan({programs() + "initdb", "--pgdata", directory_ / "data", "--username=postgres",
                "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"}),
          patience);
  if (made.exit_code != 0) give_up(made.describe());
  if (tls_ == Tls::yes) make_certificate();
  start();
}

void PostgresServer::make_certificate() {
  const Outcome made = run(plan({"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                                 "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                                 "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                                 "-keyout", directory_ / "server.key", "-out", certificate()}),
                           patience);
  if (made.exit_code != 0) give_up(made.describe());
}

std::vector<std::string> PostgresServer::command() const {
  std::vector<std::string> words{programs() + "postgres", "-D", directory_ / "data", "-k",
                                 directory_.path()};
  std::vector<std::string> settings{"shared_buffers=16MB", "max_connections=150", "fsync=off",
                                    "restart_after_crash=on", "port=" + std::to_string(port_)};
  if (tls_ == Tls::yes) {
    settings.insert(settings.end(),
                    {"listen_addresses=127.0.0.1", "ssl=on", "ssl_cert_file=" + certificate(),
                     "ssl_key_file=" + directory_ / "server.key"});
  } else {
    settings.emplace_back("listen_addresses=");
  }
  for (std::string& each : settings) words.insert(words.end(), {"-c", std::move(each)});
  return words;
}

PostgresServer::~PostgresServer() {
  server_->signal(SIGQUIT);  // at once, without a checkpoint
  (void)server_->wait(patience);
}

std::string PostgresServer::location(const std::string& database) const {
  return "host=" + directory_.path() + " user=postgres dbname=" + database;
}

void PostgresServer::kill_and_restart() {
  server_->signal(SIGKILL);
  (void)server_->wait(patience);
  server_.reset();
  start();
}

void PostgresServer::allow(const std::string& line) {
  const std::string path = directory_ / "data/pg_hba.conf";
  write_file(path, line + "\n" + read_file(path));
  server_->signal(SIGHUP);
}

Plan PostgresServer::plan(std::vector<std::string> words) const {
  Plan plan{.words = std::move(words), .environment = {{"LC_ALL", "C"}}, .before_exec = {}};
  plan.cwd = directory_.path();
  plan.before_exec = [user = user_] {
    if (user && (::setgid(*user) != 0 || ::setuid(*user) != 0)) ::_exit(1);
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);  // a test program that crashes leaves no server
  };
  return plan;
}

// After a KILL the old server's children may need a moment to go; until then a new one refuses.
void PostgresServer::start() {
  const auto is_ready = [&] {
    if (!server_ || !server_->is_running()) {
      server_.reset();
      if (tls_ == Tls::yes) port_ = free_port();  // another one where somebody was quicker
      server_.emplace(plan(command()));
    }
    return packs::sql::pg::Link::connect({{"host", directory_.path()},
                                          {"port", std::to_string(port_)},
                                          {"user", "postgres"},
                                          {"dbname", "postgres"}},
                                         {})
        .has_value();
  };
  if (!eventually(is_ready, patience)) give_up("does not start");
}

PostgresServer& postgres_server() {
  if (!shared_server()) shared_server() = std::make_unique<PostgresServer>();
  return *shared_server();
}

}  // namespace hearth::test
