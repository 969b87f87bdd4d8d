// The issues of one repository: warm, followed, and written by one thread.
//
// git is the truth, and has many writers: other daemons, private processes, grite, git fetch. The
// store keeps what they amount to (cache, board) and looks at every read whether the log has moved.
// Writes of all callers are taken together: one commit, one change of the reference for as many as
// wait (group commit), made while no other process of hearth writes the repository, and tried again
// when somebody else's commit came first.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "packs/issues/engine/actors.hpp"
#include "packs/issues/engine/board.hpp"
#include "packs/issues/engine/cache.hpp"
#include "packs/issues/engine/event_maker.hpp"
#include "packs/issues/engine/lock_watch.hpp"
#include "packs/issues/engine/projector.hpp"
#include "packs/issues/engine/ref_watch.hpp"

namespace hearth::packs::issues {

class IssueSearch;

struct Receipt {
  std::vector<Event> events;  // as they are in the log
  std::optional<CommitId> head;
  ActorId actor;
  bool replayed = false;  // the call was applied before; these are its events
};

struct CallKey {
  std::string key;
  std::string fingerprint;
};

struct WriteJob {
  std::string actor;  // an id, a prefix of one or a label; empty: the default one
  std::optional<CallKey> key;
  std::stop_token stop;
  // Whether it may be written depends on what others write: it is the first one of its commit.
  bool minds_others = false;
  // On the writer's thread, once; sees what is committed. An empty batch writes nothing.
  std::move_only_function<Result<Batch>(const Board&, store::Database&, const Actor&)> make;
  // Once, on the writer's thread, when the events are in the log, durable and visible.
  std::move_only_function<void(Result<Receipt>)> done;
};

class IssueStore final {
 public:
  struct Options {
    std::string directory;        // where the caller is
    std::string cache_directory;  // exists; this process alone uses it
    // Of another process, to begin with where this one's is empty; may be missing.
    std::string other_cache_directory = {};
    bool is_power_safe = true;
    SignaturePolicy signatures = SignaturePolicy::off;
    std::chrono::milliseconds idle{600'000};
    std::vector<std::string> roots = {};  // whose files calls may read, besides their project's
    std::vector<std::string> own = {};    // hearth's directories, whose files they may not
    ChunkLimits chunks = {};
    // On the writer's thread: after each change, and after each `idle` without any use.
    std::function<void(const Projector::Changes&)> changed;
    // There, too: when something else is held than before; not when it is renewed.
    std::function<void(const std::vector<std::string>& resources)> locks_changed = {};
    std::function<void()> when_idle;
  };
  [[nodiscard]] static Result<std::unique_ptr<IssueStore>> open(Options options,
                                                                const Clock& clock);
  ~IssueStore();  // close()
  IssueStore(const IssueStore&) = delete;
  IssueStore& operator=(const IssueStore&) = delete;

