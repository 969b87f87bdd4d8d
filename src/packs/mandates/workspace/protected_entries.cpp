#include "packs/mandates/workspace/protected_entries.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "packs/mandates/workspace/policy.hpp"
#include "packs/mandates/workspace/repositories.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

constexpr std::size_t most_files = 500'000;

constexpr std::array names_kept_from_git{"config",    "config.worktree", "hooks", "info",
                                         "commondir", "modules",         "gitdir"};

std::int64_t nanoseconds(const statx_timestamp& time) {
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

// What is gone meanwhile was not there.
bool look_at(const Root& root, const std::string& path, ProtectedEntry& entry) {
  struct statx status{};
  if (::statx(root.descriptor(), path.c_str(), AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH,
              STATX_BASIC_STATS | STATX_BTIME, &status) != 0)
    return false;
  const bool tells_birth = (status.stx_mask & STATX_BTIME) != 0;
  entry.identity = {.device = (std::uint64_t{status.stx_dev_major} << 32) | status.stx_dev_minor,
                    .inode = status.stx_ino,
                    .born_at = tells_birth ? nanoseconds(status.stx_btime) : 0,
                    .kind = static_cast<mode_t>(status.stx_mode & S_IFMT)};
  entry.changed_at = nanoseconds(status.stx_ctime);
  return true;
}

class Walk final {
 public:
  Walk(const Root& root, bool git_may_write, const std::vector<std::string>& hidden)
      : root_(root),
        last_name_(root.path().substr(root.path().rfind('/') + 1)),
        git_may_write_(git_may_write),
        hidden_(hidden) {}

  Result<ProtectedEntries> run() {
    if (const auto why = protection_of(root_.path()); !why.empty())
      return fail(Errc::permission, root_.path() + " is itself protected: " + std::string(why));
    if (git_may_write_) {
      for (const char* const name : names_kept_from_git) note(std::string(".git/") + name);
    }
    if (auto done = visit(""); !done) return std::unexpected(std::move(done.error()));
    return std::move(entries_);
  }

 private:
  Result<void> visit(const std::string& directory) {
    std::error_code error;
    const std::filesystem::directory_iterator list(root_.path() + "/" + directory, error);
    if (error == std::errc::no_such_file_or_directory && !directory.empty()) return {};
    if (error == std::errc::permission_denied && !directory.empty()) {
      note(directory);  // whatever lies in it
      return {};
    }
    if (error) return fail_errno("list " + root_.path() + "/" + directory, error.value());
    RepositoryMarks marks;
    for (const auto& entry : list) {
      if (++seen_ > most_files)
        return fail(Errc::unsupported,
                    "the workspace has more than 500,000 files: too many to guard");
      const std::string name = entry.path().filename().string();
      const std::string path = directory.empty() ? name : directory + "/" + name;
      marks.add(name);
      const bool is_directory = entry.is_directory(error) && !entry.is_symlink(error);
      if (path == ".git" && is_directory && git_may_write_) continue;
      if (std::ranges::find(hidden_, root_.path() + "/" + path) != hidden_.end()) continue;
      // At most two names make one protected: of those above, the last may be the first of them.
      if (!protection_of(last_name_ + "/" + path).empty()) {
        note(path);
        if (is_directory) look_within(path);
      } else if (is_directory) {
        if (auto done = visit(path); !done) return done;
      }
    }
    if (marks.is_repository()) note(directory, {.is_repository = true});
    return {};
  }

  void look_within(const std::string& directory) {
    namespace fs = std::filesystem;
    std::error_code error;
    fs::recursive_directory_iterator walk(root_.path() + "/" + directory,
                                          fs::directory_options::skip_permission_denied, error);
    for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
      const fs::directory_entry& entry = *walk;
      std::error_code gone;
      // Contents under their hashes, which clones of one machine share; nothing there is run.
      if (entry.path().filename() == "objects" || entry.path().filename() == "store")
        walk.disable_recursion_pending();
      else if (!entry.is_symlink(gone) && entry.is_regular_file(gone) &&
               entry.hard_link_count(gone) > 1)
        note(entry.path().string().substr(root_.path().size() + 1), {.lies_within = true});
    }
  }

  void note(const std::string& path, ProtectedEntry entry = {}) {
    if (look_at(root_, path, entry)) entries_[path] = entry;
  }

  const Root& root_;
  const std::string last_name_;
  const bool git_may_write_;
  const std::vector<std::string>& hidden_;
  std::size_t seen_ = 0;
  ProtectedEntries entries_;
};

}  // namespace

Result<ProtectedEntries> protected_entries(const Root& root,
                                           bool git_may_write,
                                           const std::vector<std::string>& hidden) {
  return Walk(root, git_may_write, hidden).run();
}

ProtectedEntry::Identity identity_of(const Root& root) {
  ProtectedEntry entry;
  (void)look_at(root, "", entry);
  return entry.identity;
}

std::vector<std::string> kept_from_git(const std::string& git_directory) {
  std::vector<std::string> paths;
  for (const char* const name : names_kept_from_git) {
    std::string path = git_directory + "/" + name;
    struct stat status{};
    if (::lstat(path.c_str(), &status) == 0) paths.push_back(std::move(path));
  }
  return paths;
}

}  // namespace hearth::packs::mandates::workspace
