// The log: a chain of commits under refs/grite/wal, each with the events that were new with it.
//
// A commit names the one before it in its meta.json (prev_wal); readers of the format follow that
// alone. Where two clones have appended, one of them writes a commit with both heads as parents
// that follows the remote's in the chain and holds once more what only its own had (merge-append):
// so nothing is ever rewritten, and each reader of the chain sees each event once.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/issues/engine/chunk.hpp"
#include "packs/issues/engine/event.hpp"
#include "packs/issues/engine/git/repository.hpp"
#include "packs/issues/engine/log_files.hpp"

namespace hearth::packs::issues {

inline constexpr const char* wal_reference = "refs/grite/wal";
// Of all commits of the log and of snapshots, as the format has it.
inline constexpr const char* wal_author = "grite <grit@local>";

// When a commit says that it was made.
struct CommitTime {
  std::int64_t seconds = 0;
  int zone_minutes = 0;
};
[[nodiscard]] CommitTime local_time(std::uint64_t unix_ms);

struct WalPlan {
  ActorId actor;
  std::span<const Event> events;  // at least one
  std::vector<CommitId> parents;
  std::optional<CommitId> previous;
  std::vector<CallRecord> calls;
  CommitTime time;
  ChunkLimits chunks = {};
};
// Writes the objects of a commit, with as many chunks as the events need: so whatever is appended
// at once is there whole or not at all. No reference is touched. `invalid_args`, before anything is
// written, for what nobody could read.
[[nodiscard]] Result<CommitId> write_wal_commit(Repository& repository, const WalPlan& plan);

struct WalCommit {
  CommitId id;
  std::vector<CommitId> parents;
  WalMeta meta;
  std::vector<Event> events;
  std::vector<std::string> problems;  // of what was left out
  // Everything that it names was there to be read, be it good or not: it will not be more the next
  // time.
  bool is_whole = true;
};
// Reads every chunk of the commit's tree. What is damaged in it or missing is a problem, not an
// error: others may have written it, and what else there is must be read all the same. `damaged`
// when the commit itself cannot be read.
[[nodiscard]] Result<WalCommit> read_wal_commit(const Repository& repository, const CommitId& id);

enum class Part : std::uint8_t { all, meta };  // `meta`: without the events
// Hands over commits from `head` on, newest first along the chain, then what only other parents
// reach. Does not go on behind those for which `is_known` says true, which hears whether a commit
// is on the chain. One that cannot be read comes with nothing but its problem (`is_whole` false).
[[nodiscard]] Result<void> walk_wal(
    const Repository& repository,
    const CommitId& head,
    const std::function<Result<bool>(const CommitId&, bool is_on_chain)>& is_known,
    const std::function<void(WalCommit)>& take,
    Part part = Part::all);

// The calls of which all events are among these: a commit answers no others, which somebody has
// made up.
[[nodiscard]] std::vector<CallRecord> calls_within(std::span<const CallRecord> calls,
                                                   std::span<const Event> events);

// A commit on `remote_head` with what only the chain of `local_head` has. Nothing when there is
// nothing of the kind.
[[nodiscard]] Result<std::optional<CommitId>> merge_append(Repository& repository,
                                                           const CommitId& remote_head,
                                                           const CommitId& local_head,
                                                           const ActorId& actor,
                                                           CommitTime time);

}  // namespace hearth::packs::issues
