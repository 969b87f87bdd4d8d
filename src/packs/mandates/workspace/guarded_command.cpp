#include "packs/mandates/workspace/guarded_command.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "packs/mandates/workspace/command_rule.hpp"
#include "packs/mandates/workspace/protected_entries.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

constexpr std::size_t most_mounts = 256;

// Those nearest to the workspace's own directory first. A link cannot be mounted over.
std::vector<std::string> mounts(const ProtectedEntries& entries, const std::string& root) {
  std::vector<std::pair<std::ptrdiff_t, std::string>> sorted;
  for (const auto& [path, entry] : entries) {
    if (!S_ISLNK(entry.identity.kind))
      sorted.emplace_back(std::ranges::count(path, '/'), root + "/" + path);
  }
  std::ranges::sort(sorted);
  if (sorted.size() > most_mounts) sorted.resize(most_mounts);
  std::vector<std::string> paths;
  for (auto& [depth, path] : sorted) paths.push_back(std::move(path));
  return paths;
}

class Comparison final {
 public:
  Comparison(const Root& root, const std::string& aside) : root_(root), aside_(aside) {}

  void run(const ProtectedEntries& before, const ProtectedEntries& after, GuardedOutcome& to) {
    for (const auto& [path, entry] : after) {
      const auto known = before.find(path);
      const bool is_same = known != before.end() && known->second.identity == entry.identity;
      if (is_same) {
        if (known->second.changed_at != entry.changed_at) to.changed.push_back(path);
        continue;
      }
      // One that was moved along with its directory is whole: it was mounted read-only.
      const bool was_moved = std::ranges::any_of(
          before, [&](const auto& each) { return each.second.identity == entry.identity; });
      // Without its HEAD it is no repository any more; the directory may have been there before.
      const std::string head = path.empty() ? "HEAD" : path + "/HEAD";
      if (!was_moved) take_away(entry.is_repository ? head : path, to);
    }
  }

 private:
  void take_away(const std::string& path, GuardedOutcome& to) {
    auto taken = set_aside(root_, path, aside_);
    if (taken)
      to.aside.push_back(std::move(*taken));
    else if (taken.error().code != Errc::not_found)
      to.changed.push_back(path + " (" + taken.error().message + ")");
  }

  const Root& root_;
  const std::string& aside_;
};

Result<GuardedOutcome> run(const sandbox::Sandbox& sandbox,
                           const Root& root,
                           sandbox::Plan plan,
                           bool is_git,
                           const std::string& aside,
                           const std::stop_token& stop) {
  plan.workspace = root.path();
  ProtectedEntries before;
  if (plan.may_write) {
    auto taken = protected_entries(root, is_git);
    if (!taken) return std::unexpected(std::move(taken.error()));
    before = std::move(*taken);
    if (before.contains(""))
      return fail(Errc::permission, root.path() + " is itself a repository of git",
                  {"let the mandate work in a checkout of it"});
    plan.read_only = mounts(before, root.path());
  }
  auto outcome = sandbox.run(plan, stop);
  if (!outcome) return std::unexpected(std::move(outcome.error()));
  GuardedOutcome guarded{.outcome = std::move(*outcome), .aside = {}, .changed = {}};
  if (!plan.may_write) return guarded;
  const auto after = protected_entries(root, is_git);
  if (!after) return std::unexpected(after.error());
  Comparison(root, aside).run(before, *after, guarded);
  return guarded;
}

// `permission` for arguments that make git run something else.
Result<std::vector<std::string>> git_words(std::vector<std::string> arguments,
                                           const GitIdentity& identity) {
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
  return arguments;
}

}  // namespace

Result<GuardedOutcome> run_guarded(const sandbox::Sandbox& sandbox,
                                   const Root& root,
                                   sandbox::Plan plan,
                                   const std::string& aside,
                                   const std::stop_token& stop) {
  return run(sandbox, root, std::move(plan), false, aside, stop);
}

Result<GuardedOutcome> run_git(const sandbox::Sandbox& sandbox,
                               const Root& root,
                               std::vector<std::string> arguments,
                               sandbox::Plan plan,
                               const std::string& aside,
                               const std::stop_token& stop) {
  auto words = git_words(std::move(arguments), {});
  if (!words) return std::unexpected(std::move(words.error()));
  plan.words = std::move(*words);
  return run(sandbox, root, std::move(plan), true, aside, stop);
}

Result<sandbox::Outcome> call_git(const sandbox::Sandbox& sandbox,
                                  const Root& root,
                                  GitCall call,
                                  const std::stop_token& stop) {
  auto words = git_words(std::move(call.arguments), call.identity);
  if (!words) return std::unexpected(std::move(words.error()));
  sandbox::Plan plan;
  plan.words = std::move(*words);
  plan.workspace = root.path();
  plan.may_write = false;
  plan.input = std::move(call.input);
  if (call.writes) {
    plan.writable = {root.path() + "/.git"};
    plan.read_only = kept_from_git(root.path() + "/.git");
  }
  return sandbox.run(plan, stop);
}

}  // namespace hearth::packs::mandates::workspace
