// Folders into which others drop files to be loaded: NAME is taken when NAME.ready is there too, so
// that nobody takes a file that is still being written.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace hearth::packs::sql {

// inotify(7), on a thread of its own, which is there while a folder is watched. A file that was
// loaded is moved to loaded/ below its folder; one that could not be to failed/, with the reason in
// NAME.reason.txt. The sentinel is removed last: what is interrupted before is done again. A load
// that failed for no fault of the file (the engine was killed, or is busy) is tried again. A folder
// that is removed is watched again when it has been made again.
class DropFolders final {
 public:
  // Behind the name of a file: the file is complete.
  static constexpr std::string_view sentinel = ".ready";

  struct Folder {
    std::string name_space;
    std::string path;        // canonical
    std::string parameters;  // JSON text, of sql_watch
  };
  // Loads a file; on the watcher's thread. Must bear being repeated.
  using Load = std::function<Result<void>(const Folder& folder, const std::string& file)>;

  ~DropFolders() { close(); }
  void start(Load load) { load_ = std::move(load); }
  // Looks at what is there already at once. The same namespace may say anew how a folder is loaded;
  // `conflict` when another one watches it. Any thread.
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
  // Whether nothing is left to try again.
  bool sweep(const Folder& folder);
  bool take(const Folder& folder, const std::string& file);
  [[nodiscard]] bool is_tried_again(const std::string& file, const Error& error);
  void wake() const;

  Load load_;
  UniqueFd inotify_;
  UniqueFd wake_;
  mutable Guarded<State> state_;
  std::thread thread_;
  // The watcher's thread only.
  std::map<std::string, int> crashes_;  // of the engine, by the file
  std::set<std::string> missing_;       // folders that are not there, by path
};

}  // namespace hearth::packs::sql
