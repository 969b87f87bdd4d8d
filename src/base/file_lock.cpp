#include "base/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <thread>

#include "base/regular_file.hpp"

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

// flock without waiting; false when another open file holds a lock that conflicts.
Result<bool> flock_now(int fd, int operation, const std::string& path) {
  while (::flock(fd, operation | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) return fail_errno("lock " + path, errno);
  }
  return true;
}

Result<UniqueFd> open_lock(const std::string& path, int flags) {
  auto fd = open_regular(path, flags | O_NOFOLLOW);
  if (!fd) return std::unexpected(std::move(fd.error()).within("lock"));
  return fd;
}

// Takes the exclusive lock. Whoever asks for the holder (lock_holder) shares the lock for an
// instant, which is no holder: then the exclusive lock is refused and a shared one is not, and we
// try again. False when somebody holds it.
Result<bool> lock_exclusively(int fd, const std::string& path) {
  constexpr int most_tries = 200;
  for (int tries = 0; tries < most_tries; ++tries) {
    const auto exclusive = flock_now(fd, LOCK_EX, path);
    if (!exclusive || *exclusive) return exclusive;
    const auto shared = flock_now(fd, LOCK_SH, path);
    if (!shared || !*shared) return shared;
    (void)::flock(fd, LOCK_UN);
    std::this_thread::sleep_for(std::chrono::microseconds(50 + 10 * (tries % 7)));
  }
  return false;
}

}  // namespace

Result<FileLock> FileLock::try_acquire(const std::string& path) {
  auto fd = open_lock(path, O_RDWR | O_CREAT);
  if (!fd) return std::unexpected(std::move(fd.error()));
  const auto locked = lock_exclusively(fd->get(), path);
  if (!locked) return std::unexpected(locked.error());
  if (!*locked) {
    const std::string holder = read_holder(fd->get());
    return fail(Errc::busy, path + " is held by " + (holder.empty() ? "another process" : holder));
  }
  (void)!::ftruncate(fd->get(), 0);  // what a dead holder wrote is not about us
  return FileLock(std::move(*fd));
}

void FileLock::describe_holder(std::string_view line) const {
  std::string text(line);
  text.push_back('\n');
  if (::ftruncate(fd_.get(), 0) != 0) return;
  (void)!::pwrite(fd_.get(), text.data(), text.size(), 0);
}

bool FileLock::is_at(const std::string& path) const {
  struct stat ours{};
  struct stat there{};
  return ::fstat(fd_.get(), &ours) == 0 && ::lstat(path.c_str(), &there) == 0 &&
         ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

std::optional<std::string> lock_holder(const std::string& path) {
  const auto fd = open_lock(path, O_RDONLY);
  if (!fd) return std::nullopt;
  const auto is_free = flock_now(fd->get(), LOCK_SH, path);  // our lock goes with fd
  if (!is_free || *is_free) return std::nullopt;
  return read_holder(fd->get());
}

}  // namespace hearth
