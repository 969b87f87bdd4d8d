// A proposal as a person reads it before deciding, whichever way the decision goes: at a terminal,
// over HTTP, in an MCP client's dialog. All of it, and nothing that a display would obey or hide.
#pragma once

#include <string>

#include "packs/mandates/engine/approvals.hpp"

namespace hearth::packs::mandates {

// Lines; of a file's change a diff without colours. Contents are never cut. `mandate`: its name,
// beside the id that is sealed; "" where it is not known.
[[nodiscard]] Result<std::string> proposal_text(const ProposalRow& row,
                                                const std::string& mandate = {});
// The same with the name that its mandate has there.
[[nodiscard]] Result<std::string> named_proposal_text(MandateStore& store, const ProposalRow& row);

}  // namespace hearth::packs::mandates
