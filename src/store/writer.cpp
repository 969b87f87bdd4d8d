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
constexpr std::chrono::minutes warning_interval{1};

}  // namespace

Writer::Writer(Database database, const Clock& clock, Options options)
    : database_(std::move(database)), clock_(clock), options_(std::move(options)) {}

Result<std::unique_ptr<Writer>> Writer::start(Database database, const Clock& clock) {
  return start(std::move(database), clock, Options());
}

Result<std::unique_ptr<Writer>> Writer::start(Database database,
                                              const Clock& clock,
                                              Options options) {
  if (auto made = database.execute(keys_schema); !made) {
    return std::unexpected(std::move(made.error()));
  }
  std::unique_ptr<Writer> writer(new Writer(std::move(database), clock, std::move(options)));
  writer->thread_ = std::thread([raw = writer.get()] { raw->work(); });
  return writer;
}

Writer::~Writer() {
  close();
}

void Writer::submit(WriteJob job) {
  const std::optional<Error> refusal = enqueue(job);
  if (refusal) return job.done(std::unexpected(*refusal));
  waiting_.notify_one();
}

// Takes `job` unless it is refused.
std::optional<Error> Writer::enqueue(WriteJob& job) {
  auto waiting = waiting_.lock();
  if (waiting->is_closed) {
    return Error{Errc::draining, "the store is closing; nothing was written", {}};
  }
  if (waiting->jobs.size() >= options_.most_waiting) {
    return Error{Errc::busy,
                 "the store has " + std::to_string(options_.most_waiting) +
                     " writes waiting; nothing was written",
                 {"try again in a moment"}};
  }
  waiting->jobs.push_back(std::move(job));
  return std::nullopt;
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
  std::vector<Taken> taken;
  const auto committed = run_together(jobs, taken);
  if (committed && options_.committed) options_.committed(database_);
  for (Taken& each : taken) {
    // Whatever succeeded inside a transaction that was not committed did not happen.
    const bool is_kept = each.outcome && (committed || !*each.outcome);
    each.job.done(is_kept ? std::move(*each.outcome) : std::unexpected(committed.error()));
  }
  checkpoint();
}

// Moves jobs from the front of `jobs` to `taken`, and runs and commits them. An error is that of
// all.
Result<void> Writer::run_together(std::deque<WriteJob>& jobs, std::vector<Taken>& taken) {
  // Nothing can be written now: everybody who waits hears it, rather than one after the other.
  const auto refuse_all = [&](Error error) -> Result<void> {
    for (WriteJob& job : jobs) taken.push_back({std::move(job), std::nullopt});
    jobs.clear();
    return std::unexpected(std::move(error));
  };
  if (database_.wal_pages() >= options_.most_wal_pages && !empty_journal()) {
    return refuse_all(
        {Errc::busy,
         "the journal of " + database_.path() +
             " is full: another program keeps a transaction open on the database",
         {"end that program; `fuser` names who has the file open", "try again then"}});
  }
  for (;;) {
    auto transaction = Transaction::begin(database_, Transaction::Kind::immediate);
    if (!transaction) return refuse_all(std::move(transaction.error()).within("write"));
    prune_keys();
    const auto ran = run_all(jobs, taken);
    if (!ran) return std::unexpected(ran.error());
    if (*ran == Ran::again) continue;  // rolled back by the transaction's end
    auto committed = transaction->commit();
    if (!committed) return std::unexpected(std::move(committed.error()).within("commit"));
    return {};
  }
}

namespace {

// Of the disk rather than of the job: no other job would fare better.
bool is_about_the_store(const Error& error) {
  return error.code == Errc::io || error.code == Errc::damaged;
}

}  // namespace

// Runs what is taken and not refused yet, then takes more. `again` when a job failed halfway: it is
// marked as refused, and the others must run again without it.
Result<Writer::Ran> Writer::run_all(std::deque<WriteJob>& jobs, std::vector<Taken>& taken) {
  const MonotonicTime until = clock_.monotonic() + options_.longest;
  for (std::size_t i = 0;; ++i) {
    if (i == taken.size()) {
      const bool is_enough = i >= options_.most_together || (i > 0 && clock_.monotonic() >= until);
      if (jobs.empty() || is_enough) return Ran::all;
      taken.push_back({std::move(jobs.front()), std::nullopt});
      jobs.pop_front();
    }
    Taken& each = taken[i];
    if (each.outcome && !*each.outcome) continue;
    const std::int64_t before = database_.total_changes();
    each.outcome = run(each.job);
    if (*each.outcome) continue;
    const Error& error = each.outcome->error();
    if (is_about_the_store(error) || !database_.in_transaction()) return std::unexpected(error);
    if (database_.total_changes() != before) return Ran::again;
  }
}

Result<WriteOutcome> Writer::run(WriteJob& job) {
  if (job.stop.stop_requested()) {
    return fail(Errc::cancelled, "cancelled before it began; nothing was written");
  }
  try {
    if (job.key) {
      auto stored = replay(*job.key);
      if (!stored) return std::unexpected(std::move(stored.error()));
      if (*stored) return std::move(**stored);
    }
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
  const bool is_long = pages >= options_.long_wal_pages;
  if (!is_long && pages - checkpointed_pages_ < options_.checkpoint_pages) return;
  checkpointed_pages_ = pages;
  auto done = database_.checkpoint(Checkpoint::passive);
  if (done && pages >= options_.long_wal_pages) done = empty_journal();
  if (!done && done.error().code != Errc::busy) {
    log::error("checkpoint failed", {log::kv("why", done.error().message)});
  }
}

// `busy` while readers stand in the way: ours leave within a second, others may not.
Result<void> Writer::empty_journal() {
  database_.set_busy_timeout(options_.checkpoint_wait);
  auto done = database_.checkpoint(Checkpoint::truncate);
  database_.set_busy_timeout(OpenOptions().busy_timeout);
  if (done) checkpointed_pages_ = 0;
  if (!done && done.error().code == Errc::busy) warn_of_pinned_journal();
  return done;
}

void Writer::warn_of_pinned_journal() {
  const MonotonicTime now = clock_.monotonic();
  if (now < next_warning_) return;
  next_warning_ = now + warning_interval;
  log::warning("a reader pins the journal, which grows",
               {log::kv("database", database_.path()),
                log::kv("pages", std::to_string(database_.wal_pages())),
                log::kv("remedy", "end the program that keeps a transaction open on it")});
}

}  // namespace hearth::store
