// The tools of the pack, by what they are about. `runner` outlives the binder's tools.
#pragma once

#include "packs/knowledge/engine/importer.hpp"
#include "packs/knowledge/tool_runner.hpp"

namespace hearth::packs::knowledge {

void declare_entry_tools(pack::Binder& tools, ToolRunner& runner);
void declare_search_tools(pack::Binder& tools, ToolRunner& runner);
void declare_graph_tools(pack::Binder& tools, ToolRunner& runner);
void declare_memory_tools(pack::Binder& tools, ToolRunner& runner);
void declare_corpus_tools(pack::Binder& tools, ToolRunner& runner);
void declare_resources(pack::Binder& binder, ToolRunner& runner);

// What an import reads by programs of the machine.
[[nodiscard]] FileReaders file_readers();

}  // namespace hearth::packs::knowledge
