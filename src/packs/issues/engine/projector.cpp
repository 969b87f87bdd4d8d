#include "packs/issues/engine/projector.hpp"

#include <malloc.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/log.hpp"
#include "packs/issues/engine/cbor.hpp"
#include "packs/issues/engine/log_head.hpp"
#include "packs/issues/engine/short_text.hpp"
#include "store/private_directory.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::size_t most_problem_texts = 20;
constexpr std::size_t most_problem_bytes = 400;  // of each
constexpr const char* problems_note = "problems";
constexpr const char* unchecked_note = "unchecked";  // a snapshot's commit
constexpr const char* calls_note = "calls_before";   // a commit, whose calls were not read yet

RowKind kind_of(std::span<const Event> events, bool is_issue) {
  if (is_issue) return RowKind::issue;
  if (events.front().issue == project_issue_id) return RowKind::project;
  return project_file(events) ? RowKind::file : RowKind::waiting;
}

// Nobody meets the commits again that the cache knows.
std::string encode_problems(const LogProblems& problems) {
  std::string out;
  for (const std::uint64_t each : {problems.total, problems.incomplete, problems.unsigned_events})
    append_cbor_unsigned(out, each);
  append_cbor_array(out, problems.texts.size());
  for (const std::string& text : problems.texts) append_cbor_bytes(out, text);
  append_cbor_unsigned(out, problems.unreadable);
  return out;
}

LogProblems decode_problems(std::string_view bytes) {
  LogProblems problems;
  if (bytes.empty()) return problems;
  CborReader reader(bytes);
  for (auto* each : {&problems.total, &problems.incomplete, &problems.unsigned_events})
    *each = reader.read_unsigned();
  for (auto items = reader.begin_array(); reader.next(items);)
    problems.texts.push_back(reader.read_bytes());
  problems.unreadable = reader.read_unsigned();  // 0 where an older program has written this
  return problems;
}

// Of what lists of what can be done show, or go by.
bool is_listed_alike(const Summary& before, Summary after) {
  after.comments = before.comments;
  after.updated_ms = before.updated_ms;
  return before == after;
}

}  // namespace

void LogProblems::add(std::string_view text) {
  ++total;
  if (texts.size() < most_problem_texts) texts.push_back(shortened(text, most_problem_bytes));
}

// A cache that was made under others does not answer as this process would. The number goes up with
// what events are taken to mean.
std::string Projector::rules() {
  std::string text = "rules=4 signatures=" + std::string(name_of(policy_));
  if (policy_ != SignaturePolicy::off) text += " unsigned=once keys=" + keys_.fingerprint();
  return text;
}

Result<void> Projector::read_keys() {
  if (policy_ == SignaturePolicy::off) return {};
  auto keys = KeyRing::read(repository_);
  if (!keys) return std::unexpected(std::move(keys.error()));
  keys_ = std::move(*keys);
  return {};
}

Result<void> Projector::load() {
  const auto noted = cache_.noted(problems_note);
  if (!noted) return std::unexpected(noted.error());
  problems_ = decode_problems(*noted);
  return load_board();
}

Result<void> Projector::load_board() {
  auto all = cache_.summaries();
  if (!all) return std::unexpected(std::move(all.error()));
  auto board = board_.lock();
  board->clear();
  board->reserve(all->size());
  for (CachedSummary& each : *all) board->put(std::move(each.summary), each.row);
  return {};
}

bool Projector::is_welcome(const Event& event, Arrived& arrived) {
  if (policy_ == SignaturePolicy::off || keys_.has_signed(event)) return true;
  arrived.unsigned_events.push_back(event.id);
  return policy_ == SignaturePolicy::warn;
}

void Projector::collect(std::vector<Event> events, Arrived& arrived) {
  for (Event& event : events) {
    if (is_welcome(event, arrived)) arrived.events[event.issue].push_back(std::move(event));
  }
}

void Projector::collect(WalCommit commit, Arrived& arrived) {
  if (commit.is_whole) {
    arrived.commits.push_back(commit.id);
    problems_.unreadable += commit.problems.empty() ? 0U : 1U;
  } else {
    ++problems_.incomplete;
  }
  // Of one whose objects are missing nobody can tell.
  if (commit.is_whole) commit.meta.calls = calls_within(commit.meta.calls, commit.events);
  for (CallRecord& call : commit.meta.calls) arrived.calls.emplace_back(std::move(call), commit.id);
  for (const std::string& problem : commit.problems) problems_.add(problem);
  collect(std::move(commit.events), arrived);
}

