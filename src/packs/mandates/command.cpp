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

// Of a sandbox in which nothing of the command has begun.
bool is_refusal(Errc code) {
  static constexpr std::array refusals{Errc::invalid_args, Errc::permission, Errc::not_found,
                                       Errc::unsupported,  Errc::cancelled,  Errc::timed_out};
  return std::ranges::find(refusals, code) != refusals.end();
}

bool is_git(const Deed& deed) {
  return deed.words.front() == "git";
}

// git that writes is on its own: it may write to version control, which the others may not, and
// reads files that they could make for it.
Result<ws::GuardedOutcome> run_in(const ws::Ground& ground,
                                  const Deed& deed,
                                  sandbox::Plan plan,
                                  Seat seat,
                                  const std::stop_token& stop) {
  if (!deed.writes) return ws::run_guarded(ground, std::move(plan), stop);
  if (is_git(deed))
    return ws::run_git(ground, {deed.words.begin() + 1, deed.words.end()}, std::move(plan), stop);
  if (auto* const wave = static_cast<CommandWave*>(seat.take()))
    return wave->guard.run(ground, std::move(plan), stop);
  return ws::run_guarded(ground, std::move(plan), stop);
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
                                Seat seat,
                                const std::stop_token& stop) {
  if (!deed.writes || is_git(deed)) seat = {};
  const auto root = ws::Root::open(deed.workspace);
  if (!root) return std::unexpected(root.error());
  const auto sandbox = bench.sandbox(stop);
  if (!sandbox) return std::unexpected(sandbox.error());
  auto plan = plan_of(deed, bench, stop);
  if (!plan) return std::unexpected(std::move(plan.error()));
  const auto hold = [&](const std::stop_token& until) -> Result<std::shared_ptr<void>> {
    auto held = bench.workspaces().hold(root->path(), until);
    if (!held) return std::unexpected(std::move(held.error()));
    return std::make_shared<WorkspaceLocks::Held>(std::move(*held));
  };
  const ws::Ground ground{.sandbox = **sandbox, .root = *root, .aside = aside, .hold = hold};
  auto ran = run_in(ground, deed, std::move(*plan), std::move(seat), stop);
  const bool has_effects = deed.writes || !deed.hosts.empty();
  if (!ran) {
    if (has_effects && !is_refusal(ran.error().code)) ran.error().code = Errc::outcome_unknown;
    return std::unexpected(std::move(ran.error()));
  }
  std::string text =
      ran->describe() + describe_command(ran->outcome, bench.redactor(), most_output_bytes);
  if (ran->needs_review()) {
    log::warning("a command's workspace needs a look",
                 {log::kv("workspace", root->path()), log::kv("why", ran->describe())});
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
