#include "packs/mandates/workspace/guarded_command.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "packs/mandates/workspace/command_rule.hpp"
#include "packs/mandates/workspace/policy.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

constexpr std::size_t most_mounts = 256;
constexpr std::size_t most_entries = 500'000;

// What of version control git itself may not write: where it finds programs to run, and other
// repositories.
constexpr std::array kept_from_git{".git/config", ".git/config.worktree", ".git/hooks",
                                   ".git/info",   ".git/commondir",       ".git/modules",
                                   ".git/gitdir"};

struct Version {
  FileIdentity identity;
  std::int64_t changed_at = 0;  // ns; of the inode, so that nothing written goes unseen
  std::size_t depth = 0;
};

// The protected entries of a workspace by their paths in it; of a directory only itself.
class Inventory final {
 public:
  explicit Inventory(std::string root) : root_(std::move(root)) {}

  Result<void> take(bool git_may_write) {
    git_may_write_ = git_may_write;
    if (git_may_write) {
      for (const char* const path : kept_from_git) note(path);
    }
    return walk("");
  }

  [[nodiscard]] const std::map<std::string, Version>& entries() const { return entries_; }

 private:
  // Links are not followed, and what is protected is not looked into.
  Result<void> walk(const std::string& directory) {
    std::error_code error;
    const std::filesystem::directory_iterator list(root_ + "/" + directory, error);
    if (error == std::errc::permission_denied || error == std::errc::no_such_file_or_directory)
      return {};
    if (error) return fail_errno("list " + root_ + "/" + directory, error.value());
    for (const auto& entry : list) {
      if (++seen_ > most_entries)
        return fail(Errc::unsupported,
                    "the workspace has more than 500,000 files: too many to guard");
      const std::string name = entry.path().filename().string();
      const std::string path = directory.empty() ? name : directory + "/" + name;
      if (path == ".git" && git_may_write_) continue;
      if (!protection_of(path).empty()) {
        note(path);
      } else if (entry.is_directory(error) && !entry.is_symlink(error)) {
        if (auto done = walk(path); !done) return done;
      }
    }
    return {};
  }

  void note(const std::string& path) {
    struct stat status{};
    if (::lstat((root_ + "/" + path).c_str(), &status) != 0) return;
    entries_[path] = {.identity = {.device = status.st_dev, .inode = status.st_ino},
                      .changed_at = status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec,
                      .depth = static_cast<std::size_t>(std::ranges::count(path, '/'))};
  }

  const std::string root_;
  bool git_may_write_ = false;
  std::size_t seen_ = 0;
  std::map<std::string, Version> entries_;
};

// Those nearest to the workspace's own directory first. A link cannot be mounted over.
std::vector<std::string> mounts(const Inventory& inventory, const std::string& root) {
  std::vector<std::pair<std::size_t, std::string>> sorted;
  for (const auto& [path, version] : inventory.entries()) {
    struct stat status{};
    const std::string whole = root + "/" + path;
    if (::lstat(whole.c_str(), &status) == 0 && !S_ISLNK(status.st_mode))
      sorted.emplace_back(version.depth, whole);
  }
  std::ranges::sort(sorted);
  if (sorted.size() > most_mounts) sorted.resize(most_mounts);
  std::vector<std::string> paths;
  for (auto& [depth, path] : sorted) paths.push_back(std::move(path));
  return paths;
}

bool is_known(const Inventory& inventory, const FileIdentity& identity) {
  return std::ranges::any_of(inventory.entries(),
                             [&](const auto& entry) { return entry.second.identity == identity; });
}

void compare(const Inventory& before,
             const Inventory& after,
             const std::string& root,
             GuardedOutcome& to) {
  for (const auto& [path, version] : after.entries()) {
    const auto known = before.entries().find(path);
    const bool is_same =
        known != before.entries().end() && known->second.identity == version.identity;
    if (is_same && known->second.changed_at == version.changed_at) continue;
    // One that was moved along with its directory is whole: it was mounted read-only.
    if (is_same || is_known(before, version.identity)) {
      if (is_same) to.changed.push_back(path);
      continue;
    }
    std::error_code ignored;
    std::filesystem::remove_all(root + "/" + path, ignored);
    to.removed.push_back(path);
  }
}

Result<GuardedOutcome> run(const sandbox::Sandbox& sandbox,
                           const Root& root,
                           sandbox::Plan plan,
                           bool git_may_write,
                           const std::stop_token& stop) {
  plan.workspace = root.path();
  Inventory before(root.path());
  if (auto done = before.take(git_may_write); !done)
    return std::unexpected(std::move(done.error()));
  plan.read_only = mounts(before, root.path());
  auto outcome = sandbox.run(plan, stop);
  if (!outcome) return std::unexpected(std::move(outcome.error()));
  GuardedOutcome guarded{.outcome = std::move(*outcome), .removed = {}, .changed = {}};
  if (!plan.may_write) return guarded;
  Inventory after(root.path());
  if (auto done = after.take(git_may_write); !done) return std::unexpected(std::move(done.error()));
  compare(before, after, root.path(), guarded);
  return guarded;
}

}  // namespace

Result<GuardedOutcome> run_guarded(const sandbox::Sandbox& sandbox,
                                   const Root& root,
                                   sandbox::Plan plan,
                                   const std::stop_token& stop) {
  return run(sandbox, root, std::move(plan), false, stop);
}

Result<GuardedOutcome> run_git(const sandbox::Sandbox& sandbox,
                               const Root& root,
                               std::vector<std::string> arguments,
                               sandbox::Plan plan,
                               const GitIdentity& identity,
                               const std::stop_token& stop) {
  arguments.insert(arguments.begin(), "git");
  if (const std::string why = refusal_of_git(arguments); !why.empty())
    return fail(Errc::permission, why);
  if (arguments.size() > 1) {
    static constexpr std::array<std::string_view, 4> differs{"diff", "log", "show", "format-patch"};
    if (std::ranges::find(differs, arguments[1]) != differs.end())
      arguments.insert(arguments.begin() + 2, {"--no-ext-diff", "--no-textconv"});
  }
  arguments.insert(arguments.begin() + 1,
                   {"-c", "user.name=" + identity.name, "-c", "user.email=" + identity.email});
  plan.words = std::move(arguments);
  return run(sandbox, root, std::move(plan), true, stop);
}

}  // namespace hearth::packs::mandates::workspace
