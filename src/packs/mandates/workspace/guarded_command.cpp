#include "packs/mandates/workspace/guarded_command.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "packs/mandates/sandbox/bubblewrap.hpp"
#include "packs/mandates/workspace/command_rule.hpp"
#include "packs/mandates/workspace/protected_entries.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

Result<GuardedOutcome> run(const Ground& ground,
                           sandbox::Plan plan,
                           bool is_git,
                           const std::stop_token& stop) {
  if (plan.may_write) return Guard(1, is_git).run(ground, std::move(plan), stop);
  plan.workspace = ground.root.path();
  auto outcome = ground.sandbox.run(plan, stop);
  if (!outcome) return std::unexpected(std::move(outcome.error()));
  GuardedOutcome guarded;
  guarded.outcome = std::move(*outcome);
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

Result<GuardedOutcome> run_guarded(const Ground& ground,
                                   sandbox::Plan plan,
                                   const std::stop_token& stop) {
  return run(ground, std::move(plan), false, stop);
}

Result<GuardedOutcome> run_git(const Ground& ground,
                               std::vector<std::string> arguments,
                               sandbox::Plan plan,
                               const std::stop_token& stop) {
  auto words = git_words(std::move(arguments), {});
  if (!words) return std::unexpected(std::move(words.error()));
  plan.words = std::move(*words);
  return run(ground, std::move(plan), true, stop);
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
