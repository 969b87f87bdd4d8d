// An advisory whole-file lock (flock) held until the object goes, or the process dies.
//
// The kernel releases the lock at any kind of death, so holding it is the proof of life that a pid
// in a file is not. The holder writes a line about itself into the file, for messages of those who
// find it taken.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace hearth {

class FileLock {
 public:
  // Takes the lock without waiting. Fails with `busy` when another process holds it (the message
  // carries what that holder wrote), or with the reason why the file cannot be opened; a symbolic
  // link is refused. The file is created 0600 and never unlinked: unlinking a lock file lets two
  // processes hold "the" lock. A child that was forked without exec shares the lock.
  [[nodiscard]] static Result<FileLock> try_acquire(const std::string& path);

  // Replaces what the file says about its holder (one line, best effort: the lock itself is the
  // truth).
  void describe_holder(std::string_view line) const;
  // Whether the file at `path` is the one that is locked, and not another one put in its place.
  [[nodiscard]] bool is_at(const std::string& path) const;
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

// What the present holder of `path` wrote (empty when it has not yet), if somebody holds it.
[[nodiscard]] std::optional<std::string> lock_holder(const std::string& path);

}  // namespace hearth
