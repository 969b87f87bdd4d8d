#include "packs/mandates/workspace/git_place.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/confined_path.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

namespace fs = std::filesystem;

// One line of a small file; nothing where there is none.
std::optional<std::string> line_of(const fs::path& path) {
  constexpr std::size_t longest = 4'096;
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line) || line.size() > longest) return std::nullopt;
  return line;
}

// The real path that a line names, seen from a directory.
std::optional<fs::path> resolve(const fs::path& from, const std::string& line) {
  std::error_code error;
  auto real = fs::canonical(from / line, error);
  return error ? std::nullopt : std::optional(std::move(real));
}

Result<void> require_ours(const fs::path& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return fail_errno(path.string(), errno);
  if (status.st_uid == ::geteuid()) return {};
  return fail(Errc::permission, path.string() + " is another user's",
              {"commit from a clone of your own"});
}

// `link`: the file .git of a worktree.
Result<GitPlace> follow(const fs::path& link) {
  constexpr std::string_view mark = "gitdir: ";
  const auto line = line_of(link);
  if (!line || !line->starts_with(mark))
    return fail(Errc::unsupported, link.string() + " is no file of git's");
  const auto directory = resolve(link.parent_path(), line->substr(mark.size()));
  if (!directory) return fail(Errc::not_found, link.string() + " names what is not there");
  const auto back = line_of(*directory / "gitdir");
  const auto shared = line_of(*directory / "commondir");
  if (!back || !shared)
    return fail(Errc::unsupported, link.string() + " is a submodule's, not a worktree's",
                {"commit in a clone of the submodule's repository"});
  const auto named = resolve(*directory, *back);
  const auto common = resolve(*directory, *shared);
  std::error_code error;
  if (!named || *named != fs::canonical(link, error) || !common ||
      directory->parent_path() != *common / "worktrees")
    return fail(Errc::permission,
                link.string() + " and " + directory->string() + " do not name each other",
                {"run `git worktree repair` in the repository"});
  if (auto ours = require_ours(*common); !ours) return std::unexpected(std::move(ours.error()));
  return GitPlace{.directory = directory->string(), .common = common->string(), .prefix = {}};
}

Result<GitPlace> place_at(const fs::path& git) {
  if (auto ours = require_ours(git); !ours) return std::unexpected(std::move(ours.error()));
  std::error_code error;
  const auto kind = fs::symlink_status(git, error).type();
  if (kind == fs::file_type::regular) return follow(git);
  if (kind != fs::file_type::directory)
    return fail(Errc::unsupported, git.string() + " is a link",
                {"name the directory that it leads to as the workspace's .git"});
  return GitPlace{.directory = git.string(), .common = git.string(), .prefix = {}};
}

// The user's home, and what lies above it. Who keeps all of it under version control did not mean
// the history of that when a directory somewhere below was allowed.
bool is_too_wide(const fs::path& directory) {
  std::error_code error;
  const char* const named = ::getenv("HOME");
  const passwd* const user = named == nullptr ? ::getpwuid(::geteuid()) : nullptr;
  const fs::path home = fs::weakly_canonical(
      named != nullptr ? named : (user != nullptr ? user->pw_dir : "/"), error);
  return is_within(home.string(), directory.string());
}

}  // namespace

Result<GitPlace> find_git(const Root& root) {
  const fs::path workspace = root.path();
  std::error_code error;
  const auto is_looked_at = [&](const fs::path& directory) {
    return directory == workspace ||
           (is_within(directory.string(), root.top()) && !is_too_wide(directory));
  };
  for (fs::path at = workspace; is_looked_at(at); at = at.parent_path()) {
    if (fs::exists(fs::symlink_status(at / ".git", error))) {
      auto place = place_at(at / ".git");
      const std::string below = workspace.lexically_relative(at).string();
      if (place && below != ".") place->prefix = below + "/";
      return place;
    }
    if (at == at.parent_path()) break;
  }
  return fail(Errc::not_found, root.path() + " is in no repository of git",
              {"run `git init` there, and make a first commit"});
}

}  // namespace hearth::packs::mandates::workspace
