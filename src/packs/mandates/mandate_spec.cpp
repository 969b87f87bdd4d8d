#include "packs/mandates/mandate_spec.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "packs/mandates/command_cost.hpp"
#include "packs/mandates/sandbox/bubblewrap.hpp"
#include "packs/mandates/sandbox/host_rule.hpp"
#include "packs/mandates/workspace/command_rule.hpp"

namespace hearth::packs::mandates {
namespace {

constexpr std::array<std::string_view, 3> scope_names{"auto", "ask", "deny"};
constexpr double least_money = 1e-6;  // the unit it is counted in
constexpr double most_money = 1e9;
constexpr std::array<std::string_view, 5> action_names{"read", "create", "edit", "remove", "move"};

Result<void> check_scope(std::string_view where, std::string_view scope) {
  if (scope_from_name(scope)) return {};
  return fail(Errc::invalid_args, std::string(where) + ": expected auto, ask or deny, got \"" +
                                      std::string(scope) + "\"");
}

template <typename T>
bool is_raised(const std::optional<T>& before, const std::optional<T>& after) {
  return before && (!after || *after > *before);
}

bool is_larger(const MandateSpec& before, const MandateSpec& after) {
  return is_raised(before.run_calls, after.run_calls) ||
         is_raised(before.run_tokens, after.run_tokens) ||
         is_raised(before.run_money, after.run_money) ||
         is_raised(before.run_seconds, after.run_seconds) ||
         is_raised(before.mandate_calls, after.mandate_calls) ||
         is_raised(before.mandate_tokens, after.mandate_tokens) ||
         is_raised(before.mandate_money, after.mandate_money) ||
         is_raised(before.mandate_seconds, after.mandate_seconds);
}

Limits limits_of(const std::optional<std::int64_t>& calls,
                 const std::optional<std::int64_t>& tokens,
                 const std::optional<double>& money,
                 const std::optional<std::int64_t>& seconds) {
  Limits limits{.calls = calls, .tokens = tokens, .money = {}, .wall_ms = {}};
  if (money) limits.money = std::llround(*money * 1e6);
  if (seconds) limits.wall_ms = *seconds * 1'000;
  return limits;
}

// What a command gets beside its words.
Result<void> check_surroundings(const CommandScope& command) {
  for (const std::string& host : command.hosts) {
    if (auto rule = sandbox::HostRule::parse(host); !rule)
      return std::unexpected(std::move(rule.error()));
  }
  for (const SecretVariable& each : command.secrets) {
    if (const std::string why = sandbox::refusal_of_variable(each.variable, ""); !why.empty())
      return fail(Errc::invalid_args, why);
  }
  return {};
}

bool is_same(const SecretVariable& a, const SecretVariable& b) {
  return a.variable == b.variable && a.secret == b.secret;
}

bool is_same(const CommandScope& a, const CommandScope& b) {
  return a.rule == b.rule && a.scope == b.scope && a.writes == b.writes && a.hosts == b.hosts &&
         std::ranges::equal(a.secrets, b.secrets,
                            [](const auto& one, const auto& other) { return is_same(one, other); });
}

// All of `after` is in `before`, each as it is: what a pattern covers is not asked.
bool looks_at_no_more(const Observed& before, const Observed& after) {
  const auto holds = [](const auto& all) {
    return [&all](const auto& each) { return std::ranges::find(all, each) != all.end(); };
  };
  return std::ranges::all_of(after.files, holds(before.files)) &&
         std::ranges::all_of(after.commands, holds(before.commands)) &&
         std::ranges::all_of(after.tools, [&](const ObservedTool& each) {
           return std::ranges::any_of(before.tools, [&](const ObservedTool& one) {
             return one.tool == each.tool && one.arguments == each.arguments;
           });
         });
}

bool is_same(const PathScope& a, const PathScope& b) {
  return a.glob == b.glob && a.actions == b.actions && a.scope == b.scope;
}

}  // namespace

std::optional<workspace::Scope> scope_from_name(std::string_view name) {
  const auto found = std::ranges::find(scope_names, name);
  if (found == scope_names.end()) return std::nullopt;
  return static_cast<workspace::Scope>(found - scope_names.begin());
}

std::optional<workspace::Action> action_from_name(std::string_view name) {
  const auto found = std::ranges::find(action_names, name);
  if (found == action_names.end()) return std::nullopt;
  return static_cast<workspace::Action>(found - action_names.begin());
}

std::string_view action_name(workspace::Action action) {
  return action_names[static_cast<std::size_t>(action)];
}

Result<void> check(const MandateSpec& spec) {
  for (const PathScope& each : spec.paths) {
    if (auto ok = check_scope("paths", each.scope); !ok) return ok;
    for (const std::string& action : each.actions) {
      if (!action_from_name(action))
        return fail(Errc::invalid_args, "paths: there is no action \"" + action + "\"",
                    {"use read, create, edit, remove or move"});
    }
  }
  for (const CommandScope& each : spec.commands) {
    if (auto ok = check_scope("commands", each.scope); !ok) return ok;
    const std::array lines{each.rule};
    if (auto rules = workspace::CommandRules::parse(lines); !rules)
      return std::unexpected(std::move(rules.error()).within("commands"));
    if (auto ok = check_surroundings(each); !ok)
      return std::unexpected(std::move(ok.error()).within("commands: " + each.rule));
  }
  for (const ToolScope& each : spec.tools) {
    if (auto ok = check_scope("tools", each.scope); !ok) return ok;
  }
  for (const std::string& line : spec.observe.commands) {
    if (auto words = words_of(line); !words)
      return std::unexpected(std::move(words.error()).within("observe: commands: " + line));
  }
  for (const auto& money : {spec.run_money, spec.mandate_money}) {
    if (money && !(*money >= least_money && *money <= most_money))
      return fail(Errc::invalid_args, "a budget of money is at least 0.000001, and at most 1e9");
  }
  return check_scope("commits", spec.commits);
}

Result<void> check_seconds(const MandateSpec& spec, std::chrono::milliseconds timeout) {
  const bool decides_commands =
      std::ranges::any_of(spec.commands, [](const auto& each) { return each.scope != "deny"; });
  const std::size_t commands = spec.observe.commands.size() + (decides_commands ? 1 : 0);
  const std::chrono::milliseconds each(most_of_command().wall_ms);
  const auto count = [](std::chrono::milliseconds time) {
    return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count());
  };
  const auto needed = timeout + each * commands;
  std::string what = "one call of the model (" + count(timeout) + ", its timeout)";
  if (commands > 0)
    what += " and " + std::to_string(commands) + " commands (" + count(each) + " each)";
  for (const auto& limit : {spec.run_seconds, spec.mandate_seconds}) {
    if (!limit || std::chrono::seconds(*limit) >= needed) continue;
    return fail(
        Errc::invalid_args,
        "a budget of " + std::to_string(*limit) + " seconds is less than is reserved for " + what +
            ": " + count(needed),
        {"allow that much, or fewer commands", "set a shorter timeout in [mandates.model]"});
  }
  return {};
}

