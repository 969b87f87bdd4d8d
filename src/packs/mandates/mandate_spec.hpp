// What a mandate is for and what it may do: the text that the engine keeps with it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "packs/mandates/engine/ports.hpp"
#include "packs/mandates/workspace/policy.hpp"

namespace hearth::packs::mandates {

struct PathScope {
  std::string glob;
  std::vector<std::string> actions;  // create, edit, remove, move; empty: all
  std::string scope = "ask";
};
// A variable of a command's environment that a named secret fills.
struct SecretVariable {
  std::string variable;
  std::string secret;
};
struct CommandScope {
  std::string rule;  // workspace/command_rule.hpp
  std::string scope = "ask";
  bool writes = false;             // in the workspace
  std::vector<std::string> hosts;  // that it may reach (sandbox/host_rule.hpp); none: no network
  std::vector<SecretVariable> secrets;
};
struct ToolScope {
  std::string tool;
  std::string scope = "ask";
};
struct ObservedTool {
  std::string tool;  // one that only reads
  std::string arguments = "{}";
};
struct Observed {
  std::vector<std::string> files;     // paths in the workspace, or patterns
  std::vector<std::string> commands;  // as words_of() reads them
  std::vector<ObservedTool> tools;
};

struct MandateSpec {
  std::string goal;
  std::string workspace;  // absolute, real
  // What allowed it: the caller's project, or a root of the configuration that holds it. Git may
  // look up to there. Empty, as of older mandates: no further than the workspace.
  std::string root;
  Observed observe;
  std::vector<PathScope> paths;
  std::vector<CommandScope> commands;
  std::vector<ToolScope> tools;
  std::string commits = "ask";  // on branches that begin with hearth/
  // Who thinks: server, client (whoever follows a run and lends its own), any: the server if there
  // is one.
  std::string model = "any";
  std::int64_t cycles = 10;
  std::int64_t deadline = 86'400;       // seconds from its beginning
  std::int64_t approval_time = 28'800;  // seconds
  std::int64_t retries = 3;             // of a phase
  // What a run may cost, and what all of them together may; nothing: no limit.
  std::optional<std::int64_t> run_calls;
  std::optional<std::int64_t> run_tokens;
  std::optional<double> run_money;  // in the unit of the prices
  std::optional<std::int64_t> run_seconds;
  std::optional<std::int64_t> mandate_calls;
  std::optional<std::int64_t> mandate_tokens;
  std::optional<double> mandate_money;
  std::optional<std::int64_t> mandate_seconds;
};

// Those that `from` names, of any record that has them.
template <typename From>
void take_limits(MandateSpec& to, const From& from) {
  const auto take = [](auto& limit, const auto& wanted) {
    if (wanted) limit = wanted;
  };
  take(to.run_calls, from.run_calls);
  take(to.run_tokens, from.run_tokens);
  take(to.run_money, from.run_money);
  take(to.run_seconds, from.run_seconds);
  take(to.mandate_calls, from.mandate_calls);
  take(to.mandate_tokens, from.mandate_tokens);
  take(to.mandate_money, from.mandate_money);
  take(to.mandate_seconds, from.mandate_seconds);
}

[[nodiscard]] std::string spec_text(const MandateSpec& spec);
[[nodiscard]] Result<MandateSpec> parse_spec(std::string_view text);
// `invalid_args` names what does not fit: an unknown scope, a command that is no rule.
[[nodiscard]] Result<void> check(const MandateSpec& spec);
// `invalid_args` for a budget of seconds with which no cycle comes to an action: it holds one call
// of the model, reserved at its timeout, each observed command, and one that is decided.
[[nodiscard]] Result<void> check_seconds(const MandateSpec& spec,
                                         std::chrono::milliseconds timeout);
// Why `after` allows more than `before`; empty: it does not.
inline constexpr std::string_view a_larger_budget = "a larger budget";
[[nodiscard]] std::string loosening_of(const MandateSpec& before, const MandateSpec& after);

// Which of its scopes does without a person more than read; empty: none. `reads` tells whether a
// tool changes nothing.
[[nodiscard]] std::string automatic_in(const MandateSpec& spec,
                                       const std::function<bool(const std::string&)>& reads);

// Whether it may run something in the sandbox: a command, git for a commit.
[[nodiscard]] bool uses_sandbox(const MandateSpec& spec);

[[nodiscard]] std::optional<workspace::Scope> scope_from_name(std::string_view name);
[[nodiscard]] std::optional<workspace::Action> action_from_name(std::string_view name);
[[nodiscard]] std::string_view action_name(workspace::Action action);
// `own`: hearth's directories.
[[nodiscard]] workspace::Policy policy_of(const MandateSpec& spec, std::vector<std::string> own);
[[nodiscard]] RunRules rules_of(const MandateSpec& spec, const Limits& day);
[[nodiscard]] Budget budget_of(const MandateSpec& spec, const Limits& day);
// The words of a command, quoted as for a shell (POSIX.1-2017, XCU 2.2). There is none: what one
// would expand, chain or redirect is `invalid_args` unless it is quoted, as is an open quote.
[[nodiscard]] Result<std::vector<std::string>> words_of(std::string_view line);

}  // namespace hearth::packs::mandates
