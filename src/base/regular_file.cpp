#include "base/regular_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace hearth {
namespace {

std::unexpected<Error> no_regular_file(const std::string& path) {
  return fail(Errc::io, path + ": not a regular file", {"move it away"});
}

}  // namespace

Result<UniqueFd> open_regular(const std::string& path, int flags, mode_t mode) {
  UniqueFd fd;
  do {
    fd = UniqueFd(::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, mode));
  } while (!fd.valid() && errno == EINTR);
  if (!fd.valid() && errno == ELOOP && (flags & O_NOFOLLOW) != 0) {
    return fail(Errc::io, path + " is a symbolic link, which is not followed", {"remove it"});
  }
  if (!fd.valid() && errno == ENXIO) return no_regular_file(path);  // a FIFO that nobody reads
  if (!fd.valid()) return fail_errno("open " + path, errno);
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return fail_errno("stat " + path, errno);
  if (!S_ISREG(info.st_mode)) return no_regular_file(path);
  return fd;
}

Result<std::string> read_head(const std::string& path, std::size_t most) {
  const auto fd = open_regular(path, O_RDONLY | O_NOFOLLOW);
  if (!fd) return std::unexpected(fd.error());
  std::string text(most, '\0');
  std::size_t size = 0;
  while (size < most) {
    const ssize_t got = ::read(fd->get(), text.data() + size, most - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read " + path, errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

}  // namespace hearth
