// Tells when something below some folders has changed, and has been quiet since.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace hearth::packs::knowledge {

// inotify(7), on a thread of its own, which is there while a folder is watched. Hidden folders and
// those of builds and dependencies are not looked at. One that is gone is told of when it is there
// again.
class FolderWatcher final {
 public:
  // On the watcher's thread, which waits for it; changes meanwhile are told afterwards.
  using Changed = std::function<void(const std::string& owner, const std::string& folder)>;

  explicit FolderWatcher(Changed changed);
  ~FolderWatcher();  // close()
  FolderWatcher(const FolderWatcher&) = delete;
  FolderWatcher& operator=(const FolderWatcher&) = delete;

  // For somebody, whom the changes are told of. Tells of it once at once, as if it had changed. Any
  // thread.
  [[nodiscard]] Result<void> add(const std::string& owner, const std::string& folder);
  void remove(const std::string& owner, const std::string& folder);
  // Any thread but the watcher's.
  void close();
  [[nodiscard]] bool is_empty() const;

 private:
  struct Watched {
    std::string owner;
    std::string folder;
    auto operator<=>(const Watched&) const = default;
  };
  struct State {
    std::map<Watched, bool> folders;  // whether it is to be told of
    bool has_removed = false;
    bool is_closed = false;
  };
  void work();
  [[nodiscard]] bool wait_for_changes();
  void note_changes();
  void look_at(const std::string& folder);
  [[nodiscard]] bool watch(const std::string& folder, std::uint32_t events);
  void forget_unneeded(const std::map<Watched, bool>& folders);
  void wake() const;

  const Changed changed_;
  UniqueFd inotify_;
  UniqueFd wake_;
  mutable Guarded<State> state_;
  std::map<int, std::string> watched_;  // the thread's: descriptor → its folder
  std::thread thread_;
};

}  // namespace hearth::packs::knowledge
