#include "cli/doctor.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/file_lock.hpp"
#include "base/version.hpp"
#include "cli/command.hpp"
#include "cli/human.hpp"
#include "cli/log_reader.hpp"
#include "client/spawn.hpp"
#include "ipc/socket.hpp"
#include "store/env.hpp"

namespace hearth::cli {
namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;
constexpr std::uint64_t low_space = 512 * mib;
constexpr std::uint64_t no_space = 32 * mib;

bool exists(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0;
}

std::string octal(mode_t mode) {
  std::string text;
  for (int shift = 9; shift >= 0; shift -= 3)
    text.push_back(static_cast<char>('0' + ((mode >> shift) & 7)));
  return text;
}

// `path`, or the nearest directory above it that exists.
std::string existing_part(std::string path) {
  while (!exists(path) && path.size() > 1) path = store::directory_of(path);
  return path;
}

std::string first_suggestion(const Error& error) {
  return error.suggestions.empty() ? "" : error.suggestions.front();
}

Check check_socket_mode(const ipc::Paths& paths) {
  Check check{.name = "socket", .health = Health::ok, .finding = paths.socket(), .advice = {}};
  struct stat info{};
  if (::lstat(paths.socket().c_str(), &info) != 0) return check;
  if (!S_ISSOCK(info.st_mode)) {
    return {check.name, Health::error, paths.socket() + " is no socket", "remove that file"};
  }
  if (info.st_uid != ::geteuid() || (info.st_mode & 077) != 0) {
    return {check.name, Health::error,
            paths.socket() + " has mode " + octal(info.st_mode & 07777) + " and owner " +
                std::to_string(info.st_uid) + "; only you should reach it",
            "hearth daemon stop; the next daemon makes a private one"};
  }
  return check;
}

// Whether a daemon answers; and if not, whether what lies there explains it.
Check check_daemon(const Context& context, const ipc::Paths& paths) {
  const std::string name = "daemon";
  const auto holder = lock_holder(paths.lock());
  const auto connection = context.connect_running();
  if (connection) {
    const ipc::Welcome& welcome = connection->welcome();
    const std::string who = "hearthd " + welcome.version + ", pid " + std::to_string(welcome.pid) +
                            ", is " + welcome.state;
    if (welcome.version != version()) {
      return {name, Health::warning, who + "; this program is " + std::string(version()),
              "hearth daemon stop; the newest version starts at the next command"};
    }
    return {name, Health::ok, who, ""};
  }
  const Error& error = connection.error();
  if (error.code != Errc::unavailable)
    return {name, Health::error, error.message, first_suggestion(error)};
  if (holder) {
    return {name, Health::warning, "nobody answers, but the lock is held by " + *holder,
            "it may be stopping; if it stays, hearth daemon logs tells why"};
  }
  if (exists(paths.socket())) {
    return {name, Health::ok,
            "none is running; a stale socket is there, which the next daemon replaces", ""};
  }
  return {name, Health::ok, "none is running; the next command starts one", ""};
}

Check check_daemon_binary(const Context& context) {
  const auto options = context.client_options("cli");
  if (!options) return {"hearthd", Health::error, options.error().message, ""};
  const auto binary = client::find_daemon_binary(*options);
  if (binary) return {"hearthd", Health::ok, *binary, ""};
  return {"hearthd", Health::error, binary.error().message, first_suggestion(binary.error())};
}

// ---- the command ------------------------------------------------------------------------------

std::string page_of(const std::vector<Check>& checks, const Look& look) {
  std::string page;
  for (const Check& check : checks) {
    std::string mark(health_name(check.health));
    mark.resize(9, ' ');
    if (look.color) {
      const char* color = check.health == Health::ok        ? "\x1b[32m"
                          : check.health == Health::warning ? "\x1b[33m"
                                                            : "\x1b[31m";
      mark = color + mark + "\x1b[0m";
    }
    std::string label = check.name;
    label.resize(std::max<std::size_t>(label.size() + 1, 20), ' ');
    page += mark + label + check.finding + "\n";
    if (!check.advice.empty()) page += std::string(29, ' ') + "→ " + check.advice + "\n";
  }
  return page;
}

Result<int> run_doctor(const Context& context, const Arguments&) {
  const auto paths = context.paths();
  if (!paths) return std::unexpected(paths.error());
  Globals globals = context.globals();
  if (!globals.timeout) globals.timeout = std::chrono::seconds(3);  // a stuck daemon is a finding
  const std::vector<Check> checks = examine(Context(std::move(globals), context.output()), *paths);
  json::Array list;
  for (const Check& check : checks) {
    list.push_back({{"name", check.name},
                    {"health", health_name(check.health)},
                    {"finding", check.finding},
                    {"advice", check.advice}});
  }
  const bool is_healthy =
      std::ranges::none_of(checks, [](const Check& c) { return c.health == Health::error; });
  const Output& output = context.output();
  const int status = output.result({{"healthy", is_healthy}, {"checks", std::move(list)}},
                                   page_of(checks, output.look()));
  return status != 0 || is_healthy ? status : 1;
}

constexpr std::array commands{
    Command{"doctor", "Check directories, daemon, configuration and limits",
            "Changes nothing. Exits with 1 when a check finds an error; warnings do not count.",
            nullptr, run_doctor},
};

}  // namespace

