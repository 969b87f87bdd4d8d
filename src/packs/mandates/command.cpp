#include "packs/mandates/command.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <optional>
#include <ranges>
#include <system_error>
#include <utility>

#include "base/log.hpp"
#include "packs/mandates/engine/digest.hpp"
#include "packs/mandates/observer.hpp"
#include "packs/mandates/workspace/command_rule.hpp"
#include "packs/mandates/workspace/guarded_command.hpp"

namespace hearth::packs::mandates {
namespace {

namespace ws = workspace;

constexpr std::size_t most_output_bytes = 8 << 10;
// The kernel ends a command with its daemon; what waits for a disk takes a moment.
constexpr std::chrono::milliseconds grace_of_the_killed{2'000};

CommandRequest request_of(const Deed& deed) {
  return {.words = deed.words, .hosts = deed.hosts, .secrets = deed.secrets};
}

Result<sandbox::Plan> plan_of(const Deed& deed,
                              const Workbench& bench,
                              const std::stop_token& stop) {
  sandbox::Plan plan;
  plan.words = deed.words;
  plan.may_write = deed.writes;
  plan.tools = bench.settings().tool_chains;
  for (const std::string& host : deed.hosts) {
    const auto rule = sandbox::HostRule::parse(host);
    if (!rule) return std::unexpected(rule.error());
    plan.network.push_back(*rule);
  }
  auto variables = bench.command_variables(request_of(deed), stop);
  if (!variables) return std::unexpected(std::move(variables.error()));
  plan.environment = std::move(*variables);
  return plan;
}

// git is told where its repository lies, and kept from what could make it run something else.
Result<ws::GuardedOutcome> carry_out(const Deed& deed,
                                     const sandbox::Sandbox& sandbox,
                                     const ws::Root& root,
                                     sandbox::Plan plan,
                                     const ws::GuardPlaces& places,
                                     const std::stop_token& stop) {
  if (deed.words.front() != "git")
    return ws::run_guarded(sandbox, root, std::move(plan), places, stop);
  std::vector<std::string> arguments(deed.words.begin() + 1, deed.words.end());
  if (deed.writes)
    return ws::run_git(sandbox, root, std::move(arguments), std::move(plan), places, stop);
  auto outcome = ws::look_with_git(sandbox, root, std::move(arguments), std::move(plan), stop);
  if (!outcome) return std::unexpected(std::move(outcome.error()));
  return ws::GuardedOutcome{{}, std::move(*outcome)};
}

// What a kill left there before anybody was told.
std::string told_of(const std::string& aside) {
  std::string text;
  std::error_code none;
  for (const auto& each : std::filesystem::directory_iterator(aside, none))
    text += each.path().string() + " was protected, and not there before the command\n";
  return text;
}

// For the engine, and for people.
Result<std::string> told(const Deed& deed, const Workbench& bench, Result<ws::GuardedOutcome> ran) {
  const bool has_effects = deed.writes || !deed.hosts.empty();
  if (!ran) {
    // Of what refuses, nothing has begun.
    const Errc code = ran.error().code;
    const bool has_begun = code != Errc::invalid_args && code != Errc::permission &&
                           code != Errc::not_found && code != Errc::unsupported;
    if (has_effects && has_begun) ran.error().code = Errc::outcome_unknown;
    return std::unexpected(std::move(ran.error()));
  }
  std::string text =
      ran->describe() + describe_command(ran->outcome, bench.redactor(), most_output_bytes);
  if (ran->needs_review()) {
    log::warning("a command's workspace needs a look",
                 {log::kv("workspace", deed.workspace), log::kv("why", ran->describe())});
    return fail(Errc::outcome_unknown, std::move(text));
  }
  if (ran->outcome.is_success()) return text;
  // One that came to an end by itself has failed; how far one came that was cut off, nobody knows.
  using End = sandbox::Outcome::End;
  const End end = ran->outcome.end;
  if (end == End::exited || end == End::signalled) return fail(Errc::io, std::move(text));
  if (has_effects) return fail(Errc::outcome_unknown, std::move(text));
  return fail(end == End::stopped ? Errc::cancelled : Errc::io, std::move(text));
}

}  // namespace

ws::GuardPlaces guard_places(const std::string& records, const std::string& key) {
  constexpr std::size_t digits = 32;
  return {.aside = records + "/aside/" + hex(digest(key)).substr(0, digits),
          .records = records,
          .key = key};
}

const CommandScope* rule_for(const MandateSpec& spec, const std::vector<std::string>& words) {
  for (const CommandScope& each : spec.commands | std::views::reverse) {
    const std::array lines{each.rule};
    const auto rules = ws::CommandRules::parse(lines);
    if (rules && rules->check(words)) return &each;
  }
  return nullptr;
}

Result<void> prepare_command(Deed& deed, const MandateSpec& spec, const Workbench& bench) {
  const CommandScope* const rule = rule_for(spec, deed.words);
  if (rule == nullptr) return {};  // it will be denied
  deed.writes = rule->writes;
  deed.hosts = rule->hosts;
  deed.secrets = rule->secrets;
  return bench.check_secrets(request_of(deed));
}

Result<std::string> run_command(const Deed& deed,
                                Workbench& bench,
                                const ws::GuardPlaces& places,
                                const ForReview& for_review,
                                const std::stop_token& stop) {
  const auto root = ws::Root::open(deed.workspace);
  if (!root) return std::unexpected(root.error());
  const auto sandbox = bench.sandbox(stop);
  if (!sandbox) return std::unexpected(sandbox.error());
  auto plan = plan_of(deed, bench, stop);
  if (!plan) return std::unexpected(std::move(plan.error()));
  std::optional<WorkspaceLocks::Held> held;
  if (deed.writes) {
    auto mine = bench.workspaces().hold(root->path(), stop);
    if (!mine) return std::unexpected(std::move(mine.error()));
    held = std::move(*mine);
  }
  auto done = told(deed, bench, carry_out(deed, **sandbox, *root, std::move(*plan), places, stop));
  if (!deed.writes) return done;
  if (!done && done.error().code == Errc::outcome_unknown) {
    if (auto marked = for_review(places.key, done.error().message); !marked) {
      // The record stays: after a restart it is compared, and told, again.
      log::error("an outcome is not kept", {log::kv("why", marked.error().message)});
      return done;
    }
  }
  if (auto removed = ws::remove_guard(places.records, places.key); !removed)
    log::error("a record is left", {log::kv("why", removed.error().message)});
  return done;
}

Result<void> recover_commands(const std::string& records,
                              const Workbench& bench,
                              const ForReview& for_review) {
  const auto paths = ws::left_guards(records);
  if (!paths) return std::unexpected(paths.error());
  for (const std::string& path : *paths) {
    auto record = ws::read_guard(path);
    if (!record) {
      log::error("what a command did cannot be compared", {log::kv("why", record.error().message)});
      continue;
    }
    const ws::GuardPlaces places = guard_places(records, record->key);
    const std::string workspace = record->workspace;
    std::string text = told_of(places.aside);
    const auto found =
        ws::recover_guard(std::move(*record), places.aside, bench.own(), grace_of_the_killed);
    if (!found && found.error().code == Errc::unavailable) return std::unexpected(found.error());
    text += found ? found->describe()
                  : "what is protected could not be compared: " + found.error().message + "\n";
    if (!text.empty()) {
      log::warning("a command was cut off, and its workspace needs a look",
                   {log::kv("workspace", workspace), log::kv("why", text)});
      if (auto told = for_review(places.key, "it was cut off\n" + text); !told) return told;
    }
    if (auto removed = ws::remove_guard(records, places.key); !removed) return removed;
  }
  return {};
}

}  // namespace hearth::packs::mandates