std::string loosening_of(const MandateSpec& before, const MandateSpec& after) {
  if (!looks_at_no_more(before.observe, after.observe)) return "more to look at";
  if (before.workspace != after.workspace || before.root != after.root) return "another workspace";
  const auto are_same = [](const auto& a, const auto& b) { return is_same(a, b); };
  if (!std::ranges::equal(before.paths, after.paths, are_same)) return "other rules for paths";
  if (!std::ranges::equal(before.commands, after.commands, are_same))
    return "other rules for commands";
  const bool has_same_tools = std::ranges::equal(
      before.tools, after.tools,
      [](const auto& a, const auto& b) { return a.tool == b.tool && a.scope == b.scope; });
  if (!has_same_tools) return "other tools";
  if (scope_from_name(after.commits) < scope_from_name(before.commits)) return "easier commits";
  if (after.cycles > before.cycles || after.deadline > before.deadline) return "longer runs";
  return is_larger(before, after) ? std::string(a_larger_budget) : std::string();
}

std::string automatic_in(const MandateSpec& spec,
                         const std::function<bool(const std::string&)>& reads) {
  for (const PathScope& each : spec.paths) {
    // No action means all of them.
    const bool only_reads =
        !each.actions.empty() &&
        std::ranges::all_of(each.actions, [](const auto& action) { return action == "read"; });
    if (each.scope == "auto" && !only_reads) return "the path rule " + each.glob;
  }
  for (const CommandScope& each : spec.commands) {
    if (each.scope == "auto") return "the command rule " + each.rule;
  }
  for (const ToolScope& each : spec.tools) {
    if (each.scope == "auto" && !reads(each.tool)) return "the tool " + each.tool;
  }
  return spec.commits == "auto" ? "commits" : "";
}

