#include "packs/sql/drop_folders.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "base/thread_signals.hpp"
#include "store/atomic_file.hpp"

namespace hearth::packs::sql {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t of_interest = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE_SELF |
                                      IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW;
constexpr int pause_ms = 1'000;  // before what failed is tried again
constexpr int most_crashes = 5;  // then it may well be the file that ends the engine

// Files whose sentinel is there, by name.
std::vector<std::string> ready_files(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (const fs::directory_entry& each : fs::directory_iterator(folder, error)) {
    const std::string path = each.path().string();
    if (!path.ends_with(DropFolders::sentinel)) continue;
    const std::string file = path.substr(0, path.size() - DropFolders::sentinel.size());
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(file, ignored))) files.push_back(file);
  }
  std::ranges::sort(files);
  return files;
}

// A daemon that was killed right after it had moved a file left these. One that stayed would have
// the next file of its name taken while it is still being written.
void remove_lone_sentinels(const std::string& folder) {
  std::error_code ignored;
  for (const fs::directory_entry& each : fs::directory_iterator(folder, ignored)) {
    const std::string path = each.path().string();
    if (!path.ends_with(DropFolders::sentinel)) continue;
    const std::string file = path.substr(0, path.size() - DropFolders::sentinel.size());
    if (!fs::exists(fs::symlink_status(file, ignored))) fs::remove(path, ignored);
  }
}

// To a name there that is free, which it answers: nothing that was loaded before is overwritten.
Result<std::string> move_below(const std::string& file, const std::string& below) {
  const fs::path path(file);
  const fs::path folder = path.parent_path() / below;
  std::error_code error;
  fs::create_directory(folder, error);
  // Not through a link, which may lead anywhere.
  if (!fs::is_directory(fs::symlink_status(folder, error)))
    return fail(Errc::conflict, folder.string() + " is no folder");
  fs::path to = folder / path.filename();
  for (int nth = 1; fs::exists(to, error); ++nth) {
    to = folder / (path.stem().string() + "." + std::to_string(nth) + path.extension().string());
  }
  fs::rename(path, to, error);
  if (error) return fail(Errc::io, "move " + file + ": " + error.message());
  return to.string();
}

}  // namespace

Result<void> DropFolders::add(const Folder& folder) {
  auto state = state_.lock();
  if (state->is_closed) return fail(Errc::draining, "hearthd is leaving; nothing is watched");
  if (inotify_.get() < 0) {
    inotify_ = UniqueFd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    wake_ = UniqueFd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (inotify_.get() < 0 || wake_.get() < 0) return fail_errno("watch folders", errno);
  }
  const auto known = state->folders.find(folder.path);
  if (known != state->folders.end() && known->second.name_space != folder.name_space) {
    return fail(Errc::conflict, "another namespace watches " + folder.path,
                {"watch a folder of its own, or end the other watch with sql_unwatch there"});
  }
  if (known == state->folders.end()) remove_lone_sentinels(folder.path);
  // Watched before it is looked at, so that nothing comes in between.
  if (::inotify_add_watch(inotify_.get(), folder.path.c_str(), of_interest) < 0) {
    return fail_errno("watch " + folder.path, errno);
  }
  if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  state->folders[folder.path] = folder;
  state->is_changed = true;
  wake();
  return {};
}

bool DropFolders::remove(const std::string& name_space, const std::string& path) {
  auto state = state_.lock();
  const auto found = state->folders.find(path);
  if (found == state->folders.end() || found->second.name_space != name_space) return false;
  state->folders.erase(found);
  // The kernel's watch goes with the descriptor; its events meet no folder any more.
  return true;
}

void DropFolders::close() {
  {
    auto state = state_.lock();
    state->is_closed = true;
    if (wake_.get() >= 0) wake();
  }
  if (thread_.joinable()) thread_.join();
}

bool DropFolders::is_empty() const {
  return state_.lock()->folders.empty();
}

void DropFolders::wake() const {
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
}

// ---- The watcher's thread ---------------------------------------------------------------------

void DropFolders::work() {
  ::pthread_setname_np(::pthread_self(), "hearth-drop");
  leave_signals_to_the_loop();
  for (;;) {
    std::vector<Folder> folders;
    {
      auto state = state_.lock();
      if (state->is_closed) return;
      if (std::exchange(state->is_changed, false)) {
        for (const auto& [path, folder] : state->folders) folders.push_back(folder);
      }
    }
    bool is_done = true;
    for (const Folder& folder : folders) is_done = sweep(folder) && is_done;
    std::array<pollfd, 2> polled{pollfd{inotify_.get(), POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0}};
    (void)::poll(polled.data(), polled.size(), is_done ? -1 : pause_ms);
    // What has happened is seen in the folders themselves.
    std::array<char, 16'384> events;
    while (::read(inotify_.get(), events.data(), events.size()) > 0) {
    }
    std::uint64_t count = 0;
    (void)!::read(wake_.get(), &count, sizeof count);
    state_.lock()->is_changed = true;
  }
}

bool DropFolders::sweep(const Folder& folder) {
  // A folder that was removed, and perhaps made again, is another one to the kernel. For one that
  // is watched already this changes nothing.
  if (::inotify_add_watch(inotify_.get(), folder.path.c_str(), of_interest) < 0) {
    if (missing_.insert(folder.path).second)
      log::warning("a watched folder is not there", {log::kv("folder", folder.path)});
    return false;
  }
  missing_.erase(folder.path);
  bool is_done = true;
  for (const std::string& file : ready_files(folder.path)) {
    {
      auto state = state_.lock();
      const bool is_wanted = !state->is_closed && state->folders.contains(folder.path);
      if (!is_wanted) return true;
    }
    is_done = take(folder, file) && is_done;
  }
  return is_done;
}

bool DropFolders::is_tried_again(const std::string& file, const Error& error) {
  switch (error.code) {
    case Errc::cancelled:
    case Errc::draining:
    case Errc::busy:
    case Errc::unavailable:
      return true;
    // What was committed nonetheless is not loaded again: the engine knows its key.
    case Errc::engine_restarted:
    case Errc::outcome_unknown:
      return ++crashes_[file] < most_crashes;
    default:
      return false;
  }
}

bool DropFolders::take(const Folder& folder, const std::string& file) {
  std::error_code ignored;
  const auto loaded = fs::is_regular_file(fs::symlink_status(file, ignored))
                          ? load_(folder, file)
                          : fail(Errc::invalid_args, file + " is no regular file");
  if (!loaded && is_tried_again(file, loaded.error())) return false;
  crashes_.erase(file);
  const auto to = move_below(file, loaded ? "loaded" : "failed");
  Result<void> moved = to ? Result<void>() : std::unexpected(to.error());
  if (moved && !loaded)
    moved = store::replace_file(*to + ".reason.txt", loaded.error().message + "\n", 0644);
  fs::remove(file + std::string(sentinel), ignored);
  if (!loaded) {
    log::warning("a dropped file was not loaded",
                 {log::kv("file", file), log::kv("why", loaded.error().message)});
  }
  if (!moved) {
    log::warning("a dropped file stays where it is",
                 {log::kv("file", file), log::kv("why", moved.error().message)});
  }
  return true;
}

}  // namespace hearth::packs::sql
