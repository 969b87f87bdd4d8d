// A mandate's text as JSON, and what its parts are called in tools.
#pragma once

#include <array>
#include <string_view>

#include "json/record.hpp"
#include "packs/mandates/mandate_spec.hpp"

namespace hearth::packs::mandates {

BOOST_DESCRIBE_STRUCT(PathScope, (), (glob, actions, scope))
json::Notes notes(const PathScope*);
BOOST_DESCRIBE_STRUCT(SecretVariable, (), (variable, secret))
json::Notes notes(const SecretVariable*);
BOOST_DESCRIBE_STRUCT(CommandScope, (), (rule, scope, writes, hosts, secrets))
json::Notes notes(const CommandScope*);
BOOST_DESCRIBE_STRUCT(ToolScope, (), (tool, scope))
json::Notes notes(const ToolScope*);
BOOST_DESCRIBE_STRUCT(ObservedTool, (), (tool, arguments))
json::Notes notes(const ObservedTool*);
BOOST_DESCRIBE_STRUCT(Observed, (), (files, commands, tools))
json::Notes notes(const Observed*);
BOOST_DESCRIBE_STRUCT(MandateSpec,
                      (),
                      (goal,
                       workspace,
                       root,
                       observe,
                       paths,
                       commands,
                       tools,
                       commits,
                       model,
                       cycles,
                       deadline,
                       approval_time,
                       retries,
                       run_calls,
                       run_tokens,
                       run_money,
                       run_seconds,
                       mandate_calls,
                       mandate_tokens,
                       mandate_money,
                       mandate_seconds))
json::Notes notes(const MandateSpec*);

// Of a MandateSpec: what a person sets anew (decisions.hpp).
inline constexpr std::array<std::string_view, 8> limit_names{
    "run_calls",     "run_tokens",     "run_money",     "run_seconds",
    "mandate_calls", "mandate_tokens", "mandate_money", "mandate_seconds"};
[[nodiscard]] json::Notes limit_notes();
// The mandate's text with these limits; null takes one away. `invalid_args` for what is no limit.
[[nodiscard]] Result<std::string> with_limits(std::string_view text, const json::Object& limits);

}  // namespace hearth::packs::mandates
