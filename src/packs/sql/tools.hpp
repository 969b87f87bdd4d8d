// The tools of the pack, by what they are about. `runner` outlives the binder's tools.
#pragma once

#include "packs/sql/tool_runner.hpp"

namespace hearth::packs::sql {

void declare_query_tools(pack::Binder& tools, ToolRunner& runner);
void declare_database_tools(pack::Binder& tools, ToolRunner& runner);
void declare_data_tools(pack::Binder& tools, ToolRunner& runner);
void declare_chart_tools(pack::Binder& tools, ToolRunner& runner);
void declare_notebook_tools(pack::Binder& tools, ToolRunner& runner);
void declare_resources(pack::Binder& binder, ToolRunner& runner);
void declare_watch_tools(pack::Binder& tools, ToolRunner& runner);
// Before the first call. Then, on a thread of the pool, for each namespace that has a notebook.
void start_watches(ToolRunner& runner);
void resume_watches(ToolRunner& runner, const std::string& name_space);

// Of a tool that changes nothing, and of one that does. Their time limits are their callers'.
[[nodiscard]] pack::ToolSpec reading(std::string verb, std::string title, std::string description);
[[nodiscard]] pack::ToolSpec writing(std::string verb, std::string title, std::string description);

}  // namespace hearth::packs::sql
