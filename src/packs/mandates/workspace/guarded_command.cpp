#include "packs/mandates/workspace/guarded_command.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
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

// What there is before the command, and after it.
class Guard final {
 public:
  Guard(const sandbox::Sandbox& sandbox, const Root& root, bool is_git, const GuardPlaces& places)
      : sandbox_(sandbox), root_(root), places_(places) {
    record_.key = places.key;
    record_.workspace = root.path();
    record_.root = identity_of(root);
    record_.is_git = is_git;
  }

  Result<void> prepare(sandbox::Plan& plan) {
    auto before = protected_entries(root_, record_.is_git, sandbox_.hidden());
    if (!before) return std::unexpected(std::move(before.error()));
    auto mounted = mounts(root_, *before);
    if (!mounted) return std::unexpected(std::move(mounted.error()));
    plan.read_only = std::move(*mounted);
    record_.before = std::move(*before);
    plan.before_start = [this](pid_t first_process) {
      auto kept = keep(first_process);
      // Nothing has begun; other errors of running may mean that something has.
      if (!kept) kept.error().code = Errc::unsupported;
      has_begun_ = kept.has_value();
      return kept;
    };
    return {};
  }
  [[nodiscard]] bool has_begun() const { return has_begun_; }

  Result<Findings> compare_now() const {
    auto after = protected_entries(root_, record_.is_git, sandbox_.hidden());
    if (after) return compare(root_, record_.before, *after, places_.aside);
    after.error().code = Errc::outcome_unknown;
    return std::unexpected(std::move(after.error()).within("compare what is protected"));
  }

 private:
  Result<void> keep(pid_t first_process) {
    if (places_.records.empty()) return {};
    auto mark = sandbox::mark_of(first_process);
    if (!mark) return std::unexpected(std::move(mark.error()));
    record_.first_process = std::move(*mark);
    return write_guard(places_.records, record_);
  }

  const sandbox::Sandbox& sandbox_;
  const Root& root_;
  const GuardPlaces& places_;
  GuardRecord record_;
  bool has_begun_ = false;
};

Result<GuardedOutcome> run(const sandbox::Sandbox& sandbox,
                           const Root& root,
                           sandbox::Plan plan,
                           bool is_git,
                           const GuardPlaces& places,
                           const std::stop_token& stop) {
  plan.workspace = root.path();
  Guard guard(sandbox, root, is_git, places);
  if (plan.may_write) {
    if (auto done = guard.prepare(plan); !done) return std::unexpected(std::move(done.error()));
  }
  auto outcome = sandbox.run(plan, stop);
  if (!guard.has_begun()) {
    if (!outcome) return std::unexpected(std::move(outcome.error()));
    return GuardedOutcome{{}, std::move(*outcome)};
  }
  auto findings = guard.compare_now();
  if (!findings) return std::unexpected(std::move(findings.error()));
  if (outcome) return GuardedOutcome{std::move(*findings), std::move(*outcome)};
  if (findings->needs_review()) {
    outcome.error().code = Errc::outcome_unknown;
    outcome.error().message = findings->describe() + outcome.error().message;
  }
  return std::unexpected(std::move(outcome.error()));
}

bool is_one_of(const std::string& word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

// The command, behind git's own options: those that are allowed have no value of their own.
std::vector<std::string>::iterator command_of(std::vector<std::string>& arguments) {
  return std::ranges::find_if(arguments,
                              [](const std::string& word) { return !word.starts_with('-'); });
}

// Of what compares files with the index, in a workspace below the repository's top.
void stay_below(const Root& root, std::vector<std::string>& arguments) {
  static constexpr std::array<std::string_view, 4> comparing{"status", "diff", "diff-files",
                                                             "diff-index"};
  const auto command = command_of(arguments);
  if (command == arguments.end() || !is_one_of(*command, comparing)) return;
  const bool names_paths = std::any_of(command + 1, arguments.end(), [&](const std::string& word) {
    return word == "--" || root.open_below(word, O_PATH | O_NOFOLLOW);
  });
  if (!names_paths) arguments.insert(arguments.end(), {"--", "."});
}

// `permission` for arguments that make git run something else.
Result<std::vector<std::string>> git_words(std::vector<std::string> arguments,
                                           const GitIdentity& identity) {
  static constexpr std::array<std::string_view, 4> differs{"diff", "log", "show", "format-patch"};
  arguments.insert(arguments.begin(), "git");
  if (const std::string why = refusal_of_git(arguments); !why.empty())
    return fail(Errc::permission, why);
  arguments.erase(arguments.begin());
  const auto command = command_of(arguments);
  if (command != arguments.end() && is_one_of(*command, differs))
    arguments.insert(command + 1, {"--no-ext-diff", "--no-textconv"});
  arguments.insert(arguments.begin(), {"git", "-c", "user.name=" + identity.name, "-c",
                                       "user.email=" + identity.email});
  return arguments;
}

}  // namespace

Result<GuardedOutcome> run_guarded(const sandbox::Sandbox& sandbox,
                                   const Root& root,
                                   sandbox::Plan plan,
                                   const GuardPlaces& places,
                                   const std::stop_token& stop) {
  return run(sandbox, root, std::move(plan), false, places, stop);
}

Result<GuardedOutcome> run_git(const sandbox::Sandbox& sandbox,
                               const Root& root,
                               std::vector<std::string> arguments,
                               sandbox::Plan plan,
                               const GuardPlaces& places,
                               const std::stop_token& stop) {
  auto words = git_words(std::move(arguments), {});
  if (!words) return std::unexpected(std::move(words.error()));
  plan.words = std::move(*words);
  return run(sandbox, root, std::move(plan), true, places, stop);
}

Result<sandbox::Outcome> look_with_git(const sandbox::Sandbox& sandbox,
                                       const Root& root,
                                       std::vector<std::string> arguments,
                                       sandbox::Plan plan,
                                       const std::stop_token& stop) {
  const auto place = find_git(root);
  if (!place && place.error().code != Errc::not_found) return std::unexpected(place.error());
  if (place && !place->prefix.empty()) stay_below(root, arguments);
  auto words = git_words(std::move(arguments), {});
  if (!words) return std::unexpected(std::move(words.error()));
  if (place) {
    const std::string top = root.path().substr(0, root.path().size() - place->prefix.size());
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
