#include "packs/mandates/command.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <ranges>
#include <utility>

#include "base/log.hpp"
#include "packs/mandates/observer.hpp"
#include "packs/mandates/workspace/command_rule.hpp"
#include "packs/mandates/workspace/guarded_command.hpp"

namespace hearth::packs::mandates {
namespace {

namespace ws = workspace;

constexpr std::size_t most_output_bytes = 8 << 10;

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

// Each by name, up to so many: a command may install thousands.
std::string protected_text(const ws::GuardedOutcome& ran) {
  constexpr std::size_t most_named = 100;
  std::vector<std::string> lines;
  for (const ws::SetAside& each : ran.aside)
    lines.push_back(each.path + " is protected and was not there before: it is now " + each.now);
  for (const std::string& path : ran.changed)
    lines.push_back(path + " is protected, and not as it was before");
  std::string text;
  for (std::size_t i = 0; i < std::min(lines.size(), most_named); ++i) text += lines[i] + "\n";
  if (lines.size() > most_named)
    text += "and " + std::to_string(lines.size() - most_named) + " more\n";
  return text;
}

// git is told where its repository lies, and kept from what could make it run something else.
Result<ws::GuardedOutcome> carry_out(const Deed& deed,
                                     const sandbox::Sandbox& sandbox,
                                     const ws::Root& root,
                                     sandbox::Plan plan,
                                     const std::string& aside,
                                     const std::stop_token& stop) {
  if (deed.words.front() != "git")
    return ws::run_guarded(sandbox, root, std::move(plan), aside, stop);
  std::vector<std::string> arguments(deed.words.begin() + 1, deed.words.end());
  if (deed.writes)
    return ws::run_git(sandbox, root, std::move(arguments), std::move(plan), aside, stop);
  auto outcome = ws::look_with_git(sandbox, root, std::move(arguments), std::move(plan), stop);
  if (!outcome) return std::unexpected(std::move(outcome.error()));
  return ws::GuardedOutcome{.outcome = std::move(*outcome), .aside = {}, .changed = {}};
}

}  // namespace

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
                                const std::string& aside,
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
  auto ran = carry_out(deed, **sandbox, *root, std::move(*plan), aside, stop);
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
      protected_text(*ran) + describe_command(ran->outcome, bench.redactor(), most_output_bytes);
  if (ran->needs_review()) {
    log::warning("a command's workspace needs a look",
                 {log::kv("workspace", root->path()), log::kv("why", protected_text(*ran))});
    return fail(Errc::outcome_unknown, text);
  }
  if (ran->outcome.is_success()) return text;
  // One that came to an end by itself has failed; how far one came that was cut off, nobody knows.
  using End = sandbox::Outcome::End;
  const End end = ran->outcome.end;
  if (end == End::exited || end == End::signalled) return fail(Errc::io, text);
  if (has_effects) return fail(Errc::outcome_unknown, text);
  return fail(end == End::stopped ? Errc::cancelled : Errc::io, text);
}

}  // namespace hearth::packs::mandates