std::string_view health_name(Health health) {
  static constexpr std::array<std::string_view, 3> names{"ok", "warning", "error"};
  return names[static_cast<std::size_t>(health)];
}

Check check_directory(std::string name, const std::string& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT && ::access(existing_part(path).c_str(), W_OK | X_OK) == 0)
      return {std::move(name), Health::ok, path + " is not there yet; it is made when needed", ""};
    if (errno == ENOENT) errno = EACCES;
    return {std::move(name), Health::error,
            path + " cannot be made or looked at: " + std::strerror(errno),
            "give yourself write access to " + existing_part(path) + ", or set HEARTH_HOME"};
  }
  if (!S_ISDIR(info.st_mode)) {
    return {std::move(name), Health::error, path + " is no directory",
            "move it away, or set HEARTH_HOME"};
  }
  if (info.st_uid != ::geteuid()) {
    return {std::move(name), Health::error,
            path + " belongs to uid " + std::to_string(info.st_uid) + ", not to you",
            "set HEARTH_HOME to a directory of your own"};
  }
  if ((info.st_mode & 077) != 0) {
    return {std::move(name), Health::warning,
            path + " has mode " + octal(info.st_mode & 07777) + "; others can look into it",
            "chmod 700 " + path + " (the next daemon does it by itself)"};
  }
  if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0) {
    return {std::move(name), Health::error,
            path + " is not writable for you: " + std::strerror(errno), "chmod 700 " + path};
  }
  return {std::move(name), Health::ok, path, ""};
}

Check check_disk_space(const std::string& path) {
  const std::string name = "disk space";
  struct statvfs info{};
  if (::statvfs(existing_part(path).c_str(), &info) != 0) {
    return {name, Health::warning, "cannot tell for " + path + ": " + std::strerror(errno), ""};
  }
  const std::uint64_t free = std::uint64_t{info.f_bavail} * info.f_frsize;
  const std::string finding = human_bytes(free) + " free for " + path;
  if (free < no_space) return {name, Health::error, finding, "free some space; writes will fail"};
  if (free < low_space) return {name, Health::warning, finding, "free some space soon"};
  return {name, Health::ok, finding, ""};
}

Check check_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return {"open files", Health::warning, std::strerror(errno), ""};
  const bool is_unlimited = limit.rlim_max == RLIM_INFINITY;
  const std::string finding =
      "at most " + (is_unlimited ? std::string("unlimited") : std::to_string(limit.rlim_max));
  if (!is_unlimited && limit.rlim_max < 2048) {
    return {"open files", Health::warning, finding + "; each session takes one or two",
            "raise the hard limit (ulimit -Hn 8192, or limits.conf)"};
  }
  return {"open files", Health::ok, finding, ""};
}

