// Where the reference of a log leads, and what to do when that is nowhere: its file was cut short
// by a loss of power, its commit never came, or somebody has pushed something else under its name.
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "packs/issues/engine/cache.hpp"
#include "packs/issues/engine/wal.hpp"

namespace hearth::packs::issues {

// The log's newest commit; nothing where there is no log. `damaged`, with advice, when the
// reference leads to none: then nothing may be written on top of it.
[[nodiscard]] Result<std::optional<CommitId>> read_log_head(const Repository& repository);

struct HeadRepair {
  std::optional<CommitId> head;
  std::string done;  // what, in few words
};
// Lets the reference lead to all that is known again: to the newest commit that the cache was
// computed from, if that is here; else to new ones with all events and calls that the cache has, on
// top of what can be read still. Readers take events for what their ids say: what a clone or a
// remote has of these is joined by the next sync.
[[nodiscard]] Result<HeadRepair> repair_log_head(Repository& repository,
                                                 WriteLock::Held& held,
                                                 Cache& cache,
                                                 const ActorId& actor,
                                                 CommitTime time);

}  // namespace hearth::packs::issues
