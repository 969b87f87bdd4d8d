// A mandate's text as JSON, and what its parts are called in tools.
#pragma once

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
                       mandate_calls,
                       mandate_tokens))
json::Notes notes(const MandateSpec*);

}  // namespace hearth::packs::mandates
