// The one writer of a database: a thread that commits the waiting jobs of all callers together.
//
// A commit costs a sync of the disk, whoever it is for. The writer takes everything that waits,
// runs the jobs in one transaction, commits, and only then tells each caller: so an answered write
// is durable, and 50 callers pay for one sync.
//
// A failing job undoes itself alone. There is no savepoint around each job, since at every
// savepoint a full-text index writes out what it has gathered, which made small writes three times
// slower. A job that fails before it changed anything (nearly all that fail) needs none; after one
// that did, the transaction is rolled back and the other jobs run again.
//
// A job may carry a key. Key and reply are committed with the job's own effect and kept for a day,
// so that a caller who never saw the answer may ask again: it gets the stored reply, and nothing is
// applied twice.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/result.hpp"
#include "store/sqlite.hpp"

namespace hearth::store {

struct WriteKey {
  std::string key;
  // Of what is asked for (tool and arguments): the same key for something else is a `conflict`.
  std::string fingerprint;
};

struct WriteOutcome {
  std::string reply;      // what the job returned
  bool replayed = false;  // stored under the key by an earlier job; this one was not run
};

struct WriteJob {
  // On the writer thread, inside a transaction; must not begin or end one. An error undoes what it
  // did. May be called again after its effect was undone: changes nothing but the database.
  std::move_only_function<Result<std::string>(Database&)> run;
  // Once, on the writer thread, after the commit; or in submit(), when the job is refused.
  std::move_only_function<void(Result<WriteOutcome>)> done;
  std::optional<WriteKey> key;
  // Looked at when the job's turn comes: `cancelled` if requested by then, never after.
  std::stop_token stop;
};

class Writer final {
 public:
  struct Options {
    std::size_t most_waiting = 8192;  // beyond it jobs are refused with `busy`
    std::size_t most_together = 256;  // jobs of one commit
    // A transaction takes no further job after this time, so that nobody waits for a long batch.
    std::chrono::milliseconds longest{20};
    std::chrono::milliseconds keep_keys{std::chrono::hours(24)};
    std::int64_t checkpoint_pages = 1000;  // of the journal, between two passive checkpoints
    // 48 MiB of journal: after each commit the writer waits for readers to leave it, so that it can
    // be emptied; at most that long. At 64 MiB jobs are refused (`busy`) until it is.
    std::int64_t long_wal_pages = 12'288;
    std::int64_t most_wal_pages = 16'384;
    std::chrono::milliseconds checkpoint_wait{50};
    // On the writer thread, after a commit and before its callers hear of it: for what has to be
    // true of an answered write besides its being on disk.
    std::function<void(Database&)> committed;
  };

  // Takes over `database` (read_write), makes the table of keys if it is missing, and starts the
  // thread. `clock` outlives the writer.
  [[nodiscard]] static Result<std::unique_ptr<Writer>> start(Database database,
                                                             const Clock& clock,
                                                             Options options);
  [[nodiscard]] static Result<std::unique_ptr<Writer>> start(Database database, const Clock& clock);
  ~Writer();  // close()
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Jobs run in the order of submission. `done` is always called: with `busy` at once when too many
  // wait, with `draining` after close(). Any thread.
  void submit(WriteJob job);

  // Finishes what waits, refuses what comes, empties the journal, closes the database. Any thread
  // but the writer's own; idempotent.
  void close();

 private:
  struct Waiting {
    std::deque<WriteJob> jobs;
    bool is_closed = false;
  };
  struct Taken {
    WriteJob job;
    std::optional<Result<WriteOutcome>> outcome;  // once it ran, or was refused
  };
  enum class Ran : std::uint8_t { all, again };

  Writer(Database database, const Clock& clock, Options options);
  [[nodiscard]] std::optional<Error> enqueue(WriteJob& job);
  void work();
  void commit_some(std::deque<WriteJob>& jobs);
  [[nodiscard]] Result<void> run_together(std::deque<WriteJob>& jobs, std::vector<Taken>& taken);
  [[nodiscard]] Result<Ran> run_all(std::deque<WriteJob>& jobs, std::vector<Taken>& taken);
  [[nodiscard]] Result<WriteOutcome> run(WriteJob& job);
  [[nodiscard]] Result<std::optional<WriteOutcome>> replay(const WriteKey& key);
  [[nodiscard]] Result<void> remember(const WriteKey& key, const std::string& reply);
  void prune_keys();
  void checkpoint();
  [[nodiscard]] Result<void> empty_journal();
  void warn_of_pinned_journal();

  Database database_;  // writer thread, once it runs
  const Clock& clock_;
  const Options options_;
  MonotonicTime next_prune_{};           // writer thread
  std::int64_t checkpointed_pages_ = 0;  // writer thread: journal size at the last checkpoint
  MonotonicTime next_warning_{};         // writer thread: that something pins the journal
  Guarded<Waiting> waiting_;
  std::thread thread_;
};

}  // namespace hearth::store