Result<bool> Projector::collect_new(const CommitId& head, Arrived& arrived) {
  bool goes_on = false;
  auto walked = walk_wal(
      repository_, head,
      [&](const CommitId& id, bool) -> Result<bool> {
        goes_on = goes_on || id == cache_.head();
        return cache_.knows(id);
      },
      [&](WalCommit commit) { collect(std::move(commit), arrived); });
  if (!walked) return std::unexpected(std::move(walked.error()));
  return goes_on;
}

Result<void> Projector::collect_log(const CommitId& head,
                                    const std::optional<CommitId>& base,
                                    Arrived& arrived) {
  return walk_wal(
      repository_, head,
      [&](const CommitId& id, bool is_on_chain) -> Result<bool> {
        if (!base || id == *base) return base.has_value();
        // A merge reaches behind a snapshot's head on other ways than the chain.
        return !is_on_chain && repository_.is_descendant(*base, id).value_or(false);
      },
      [&](WalCommit commit) { collect(std::move(commit), arrived); });
}

// Where nobody has noted whose it is (an older program, a repository that was only ever read), it
// is ours if what it was computed from is here.
Result<bool> Projector::drop_foreign() {
  const auto id = repository_.id();
  const bool is_named = id && !cache_.repository().empty();
  const bool is_ours =
      is_named ? cache_.repository() == *id : !cache_.head() || repository_.has(*cache_.head());
  if (!is_ours) {
    log::warning("the issue cache is of another repository, and computed again",
                 {log::kv("repository", repository_.common_directory())});
    if (auto cleared = cache_.clear(""); !cleared) return std::unexpected(cleared.error());
    board_.lock()->clear();
    problems_ = {};
  }
  if (id && cache_.repository() != *id) {
    if (auto noted = cache_.belong_to(*id); !noted) return std::unexpected(noted.error());
  }
  return !is_ours;
}

// What the cache has, and what has been read of the log has not.
void Projector::rescue(Arrived& arrived) {
  std::unordered_set<EventId> read;
  for (const auto& [id, events] : arrived.events) {
    for (const Event& event : events) read.insert(event.id);
  }
  std::vector<Event> events = cache_.readable_events();
  std::erase_if(events, [&](const Event& event) { return read.contains(event.id); });
  collect(std::move(events), arrived);
  for (Cache::FoundCall& each : cache_.readable_calls())
    arrived.calls.emplace_back(std::move(each.call), each.commit);
}

Result<Projector::Changes> Projector::follow() {
  if (auto done = drop_foreign(); !done) return std::unexpected(std::move(done.error()));
  const auto head = repository_.read_reference(wal_reference);
  if (!head) return std::unexpected(read_log_head(repository_).error());
  if (auto read = read_keys(); !read) return std::unexpected(std::move(read.error()));
  const bool has_same_rules = cache_.rules() == rules();
  if (has_same_rules && *head == cache_.head()) return Changes{};
  if (has_same_rules && head->has_value() && cache_.head()) {
    // The walk ends where the log was known: also at the head that it had, if it goes on from
    // there.
    Arrived arrived;
    const auto goes_on = collect_new(**head, arrived);
    if (!goes_on) return std::unexpected(goes_on.error());
    if (*goes_on) return apply(std::move(arrived), *head, false);
  }
  auto rebuilt = rebuild(true);
  if (!rebuilt) return std::unexpected(std::move(rebuilt.error()));
  return Changes{.issues = {}, .others = true};
}

Result<Projector::Changes> Projector::take(WalCommit commit) {
  const CommitId head = commit.id;
  Arrived arrived;
  collect(std::move(commit), arrived);
  return apply(std::move(arrived), head, false);
}

void Projector::keep(const CommitId& snapshot) {
  // Problems are told by whoever reads, and nobody reads what is kept.
  if (problems_.total > 0 || problems_.unsigned_events > 0) return;
  if (auto kept = cache_.keep(hex_of(snapshot)); !kept) {
    log::warning("the issues of a snapshot are not kept", {log::kv("why", kept.error().message)});
  }
}

