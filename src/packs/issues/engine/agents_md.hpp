// The section of a repository's AGENTS.md that tells AI agents how to work with its issues.
//
// It stands between two marks, and nothing outside of them is touched; a file that has it already
// is given a section of this version in the same place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hearth::packs::issues {

enum class AgentsMdAction : std::uint8_t { created, updated, unchanged };
[[nodiscard]] std::string_view name_of(AgentsMdAction action);

struct AgentsMd {
  std::string text;
  AgentsMdAction action = AgentsMdAction::unchanged;
};

// `text` is the file as it is, empty when there is none; its line ends are kept. `conflict` when
// one of the marks stands there without the other.
[[nodiscard]] Result<AgentsMd> with_issues_section(std::string_view text);

}  // namespace hearth::packs::issues
