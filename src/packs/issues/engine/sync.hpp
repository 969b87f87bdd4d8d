// Exchange with a remote: the log, snapshots, locks, keys and attachments, in both directions.
//
// Any number of clones that write at once converge: a head that the remote has and we have not is
// taken over, where both have something the difference is appended to the remote's (wal.hpp,
// merge-append), and a push that comes too late is tried again on top of what came first.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/issues/engine/transport.hpp"
#include "packs/issues/engine/wal.hpp"

namespace hearth::packs::issues {

struct SyncPlan {
  bool pull = true;
  bool push = true;
  ActorId actor;  // who merges
  std::function<std::uint64_t()> now_ms;
  std::stop_token stop;
};

struct SyncReport {
  bool has_pulled = false;            // the log here moved
  bool has_pushed = false;            // the log there moved
  std::uint64_t merges = 0;           // commits that were needed to join both
  std::uint64_t tries = 0;            // rounds until both agreed
  std::uint64_t others_pulled = 0;    // snapshots, locks, keys, attachments
  std::uint64_t others_pushed = 0;    //
  std::vector<std::string> problems;  // of single references, which stay as they are
  std::optional<CommitId> head;       // of the log here afterwards
};

// Blocks. `busy` when others were faster every time. The repository's write lock is taken where it
// is needed, never while waiting for the remote.
[[nodiscard]] Result<SyncReport> sync_with(Repository& repository,
                                           Transport& remote,
                                           const SyncPlan& plan);

}  // namespace hearth::packs::issues
