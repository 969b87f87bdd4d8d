#include "packs/issues/engine/issue_store.hpp"

#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <future>
#include <limits>
#include <set>
#include <utility>

#include "base/log.hpp"
#include "base/thread_signals.hpp"
#include "packs/issues/engine/event_maker.hpp"
#include "packs/issues/engine/issue_search.hpp"
#include "packs/issues/engine/log_head.hpp"
#include "search/polite.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::size_t most_waiting = 8192;
constexpr std::size_t most_together = 512;      // jobs of one commit
constexpr int most_tries = 20;                  // of one commit, against other programs
constexpr std::chrono::seconds mend_pause{30};  // what is damaged again so soon is not the cache

// What others have written must not end the process, whatever it makes a library throw.
template <typename Work>
Result<void> guarded(std::string_view what, Work work) {
  try {
    return work();
  } catch (const std::exception& error) {
    return fail(Errc::internal, std::string(what) + ": " + error.what());
  }
}

Error closed() {
  return {Errc::draining, "the issue store is closing; nothing was written", {}};
}

}  // namespace

IssueStore::IssueStore(Options options,
                       const Clock& clock,
                       std::unique_ptr<Repository> repository,
                       std::unique_ptr<Cache> cache)
    : options_(std::move(options)),
      clock_(clock),
      repository_(std::move(repository)),
      common_directory_(repository_->common_directory()),
      log_probe_(common_directory_, wal_reference),
      key_probe_(common_directory_, "refs/hearth/keys"),
      cache_(std::move(cache)),
      projector_(*repository_, *cache_, board_, options_.signatures),
      lock_watch_(common_directory_, clock, [this] { return open_repository(); }),
      search_(std::make_unique<IssueSearch>(*this)),
      last_use_(clock.monotonic()),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

Result<std::unique_ptr<IssueStore>> IssueStore::open(Options options, const Clock& clock) {
  auto repository = Repository::open(options.directory, {.is_power_safe = options.is_power_safe});
  if (!repository) return std::unexpected(std::move(repository.error()));
  auto cache = Cache::open(options.cache_directory, options.other_cache_directory);
  if (!cache) return std::unexpected(std::move(cache.error()));
  std::unique_ptr<IssueStore> store(
      new IssueStore(std::move(options), clock, std::move(*repository), std::move(*cache)));
  if (auto loaded = store->projector_.load(); !loaded) return std::unexpected(loaded.error());
  store->follow();  // where that fails each call says why, and doctor can mend it
  store->follow_locks();
  store->thread_ = std::thread([raw = store.get()] { raw->work(); });
  return store;
}

IssueStore::~IssueStore() {
  close();
}

Result<std::unique_ptr<Repository>> IssueStore::open_repository() const {
  const Repository::Options options{.is_power_safe = options_.is_power_safe};
  // From a git directory that lies elsewhere the work tree cannot be told; from the work tree,
  // which may have gone since, the git directory can.
  auto here = Repository::open(options_.directory, options);
  if (here && (*here)->common_directory() == common_directory_) return here;
  return Repository::open(common_directory_, options);
}

std::uint64_t IssueStore::now_ms() const {
  return static_cast<std::uint64_t>(clock_.wall().time_since_epoch().count());
}

// ---- Any thread -------------------------------------------------------------------------------

std::chrono::milliseconds IssueStore::rest() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.monotonic() -
                                                               last_use_.load());
}

std::optional<Error> IssueStore::enqueue(Task& task) {
  last_use_ = clock_.monotonic();
  auto waiting = waiting_.lock();
  if (waiting->is_closed) return closed();
  if (waiting->tasks.size() >= most_waiting) {
    return Error{Errc::busy, "too many writes wait for this repository; nothing was written", {}};
  }
  waiting->tasks.push_back(std::move(task));
  wake();
  return std::nullopt;
}

void IssueStore::write(WriteJob job) {
  Task task{.job = std::move(job), .work = {}, .worked = {}};
  if (auto refused = enqueue(task)) task.job.done(std::unexpected(std::move(*refused)));
}

Result<Receipt> IssueStore::write_and_wait(WriteJob job) {
  std::promise<Result<Receipt>> promise;
  auto outcome = promise.get_future();
  job.done = [&promise](Result<Receipt> receipt) { promise.set_value(std::move(receipt)); };
  write(std::move(job));
  return outcome.get();
}

Result<void> IssueStore::run(std::move_only_function<Result<void>(Repository&, Projector&)> work) {
  std::promise<Result<void>> promise;
  auto outcome = promise.get_future();
  Task task{.job = {}, .work = std::move(work), .worked = [&promise](Result<void> done) {
              promise.set_value(std::move(done));
            }};
  if (auto refused = enqueue(task)) return std::unexpected(std::move(*refused));
  return outcome.get();
}

