// One transaction, tried again when a conflict or an engine's end has undone it. No JSON.
#pragma once

#include <functional>

#include "packs/sql/connections.hpp"

namespace hearth::packs::sql {

// Runs `attempt` on a connection to `target`, a bounded number of times: each time one transaction,
// all under one key if it has one. What was sent before (`may_have_run`), or was cut again and
// again, is `outcome_unknown` where no key tells. Blocks: on the pack's pool.
[[nodiscard]] Result<Executed> in_transaction(
    Connections& connections,
    const Target& target,
    bool may_have_run,
    const Work& work,
    const std::function<Result<Executed>(Connection&)>& attempt);

}  // namespace hearth::packs::sql
