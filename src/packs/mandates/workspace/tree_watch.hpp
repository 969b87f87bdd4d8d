// Tells which names below some directories have changed: inotify(7) over whole trees.
//
// A hint, and no more: what the kernel drops, and what happens in a directory before it is watched,
// is not told. Whoever asks looks at the files themselves. One thread.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace hearth::packs::mandates::workspace {

class TreeWatch final {
 public:
  [[nodiscard]] static Result<TreeWatch> open();

  // For poll(2).
  [[nodiscard]] int descriptor() const { return inotify_.get(); }
  // Watches the directories that are there now, .git aside; again: those that are new.
  // `unavailable` when not all of them can be.
  [[nodiscard]] Result<void> add(const std::string& root);
  void remove(const std::string& root);

  struct Change {
    std::string root;
    std::string path;  // below it; empty: whatever is there
  };
  // What has come in; does not block. New directories are named as "whatever": add() them.
  [[nodiscard]] std::vector<Change> take();
  [[nodiscard]] std::size_t size() const { return places_.size(); }

 private:
  struct Place {
    std::string root;
    std::string below;  // "docs/", or empty for the root
  };
  explicit TreeWatch(UniqueFd inotify) : inotify_(std::move(inotify)) {}
  [[nodiscard]] bool watch(const std::string& root, const std::string& below);

  UniqueFd inotify_;
  std::map<int, Place> places_;  // by watch descriptor
};

}  // namespace hearth::packs::mandates::workspace
