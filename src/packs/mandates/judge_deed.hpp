// What a mandate's rules say about a deed.
#pragma once

#include <string>
#include <vector>

#include "packs/mandates/decision.hpp"
#include "packs/mandates/engine/ports.hpp"
#include "packs/mandates/mandate_spec.hpp"

namespace hearth::packs::mandates {

// The strictest rule counts. What is protected (policy.hpp), or lies in a repository that is there
// without a .git once the deed is done (repositories.hpp), needs more than an approval. `own`:
// hearth's directories.
[[nodiscard]] Judgement judge_deed(const Deed& deed,
                                   const MandateSpec& spec,
                                   std::vector<std::string> own);

}  // namespace hearth::packs::mandates
