// Snapshots: all events of the log in a few large chunks, under refs/grite/snapshots/<ms>, so that
// a rebuild reads those and only the commits that came after.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/issues/engine/event.hpp"
#include "packs/issues/engine/git/repository.hpp"
#include "packs/issues/engine/log_files.hpp"
#include "packs/issues/engine/wal.hpp"

namespace hearth::packs::issues {

inline constexpr const char* snapshot_prefix = "refs/grite/snapshots/";

struct Snapshot {
  std::uint64_t created_ms = 0;  // its name
  CommitId commit;
  SnapshotMeta meta;
};

// Newest first. Those that cannot be read are left out.
[[nodiscard]] Result<std::vector<Snapshot>> list_snapshots(const Repository& repository);
// Those: "refs/grite/snapshots/…: why".
[[nodiscard]] Result<std::vector<std::string>> unreadable_snapshots(const Repository& repository);
// Of all events, in any order, as they are at `wal_head`.
[[nodiscard]] Result<Snapshot> write_snapshot(Repository& repository,
                                              std::vector<Event> events,
                                              const CommitId& wal_head,
                                              std::uint64_t now_ms);
// Its events; `damaged` when anything of it is not what it says of itself. Whether these are the
// log's, verify_log() tells.
[[nodiscard]] Result<std::vector<Event>> read_snapshot(const Repository& repository,
                                                       const Snapshot& snapshot);
// A snapshot stands in for the log, so it has to have exactly its events.
struct SnapshotDifference {
  std::uint64_t missing = 0;
  std::uint64_t made_up = 0;
};
// Reads both; blocks for as long as that takes.
[[nodiscard]] Result<SnapshotDifference> compare_with_log(const Repository& repository,
                                                          const Snapshot& snapshot,
                                                          const std::stop_token& stop);
// Removes all but the newest ones; those that were removed.
[[nodiscard]] Result<std::vector<Snapshot>> remove_old_snapshots(Repository& repository,
                                                                 std::size_t keep);

}  // namespace hearth::packs::issues
