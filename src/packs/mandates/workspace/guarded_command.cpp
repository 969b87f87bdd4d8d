#include "packs/mandates/workspace/guarded_command.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "base/confined_path.hpp"
#include "packs/mandates/workspace/command_rule.hpp"
#include "packs/mandates/workspace/protected_entries.hpp"
#include "packs/mandates/workspace/repository_config.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

Result<GuardedOutcome> run(const Ground& ground,
                           sandbox::Plan plan,
                           bool is_git,
                           const GuardPlaces& places,
                           const std::stop_token& stop) {
  if (plan.may_write) return Guard(1, is_git).run(ground, std::move(plan), places, stop);
  plan.workspace = ground.root.path();
  auto outcome = ground.sandbox.run(plan, stop);
  if (!outcome) return std::unexpected(std::move(outcome.error()));
  return GuardedOutcome{{}, std::move(*outcome)};
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
  static constexpr std::array<std::string_view, 5> looks_below{"status", "diff", "show",
                                                               "diff-files", "diff-index"};
  arguments.insert(arguments.begin(), "git");
  if (const std::string why = refusal_of_git(arguments); !why.empty())
    return fail(Errc::permission, why);
  arguments.erase(arguments.begin());
  const auto command = command_of(arguments);
  // In a submodule git obeys a configuration of its own.
  const bool enters_submodules = command != arguments.end() && is_one_of(*command, looks_below);
  if (command != arguments.end() && *command == "blame")
    arguments.insert(command + 1, "--no-textconv");
  else if (command != arguments.end() && is_one_of(*command, differs))
    arguments.insert(command + 1, {"--no-ext-diff", "--no-textconv"});
  if (enters_submodules) arguments.insert(command_of(arguments) + 1, "--ignore-submodules=all");
  arguments.insert(arguments.begin(), {"git", "-c", "user.name=" + identity.name, "-c",
                                       "user.email=" + identity.email});
  return arguments;
}

}  // namespace

Result<GuardedOutcome> run_guarded(const Ground& ground,
                                   sandbox::Plan plan,
                                   const GuardPlaces& places,
                                   const std::stop_token& stop) {
  return run(ground, std::move(plan), false, places, stop);
}

Result<GuardedOutcome> run_git(const Ground& ground,
                               std::vector<std::string> arguments,
                               sandbox::Plan plan,
                               const GuardPlaces& places,
                               const std::stop_token& stop) {
  auto words = git_words(std::move(arguments), {});
  if (!words) return std::unexpected(std::move(words.error()));
  plan.words = std::move(*words);
  const auto place = find_git(ground.root);
  if (!place && place.error().code != Errc::not_found) return std::unexpected(place.error());
  // Elsewhere it is not seen in the sandbox.
  if (place && is_within(place->common, ground.root.path())) {
    if (auto done = give_harmless_config(plan, ground.sandbox, *place, stop); !done)
      return std::unexpected(std::move(done.error()));
  }
  return run(ground, std::move(plan), true, places, stop);
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
    if (!is_within(place->common, root.path())) plan.tools.push_back(place->common);
    if (auto done = give_harmless_config(plan, sandbox, *place, stop); !done)
      return std::unexpected(std::move(done.error()));
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
  } else if (!is_within(place.common, root.path())) {
    plan.tools = {place.common};
  }
  return sandbox.run(plan, stop);
}

}  // namespace hearth::packs::mandates::workspace