IssueStore::Look IssueStore::look() const {
  return {
      .log = log_probe_.look(),
      .keys = options_.signatures == SignaturePolicy::off ? RefProbe::Look{} : key_probe_.look()};
}

Result<void> IssueStore::catch_up() {
  last_use_ = clock_.monotonic();
  if (look() == *seen_.lock()) return {};
  return run([this](Repository&, Projector&) { return follow_log(); });
}

Result<void> IssueStore::mend(const Error& damage) {
  return run([this, &damage](Repository&, Projector&) { return compute_again(damage); });
}

void IssueStore::wake() const {
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
}

void IssueStore::close() {
  waiting_.lock()->is_closed = true;
  wake();
  if (thread_.joinable()) thread_.join();
  checker_.request_stop();
  if (checker_.joinable()) checker_.join();
}

// ---- The writer's thread ----------------------------------------------------------------------

void IssueStore::work() {
  ::pthread_setname_np(::pthread_self(), "hearth-issues");
  leave_signals_to_the_loop();
  do {
    projector_.settle();
    check_snapshot();
    if (!wait_for_tasks()) return;
    do_some();
  } while (true);
}

// Whoever can push can also push a snapshot that says something else than the log, and whoever has
// no cache begins with that: it is compared beside all else. One at a time; what fails is not tried
// again before the next opening.
void IssueStore::check_snapshot() {
  const auto snapshot = projector_.unchecked_snapshot();
  if (!snapshot || !*snapshot || is_checking_) return;
  is_checking_ = true;
  checker_ = std::jthread([this, commit = **snapshot](const std::stop_token& stop) {
    ::pthread_setname_np(::pthread_self(), "hearth-snapshot");
    leave_signals_to_the_loop();
    search::step_back();
    const auto done = guarded("check a snapshot", [&] { return compare_snapshot(commit, stop); });
    if (!done) log::debug("a snapshot was not checked", {log::kv("why", done.error().message)});
  });
}

Result<void> IssueStore::compare_snapshot(const CommitId& commit, const std::stop_token& stop) {
  const auto repository = open_repository();
  if (!repository) return std::unexpected(repository.error());
  const auto all = list_snapshots(**repository);
  if (!all) return std::unexpected(all.error());
  const auto found = std::ranges::find(*all, commit, &Snapshot::commit);
  bool is_good = false;  // what has been removed cannot be compared
  if (found != all->end()) {
    const auto compared = compare_with_log(**repository, *found, stop);
    (void)::malloc_trim(0);  // after a whole log
    if (!compared) return std::unexpected(compared.error());
    is_good = compared->missing == 0 && compared->made_up == 0;
  }
  return run([&](Repository&, Projector& projector) -> Result<void> {
    is_checking_ = false;
    if (auto done = projector.check_off(commit, is_good); !done) return done;
    if (!is_good) tell({.issues = {}, .others = true});
    return {};
  });
}

// Until there is something to do; false when closed and done. Follows what others write meanwhile.
bool IssueStore::wait_for_tasks() {
  RefWatch watch(common_directory_);
  follow_others();  // what moved before the watch stood
  auto told = clock_.monotonic();
  for (;;) {
    {
      auto waiting = waiting_.lock();
      if (!waiting->tasks.empty()) return true;
      if (waiting->is_closed) return false;
    }
    if (now_ms() >= lock_watch_.next_expiry_ms()) follow_locks();
    const auto since_told =
        std::chrono::duration_cast<std::chrono::milliseconds>(clock_.monotonic() - told);
    const auto rested = std::min(rest(), since_told);
    if (rested >= options_.idle) {
      told = clock_.monotonic();
      if (options_.when_idle) options_.when_idle();
      continue;
    }
    const auto until_expiry = static_cast<std::int64_t>(lock_watch_.next_expiry_ms() - now_ms());
    const auto left = std::clamp<std::int64_t>(
        std::min((options_.idle - rested).count(), until_expiry), 1, 3'600'000);
    const int patience = static_cast<int>(left);
    std::array<pollfd, 2> polled{pollfd{wake_.get(), POLLIN, 0}, pollfd{watch.fd(), POLLIN, 0}};
    if (::poll(polled.data(), polled.size(), patience) <= 0) continue;
    std::uint64_t count = 0;
    (void)!::read(wake_.get(), &count, sizeof count);
    if ((polled[1].revents & POLLIN) == 0) continue;
    watch.drain();
    follow_others();
  }
}

void IssueStore::follow_others() {
  follow_locks();
  if (look() == *seen_.lock()) return;
  follow();
  projector_.settle();
}

