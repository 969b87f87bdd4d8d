#include "packs/mandates/workspace/guarded_command.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "packs/mandates/sandbox/bubblewrap.hpp"
#include "packs/mandates/workspace/command_rule.hpp"
#include "packs/mandates/workspace/protected_entries.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

// bubblewrap takes 9,000 arguments, three for each; that many mounts take it some seconds.
constexpr std::size_t most_mounts = 2'000;

// A link cannot be mounted over: whoever removes it puts something else in its place, and what it
// names is written where it lies. One that names a protected file beside it is harmless: that one
// is mounted, and the link's own end is noticed.
Result<void> check_link(const Root& root, const std::string& path, const ProtectedEntries& all) {
  std::array<char, 4'096> target{};
  const auto place = root.place_of(path);
  const ssize_t size = place ? ::readlinkat(place->directory.get(), place->name.c_str(),
                                            target.data(), target.size())
                             : -1;
  const std::string name(target.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  const auto named = all.find(path.substr(0, path.rfind('/') + 1) + name);
  if (name.find('/') == std::string::npos && named != all.end() &&
      !S_ISLNK(named->second.identity.kind))
    return {};
  return fail(Errc::permission, path + " is protected, and a symbolic link, which cannot be kept",
              {"replace it by a copy of what it names, or let the rule only read"});
}

// Those above before those below.
Result<std::vector<std::string>> mounts(const Root& root, const ProtectedEntries& entries) {
  if (entries.contains(""))
    return fail(Errc::permission, root.path() + " is itself a repository of git",
                {"let the mandate work in a checkout of it"});
  std::vector<std::string> paths;
  for (const auto& [path, entry] : entries) {
    if (entry.lies_within) continue;
    if (!S_ISLNK(entry.identity.kind))
      paths.push_back(root.path() + "/" + path);
    else if (auto done = check_link(root, path, entries); !done)
      return std::unexpected(std::move(done.error()));
  }
  if (paths.size() > most_mounts)
    return fail(Errc::unsupported,
                "the workspace has " + std::to_string(paths.size()) +
                    " protected files and directories; a command that writes is kept from at "
                    "most 2,000",
                {"name a directory with fewer as the workspace, or let the rule only read"});
  return paths;
}

class Comparison final {
 public:
  Comparison(const Root& root, const std::string& aside) : root_(root), aside_(aside) {}

  void run(const ProtectedEntries& before, const ProtectedEntries& after, GuardedOutcome& to) {
    std::map<ProtectedEntry::Identity, std::string> places;
    for (const auto& [path, entry] : after) places.emplace(entry.identity, path);
    for (const auto& [path, entry] : before) {
      const auto now = after.find(path);
      if (now != after.end() && now->second.identity == entry.identity) {
        // Directories are mounted with all that they hold, and change with everybody's work.
        if (!S_ISDIR(entry.identity.kind) && now->second.changed_at != entry.changed_at)
          to.changed.push_back(path);
        continue;
      }
      const auto place = places.find(entry.identity);
      to.changed.push_back(path + (place == places.end() ? " (it is gone or was replaced)"
                                                         : " (it is now " + place->second + ")"));
    }
    std::set<ProtectedEntry::Identity> known;
    for (const auto& [path, entry] : before) known.insert(entry.identity);
    for (const auto& [path, entry] : after) {
      // One that was moved along with its directory is whole: it was mounted read-only.
      if (known.contains(entry.identity) || went_along(path, to)) continue;
      if (entry.lies_within)
        to.changed.push_back(path);
      else if (entry.is_repository)  // it is none without its HEAD, and may be older than that
        take_away(path.empty() ? "HEAD" : path + "/HEAD", to);
      else
        take_away(path, to);
    }
  }

 private:
  static bool went_along(const std::string& path, const GuardedOutcome& to) {
    return std::ranges::any_of(
        to.aside, [&](const SetAside& each) { return path.starts_with(each.path + "/"); });
  }

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
    auto taken = protected_entries(root, is_git, sandbox.hidden());
    if (!taken) return std::unexpected(std::move(taken.error()));
    auto mounted = mounts(root, *taken);
    if (!mounted) return std::unexpected(std::move(mounted.error()));
    plan.read_only = std::move(*mounted);
    before = std::move(*taken);
  }
  auto outcome = sandbox.run(plan, stop);
  if (!outcome) return std::unexpected(std::move(outcome.error()));
  GuardedOutcome guarded{.outcome = std::move(*outcome), .aside = {}, .changed = {}};
  if (!plan.may_write) return guarded;
  const auto after = protected_entries(root, is_git, sandbox.hidden());
  if (!after) return std::unexpected(after.error());
  Comparison(root, aside).run(before, *after, guarded);
  return guarded;
}

