// A directory for temporary files of one process. Its destructor removes it; what a killed process
// has left is removed by the next one.
#pragma once

#include <string>
#include <utility>

#include "base/file_lock.hpp"
#include "base/result.hpp"

namespace hearth::store {

class PrivateDirectory final {
 public:
  // Among the system's temporary files, 0700; its name begins with `prefix`, which nothing else
  // uses.
  [[nodiscard]] static Result<PrivateDirectory> make(const std::string& prefix);
  PrivateDirectory(PrivateDirectory&& other) noexcept
      : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}
  PrivateDirectory& operator=(PrivateDirectory&&) = delete;
  ~PrivateDirectory();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  PrivateDirectory(std::string path, FileLock lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;  // empty: moved from
  FileLock lock_;     // of a file in it: says that its owner lives
};

}  // namespace hearth::store
