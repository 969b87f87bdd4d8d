#include "packs/mandates/workspace/root.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/confined_path.hpp"
#include "packs/mandates/sandbox/real_path.hpp"
#include "packs/mandates/workspace/content_hash.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

constexpr std::size_t longest_path = 4'095;
constexpr std::ptrdiff_t most_names = 100;

// EAGAIN: something was renamed meanwhile, and the kernel could not be sure.
int open_beneath(int directory, const char* path, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(static_cast<unsigned>(flags | O_CLOEXEC));
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  constexpr int most_tries = 100;
  long opened = -1;
  for (int i = 0; i < most_tries; ++i) {
    opened = ::syscall(SYS_openat2, directory, path, &how, sizeof how);
    if (opened >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  return static_cast<int>(opened);
}

std::unexpected<Error> refused(const std::string& path, int error) {
  if (error == ELOOP || error == EXDEV)
    return fail(Errc::permission, path + " leads through a symbolic link, or out of the workspace",
                {"name the file by its own path in the workspace"});
  return fail_errno(path, error);
}

Result<std::string> read_all(int file, std::size_t limit, const std::string& path) {
  std::string content;
  char part[65'536];
  for (;;) {
    const ssize_t got = ::read(file, part, sizeof part);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read " + path, errno);
    if (got == 0) return content;
    content.append(part, static_cast<std::size_t>(got));
    if (content.size() > limit)
      return fail(Errc::unsupported, path + " has more than " + std::to_string(limit) + " bytes");
  }
}

Result<File> read_opened(int file, std::size_t limit, const std::string& path) {
  struct stat status{};
  if (::fstat(file, &status) != 0) return fail_errno(path, errno);
  if (!S_ISREG(status.st_mode)) return fail(Errc::invalid_args, path + " is no regular file");
  if (status.st_nlink != 1)
    return fail(Errc::permission,
                path + " has other names (hard links), which may lie outside of the workspace",
                {"replace it by a copy of itself"});
  auto content = read_all(file, limit, path);
  if (!content) return std::unexpected(std::move(content.error()));
  File read{.content = std::move(*content), .hash = {}};
  read.hash = content_hash(read.content);
  read.mode = status.st_mode & 0777;
  read.identity = {.device = status.st_dev, .inode = status.st_ino};
  return read;
}

}  // namespace

Result<std::string> normal_path(std::string_view path) {
  const auto wrong = [&](const char* why) {
    return fail(Errc::invalid_args, "\"" + std::string(path.substr(0, 200)) + "\" " + why,
                {"write a path relative to the workspace, for example src/main.cpp"});
  };
  if (path.empty() || path.size() > longest_path) return wrong("is no path");
  if (path.starts_with('/')) return wrong("is absolute");
  if (path.find('\0') != std::string_view::npos || path.find('\n') != std::string_view::npos)
    return wrong("has a zero byte or a line end in it");
  if (std::ranges::count(path, '/') >= most_names) return wrong("is too deep");
  std::string normal;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (name == "..") {
      return fail(Errc::invalid_args, "a path in the workspace has no \"..\"",
                  {"write it relative to the workspace's own directory"});
    }
    if (name.empty() || name == ".") continue;
    if (!normal.empty()) normal += '/';
    normal += name;
  }
  if (normal.empty()) return fail(Errc::invalid_args, "the workspace itself is no file");
  return normal;
}

Result<Root> Root::open(const std::string& path, const std::string& top) {
  auto directory = sandbox::open_real(path, O_DIRECTORY);
  if (!directory) return std::unexpected(std::move(directory.error()).within("the workspace"));
  auto real = sandbox::real_path_of(directory->get());
  if (!real) return std::unexpected(std::move(real.error()));
  std::string around = !top.empty() && is_within(*real, top) ? top : *real;
  return Root(std::move(*real), std::move(around), std::move(*directory));
}

Root::Root(std::string path, std::string top, UniqueFd directory)
    : path_(std::move(path)), top_(std::move(top)), directory_(std::move(directory)) {}

Result<UniqueFd> Root::open_below(const std::string& path, int flags, mode_t mode) const {
  const auto normal = normal_path(path);
  if (!normal) return std::unexpected(normal.error());
  UniqueFd opened(open_beneath(descriptor(), normal->c_str(), flags, mode));
  if (!opened.valid()) return refused(*normal, errno);
  return opened;
}

Result<File> Root::read(const std::string& path, std::size_t limit) const {
  // O_NONBLOCK: of a FIFO, too, this returns.
  const auto file = open_below(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) return std::unexpected(file.error());
  return read_opened(file->get(), limit, path);
}

Result<File> read_at(int directory, const std::string& name, std::size_t limit) {
  const UniqueFd file(open_beneath(directory, name.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY, 0));
  if (!file.valid()) return refused(name, errno);
  return read_opened(file.get(), limit, name);
}

Result<Place> Root::place_of(const std::string& path, bool make) const {
  auto normal = normal_path(path);
  if (!normal) return std::unexpected(std::move(normal.error()));
  const auto slash = normal->rfind('/');
  Place place{.directory = {}, .name = normal->substr(slash == std::string::npos ? 0 : slash + 1)};
  const std::string directory = slash == std::string::npos ? "." : normal->substr(0, slash);
  constexpr int flags = O_PATH | O_DIRECTORY;
  // From the root on, one name after another, each from the one before it.
  for (std::size_t end = 0; make && slash != std::string::npos && end != std::string::npos;) {
    end = directory.find('/', end + 1);
    const std::string part = directory.substr(0, end);
    if (UniqueFd(open_beneath(descriptor(), part.c_str(), flags, 0)).valid()) continue;
    if (errno != ENOENT) return refused(part, errno);
    const auto last = part.rfind('/');
    const std::string above = last == std::string::npos ? "." : part.substr(0, last);
    const UniqueFd parent(open_beneath(descriptor(), above.c_str(), flags, 0));
    if (!parent.valid()) return refused(above, errno);
    const std::string name = part.substr(last == std::string::npos ? 0 : last + 1);
    if (::mkdirat(parent.get(), name.c_str(), 0777) != 0 && errno != EEXIST)
      return fail_errno("make " + part, errno);
  }
  place.directory.reset(open_beneath(descriptor(), directory.c_str(), flags, 0));
  if (!place.directory.valid()) return refused(directory, errno);
  return place;
}

}  // namespace hearth::packs::mandates::workspace
