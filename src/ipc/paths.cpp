#include "ipc/paths.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/log.hpp"
#include "base/unique_fd.hpp"

namespace hearth::ipc {
namespace {

constexpr std::size_t socket_path_cap = sizeof(sockaddr_un{}.sun_path) - 1;

std::optional<std::string> absolute(const Environment& environment, const char* name) {
  auto value = environment(name);
  if (!value || value->empty() || value->front() != '/')
    return std::nullopt;  // XDG: relative paths are ignored
  while (value->size() > 1 && value->ends_with('/')) value->pop_back();
  return value;
}

Result<Paths> under_home(const std::string& home) {
  return Paths{home + "/run", home + "/data", home + "/state", home + "/config.toml"};
}

Result<Paths> under_xdg(const Environment& environment, unsigned uid) {
  const auto home = absolute(environment, "HOME");
  const auto pick = [&](const char* name, const char* below_home) -> std::optional<std::string> {
    if (auto value = absolute(environment, name)) return value;
    return home ? std::optional(*home + below_home) : std::nullopt;
  };
  const auto data = pick("XDG_DATA_HOME", "/.local/share");
  const auto state = pick("XDG_STATE_HOME", "/.local/state");
  const auto config = pick("XDG_CONFIG_HOME", "/.config");
  if (!data || !state || !config) {
    return fail(Errc::invalid_args, "neither HEARTH_HOME nor HOME is set",
                {"set HEARTH_HOME to a directory of your own"});
  }
  const auto runtime = absolute(environment, "XDG_RUNTIME_DIR");
  return Paths{runtime ? *runtime + "/hearth" : "/tmp/hearth-" + std::to_string(uid),
               *data + "/hearth", *state + "/hearth", *config + "/hearth/config.toml"};
}

// Creates `path` and its missing parents with mode 0700.
Result<void> make_directories(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    if (::mkdir(parent.c_str(), 0700) != 0 && errno != EEXIST && errno != EROFS &&
        errno != EACCES) {
      return fail_errno("create directory " + parent, errno);
    }
  }
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return fail_errno("create directory " + path, errno);
  return {};
}

}  // namespace

Result<Paths> resolve_paths(const Environment& environment, unsigned uid) {
  const auto home = environment("HEARTH_HOME");
  if (home && !home->empty() && home->front() != '/') {
    return fail(Errc::invalid_args, "HEARTH_HOME must be an absolute path, got \"" + *home + "\"");
  }
  const auto base = absolute(environment, "HEARTH_HOME");
  auto paths = base ? under_home(*base) : under_xdg(environment, uid);
  if (paths && paths->socket().size() > socket_path_cap) {
    return fail(Errc::invalid_args,
                "the socket path " + paths->socket() + " has " +
                    std::to_string(paths->socket().size()) + " bytes; the kernel takes at most " +
                    std::to_string(socket_path_cap),
                {"set HEARTH_HOME or XDG_RUNTIME_DIR to a shorter path"});
  }
  return paths;
}

Result<Paths> resolve_paths() {
  return resolve_paths(
      [](const char* name) -> std::optional<std::string> {
        const char* value = std::getenv(name);
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
      },
      ::geteuid());
}

Result<void> ensure_private_directory(const std::string& path) {
  if (auto made = make_directories(path); !made) return made;
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid() && (errno == ELOOP || errno == ENOTDIR)) {
    return fail(Errc::io, path + " is a symbolic link or a file; a directory of yours is needed",
                {"move it away", "name the real directory: HEARTH_HOME, or data in [daemon]"});
  }
  if (!fd.valid()) return fail_errno("open directory " + path, errno);
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return fail_errno("stat directory " + path, errno);
  if (info.st_uid != ::geteuid()) {
    return fail(Errc::permission,
                path + " belongs to uid " + std::to_string(info.st_uid) + ", not to you",
                {"remove it, or set HEARTH_HOME to a directory of your own"});
  }
  if ((info.st_mode & 077) != 0) {
    if (::fchmod(fd.get(), 0700) != 0) return fail_errno("narrow the mode of " + path, errno);
    log::warning("narrowed a directory that others could enter", {log::kv("path", path)});
  }
  return {};
}

}  // namespace hearth::ipc
