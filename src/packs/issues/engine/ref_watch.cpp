#include "packs/issues/engine/ref_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include "packs/issues/engine/wal.hpp"

namespace hearth::packs::issues {

constexpr std::int64_t longest_tick_ns = 50'000'000;

RefProbe::RefProbe(const std::string& common_directory, const std::string& reference)
    : paths_{common_directory + "/" + reference, common_directory + "/packed-refs"} {}

bool RefProbe::Look::is_settled(std::int64_t now_ns) const {
  return facts[2] + longest_tick_ns < now_ns && facts[5] + longest_tick_ns < now_ns;
}

// A reference is replaced by a rename: another inode, size or time, or it is gone.
RefProbe::Look RefProbe::look() const {
  Look look;
  std::size_t at = 0;
  for (const std::string& path : paths_) {
    struct stat found{};
    const bool is_there = ::stat(path.c_str(), &found) == 0;
    look.facts[at++] = is_there ? static_cast<std::int64_t>(found.st_ino) : 0;
    look.facts[at++] = is_there ? static_cast<std::int64_t>(found.st_size) : 0;
    look.facts[at++] =
        is_there ? found.st_mtim.tv_sec * 1'000'000'000LL + found.st_mtim.tv_nsec : 0;
  }
  return look;
}

RefWatch::RefWatch(const std::string& common_directory)
    : common_directory_(common_directory), inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  drain();
}

void RefWatch::drain() {
  if (!inotify_.valid()) return;
  std::array<char, 4096> ignored;
  while (::read(inotify_.get(), ignored.data(), ignored.size()) > 0) {
  }
  // Adding a watch that is there changes nothing.
  for (const char* folder :
       {"/refs/grite/locks", "/refs/grite", "/refs/hearth/keys", "/refs/hearth", "/refs", ""}) {
    (void)::inotify_add_watch(inotify_.get(), (common_directory_ + folder).c_str(),
                              IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ONLYDIR);
  }
}

}  // namespace hearth::packs::issues
