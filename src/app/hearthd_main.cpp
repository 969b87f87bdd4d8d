// hearthd: builds every object of the daemon, in order, in plain sight.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "app/listen_fds.hpp"
#include "app/packs.hpp"
#include "base/log.hpp"
#include "base/program_path.hpp"
#include "base/standard_streams.hpp"
#include "base/version.hpp"
#include "config/settings.hpp"
#include "daemon/daemon.hpp"
#include "io/signals.hpp"
#include "ipc/paths.hpp"
#include "packs/sql/duckdb/process.hpp"
#include "web/http_front.hpp"

namespace hearth::app {
namespace {

constexpr const char* usage =
    "usage: hearthd [option...]\n"
    "The warm daemon behind `hearth`; started by it when needed. Stays in the foreground.\n\n"
    "  --idle-timeout TIME    leave after this long without clients (30m; 0: never)\n"
    "  --drain-timeout TIME   how long calls may take to finish when leaving (10s)\n"
    "  --packs A,B            serve these packs only\n"
    "  --data DIR             keep the stores there\n"
    "  --http[=PORT]          serve MCP over HTTP as well, on 127.0.0.1\n"
    "  --log-level LEVEL      debug, info, warning or error\n"
    "  --stderr               log to standard error instead of the log file\n"
    "  --ready-fd N           write \"ready\" or the reason for failing to descriptor N\n"
    "  --private-fd N         serve the one client on socket N, and leave with it\n"
    "  --version, --help\n";

struct CommandLine {
  std::vector<config::Override> overrides;
  int ready_fd = -1;
  int private_fd = -1;
  bool log_to_file = true;
  bool shows_version = false;
  bool shows_help = false;
};

Result<int> parse_fd(std::string_view option, std::string_view text) {
  int fd = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), fd);
  const bool is_number = error == std::errc{} && end == text.data() + text.size();
  if (!is_number || fd < 0 || ::fcntl(fd, F_GETFD) < 0) {
    return fail(Errc::invalid_args,
                std::string(option) + ": expected an open descriptor, got " + std::string(text));
  }
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
}

Result<CommandLine> parse_command_line(const std::vector<std::string>& words) {
  struct Setting {
    std::string_view option;
    std::string_view key;
  };
  static constexpr std::array settings{
      Setting{"--idle-timeout", "idle_timeout"}, Setting{"--drain-timeout", "drain_timeout"},
      Setting{"--packs", "packs"}, Setting{"--data", "data"}, Setting{"--log-level", "log_level"}};
  CommandLine line;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    const std::string option = words[i].substr(0, equals);
    if (option == "--version") {
      line.shows_version = true;
      continue;
    }
    if (option == "--help" || option == "-h") {
      line.shows_help = true;
      continue;
    }
    if (option == "--stderr") {
      line.log_to_file = false;
      continue;
    }
    if (option == "--http") {  // its value is optional, so it does not take the next word
      const std::string port = equals == std::string::npos ? "on" : words[i].substr(equals + 1);
      line.overrides.push_back({"http", port, option});
      continue;
    }
    const auto setting = std::ranges::find(settings, std::string_view(option), &Setting::option);
    const bool is_fd = option == "--ready-fd" || option == "--private-fd";
    if (setting == settings.end() && !is_fd) {
      return fail(Errc::invalid_args, "unknown option " + option,
                  {"`hearthd --help` lists the options"});
    }
    if (equals == std::string::npos && i + 1 == words.size()) {
      return fail(Errc::invalid_args, option + " needs a value");
    }
    const std::string value =
        equals != std::string::npos ? words[i].substr(equals + 1) : words[++i];
    if (!is_fd) {
      line.overrides.push_back({std::string(setting->key), value, option});
      continue;
    }
    const auto fd = parse_fd(option, value);
    if (!fd) return std::unexpected(fd.error());
    (option == "--ready-fd" ? line.ready_fd : line.private_fd) = *fd;
  }
  return line;
}

