#include "cli/context.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/version.hpp"
#include "ipc/hello.hpp"

namespace hearth::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds default_request_timeout = std::chrono::minutes(10);
constexpr milliseconds longest_wait = std::chrono::hours(24 * 20);  // poll(2) counts in an int

client::Mode mode_of(const config::ClientSettings& settings) {
  if (settings.no_daemon) return client::Mode::private_only;
  return settings.strict ? client::Mode::shared : client::Mode::with_fallback;
}

// What a hearthd that we start must be told besides its configuration file.
std::vector<std::string> daemon_arguments(const Globals& globals,
                                          const config::ClientSettings& settings) {
  std::vector<std::string> words;
  if (settings.idle_timeout) words.push_back("--idle-timeout=" + *settings.idle_timeout);
  if (settings.drain_timeout) words.push_back("--drain-timeout=" + *settings.drain_timeout);
  if (!globals.data.empty()) words.push_back("--data=" + globals.data);
  std::string packs;
  for (const std::string& pack : globals.packs) packs += (packs.empty() ? "" : ",") + pack;
  if (!packs.empty()) words.push_back("--packs=" + packs);
  return words;
}

}  // namespace

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::string working_directory() {
  std::array<char, 4096> path{};
  return ::getcwd(path.data(), path.size()) == nullptr ? "" : path.data();
}

Result<ipc::Paths> Context::paths() const {
  auto paths = ipc::resolve_paths();
  if (paths && !globals_.data.empty()) paths->data = globals_.data;
  return paths;
}

Result<config::ClientSettings> Context::settings() const {
  const auto where = paths();
  if (!where) return std::unexpected(where.error());
  auto settings = config::load_client_settings(where->config, working_directory(), environment,
                                               globals_.overrides);
  if (!settings) return settings;
  if (auto checked = ipc::check_namespace(settings->name_space); !checked)
    return std::unexpected(std::move(checked.error()));
  return settings;
}

Result<client::Options> Context::client_options(const std::string& kind) const {
  auto where = paths();
  if (!where) return std::unexpected(std::move(where.error()));
  auto settings = this->settings();
  if (!settings) return std::unexpected(std::move(settings.error()));
  client::Options options;
  options.paths = std::move(*where);
  options.mode = mode_of(*settings);
  options.daemon_binary = settings->daemon_binary;
  options.daemon_arguments = daemon_arguments(globals_, *settings);
  if (globals_.timeout && globals_.timeout->count() > 0)
    options.timeout = std::min(options.timeout, *globals_.timeout);
  options.greeting.client_name = "hearth";
  options.greeting.client_version = version();
  options.greeting.pid = ::getpid();
  options.greeting.kind = kind;
  options.greeting.name_space = settings->name_space;
  options.greeting.cwd = working_directory();
  options.greeting.packs = globals_.packs;
  options.greeting.data = globals_.data;
  options.greeting.read_only = settings->read_only;
  return options;
}

Result<client::Connection> Context::connect() const {
  const auto options = client_options("cli");
  if (!options) return std::unexpected(options.error());
  auto connection = client::connect(*options);
  if (!connection) return connection;
  if (const auto& fallback = connection->fallback()) {
    output_.note("using a private daemon (" + fallback->reason + "): " + fallback->message);
  }
  if (!connection->welcome().store_owner.empty())
    output_.note("stores open for reading only (issues, which live in git, are written): " +
                 connection->welcome().store_owner);
  return connection;
}

Result<client::Connection> Context::connect_running() const {
  auto options = client_options("cli");
  if (!options) return std::unexpected(options.error());
  options->mode = client::Mode::shared_only;
  return client::connect(*options);
}

Result<client::Connection> Context::connect_shared(const std::vector<std::string>& more) const {
  auto options = client_options("cli");
  if (!options) return std::unexpected(options.error());
  options->mode = client::Mode::shared;
  options->daemon_arguments.insert(options->daemon_arguments.end(), more.begin(), more.end());
  return client::connect(*options);
}

milliseconds Context::request_timeout() const {
  const milliseconds wanted = globals_.timeout.value_or(default_request_timeout);
  return wanted.count() == 0 ? longest_wait : std::min(wanted, longest_wait);
}

}  // namespace hearth::cli