void IssueStore::do_some() {
  std::deque<Task> tasks;
  {
    auto waiting = waiting_.lock();
    // Work is done alone, jobs together, but no two of one key: the second one is a repetition.
    std::set<std::string> keys;
    while (!waiting->tasks.empty() && tasks.size() < most_together) {
      const bool is_work = static_cast<bool>(waiting->tasks.front().work);
      if (is_work && !tasks.empty()) break;
      if (waiting->tasks.front().job.minds_others && !tasks.empty()) break;
      const auto& key = waiting->tasks.front().job.key;
      if (key && !keys.insert(key->key).second) break;
      tasks.push_back(std::move(waiting->tasks.front()));
      waiting->tasks.pop_front();
      if (is_work) break;
    }
  }
  if (!tasks.front().work) return write_together(tasks);
  Task& task = tasks.front();
  auto done =
      guarded("work on the issue store", [&] { return task.work(*repository_, projector_); });
  *problems_.lock() = projector_.problems();
  task.worked(std::move(done));
}

Result<void> IssueStore::compute_again(const Error& damage) {
  const auto now = clock_.monotonic();
  if (damage.code != Errc::damaged || (mended_ && now - *mended_ < mend_pause))
    return std::unexpected(damage);
  mended_ = now;
  if (cache_->check()) return std::unexpected(damage);  // it is git that lacks something
  log::warning("the issue cache is damaged and computed again",
               {log::kv("repository", common_directory_), log::kv("why", damage.message)});
  const auto rebuilt = projector_.rebuild(false);
  if (!rebuilt) return std::unexpected(rebuilt.error());
  return {};
}

// Looks first: what moves while it reads is seen at the next look.
Result<void> IssueStore::follow_log() {
  const Look seen = look();
  auto changes = projector_.follow();
  if (!changes) {
    if (auto mended = compute_again(changes.error()); !mended) return mended;
    changes = projector_.follow();
  }
  if (!changes) return std::unexpected(changes.error());
  *head_.lock() = projector_.head();
  *problems_.lock() = projector_.problems();
  *seen_.lock() = seen;
  tell(*changes);
  return {};
}

void IssueStore::follow() {
  const auto done = guarded("follow the issue log", [this] { return follow_log(); });
  if (!done) {
    log::warning("the issue log cannot be followed",
                 {log::kv("repository", common_directory_), log::kv("why", done.error().message)});
  }
}

void IssueStore::follow_locks() {
  const auto changes = lock_watch_.take_changes();
  if (!changes.empty() && options_.locks_changed) options_.locks_changed(changes);
}

void IssueStore::tell(const Projector::Changes& changes) {
  if (options_.changed && (changes.others || !changes.issues.empty())) options_.changed(changes);
}

void IssueStore::write_together(std::deque<Task>& tasks) {
  std::vector<Taken> all;
  for (Task& task : tasks)
    all.push_back({.job = std::move(task.job), .actor = {}, .events = {}, .outcome = {}});
  const auto done = guarded("a write of issues", [&]() -> Result<void> {
    auto held = repository_->lock();
    if (!held) return std::unexpected(std::move(held.error()));
    if (auto read = follow_log(); !read) return read;
    if (auto head = read_log_head(*repository_); !head)
      return std::unexpected(std::move(head.error()));
    EventMaker maker(*repository_, cache_->writer(), options_.signatures, options_.chunks,
                     now_ms());
    for (Taken& taken : all) prepare(taken, maker);
    return append(*held, all);
  });
  for (Taken& taken : all) {
    if (!taken.outcome) {
      taken.outcome = done ? Result<Receipt>(Receipt{.events = std::move(taken.events),
                                                     .head = head(),
                                                     .actor = taken.actor.id,
                                                     .replayed = false})
                           : std::unexpected(done.error());
    }
    taken.job.done(std::move(*taken.outcome));
  }
}

// Makes the events of a job, or its outcome where there is nothing to append.
void IssueStore::prepare(Taken& taken, EventMaker& maker) {
  const auto made = guarded("a write of issues", [&]() -> Result<void> {
    if (taken.job.stop.stop_requested())
      return fail(Errc::cancelled, "cancelled before it began; nothing was written");
    auto old = replay(taken.job);
    if (!old) return std::unexpected(std::move(old.error()));
    if (*old) {
      taken.outcome = std::move(**old);
      return {};
    }
    auto events = make_events(taken, maker);
    if (!events && compute_again(events.error())) {
      return fail(Errc::busy, "what is kept of the log was damaged; nothing was written",
                  {"it is whole again: send it again"});
    }
    if (!events) return std::unexpected(std::move(events.error()));
    taken.events = std::move(*events);
    return {};
  });
  if (!made) taken.outcome = std::unexpected(made.error());
}

