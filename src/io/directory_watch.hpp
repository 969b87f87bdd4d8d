// Tells when something in a directory has been removed, renamed or replaced.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "io/loop.hpp"
#include "io/watch.hpp"

namespace hearth::io {

// inotify(7). Loop thread only.
class DirectoryWatch final {
 public:
  // Calls `on_loss` after each loss, also that of the directory itself; if it has made the
  // directory again by its return, the watch goes on there.
  [[nodiscard]] static Result<std::unique_ptr<DirectoryWatch>> open(Loop& loop,
                                                                    std::string path,
                                                                    std::function<void()> on_loss);
  DirectoryWatch(Loop& loop, UniqueFd inotify, std::string path, std::function<void()> on_loss);
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;

 private:
  [[nodiscard]] Result<void> look_at_directory();
  void wait();
  void take_notice();

  const UniqueFd inotify_;
  const std::string path_;
  const std::function<void()> on_loss_;
  Watch watch_;
};

}  // namespace hearth::io
