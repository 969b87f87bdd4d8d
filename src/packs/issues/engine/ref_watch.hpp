// Notices when somebody else changes the issue refs of a repository.
#pragma once

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace hearth::packs::issues {

// What the files of the references looked like: cheap enough to be asked at every read. Any thread.
class RefProbe final {
 public:
  // Of one reference, or of a folder of them.
  RefProbe(const std::string& common_directory, const std::string& reference);
  struct Look {
    std::array<std::int64_t, 6> facts{};
    bool operator==(const Look&) const = default;
    // A change within the same tick of the file system's clock would look the same.
    [[nodiscard]] bool is_settled(std::int64_t now_ns) const;
  };
  [[nodiscard]] Look look() const;

 private:
  const std::array<std::string, 2> paths_;  // where it lies loose, and all packed ones
};

// Tells by inotify(7), for whoever has nothing to read but wants to know. One thread.
class RefWatch final {
 public:
  explicit RefWatch(const std::string& common_directory);
  // For poll(2); -1 when the system has none left: then only reads notice.
  [[nodiscard]] int fd() const { return inotify_.get(); }
  // Forgets what has been told; watches folders that have come into being.
  void drain();

 private:
  const std::string common_directory_;
  UniqueFd inotify_;
};

}  // namespace hearth::packs::issues
