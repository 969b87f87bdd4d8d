// Brings what is new in the log into the cache and the board.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "packs/issues/engine/board.hpp"
#include "packs/issues/engine/cache.hpp"
#include "packs/issues/engine/key_ring.hpp"
#include "packs/issues/engine/snapshots.hpp"
#include "packs/issues/engine/wal.hpp"

namespace hearth::packs::issues {

// What of the log was left out, or is not as it should be.
struct LogProblems {
  std::vector<std::string> texts;  // the first of them
  std::uint64_t total = 0;
  std::uint64_t incomplete = 0;       // commits of which objects are missing
  std::uint64_t unreadable = 0;       // commits that are there, and have something that is no good
  std::uint64_t unsigned_events = 0;  // each once; under the policies warn and require
  void add(std::string_view text);
};

// One thread, except the board, which is guarded.
class Projector final {
 public:
  // What changed: the ids of issues, and whether anything else did.
  struct Changes {
    std::vector<IssueId> issues;
    bool others = false;
    bool lists = true;  // whether a list of issues says something else: a comment changes none
  };
  // All outlive it.
  Projector(Repository& repository, Cache& cache, Guarded<Board>& board, SignaturePolicy policy)
      : repository_(repository), cache_(cache), board_(board), policy_(policy) {}

  // Fills the board from the cache, as far as that goes, and knows the problems that were met.
  [[nodiscard]] Result<void> load();
  // Empties the cache where it is another repository's, which lay at this path before: nothing of
  // it may come into this log. Whether it was. All that follows does this first.
  [[nodiscard]] Result<bool> drop_foreign();
  // Reads what is new under the log's reference. Starts again where the log does not continue what
  // is known.
  [[nodiscard]] Result<Changes> follow();
  // A commit that this process has just written on top of what is known.
  [[nodiscard]] Result<Changes> take(WalCommit commit);
  // All again, from git alone; from the newest snapshot that belongs to the log, if asked for.
  // Where objects of the log are missing, what the cache has stays, too: it may be the only copy.
  struct Rebuilt {
    std::uint64_t events = 0;
    std::uint64_t snapshot_events = 0;
    std::optional<std::uint64_t> snapshot;  // its name
  };
  [[nodiscard]] Result<Rebuilt> rebuild(bool from_snapshot);
  // What can be done when the answers are out: keeps the journal short, and gives back the memory
  // of a rebuild, which had all events in it, several times what stays.
  void settle();
  // Remembers what the events of a snapshot amount to, so that the next rebuild from it is quick.
  // The cache must have exactly these.
  void keep(const CommitId& snapshot);

  // A snapshot has no keys of calls: reads those of the commits that it stands for, the first time
  // that somebody asks for one. Whether there was anything to read.
  [[nodiscard]] Result<bool> read_old_calls();

  // The snapshot that the cache began with, if that came from elsewhere and nobody has compared it
  // with the log yet; what came of that, after which all is computed from the log alone if need be.
  [[nodiscard]] Result<std::optional<CommitId>> unchecked_snapshot();
  [[nodiscard]] Result<void> check_off(const CommitId& snapshot, bool is_good);

  // The log, computed once more beside the cache; the problems that are known are its from then on.
  struct Comparison {
    Result<std::uint64_t> differences;  // how many issues the cache has otherwise
    std::vector<Event> only_here;       // where objects of the log are missing: what these had
  };
  [[nodiscard]] Result<Comparison> compare_with_log();

  // What of the log this process has beside it.
  [[nodiscard]] Cache& cache() { return cache_; }
  [[nodiscard]] std::optional<CommitId> head() const { return cache_.head(); }
  [[nodiscard]] Result<std::uint64_t> event_count() { return cache_.event_count(); }
  [[nodiscard]] const LogProblems& problems() const { return problems_; }

 private:
  struct Arrived {
    std::unordered_map<IssueId, std::vector<Event>> events;
    std::vector<CommitId> commits;
    std::vector<std::pair<CallRecord, CommitId>> calls;
    std::vector<EventId> unsigned_events;  // those that a merge repeats several times
  };
  struct Changed {
    Summary summary;
    std::int64_t row = 0;
  };
  [[nodiscard]] Result<void> read_keys();
  [[nodiscard]] Result<void> load_board();
  [[nodiscard]] Result<bool> begin_at(const Snapshot& snapshot, Rebuilt& rebuilt);
  void collect(WalCommit commit, Arrived& arrived);
  void collect(std::vector<Event> events, Arrived& arrived);
  [[nodiscard]] bool is_welcome(const Event& event, Arrived& arrived);
  [[nodiscard]] Result<void> count_unsigned(const Arrived& arrived);
  void rescue(Arrived& arrived);
  [[nodiscard]] Result<std::optional<Snapshot>> newest_snapshot(const CommitId& head) const;
  // What is new since the cache's head; whether the log goes on from there.
  [[nodiscard]] Result<bool> collect_new(const CommitId& head, Arrived& arrived);
  // All, or what is not in a snapshot of `base`.
  [[nodiscard]] Result<void> collect_log(const CommitId& head,
                                         const std::optional<CommitId>& base,
                                         Arrived& arrived);
  [[nodiscard]] Result<Changes> apply(Arrived arrived,
                                      const std::optional<CommitId>& head,
                                      bool is_empty);
  [[nodiscard]] Result<void> apply_events(const IssueId& id,
                                          std::vector<Event> events,
                                          bool is_empty,
                                          std::vector<Changed>& changed,
                                          Changes& changes);
  [[nodiscard]] std::string rules();

  Repository& repository_;
  Cache& cache_;
  Guarded<Board>& board_;
  const SignaturePolicy policy_;
  KeyRing keys_;
  LogProblems problems_;
  bool has_much_memory_ = false;
};

}  // namespace hearth::packs::issues