// Fills cache and board with what a snapshot has; false when it is of no use.
Result<bool> Projector::begin_at(const Snapshot& snapshot, Rebuilt& rebuilt) {
  auto restored = cache_.restore(hex_of(snapshot.commit), rules());
  if (!restored || !*restored) {
    auto events = read_snapshot(repository_, snapshot);
    if (!events || events->empty()) return false;  // the log has it all
    auto ready = cache_.clear(rules());
    if (ready) ready = cache_.note(calls_note, snapshot.meta.wal_head.view());
    if (ready) ready = cache_.note(unchecked_note, snapshot.commit.view());
    if (!ready) return std::unexpected(ready.error());
    Arrived arrived;
    collect(std::move(*events), arrived);
    arrived.commits.push_back(snapshot.meta.wal_head);
    auto applied = apply(std::move(arrived), snapshot.meta.wal_head, true);
    if (!applied) return std::unexpected(std::move(applied.error()));
    keep(snapshot.commit);
  } else if (auto loaded = load_board(); !loaded) {
    return std::unexpected(std::move(loaded.error()));
  }
  rebuilt.snapshot = snapshot.created_ms;
  rebuilt.snapshot_events = snapshot.meta.events;
  return true;
}

Result<std::optional<Snapshot>> Projector::newest_snapshot(const CommitId& head) const {
  auto snapshots = list_snapshots(repository_);
  if (!snapshots) return std::unexpected(std::move(snapshots.error()));
  for (Snapshot& each : *snapshots) {
    const CommitId& its_head = each.meta.wal_head;
    if (repository_.has(its_head) && repository_.is_descendant(head, its_head).value_or(false))
      return std::move(each);
  }
  return std::nullopt;
}

// Everything is read before anything is cleared.
Result<Projector::Rebuilt> Projector::rebuild(bool from_snapshot) {
  if (auto done = drop_foreign(); !done) return std::unexpected(std::move(done.error()));
  problems_ = {};
  if (auto read = read_keys(); !read) return std::unexpected(std::move(read.error()));
  const auto head = repository_.read_reference(wal_reference);
  if (!head) return std::unexpected(head.error());
  const auto snapshot = from_snapshot && *head ? newest_snapshot(**head) : std::nullopt;
  if (!snapshot) return std::unexpected(snapshot.error());
  std::optional<CommitId> base;
  if (*snapshot) base = (*snapshot)->meta.wal_head;
  Arrived arrived;
  if (*head) {
    if (auto read = collect_log(**head, base, arrived); !read)
      return std::unexpected(std::move(read.error()));
  }
  if (problems_.incomplete > 0) rescue(arrived);
  Rebuilt rebuilt;
  if (base) {
    const auto begun = begin_at(**snapshot, rebuilt);
    if (!begun) return std::unexpected(begun.error());
    if (!*begun) return rebuild(false);
  } else if (auto cleared = cache_.clear(rules()); !cleared) {
    return std::unexpected(cleared.error());
  }
  auto applied = apply(std::move(arrived), *head, !base);
  if (!applied) return std::unexpected(std::move(applied.error()));
  const auto events = cache_.event_count();
  if (!events) return std::unexpected(events.error());
  rebuilt.events = *events;
  has_much_memory_ = true;
  return rebuilt;
}

Result<bool> Projector::read_old_calls() {
  const auto from = cache_.noted(calls_note);
  if (!from) return std::unexpected(from.error());
  if (from->size() != CommitId::size) return false;
  auto transaction = cache_.begin();
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  Result<void> done;
  auto walked = walk_wal(
      repository_, CommitId::of(*from), [](const CommitId&, bool) -> Result<bool> { return false; },
      [&](const WalCommit& commit) {
        for (const CallRecord& call : commit.meta.calls) {
          if (done) done = cache_.add_call(call, commit.id);
        }
      },
      Part::meta);
  if (!walked) return std::unexpected(std::move(walked.error()));
  if (done) done = cache_.note(calls_note, "");
  if (done) done = transaction->commit();
  if (!done) return std::unexpected(std::move(done.error()));
  return true;
}

Result<std::optional<CommitId>> Projector::unchecked_snapshot() {
  const auto noted = cache_.noted(unchecked_note);
  if (!noted) return std::unexpected(noted.error());
  if (noted->size() != CommitId::size) return std::nullopt;
  return CommitId::of(*noted);
}

Result<void> Projector::check_off(const CommitId& snapshot, bool is_good) {
  const auto unchecked = unchecked_snapshot();
  if (!unchecked) return std::unexpected(unchecked.error());
  if (*unchecked != snapshot) return {};
  if (is_good) return cache_.note(unchecked_note, "");
  log::warning("a snapshot is not what the log says: all is computed from the log",
               {log::kv("snapshot", hex_of(snapshot))});
  const auto rebuilt = rebuild(false);
  if (!rebuilt) return std::unexpected(rebuilt.error());
  return {};
}

