#include "store/writer.hpp"

#include <exception>
#include <memory>
#include <utility>

#include "base/log.hpp"

namespace hearth::store {
namespace {

constexpr const char* keys_schema = R"sql(
CREATE TABLE IF NOT EXISTS calls(
  n INTEGER PRIMARY KEY,         -- grows with time: the oldest are found without an index
  key TEXT NOT NULL UNIQUE,
  fingerprint TEXT NOT NULL,
  reply BLOB NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT;
)sql";

constexpr int prune_at_once = 1000;  // keys
constexpr std::chrono::minutes prune_interval{1};

std::int64_t to_ms(WallTime time) {
  return time.time_since_epoch().count();
}

}  // namespace

Writer::Writer(Database database, const Clock& clock, Options options)
    : database_(std::move(database)), clock_(clock), options_(options) {}

Result<std::unique_ptr<Writer>> Writer::start(Database database, const Clock& clock) {
  return start(std::move(database), clock, Options());
}

Result<std::unique_ptr<Writer>> Writer::start(Database database,
                                              const Clock& clock,
                                              Options options) {
  if (auto made = database.execute(keys_schema); !made) {
    return std::unexpected(std::move(made.error()));
  }
  std::unique_ptr<Writer> writer(new Writer(std::move(database), clock, options));
  writer->thread_ = std::thread([raw = writer.get()] { raw->work(); });
  return writer;
}

Writer::~Writer() {
  close();
}

void Writer::submit(WriteJob job) {
  std::optional<Error> refusal;
  {
    auto waiting = waiting_.lock();
    if (waiting->is_closed) {
      refusal = Error{Errc::draining, "the store is closing; nothing was written", {}};
    } else if (waiting->jobs.size() >= options_.most_waiting) {
      refusal = Error{Errc::busy,
                      "the store has " + std::to_string(options_.most_waiting) +
                          " writes waiting; nothing was written",
                      {"try again in a moment"}};
    } else {
      waiting->jobs.push_back(std::move(job));
    }
  }
  if (refusal) return job.done(std::unexpected(std::move(*refusal)));
  waiting_.notify_one();
}

void Writer::close() {
  waiting_.lock()->is_closed = true;
  waiting_.notify_all();
  if (thread_.joinable()) thread_.join();
}

// ---- The writer thread ------------------------------------------------------------------------

void Writer::work() {
  std::deque<WriteJob> jobs;
  for (;;) {
    {
      auto waiting = waiting_.lock();
      waiting.wait([](const Waiting& now) { return !now.jobs.empty() || now.is_closed; });
      if (waiting->jobs.empty()) break;
      jobs.swap(waiting->jobs);
    }
    while (!jobs.empty()) commit_some(jobs);
  }
  if (auto done = database_.checkpoint(Checkpoint::truncate); !done) {
    log::debug("journal stays", {log::kv("why", done.error().message)});
  }
  const Database closing(std::move(database_));
}

void Writer::commit_some(std::deque<WriteJob>& jobs) {
  std::vector<Finished> finished;
  const std::optional<Error> failure = run_some(jobs, finished);
  for (Finished& each : finished) {
    // Whatever succeeded inside a transaction that was not committed did not happen.
    if (failure && each.outcome) each.outcome = std::unexpected(*failure);
    each.job.done(std::move(each.outcome));
  }
  checkpoint();
}

// Moves jobs from the front of `jobs` to `finished`, in one transaction. The error is that of the
// transaction as a whole.
std::optional<Error> Writer::run_some(std::deque<WriteJob>& jobs, std::vector<Finished>& finished) {
  auto transaction = Transaction::begin(database_, Transaction::Kind::immediate);
  if (!transaction) {
    // Nothing can be written now: everybody who waited hears it, rather than one after the other.
    for (WriteJob& job : jobs) finished.push_back({std::move(job), WriteOutcome()});
    jobs.clear();
    return std::move(transaction.error()).within("write");
  }
  prune_keys();
  const MonotonicTime until = clock_.monotonic() + options_.longest;
  do {
    Result<WriteOutcome> outcome = run(jobs.front());
    finished.push_back({std::move(jobs.front()), std::move(outcome)});
    jobs.pop_front();
    if (!database_.in_transaction()) {
      const auto& last = finished.back().outcome;
      return last ? Error{Errc::io, "the transaction was lost", {}} : last.error();
    }
  } while (!jobs.empty() && finished.size() < options_.most_together && clock_.monotonic() < until);
  if (auto committed = transaction->commit(); !committed) {
    return std::move(committed.error()).within("commit");
  }
  return std::nullopt;
}

Result<WriteOutcome> Writer::run(WriteJob& job) {
  if (job.stop.stop_requested()) {
    return fail(Errc::cancelled, "cancelled before it began; nothing was written");
  }
  if (job.key) {
    auto stored = replay(*job.key);
    if (!stored) return std::unexpected(std::move(stored.error()));
    if (*stored) return std::move(**stored);
  }
  if (auto begun = database_.run("SAVEPOINT job"); !begun) {
    return std::unexpected(std::move(begun.error()));
  }
  auto outcome = run_in_savepoint(job);
  if (!database_.in_transaction()) return outcome;  // the disk failed: all of it is undone
  if (!outcome) {
    if (auto undone = database_.run("ROLLBACK TO job"); !undone) {
      // Half a job must not be committed with the others.
      (void)database_.run("ROLLBACK");
      return std::unexpected(std::move(undone.error()));
    }
  }
  if (auto released = database_.run("RELEASE job"); !released) {
    (void)database_.run("ROLLBACK");
    return std::unexpected(std::move(released.error()));
  }
  return outcome;
}

Result<WriteOutcome> Writer::run_in_savepoint(WriteJob& job) {
  try {
    auto reply = job.run(database_);
    if (!reply) return std::unexpected(std::move(reply.error()));
    if (job.key) {
      if (auto kept = remember(*job.key, *reply); !kept) {
        return std::unexpected(std::move(kept.error()));
      }
    }
    return WriteOutcome{.reply = std::move(*reply), .replayed = false};
  } catch (const std::exception& thrown) {
    return fail(Errc::internal, std::string("a write failed: ") + thrown.what());
  }
}

Result<std::optional<WriteOutcome>> Writer::replay(const WriteKey& key) {
  auto rows = database_.query("SELECT fingerprint, reply FROM calls WHERE key = ?", key.key);
  if (!rows.next()) {
    if (!rows.ok()) return std::unexpected(rows.error());
    return std::nullopt;
  }
  if (rows.text(0) != key.fingerprint) {
    return fail(Errc::conflict, "the key was used for another request; nothing was written",
                {"use a new key for a new request"});
  }
  return WriteOutcome{.reply = std::string(rows.blob(1)), .replayed = true};
}

Result<void> Writer::remember(const WriteKey& key, const std::string& reply) {
  return database_.run("INSERT INTO calls(key, fingerprint, reply, created_ms) VALUES(?, ?, ?, ?)",
                       key.key, key.fingerprint, Blob{reply}, to_ms(clock_.wall()));
}

void Writer::prune_keys() {
  const MonotonicTime now = clock_.monotonic();
  if (now < next_prune_) return;
  const auto pruned = database_.run(
      "DELETE FROM calls WHERE n IN (SELECT n FROM calls ORDER BY n LIMIT ?) AND created_ms < ?",
      prune_at_once, to_ms(clock_.wall() - options_.keep_keys));
  if (!pruned) {
    log::warning("old keys stay", {log::kv("why", pruned.error().message)});
  }
  // A full helping means that there may be more.
  if (!pruned || database_.changes() < prune_at_once) next_prune_ = now + prune_interval;
}

// Copies the journal into the file now and then, after the callers were told. A passive checkpoint
// waits for nobody; only a journal past its bound (a reader pins it) is worth a short wait.
void Writer::checkpoint() {
  const std::int64_t pages = database_.wal_pages();
  if (pages < checkpointed_pages_) checkpointed_pages_ = 0;  // it started again from its front
  if (pages - checkpointed_pages_ < options_.checkpoint_pages) return;
  checkpointed_pages_ = pages;
  auto done = database_.checkpoint(Checkpoint::passive);
  if (done && pages >= options_.most_wal_pages) {
    database_.set_busy_timeout(options_.checkpoint_wait);
    done = database_.checkpoint(Checkpoint::truncate);
    database_.set_busy_timeout(OpenOptions().busy_timeout);
    if (done) checkpointed_pages_ = 0;
  }
  if (!done && done.error().code != Errc::busy) {
    log::error("checkpoint failed", {log::kv("why", done.error().message)});
  }
}

}  // namespace hearth::store
