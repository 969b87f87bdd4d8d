// Directories that git takes for a repository by what lies in them, without a .git: whoever says
// `git status` in one runs what its configuration names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "packs/mandates/workspace/root.hpp"

namespace hearth::packs::mandates::workspace {

// What of a repository's own lies in one directory.
class RepositoryMarks final {
 public:
  // A name in the directory. Either case counts: there are file systems that make no difference.
  void add(std::string_view name);
  // git's rule (gitrepository-layout(5)): a HEAD, and objects and refs beside it or where
  // `commondir` says.
  [[nodiscard]] bool is_repository() const {
    return has_head_ && (has_commondir_ || (has_objects_ && has_refs_));
  }

 private:
  bool has_head_ = false;
  bool has_objects_ = false;
  bool has_refs_ = false;
  bool has_commondir_ = false;
};

// The nearest of `path`, absolute, and what lies above it that is such a repository; empty: none
// is.
[[nodiscard]] std::string repository_around(const std::string& path);

// Whether `path` would lie in such a repository, at any depth, once the files `made` are in the
// workspace, too, or whether the workspace does. What a change removes counts as there.
[[nodiscard]] bool lies_in_repository(const Root& root,
                                      const std::vector<std::string>& made,
                                      std::string_view path);

// Why a change of `path` could make somebody's machine run code: protection_of() the whole path, or
// a repository that it lies in then. Empty: it could not.
[[nodiscard]] std::string_view protection_after(const Root& root,
                                                const std::vector<std::string>& made,
                                                std::string_view path);

}  // namespace hearth::packs::mandates::workspace
