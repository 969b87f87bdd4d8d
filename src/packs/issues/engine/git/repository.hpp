// A git repository as the issue log needs it: objects by id, references with compare-and-swap.
// The one place that calls libgit2.
//
// Objects are written and read raw: trees and commits have to be exact to the byte, so they are put
// together here and not by the library. One thread at a time; open another one for another thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "packs/issues/engine/git/write_lock.hpp"
#include "packs/issues/engine/ids.hpp"

namespace hearth::packs::issues {

using ObjectId = CommitId;

struct TreeEntry {
  std::string name;
  ObjectId id;
  bool is_tree = false;
  bool operator==(const TreeEntry&) const = default;
};

struct Commit {
  ObjectId tree;
  std::vector<ObjectId> parents;
  std::string author;     // "grite <grit@local>", committer too
  std::int64_t time = 0;  // seconds since the Unix epoch
  int zone_minutes = 0;   // east of UTC
  std::string message;
  bool operator==(const Commit&) const = default;
};

struct Reference {
  std::string name;
  ObjectId target;
  bool operator==(const Reference&) const = default;
};

class Repository final {
 public:
  struct Options {
    bool is_power_safe = true;  // of all repositories of the process: the first one decides
    std::chrono::milliseconds patience{60'000};  // with other writers
  };
  // The repository that a directory belongs to, found as git does; `not_found` when there is none.
  [[nodiscard]] static Result<std::unique_ptr<Repository>> open(const std::string& directory,
                                                                const Options& options);
  ~Repository();
  Repository(const Repository&) = delete;
  Repository& operator=(const Repository&) = delete;

  // What all worktrees share: ".git", or the bare repository itself. Without a slash at its end.
  [[nodiscard]] const std::string& common_directory() const { return common_directory_; }
  // Which one it is (repository_id.hpp); empty before the first write.
  [[nodiscard]] Result<std::string> id() const;
  [[nodiscard]] std::optional<std::string> work_tree() const;
  // Paths of the regular files in the index of the worktree that it was opened in, by name, as `git
  // ls-files` lists them; none of a bare repository.
  [[nodiscard]] Result<std::vector<std::string>> tracked_files() const;
  // The URL of a remote by its name; nothing when there is none.
  [[nodiscard]] std::optional<std::string> remote_url(const std::string& name) const;
  // The URL that it has for pushing; nothing when it is the same.
  [[nodiscard]] std::optional<std::string> push_url(const std::string& remote_name) const;
  // All values of a setting of git's, such as "remote.origin.url", in their order.
  [[nodiscard]] std::vector<std::string> configured(const std::string& name) const;

  // ---- Objects
  [[nodiscard]] Result<ObjectId> write_blob(std::string_view content);
  [[nodiscard]] Result<ObjectId> write_tree(std::vector<TreeEntry> entries);
  [[nodiscard]] Result<ObjectId> write_commit(const Commit& commit);
  // `damaged` when it is missing, of another kind, or larger than it may be.
  [[nodiscard]] Result<std::string> read_blob(const ObjectId& id,
                                              std::size_t most_bytes = SIZE_MAX) const;
  [[nodiscard]] Result<std::vector<TreeEntry>> read_tree(const ObjectId& id,
                                                         std::size_t most_bytes = SIZE_MAX) const;
  [[nodiscard]] Result<Commit> read_commit(const ObjectId& id,
                                           std::size_t most_bytes = SIZE_MAX) const;
  [[nodiscard]] bool has(const ObjectId& id) const;
  [[nodiscard]] Result<bool> is_descendant(const ObjectId& of, const ObjectId& ancestor) const;

  // ---- References
  [[nodiscard]] Result<std::optional<ObjectId>> read_reference(const std::string& name) const;
  // Those that begin so, by name.
  [[nodiscard]] Result<std::vector<Reference>> references(const std::string& prefix) const;

  // Keeps the other processes of hearth from writing; to be held around read, write and update.
  [[nodiscard]] Result<WriteLock::Held> lock();
  // Sets a reference, or removes it without `to`, if it is what `expected` says; false when it is
  // not. When this returns true the change is as durable as the options say.
  [[nodiscard]] Result<bool> update_reference(WriteLock::Held& held,
                                              const std::string& name,
                                              const std::optional<ObjectId>& expected,
                                              const std::optional<ObjectId>& to);
  // Removes the file of a reference that cannot be read, as a loss of power leaves it; what
  // packed-refs says of it counts again.
  [[nodiscard]] Result<void> drop_unreadable_reference(WriteLock::Held& held,
                                                       const std::string& name);

  // ---- Packs
  // Brings commits and blobs, with all that they need, from another repository. What exists here is
  // taken to be whole, for things are written in the order in which they need each other.
  [[nodiscard]] Result<void> copy_from(const Repository& other, std::span<const ObjectId> roots);
  // Puts what these need and lies loose into a pack, and removes the loose files. The bytes freed
  // are not told: see `git count-objects`. The number of objects packed.
  [[nodiscard]] Result<std::size_t> pack_loose(std::span<const ObjectId> roots);

 private:
  struct Handle;
  Repository(std::unique_ptr<Handle> handle, std::string common_directory, const Options& options);
  [[nodiscard]] Result<ObjectId> write_object(std::string_view content, int kind);
  [[nodiscard]] Result<std::pair<int, std::string>> read_object(const ObjectId& id) const;
  [[nodiscard]] Result<std::string> read_object(const ObjectId& id,
                                                int kind,
                                                std::size_t most_bytes) const;
  [[nodiscard]] std::string loose_path(const ObjectId& id) const;
  [[nodiscard]] Result<void> write_pack(const Repository& from, std::span<const ObjectId> objects);
  [[nodiscard]] Result<std::vector<ObjectId>> needed_by(
      std::span<const ObjectId> roots, const std::function<bool(const ObjectId&)>& is_wanted) const;

  std::unique_ptr<Handle> handle_;
  const std::string common_directory_;
  const Options options_;
  WriteLock write_lock_;
};

}  // namespace hearth::packs::issues
