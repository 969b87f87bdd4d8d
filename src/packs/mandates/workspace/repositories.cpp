#include "packs/mandates/workspace/repositories.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/ascii.hpp"
#include "packs/mandates/workspace/policy.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

constexpr std::array marking{"HEAD", "objects", "refs", "commondir"};

bool is_alike(std::string_view one, std::string_view other) {
  return ascii_lower(one) == ascii_lower(other);
}

// `prefix`: the directory with a slash behind; empty: the workspace itself.
bool is_repository(const Root& root,
                   const std::vector<std::string>& made,
                   const std::string& prefix) {
  RepositoryMarks marks;
  for (const char* const name : marking) {
    if (root.open_below(prefix + name, O_PATH | O_NOFOLLOW)) marks.add(name);
  }
  for (const std::string& each : made) {
    const std::string_view path = each;
    if (path.size() <= prefix.size() || !is_alike(path.substr(0, prefix.size()), prefix)) continue;
    const std::string_view below = path.substr(prefix.size());
    marks.add(below.substr(0, below.find('/')));
  }
  return marks.is_repository();
}

}  // namespace

void RepositoryMarks::add(std::string_view name) {
  has_head_ = has_head_ || is_alike(name, "HEAD");
  has_objects_ = has_objects_ || is_alike(name, "objects");
  has_refs_ = has_refs_ || is_alike(name, "refs");
  has_commondir_ = has_commondir_ || is_alike(name, "commondir");
}

std::string repository_around(const std::string& path) {
  for (std::filesystem::path at = path;; at = at.parent_path()) {
    RepositoryMarks marks;
    for (const char* const name : marking) {
      struct stat status{};
      if (::lstat((at / name).c_str(), &status) == 0) marks.add(name);
    }
    if (marks.is_repository()) return at.string();
    if (at == at.parent_path()) return {};
  }
}

bool lies_in_repository(const Root& root,
                        const std::vector<std::string>& made,
                        std::string_view path) {
  if (is_repository(root, made, "") || !repository_around(root.path()).empty()) return true;
  for (auto slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    if (is_repository(root, made, std::string(path.substr(0, slash + 1)))) return true;
  }
  return false;
}

std::string_view protection_after(const Root& root,
                                  const std::vector<std::string>& made,
                                  std::string_view path) {
  const std::string_view by_name = protection_of(root.path() + "/" + std::string(path));
  if (!by_name.empty()) return by_name;
  return lies_in_repository(root, made, path) ? "a repository of git" : std::string_view();
}

}  // namespace hearth::packs::mandates::workspace