  // ---- Any thread
  // Jobs run in the order of submission. `done` is always called: with `busy` when too many wait,
  // with `draining` after close().
  void write(WriteJob job);
  // write(), and waits.
  [[nodiscard]] Result<Receipt> write_and_wait(WriteJob job);
  // Runs on the writer's thread, between commits, with the repository; waits.
  [[nodiscard]] Result<void> run(
      std::move_only_function<Result<void>(Repository&, Projector&)> work);
  // Returns when everything that was in the log at the call is on the board.
  [[nodiscard]] Result<void> catch_up();
  // Something turned out to be damaged. If that is the cache, computes all of it again from the
  // log; once in a while, else the error as it was.
  [[nodiscard]] Result<void> mend(const Error& damage);
  [[nodiscard]] Guarded<Board>::Access board() { return board_.lock(); }
  [[nodiscard]] Result<store::Reader> reader(const std::stop_token& stop = {}) {
    return cache_->reader(stop);
  }
  [[nodiscard]] IssueSearch& searcher() { return *search_; }
  // Who holds what, as this repository knows.
  [[nodiscard]] Result<std::vector<HeldLock>> locks() { return lock_watch_.locks(); }
  [[nodiscard]] Result<std::optional<Lock>> claim_of(const IssueId& issue) {
    return lock_watch_.claim_of(issue);
  }
  [[nodiscard]] std::optional<CommitId> head() { return *head_.lock(); }
  [[nodiscard]] LogProblems problems() { return *problems_.lock(); }
  [[nodiscard]] const std::string& common_directory() const { return common_directory_; }
  [[nodiscard]] const std::string& cache_directory() const { return cache_->directory(); }
  // False when somebody has removed it: then it is time for a store that is opened anew.
  [[nodiscard]] bool has_its_cache() const { return cache_->is_in_place(); }
  // A repository of its own for another thread.
  [[nodiscard]] Result<std::unique_ptr<Repository>> open_repository() const;
  [[nodiscard]] Actors actors() const { return Actors(common_directory_); }
  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] std::uint64_t now_ms() const;
  [[nodiscard]] std::chrono::milliseconds rest() const;  // since it was used last
  [[nodiscard]] bool is_idle() const { return rest() >= options_.idle; }
  // Any thread but the writer's own; idempotent.
  void close();

 private:
  struct Task {
    WriteJob job;
    // Instead of a job.
    std::move_only_function<Result<void>(Repository&, Projector&)> work;
    std::move_only_function<void(Result<void>)> worked;
  };
  struct Taken {
    WriteJob job;
    Actor actor;
    std::vector<Event> events;
    std::optional<Result<Receipt>> outcome;
  };
  // What the log and the keys that count looked like.
  struct Look {
    RefProbe::Look log;
    RefProbe::Look keys;
    bool operator==(const Look&) const = default;
  };
  struct Waiting {
    std::deque<Task> tasks;
    bool is_closed = false;
  };

  IssueStore(Options options,
             const Clock& clock,
             std::unique_ptr<Repository> repository,
             std::unique_ptr<Cache> cache);
  [[nodiscard]] std::optional<Error> enqueue(Task& task);
  void wake() const;
  void work();
  [[nodiscard]] bool wait_for_tasks();
  void check_snapshot();
  [[nodiscard]] Result<void> compare_snapshot(const CommitId& commit, const std::stop_token& stop);
  [[nodiscard]] Look look() const;
  void do_some();
  void follow();
  void follow_others();
  void follow_locks();
  [[nodiscard]] Result<void> follow_log();
  [[nodiscard]] Result<void> compute_again(const Error& damage);
  void tell(const Projector::Changes& changes);
  void write_together(std::deque<Task>& tasks);
  void prepare(Taken& taken, EventMaker& maker);
  [[nodiscard]] Result<std::optional<Receipt>> replay(const WriteJob& job);
  [[nodiscard]] Result<std::vector<Event>> make_events(Taken& taken, EventMaker& maker);
  [[nodiscard]] Result<void> append(WriteLock::Held& held, std::vector<Taken>& all);

  const Options options_;
  const Clock& clock_;
  const std::unique_ptr<Repository> repository_;  // the writer's
  const std::string common_directory_;
  const RefProbe log_probe_;
  const RefProbe key_probe_;
  const std::unique_ptr<Cache> cache_;  // its writing side is the writer's
  Guarded<Board> board_;
  Projector projector_;  // the writer's
  Guarded<Look> seen_;
  Guarded<std::optional<CommitId>> head_;
  Guarded<LogProblems> problems_;
  LockWatch lock_watch_;  // its second part is the writer's
  const std::unique_ptr<IssueSearch> search_;
  std::optional<MonotonicTime> mended_;  // the writer's
  std::atomic<MonotonicTime> last_use_;
  UniqueFd wake_;
  Guarded<Waiting> waiting_;
  std::thread thread_;
  std::jthread checker_;      // of a snapshot; begun by the writer
  bool is_checking_ = false;  // the writer's
};

}  // namespace hearth::packs::issues
