#include "packs/issues/engine/git/write_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

namespace hearth::packs::issues {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::microseconds shortest_pause{200};
constexpr std::chrono::microseconds longest_pause{4'000};

// Who has just come looks often, for the lock is mostly free soon. Who waits behind many looks the
// more often the longer it has waited: the kernel keeps no queue for those who will not wait for
// ever, and without one some would starve.
std::chrono::microseconds pause_after(Clock::duration waited) {
  if (waited < std::chrono::milliseconds(10)) return shortest_pause;
  const auto tenths = waited / std::chrono::milliseconds(100);
  return std::max(shortest_pause, longest_pause / (1 + tenths));
}

}  // namespace

mode_t shared_bits(const std::string& directory) {
  struct stat found{};
  if (::stat(directory.c_str(), &found) != 0) return 0;
  return found.st_mode & (S_IWGRP | S_IWOTH | S_ISGID);
}

WriteLock::Held::~Held() {
  if (lock_ != nullptr) ::flock(lock_->file_.get(), LOCK_UN);
}

// A note need not survive a loss of power: neither does the lock file that it is about, as it may.
void WriteLock::Held::note(std::string_view reference) {
  const int file = lock_->file_.get();
  (void)!::pwrite(file, reference.data(), reference.size(), 0);
  (void)!::ftruncate(file, static_cast<off_t>(reference.size()));
}

void WriteLock::Held::done() {
  (void)!::ftruncate(lock_->file_.get(), 0);
  left_.clear();
}

Result<void> WriteLock::open_file() {
  const mode_t shared = shared_bits(directory_.substr(0, directory_.rfind('/')));
  if (::mkdir(directory_.c_str(), 0755) == 0) {
    if (shared != 0) (void)::chmod(directory_.c_str(), 0755 | shared);
  } else if (errno != EEXIST) {
    return fail_errno("make " + directory_, errno);
  }
  file_ = UniqueFd(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file_.valid()) return fail_errno("open " + path_, errno);
  // Fails where another user made it, who did the same.
  if (shared != 0) (void)::fchmod(file_.get(), (0644 | shared) & 0777);
  return {};
}

// Whether the file that is locked is the one that others would lock.
bool WriteLock::is_in_place() const {
  struct stat ours{};
  struct stat there{};
  return ::fstat(file_.get(), &ours) == 0 && ::stat(path_.c_str(), &there) == 0 &&
         ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

Result<WriteLock::Held> WriteLock::take(std::chrono::milliseconds patience) {
  const auto began = Clock::now();
  for (;;) {
    if (!file_.valid()) {
      if (auto opened = open_file(); !opened) return std::unexpected(std::move(opened.error()));
    }
    if (::flock(file_.get(), LOCK_EX | LOCK_NB) == 0) {
      if (is_in_place()) break;
      file_.reset();
      continue;
    }
    if (errno != EWOULDBLOCK && errno != EINTR) return fail_errno("lock " + path_, errno);
    const auto waited = Clock::now() - began;
    if (waited >= patience) {
      return fail(Errc::busy,
                  "another process has been writing this repository's issues for " +
                      std::to_string(patience.count()) + " ms; nothing was written",
                  {"try again"});
    }
    std::this_thread::sleep_for(pause_after(waited));
  }
  Held held(*this);
  std::array<char, 512> text;
  const ssize_t size = ::pread(file_.get(), text.data(), text.size(), 0);
  if (size > 0) held.left_.assign(text.data(), static_cast<std::size_t>(size));
  return held;
}

}  // namespace hearth::packs::issues
