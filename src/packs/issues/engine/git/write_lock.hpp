// The one writer of a repository's issue refs at a time, among all processes of hearth.
//
// git's own protocol for a reference is a file beside it that is created by its writer and renamed
// into place. A writer that is killed leaves the file, and everybody is refused from then on. So
// whoever of us writes holds a flock(2) first, which the kernel gives back at any kind of death,
// and notes in that file which reference it is about to change. Who finds a note of somebody dead
// knows whose file was left, and takes it away. A lock file that has been removed meanwhile (with
// the whole repository, say) is made again: others would lock the new one. Other programs (git,
// grite) follow git's protocol alone, and are met there.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace hearth::packs::issues {

// What git gave a directory of its own (core.sharedRepository): others of the group, or all, write
// there.
[[nodiscard]] mode_t shared_bits(const std::string& directory);

// One thread at a time.
class WriteLock final {
 public:
  class Held {
   public:
    Held(Held&& other) noexcept
        : lock_(std::exchange(other.lock_, nullptr)), left_(std::move(other.left_)) {}
    Held& operator=(Held&&) = delete;
    ~Held();

    // "I am about to change this reference", and that it is done.
    void note(std::string_view reference);
    void done();
    // What the holder before us left when it died; empty when it ended in order.
    [[nodiscard]] const std::string& left() const { return left_; }

   private:
    friend class WriteLock;
    explicit Held(WriteLock& lock) : lock_(&lock) {}
    WriteLock* lock_;
    std::string left_;
  };

  // In `directory`, which is made if it is missing.
  explicit WriteLock(std::string directory)
      : directory_(std::move(directory)), path_(directory_ + "/write.lock") {}
  // Waits at most that long; `busy` then.
  [[nodiscard]] Result<Held> take(std::chrono::milliseconds patience);

 private:
  [[nodiscard]] Result<void> open_file();
  [[nodiscard]] bool is_in_place() const;

  const std::string directory_;
  const std::string path_;
  UniqueFd file_;
};

}  // namespace hearth::packs::issues
