// The tools of the pack, by what they are about. `runner` outlives the binder's tools.
#pragma once

#include "packs/issues/tool_runner.hpp"

namespace hearth::packs::issues {

void declare_issue_tools(pack::Binder& tools, ToolRunner& runner);
void declare_list_tools(pack::Binder& tools, ToolRunner& runner);
void declare_claim_tools(pack::Binder& tools, ToolRunner& runner);
void declare_upkeep_tools(pack::Binder& tools, ToolRunner& runner);
void declare_setup_tools(pack::Binder& tools, ToolRunner& runner);
void declare_note_tools(pack::Binder& tools, ToolRunner& runner);
void declare_resources(pack::Binder& binder, ToolRunner& runner);
void declare_planning_tools(pack::Binder& tools, ToolRunner& runner);
void declare_context_tools(pack::Binder& tools, ToolRunner& runner);
void declare_exchange_tools(pack::Binder& tools, ToolRunner& runner);

}  // namespace hearth::packs::issues
