#include "packs/mandates/workspace/tree_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace hearth::packs::mandates::workspace {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_directories = 20'000;
constexpr std::uint32_t of_interest = IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE |
                                      IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR |
                                      IN_DONT_FOLLOW | IN_EXCL_UNLINK;

}  // namespace

Result<TreeWatch> TreeWatch::open() {
  UniqueFd inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify.valid()) return fail_errno("watch directories", errno);
  return TreeWatch(std::move(inotify));
}

bool TreeWatch::watch(const std::string& root, const std::string& below) {
  const int watch = ::inotify_add_watch(inotify_.get(), (root + "/" + below).c_str(), of_interest);
  if (watch >= 0) places_[watch] = {root, below};
  return watch >= 0 || errno != ENOSPC;
}

Result<void> TreeWatch::add(const std::string& root) {
  const auto too_many = [&] {
    return fail(Errc::unavailable, "not all directories of " + root + " can be watched",
                {"raise the sysctl fs.inotify.max_user_watches"});
  };
  if (!watch(root, {})) return too_many();
  std::error_code error;
  std::size_t count = 0;
  fs::recursive_directory_iterator walk(root, fs::directory_options::skip_permission_denied, error);
  for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    std::error_code ignored;
    if (walk->is_symlink(ignored) || !walk->is_directory(ignored)) continue;
    if (walk->path().filename() == ".git") {
      walk.disable_recursion_pending();
      continue;
    }
    if (++count > most_directories ||
        !watch(root, walk->path().string().substr(root.size() + 1) + "/"))
      return too_many();
  }
  return {};
}

void TreeWatch::remove(const std::string& root) {
  std::erase_if(places_, [&](const auto& each) {
    if (each.second.root != root) return false;
    (void)::inotify_rm_watch(inotify_.get(), each.first);
    return true;
  });
}

std::vector<TreeWatch::Change> TreeWatch::take() {
  std::vector<Change> changes;
  alignas(inotify_event) std::array<char, 16'384> buffer;
  for (;;) {
    const ssize_t size = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (size <= 0) return changes;
    for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(size);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const std::string name = event.len == 0 ? "" : buffer.data() + at + sizeof event;
      at += sizeof event + event.len;
      if ((event.mask & IN_Q_OVERFLOW) != 0) {
        for (const auto& [watch, place] : places_) changes.push_back({place.root, {}});
        continue;
      }
      const auto place = places_.find(event.wd);
      if (place == places_.end()) continue;
      if (name != ".git") {
        const bool is_file = !name.empty() && (event.mask & IN_ISDIR) == 0;
        changes.push_back({place->second.root, is_file ? place->second.below + name : ""});
      }
      if ((event.mask & IN_IGNORED) != 0) places_.erase(place);
    }
  }
}

}  // namespace hearth::packs::mandates::workspace
