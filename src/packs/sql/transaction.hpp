// One transaction, tried again when a conflict or an engine's end has undone it. No JSON.
#pragma once

#include <functional>
#include <optional>

#include "packs/sql/connections.hpp"

namespace hearth::packs::sql {

// Runs `attempt` on a connection to `target`, a bounded number of times: each time one transaction,
// all under `key` if there is one; a caller's own is `unsupported` where none are kept.
// `may_be_done`: whether it was sent before. Afterwards, whether an error leaves open that it was
// done: an engine that keeps keys ended while it worked on it, and did not come back to be asked.
// Blocks: on the pack's pool.
[[nodiscard]] Result<Executed> in_transaction(
    Connections& connections,
    const Target& target,
    const std::optional<Key>& key,
    bool& may_be_done,
    const Work& work,
    const std::function<Result<Executed>(Connection&)>& attempt);

// What to say of a write that failed with `error`: outcome_unknown where it may be done all the
// same.
[[nodiscard]] Error in_doubt(Error error, bool may_be_done);

}  // namespace hearth::packs::sql
