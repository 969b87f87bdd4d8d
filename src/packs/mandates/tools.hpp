// The tools of the pack, by what they are about. `runner` outlives the binder's tools. None of them
// approves, elevates or raises a budget: that is a person's (decisions.hpp).
#pragma once

#include <vector>

#include "packs/mandates/tool_runner.hpp"

namespace hearth::packs::mandates {

void declare_mandate_tools(pack::Binder& tools, ToolRunner& runner);
void declare_schedule_tools(pack::Binder& tools, ToolRunner& runner);
void declare_run_tools(pack::Binder& tools, ToolRunner& runner);
void declare_report_tools(pack::Binder& tools, ToolRunner& runner);
void declare_follow_tools(pack::Binder& tools, ToolRunner& runner);
void declare_approval_tools(pack::Binder& tools, ToolRunner& runner);
void declare_asking_tools(pack::Binder& tools, ToolRunner& runner);
void declare_upkeep_tools(pack::Binder& tools, ToolRunner& runner);
void declare_resources(pack::Binder& binder, ToolRunner& runner);

// The ways over HTTP: to some of these tools, and to approve and reject, which are no tools.
[[nodiscard]] std::vector<pack::Route> http_routes();

}  // namespace hearth::packs::mandates
