// The tools `request` and `verbs`, which stand for all others: a pack without a name, so that its
// tools have no prefix.
#pragma once

#include <memory>

#include "pack/pack.hpp"
#include "request/verbs.hpp"

namespace hearth::request {

// `verbs` outlives the pack.
[[nodiscard]] std::unique_ptr<pack::Pack> make_pack(Verbs& verbs);

}  // namespace hearth::request
