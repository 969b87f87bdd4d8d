// A daemon with test packs, started the way hearthd is.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "config/settings.hpp"
#include "daemon/daemon.hpp"
#include "io/signals.hpp"
#include "ipc/paths.hpp"
#include "support/echo_pack.hpp"
#include "support/task_pack.hpp"

namespace {

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace hearth;
  io::hold_signals({SIGTERM, SIGINT, SIGHUP, SIGUSR1});
  daemon::Options options;
  const auto paths = ipc::resolve_paths();
  if (!paths) return 2;
  options.paths = *paths;
  const auto settings = config::load_settings(paths->config, environment);
  if (!settings) return 2;
  options.settings = *settings;
  options.binary = argv[0];
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--ready-fd") options.ready.emplace(std::atoi(argv[i + 1]));
    if (option == "--data") options.paths.data = argv[i + 1];
    if (option != "--private-fd") continue;
    options.private_connection.emplace(std::atoi(argv[i + 1]));
    options.log_to_file = false;
  }
  daemon::Daemon daemon(std::move(options));
  daemon.add(std::make_unique<test::EchoPack>());
  daemon.add(std::make_unique<test::TaskPack>());
  return daemon.run();
}
