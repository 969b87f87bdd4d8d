#include "base/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace hearth {
namespace {

std::string read_holder(int fd) {
  std::array<char, 512> text{};
  const ssize_t got = ::pread(fd, text.data(), text.size(), 0);
  std::string line(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  if (const auto end = line.find('\n'); end != std::string::npos) line.resize(end);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ') c = '?';  // the file may hold anything
  }
  return line;
}

}  // namespace

Result<FileLock> FileLock::try_acquire(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return fail_errno("open lock " + path, errno);
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return fail_errno("stat lock " + path, errno);
  if (!S_ISREG(info.st_mode)) return fail(Errc::io, "lock " + path + ": not a regular file");
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return fail_errno("lock " + path, errno);
    const std::string holder = read_holder(fd.get());
    return fail(Errc::busy, path + " is held by " + (holder.empty() ? "another process" : holder));
  }
  return FileLock(std::move(fd));
}

void FileLock::describe_holder(std::string_view line) const {
  std::string text(line);
  text.push_back('\n');
  if (::ftruncate(fd_.get(), 0) != 0) return;
  (void)!::pwrite(fd_.get(), text.data(), text.size(), 0);
}

std::optional<std::string> lock_holder(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) return std::nullopt;
  if (::flock(fd.get(), LOCK_SH | LOCK_NB) == 0)
    return std::nullopt;  // free; our lock goes with fd
  return read_holder(fd.get());
}

}  // namespace hearth
