#include "packs/knowledge/folder_watcher.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "base/thread_signals.hpp"
#include "packs/knowledge/engine/files.hpp"

namespace hearth::packs::knowledge {
namespace {

// Editors and checkouts write in bursts.
constexpr int quiet_ms = 300;
// What never is quiet is told of all the same.
constexpr std::chrono::milliseconds longest_burst{3'000};
constexpr std::uint32_t of_interest = IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE |
                                      IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF;
// Of the folders above one that is not there.
constexpr std::uint32_t of_its_return = IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF;

// Changes of files that are never imported are none.
bool is_of_interest(std::uint32_t mask, std::string_view name) {
  if (name.empty() || (mask & IN_ISDIR) != 0) return !name.starts_with('.');
  return !name.starts_with('.') && file_type(name) != FileType::other;
}

bool is_below(const std::string& path, const std::string& folder) {
  return path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

}  // namespace

FolderWatcher::FolderWatcher(Changed changed) : changed_(std::move(changed)) {}

FolderWatcher::~FolderWatcher() {
  close();
}

Result<void> FolderWatcher::add(const std::string& owner, const std::string& folder) {
  auto state = state_.lock();
  if (state->is_closed) return fail(Errc::draining, "the daemon is leaving; nothing is watched");
  if (inotify_.get() < 0) {
    inotify_ = UniqueFd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    wake_ = UniqueFd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (inotify_.get() < 0 || wake_.get() < 0) {
      return fail(Errc::io, std::string("watch folders: ") + std::strerror(errno));
    }
    thread_ = std::thread([this] { work(); });
  }
  state->folders[{owner, folder}] = true;
  wake();
  return {};
}

void FolderWatcher::remove(const std::string& owner, const std::string& folder) {
  auto state = state_.lock();
  state->folders.erase({owner, folder});
  state->has_removed = true;
  if (wake_.get() >= 0) wake();
}

void FolderWatcher::close() {
  {
    auto state = state_.lock();
    state->is_closed = true;
    if (wake_.get() >= 0) wake();
  }
  if (thread_.joinable()) thread_.join();
}

bool FolderWatcher::is_empty() const {
  return state_.lock()->folders.empty();
}

void FolderWatcher::wake() const {
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
}

// ---- The watcher's thread ---------------------------------------------------------------------

void FolderWatcher::work() {
  ::pthread_setname_np(::pthread_self(), "hearth-watch");
  leave_signals_to_the_loop();
  while (wait_for_changes()) {
    std::vector<Watched> changed;
    {
      auto state = state_.lock();
      for (auto& [watched, is_changed] : state->folders) {
        if (std::exchange(is_changed, false)) changed.push_back(watched);
      }
    }
    for (const Watched& each : changed) {
      look_at(each.folder);  // first: what comes now is told again
      changed_(each.owner, each.folder);
    }
  }
}

// Until something has changed and all is quiet; false when closed.
bool FolderWatcher::wait_for_changes() {
  std::optional<std::chrono::steady_clock::time_point> first;
  for (bool is_changed = false;;) {
    {
      auto state = state_.lock();
      if (state->is_closed) return false;
      if (std::exchange(state->has_removed, false)) forget_unneeded(state->folders);
      for (const auto& [watched, is_due] : state->folders) is_changed |= is_due;
    }
    const auto now = std::chrono::steady_clock::now();
    if (is_changed && !first) first = now;
    if (first && now - *first >= longest_burst) return true;
    std::array<pollfd, 2> polled{pollfd{inotify_.get(), POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0}};
    const int ready = ::poll(polled.data(), polled.size(), is_changed ? quiet_ms : -1);
    if (ready == 0) return true;
    std::uint64_t count = 0;
    (void)!::read(wake_.get(), &count, sizeof count);
    note_changes();
  }
}

void FolderWatcher::note_changes() {
  alignas(inotify_event) std::array<char, 16'384> buffer;
  for (;;) {
    const ssize_t size = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (size <= 0) return;
    auto state = state_.lock();
    for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(size);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const std::string_view name =
          event.len == 0 ? "" : std::string_view(buffer.data() + at + sizeof event);
      at += sizeof event + event.len;
      const bool is_overflow = (event.mask & IN_Q_OVERFLOW) != 0;
      const auto below = watched_.find(event.wd);
      if (!is_overflow && !is_of_interest(event.mask, name)) continue;
      const std::string place = below == watched_.end() ? "" : below->second;
      for (auto& [watched, is_changed] : state->folders) {
        const bool is_its_return = is_below(watched.folder, place + "/" + std::string(name));
        is_changed |= is_overflow || (!place.empty() && is_below(place, watched.folder)) ||
                      (!place.empty() && !name.empty() && is_its_return);
      }
      if ((event.mask & IN_IGNORED) != 0 && below != watched_.end()) watched_.erase(below);
    }
  }
}

// New folders below it are watched from here on; those that are watched stay so.
void FolderWatcher::look_at(const std::string& folder) {
  for (const std::string& each : find_folders(folder)) {
    if (watch(each, of_interest) || errno != ENOSPC) continue;
    log::warning("not all of a folder can be watched",
                 {log::kv("folder", folder),
                  log::kv("remedy", "raise the sysctl fs.inotify.max_user_watches")});
    return;
  }
  // The nearest that is there of those above it; it may come back while we look.
  namespace fs = std::filesystem;
  std::error_code ignored;
  for (fs::path above = folder; !fs::is_directory(folder, ignored) && above.has_relative_path();) {
    above = above.parent_path();
    if (!watch(above, of_its_return)) continue;
    if (fs::is_directory(folder, ignored)) return look_at(folder);
    return;
  }
}

// With errno when it cannot be.
bool FolderWatcher::watch(const std::string& folder, std::uint32_t events) {
  const int wd = ::inotify_add_watch(inotify_.get(), folder.c_str(),
                                     events | IN_ONLYDIR | IN_DONT_FOLLOW | IN_MASK_ADD);
  if (wd >= 0) watched_[wd] = folder;
  return wd >= 0;
}

void FolderWatcher::forget_unneeded(const std::map<Watched, bool>& folders) {
  std::erase_if(watched_, [&](const auto& each) {
    const bool is_needed = std::ranges::any_of(folders, [&](const auto& watched) {
      return is_below(each.second, watched.first.folder) ||
             is_below(watched.first.folder, each.second);
    });
    if (!is_needed) ::inotify_rm_watch(inotify_.get(), each.first);
    return !is_needed;
  });
}

}  // namespace hearth::packs::knowledge