Result<Projector::Comparison> Projector::compare_with_log() {
  const auto dropped = drop_foreign();
  if (!dropped) return std::unexpected(dropped.error());
  if (*dropped) {
    if (auto done = rebuild(false); !done) return std::unexpected(std::move(done.error()));
  }
  auto directory = store::PrivateDirectory::make("hearth-issues-check-");
  if (!directory) return std::unexpected(std::move(directory.error()));
  const auto cache = Cache::open(directory->path());
  if (!cache) return std::unexpected(cache.error());
  Guarded<Board> board;
  Projector beside(repository_, **cache, board, policy_);
  if (auto computed = beside.rebuild(false); !computed)
    return std::unexpected(std::move(computed.error()));
  // Things may have come, or gone, since they were met.
  problems_ = beside.problems_;
  if (auto done = cache_.note(problems_note, encode_problems(problems_)); !done)
    return std::unexpected(std::move(done.error()));
  Comparison found{.differences = cache_.count_differences(**cache), .only_here = {}};
  if (beside.problems_.incomplete == 0) return found;
  std::unordered_set<EventId> there;
  for (const Event& event : (*cache)->readable_events()) there.insert(event.id);
  found.only_here = cache_.readable_events();
  std::erase_if(found.only_here, [&](const Event& event) { return there.contains(event.id); });
  return found;
}

void Projector::settle() {
  cache_.trim_journal();
  if (!std::exchange(has_much_memory_, false)) return;
  // Once more from the cache: what stays lies between what was only there to compute it.
  if (auto loaded = load_board(); !loaded)
    log::debug("the board stays as it is", {log::kv("why", loaded.error().message)});
  cache_.give_memory_back();
  (void)::malloc_trim(0);
}

Result<void> Projector::apply_events(const IssueId& id,
                                     std::vector<Event> events,
                                     bool is_empty,
                                     std::vector<Changed>& changed,
                                     Changes& changes) {
  std::size_t before = 0;
  if (!is_empty) {
    auto known = Cache::events(cache_.writer(), id);
    if (!known) return std::unexpected(std::move(known.error()));
    before = known->size();
    std::ranges::move(*known, std::back_inserter(events));
  }
  normalize(events);
  if (events.size() == before) return {};  // all of it was known
  const auto issue = project_issue(events);
  const auto row =
      cache_.put(id, kind_of(events, issue.has_value()), events, issue ? &issue->summary : nullptr);
  if (!row) return std::unexpected(row.error());
  if (issue) {
    changed.push_back({issue->summary, *row});
    changes.issues.push_back(id);
  } else {
    changes.others = true;
  }
  return {};
}

// What a merge repeats was counted where it came first.
Result<void> Projector::count_unsigned(const Arrived& arrived) {
  for (const EventId& event : arrived.unsigned_events) {
    const auto is_new = cache_.add_unsigned(event);
    if (!is_new) return std::unexpected(is_new.error());
    problems_.unsigned_events += *is_new ? 1U : 0U;
  }
  return {};
}

// The board follows when the cache has it.
Result<Projector::Changes> Projector::apply(Arrived arrived,
                                            const std::optional<CommitId>& head,
                                            bool is_empty) {
  Changes changes;
  std::vector<Changed> changed;
  auto transaction = cache_.begin();
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  for (auto& [id, events] : arrived.events) {
    auto done = apply_events(id, std::move(events), is_empty, changed, changes);
    if (!done) return std::unexpected(std::move(done.error()));
  }
  for (const CommitId& commit : arrived.commits) {
    if (auto done = cache_.add_commit(commit); !done) return std::unexpected(done.error());
  }
  for (const auto& [call, commit] : arrived.calls) {
    if (auto done = cache_.add_call(call, commit); !done) return std::unexpected(done.error());
  }
  if (auto done = count_unsigned(arrived); !done) return std::unexpected(std::move(done.error()));
  if (problems_.total > 0 || problems_.unsigned_events > 0) {
    auto done = cache_.note(problems_note, encode_problems(problems_));
    if (!done) return std::unexpected(std::move(done.error()));
  }
  if (auto done = cache_.commit(*transaction, head); !done) return std::unexpected(done.error());
  auto board = board_.lock();
  if (is_empty) board->clear();
  changes.lists = false;
  for (Changed& each : changed) {
    const Summary* before = board->find(each.summary.id);
    changes.lists = changes.lists || before == nullptr || !is_listed_alike(*before, each.summary);
    board->put(std::move(each.summary), each.row);
  }
  return changes;
}

}  // namespace hearth::packs::issues
