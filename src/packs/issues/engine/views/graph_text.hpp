// Issues and their links as a diagram: Mermaid (GitHub and most editors show it) or DOT (Graphviz).
//
// Arrows go from what comes first to what waits for it; epics point to their parts. Dependencies
// within a circle are marked. Titles are escaped, so that no text breaks the diagram or becomes a
// part of it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "packs/issues/engine/issue_graph.hpp"
#include "packs/issues/engine/views/ready.hpp"

namespace hearth::packs::issues {

enum class GraphSyntax : std::uint8_t { mermaid, dot };

// Of `shown` (each once) and the links between them.
[[nodiscard]] std::string graph_text(const IssueGraph& graph,
                                     std::span<const Position> shown,
                                     GraphSyntax syntax,
                                     const ShortId& short_id);

}  // namespace hearth::packs::issues