bool uses_sandbox(const MandateSpec& spec) {
  return spec.commits != "deny" || !spec.observe.commands.empty() ||
         std::ranges::any_of(spec.commands,
                             [](const CommandScope& each) { return each.scope != "deny"; });
}

workspace::Policy policy_of(const MandateSpec& spec, std::vector<std::string> own) {
  std::vector<workspace::PathRule> rules;
  for (const PathScope& each : spec.paths) {
    workspace::PathRule& rule = rules.emplace_back();
    rule.glob = each.glob;
    // What cannot be read is the strictest: it was checked when it was stored.
    rule.scope = scope_from_name(each.scope).value_or(workspace::Scope::deny);
    for (const std::string& name : each.actions) {
      if (const auto action = action_from_name(name)) rule.actions.push_back(*action);
    }
  }
  return workspace::Policy(std::move(rules), workspace::Scope::ask, std::move(own));
}

RunRules rules_of(const MandateSpec& spec, const Limits& day) {
  RunRules rules;
  rules.most_cycles = static_cast<int>(spec.cycles);
  rules.deadline = std::chrono::seconds(spec.deadline);
  rules.approval_time = std::chrono::seconds(spec.approval_time);
  rules.retry.most = static_cast<int>(spec.retries);
  rules.budget = budget_of(spec, day);
  return rules;
}

Budget budget_of(const MandateSpec& spec, const Limits& day) {
  return {.run = limits_of(spec.run_calls, spec.run_tokens, spec.run_money, spec.run_seconds),
          .mandate = limits_of(spec.mandate_calls, spec.mandate_tokens, spec.mandate_money,
                               spec.mandate_seconds),
          .day = day};
}

Result<std::vector<std::string>> words_of(std::string_view line) {
  constexpr std::string_view for_shells = "|&;<>()$`*?[\n";
  constexpr std::string_view for_shells_in_front = "~#";
  std::vector<std::string> words;
  std::optional<std::string> word;
  const auto begun = [&]() -> std::string& { return word ? *word : word.emplace(); };
  char quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool is_quoted = quote != '\0';
    const bool is_last = i + 1 == line.size();
    const bool escapes_here = quote != '"' || is_last || line[i + 1] == '"' || line[i + 1] == '\\';
    if (c == quote) {
      quote = '\0';
    } else if (c == '\\' && quote != '\'' && escapes_here) {
      if (is_last) return fail(Errc::invalid_args, "nothing follows the last \\");
      begun() += line[++i];
    } else if (!is_quoted && (c == '"' || c == '\'')) {
      quote = c;
      begun();
    } else if (!is_quoted && (c == ' ' || c == '\t')) {
      if (word) words.push_back(*std::exchange(word, std::nullopt));
    } else if (!is_quoted &&
               (for_shells.contains(c) || (!word && for_shells_in_front.contains(c)))) {
      return fail(Errc::invalid_args,
                  "no shell runs it, and " + std::string(1, c) + " means something to shells only",
                  {"put it in quotes if a program is to get it", "or run a script"});
    } else {
      begun() += c;
    }
  }
  if (quote != '\0') return fail(Errc::invalid_args, "a quote is open at the end");
  if (word) words.push_back(std::move(*word));
  if (words.empty()) return fail(Errc::invalid_args, "there is no word in it");
  return words;
}

}  // namespace hearth::packs::mandates