Result<std::optional<Receipt>> IssueStore::replay(const WriteJob& job) {
  if (!job.key) return std::nullopt;
  auto found = Cache::find_call(cache_->writer(), job.key->key);
  if (found && !*found) {
    const auto read = projector_.read_old_calls();
    if (!read) return std::unexpected(read.error());
    if (*read) found = Cache::find_call(cache_->writer(), job.key->key);
  }
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::nullopt;
  if ((*found)->call.fingerprint != job.key->fingerprint) {
    return fail(Errc::conflict, "this key was used for another call; nothing was written",
                {"use another key"});
  }
  const auto commit = read_wal_commit(*repository_, (*found)->commit);
  if (!commit) return std::unexpected(commit.error());
  Receipt receipt{
      .events = {}, .head = (*found)->commit, .actor = commit->meta.actor, .replayed = true};
  for (const EventId& id : (*found)->call.events) {
    const auto event = std::ranges::find(commit->events, id, &Event::id);
    if (event != commit->events.end()) receipt.events.push_back(*event);
  }
  if (receipt.events.size() == (*found)->call.events.size()) return receipt;
  if (commit->is_whole) return std::nullopt;  // somebody has made it up
  return fail(Errc::damaged, "the events of this call cannot be read; nothing was written: " +
                                 commit->problems.front());
}

Result<std::vector<Event>> IssueStore::make_events(Taken& taken, EventMaker& maker) {
  const auto actor = actors().candidate(taken.job.actor, now_ms());
  if (!actor) return std::unexpected(actor.error());
  taken.actor = actor->actor;
  const auto key = actors().signing_key(taken.actor.id);
  if (options_.signatures == SignaturePolicy::require && !key) {
    return fail(
        Errc::permission,
        "signatures are required here, and the actor " + hex_of(taken.actor.id) + " has no key",
        {"hearth issues actor-create --key, then hearth issues actor-use ID"});
  }
  auto board = board_.lock();
  auto batch = taken.job.make(*board, cache_->writer(), taken.actor);
  if (!batch) return std::unexpected(std::move(batch.error()));
  auto events = maker.make(std::move(*batch), *board, taken.actor, key);
  if (!events) return events;
  if (auto kept = actors().keep(*actor); !kept) return std::unexpected(std::move(kept.error()));
  return events;
}

// One commit with the events of all. Another program may move the log in between: again, then, on
// top of its commit.
Result<void> IssueStore::append(WriteLock::Held& held, std::vector<Taken>& all) {
  std::vector<Event> events;
  std::vector<CallRecord> calls;
  const Taken* first = nullptr;
  for (const Taken& taken : all) {
    if (taken.outcome || taken.events.empty()) continue;
    if (first == nullptr) first = &taken;
    std::ranges::copy(taken.events, std::back_inserter(events));
    if (!taken.job.key) continue;
    CallRecord call{
        .key = taken.job.key->key, .fingerprint = taken.job.key->fingerprint, .events = {}};
    for (const Event& event : taken.events) call.events.push_back(event.id);
    calls.push_back(std::move(call));
  }
  if (first == nullptr) return {};
  for (int attempt = 0; attempt < most_tries; ++attempt) {
    const auto head = projector_.head();
    std::vector<CommitId> parents;
    if (head) parents.push_back(*head);
    const WalPlan plan{.actor = first->actor.id,
                       .events = events,
                       .parents = parents,
                       .previous = head,
                       .calls = calls,
                       .time = local_time(now_ms()),
                       .chunks = options_.chunks};
    const auto commit = write_wal_commit(*repository_, plan);
    if (!commit) return std::unexpected(commit.error());
    const auto moved = repository_->update_reference(held, wal_reference, head, *commit);
    if (!moved) return std::unexpected(moved.error());
    if (!*moved) {
      if (auto read = follow_log(); !read) return read;
      continue;
    }
    // A `git gc --prune=now` that began before removes what nothing referred to then. Objects that
    // are there are only touched by this.
    if (const auto kept = write_wal_commit(*repository_, plan); !kept)
      return std::unexpected(kept.error());
    const Look seen = look();
    const auto changes = projector_.take({.id = *commit,
                                          .parents = std::move(parents),
                                          .meta = {.actor = first->actor.id,
                                                   .chunk = {},
                                                   .previous = head,
                                                   .calls = std::move(calls)},
                                          .events = std::move(events),
                                          .problems = {}});
    *head_.lock() = *commit;
    *seen_.lock() = changes ? seen : Look{};
    if (changes) {
      tell(*changes);
    } else {
      // It is in the log all the same; the next look reads it from there.
      log::error("the issue cache was not written", {log::kv("why", changes.error().message)});
    }
    return {};
  }
  return fail(Errc::busy, "other programs keep changing the log; nothing was written",
              {"try again"});
}

}  // namespace hearth::packs::issues