Check check_daemon_config(const ipc::Paths& paths) {
  const auto settings = config::load_settings(paths.config, environment);
  if (!settings) {
    return {"daemon settings", Health::error, settings.error().message,
            settings.error().suggestions.empty() ? "correct it, then hearth daemon reload"
                                                 : settings.error().suggestions.front()};
  }
  return {"daemon settings", Health::ok,
          exists(paths.config) ? paths.config : paths.config + " is not there; defaults apply", ""};
}

Check check_client_config(const Context& context) {
  const auto settings = context.settings();
  if (!settings)
    return {"client settings", Health::error, settings.error().message,
            first_suggestion(settings.error())};
  std::string finding = "namespace " + settings->name_space;
  if (settings->no_daemon) finding += ", no shared daemon";
  if (settings->strict) finding += ", strict";
  if (settings->read_only) finding += ", read-only";
  return {"client settings", Health::ok, finding, ""};
}

Check check_discovery(const ipc::Paths& paths, bool is_running) {
  const std::string name = "discovery file";
  if (!exists(paths.discovery())) {
    if (!is_running) return {name, Health::ok, "none, as no daemon is running", ""};
    return {name, Health::warning, paths.discovery() + " is missing",
            "hearth daemon stop; the next daemon writes it"};
  }
  const auto text = store::system_env().read(paths.discovery(), 65536);
  const auto record =
      text ? json::parse(*text) : Result<json::Value>(std::unexpected(text.error()));
  if (!record) {
    return {name, Health::warning, paths.discovery() + ": " + record.error().message,
            "remove it; only other programs read it"};
  }
  const std::string pid = std::to_string(json::int_or(*record, "pid", 0));
  if (!is_running) {
    return {name, Health::ok, "left by pid " + pid + ", which is gone; the next daemon replaces it",
            ""};
  }
  return {name, Health::ok, "names pid " + pid, ""};
}

Check check_store_owner(const ipc::Paths& paths, bool is_running) {
  const std::string name = "stores";
  const auto owner = lock_holder(paths.store_lock());
  if (!owner) return {name, Health::ok, "not in use", ""};
  if (is_running && lock_holder(paths.lock()) == owner)
    return {name, Health::ok, "owned by the daemon", ""};
  return {name, Health::warning, "owned by " + (owner->empty() ? "another process" : *owner),
          "use that daemon (same HEARTH_HOME or XDG_RUNTIME_DIR), or stop it"};
}

Check check_fallbacks(const ipc::Paths& paths) {
  const std::string name = "fallbacks";
  if (!exists(paths.fallbacks())) return {name, Health::ok, "none", ""};
  const auto lines = last_lines(paths.fallbacks(), 100'000);
  if (!lines) return {name, Health::warning, lines.error().message, ""};
  if (lines->empty()) return {name, Health::ok, "none", ""};
  return {
      name, Health::warning,
      std::to_string(lines->size()) + " times a private daemon was used; last: " + lines->back(),
      "mend the reason, then remove " + paths.fallbacks()};
}

std::vector<Check> examine(const Context& context, const ipc::Paths& paths) {
  std::vector<Check> checks{{"version", Health::ok, "hearth " + std::string(version()), ""},
                            check_daemon_binary(context),
                            check_daemon_config(paths),
                            check_client_config(context),
                            check_directory("runtime directory", paths.runtime),
                            check_directory("data directory", paths.data),
                            check_directory("state directory", paths.state),
                            check_disk_space(paths.data),
                            check_file_limit(),
                            check_socket_mode(paths),
                            check_daemon(context, paths)};
  const bool is_running = lock_holder(paths.lock()).has_value();
  checks.push_back(check_discovery(paths, is_running));
  checks.push_back(check_store_owner(paths, is_running));
  checks.push_back(check_fallbacks(paths));
  return checks;
}

std::span<const Command> doctor_commands() {
  return commands;
}

}  // namespace hearth::cli