bool is_one_of(const std::string& word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

// The command, behind git and its own options.
std::vector<std::string>::iterator command_of(std::vector<std::string>& words) {
  return std::find_if(words.begin() + 1, words.end(),
                      [](const std::string& word) { return !word.starts_with('-'); });
}

// Of what compares files with the index, in a workspace below the repository's top.
void stay_below(const Root& root, std::vector<std::string>& words) {
  static constexpr std::array<std::string_view, 4> comparing{"status", "diff", "diff-files",
                                                             "diff-index"};
  const auto command = command_of(words);
  if (command == words.end() || !is_one_of(*command, comparing)) return;
  const bool names_paths = std::any_of(command + 1, words.end(), [&](const std::string& word) {
    return word == "--" || root.open_below(word, O_PATH | O_NOFOLLOW);
  });
  if (!names_paths) words.insert(words.end(), {"--", "."});
}

// `permission` for arguments that make git run something else.
Result<std::vector<std::string>> git_words(std::vector<std::string> arguments,
                                           const GitIdentity& identity) {
  arguments.insert(arguments.begin(), "git");
  if (const std::string why = refusal_of_git(arguments); !why.empty())
    return fail(Errc::permission, why);
  static constexpr std::array<std::string_view, 4> differs{"diff", "log", "show", "format-patch"};
  const auto command = command_of(arguments);
  if (command != arguments.end() && is_one_of(*command, differs))
    arguments.insert(command + 1, {"--no-ext-diff", "--no-textconv"});
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

Result<sandbox::Outcome> look_with_git(const sandbox::Sandbox& sandbox,
                                       const Root& root,
                                       std::vector<std::string> arguments,
                                       sandbox::Plan plan,
                                       const std::stop_token& stop) {
  auto words = git_words(std::move(arguments), {});
  if (!words) return std::unexpected(std::move(words.error()));
  const auto place = find_git(root);
  if (!place && place.error().code != Errc::not_found) return std::unexpected(place.error());
  if (place) {
    const std::string top = root.path().substr(0, root.path().size() - place->prefix.size());
    if (!place->prefix.empty()) stay_below(root, *words);
    words->insert(words->begin() + 1, {"--git-dir=" + place->directory, "--work-tree=" + top});
    if (!sandbox::is_within(place->common, root.path())) plan.tools.push_back(place->common);
  }
  plan.words = std::move(*words);
  plan.workspace = root.path();
  plan.may_write = false;
  return sandbox.run(plan, stop);
}

Result<sandbox::Outcome> call_git(const sandbox::Sandbox& sandbox,
                                  const Root& root,
                                  const GitPlace& place,
                                  GitCall call,
                                  const std::stop_token& stop) {
  auto words = git_words(std::move(call.arguments), call.identity);
  if (!words) return std::unexpected(std::move(words.error()));
  words->insert(words->begin() + 1, "--git-dir=" + place.directory);
  sandbox::Plan plan;
  plan.words = std::move(*words);
  plan.workspace = root.path();
  plan.may_write = false;
  plan.input = std::move(call.input);
  if (call.writes) {
    plan.writable = {place.common};
    plan.read_only = kept_from_git(place.common);
    if (place.directory != place.common) plan.read_only.push_back(place.directory);
  } else if (!sandbox::is_within(place.common, root.path())) {
    plan.tools = {place.common};
  }
  return sandbox.run(plan, stop);
}

}  // namespace hearth::packs::mandates::workspace