// Failing before there is a Daemon to report it: to the readiness pipe, if there is one, and to
// standard error.
int refuse_start(const Error& error, int ready_fd) {
  std::string text = std::string(errc_name(error.code)) + " " + error.message + "\n";
  for (const std::string& suggestion : error.suggestions) text += suggestion + "\n";
  if (ready_fd >= 0) (void)!::write(ready_fd, text.data(), text.size());
  std::fprintf(stderr, "hearthd: %s\n", error.message.c_str());
  return exit_code(error.code);
}

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

int run_engine(std::string_view name) {
  if (name == "duckdb") return packs::sql::duckdb::run_engine_process();
  std::fprintf(stderr, "hearthd: there is no engine %s\n", std::string(name).c_str());
  return exit_code(Errc::invalid_args);
}

config::KnownPack known_pack(const pack::Pack& pack) {
  config::KnownPack known{std::string(pack.name()), {}};
  for (const pack::Setting& each : pack.settings())
    known.keys.push_back({each.name, each.expects, each.fits});
  if (const pack::SettingsCheck check = pack.settings_check(); check != nullptr) {
    known.misfit =
        [check](const config::PackSection& section) -> std::optional<config::PackMisfit> {
      auto misfit = check(section);
      if (!misfit) return std::nullopt;
      return config::PackMisfit{std::move(misfit->name), std::move(misfit->why)};
    };
  }
  return known;
}

int serve(const CommandLine& line) {
  auto paths = ipc::resolve_paths();
  if (!paths) return refuse_start(paths.error(), line.ready_fd);
  auto packs = make_packs();
  std::vector<config::KnownPack> known;
  for (const auto& pack : packs) known.push_back(known_pack(*pack));
  const auto load = [config = paths->config, overrides = line.overrides, known] {
    return config::load_settings(config, environment, overrides, known);
  };
  auto settings = load();
  if (!settings) return refuse_start(settings.error(), line.ready_fd);
  if (!settings->data.empty()) paths->data = settings->data;
  auto listener = take_handed_over_listener();
  if (!listener) return refuse_start(listener.error(), line.ready_fd);

  daemon::Options options;
  options.paths = *paths;
  options.settings = std::move(*settings);
  options.reload_settings = load;
  options.listener = std::move(*listener);
  if (line.ready_fd >= 0) options.ready.emplace(line.ready_fd);
  if (line.private_fd >= 0) options.private_connection.emplace(line.private_fd);
  options.binary = program_path();
  options.log_to_file = line.log_to_file && line.private_fd < 0;
  const bool is_private = line.private_fd >= 0;
  const config::Http http = options.settings.http;

  daemon::Daemon daemon(std::move(options));
  for (auto& pack : packs) daemon.add(std::move(pack));
  if (http.is_enabled && !is_private) {
    web::HttpOptions front{
        .address = http.address, .port = http.port, .requires_token = http.requires_token};
    for (const config::Approver& each : http.approvers)
      front.approvers.push_back(
          {each.name, each.sha256, each.file, each.environment, each.command});
    daemon.add(web::make_http_front(std::move(front)));
  }
  return daemon.run();
}

}  // namespace
}  // namespace hearth::app

int main(int argc, char** argv) {
  hearth::hold_standard_streams();
  // What hearthd starts for itself; before its signals are held, which are not for these.
  if (argc == 3 && std::string_view(argv[1]) == "--engine") return hearth::app::run_engine(argv[2]);
  hearth::io::hold_signals(
      {SIGTERM, SIGINT, SIGHUP, SIGUSR1});  // before anything else: none may be lost
  try {
    const auto line =
        hearth::app::parse_command_line(std::vector<std::string>(argv + 1, argv + argc));
    if (!line) return hearth::app::refuse_start(line.error(), -1);
    if (line->shows_help) return std::fputs(hearth::app::usage, stdout) < 0 ? 1 : 0;
    if (line->shows_version) {
      std::printf("hearthd %s\n", std::string(hearth::version()).c_str());
      return 0;
    }
    return hearth::app::serve(*line);
  } catch (const std::exception&
               error) {  // a bug or exhaustion: say so and let the client start another
    hearth::log::error("fatal", {hearth::log::kv("error", error.what())});
    return 1;
  }
}
