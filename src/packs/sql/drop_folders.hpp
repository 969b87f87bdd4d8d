// Folders into which others drop files to be loaded: NAME is taken when NAME.ready is there too, so
// that nobody takes a file that is still being written.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <thread>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace hearth::packs::sql {

// inotify(7), on a thread of its own, which is there while a folder is watched. A file that was
// loaded is moved to loaded/ below its folder; one that could not be to failed/, with the reason in
// NAME.reason.txt. The sentinel is removed last: what is interrupted before is done again.
class DropFolders final {
 public:
  struct Folder {
    std::string name_space;
    std::string path;        // canonical
    std::string parameters;  // JSON text, of sql_watch
  };
  // Loads a file; on the watcher's thread. Must bear being repeated.
  using Load = std::function<Result<void>(const Folder& folder, const std::string& file)>;

  ~DropFolders() { close(); }
  void start(Load load) { load_ = std::move(load); }
  // Looks at what is there already at once. Another one of the same path takes the old one's place.
  // Any thread.
  [[nodiscard]] Result<void> add(const Folder& folder);
  // Whether it was watched. What is being loaded from it is finished. Any thread.
  bool remove(const std::string& name_space, const std::string& path);
  // Any thread but the watcher's.
  void close();
  [[nodiscard]] bool is_empty() const;

 private:
  struct State {
    std::map<std::string, Folder> folders;  // by path
    bool is_changed = false;                // or their files
    bool is_closed = false;
  };
  void work();
  void sweep(const Folder& folder);
  void take(const Folder& folder, const std::string& file);
  void wake() const;

  Load load_;
  UniqueFd inotify_;
  UniqueFd wake_;
  mutable Guarded<State> state_;
  std::thread thread_;
};

}  // namespace hearth::packs::sql
