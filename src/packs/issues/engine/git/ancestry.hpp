// Whether one commit came out of another.
//
// Walks from both sides, a step each, and forgets whatever both have reached: so the way is as long
// as what lies between the two and where they parted, not as the log. (Walks in order of the
// commits' times, as git has them, wander through the whole log where clocks are wrong.)
#pragma once

#include <functional>
#include <vector>

#include "base/result.hpp"
#include "packs/issues/engine/ids.hpp"

namespace hearth::packs::issues {

using ParentsOf = std::function<Result<std::vector<CommitId>>(const CommitId&)>;

// Whether `ancestor` is `of` or among those before it.
[[nodiscard]] Result<bool> is_ancestor(const CommitId& ancestor,
                                       const CommitId& of,
                                       const ParentsOf& parents_of);

}  // namespace hearth::packs::issues
