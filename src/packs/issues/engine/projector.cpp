#include "packs/issues/engine/projector.hpp"

#include <utility>

#include "packs/issues/engine/snapshots.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::size_t most_problem_texts = 20;

RowKind kind_of(std::span<const Event> events, bool is_issue) {
  if (is_issue) return RowKind::issue;
  if (events.front().issue == project_issue_id) return RowKind::project;
  return project_file(events) ? RowKind::file : RowKind::waiting;
}

}  // namespace

void LogProblems::add(std::string text) {
  ++total;
  if (texts.size() < most_problem_texts) texts.push_back(std::move(text));
}

// A cache that was made under others does not answer as this process would.
std::string Projector::rules() {
  std::string text = "signatures=" + std::string(name_of(policy_));
  if (policy_ == SignaturePolicy::require) text += " keys=" + keys_.fingerprint();
  return text;
}

Result<void> Projector::load() {
  auto all = cache_.summaries();
  if (!all) return std::unexpected(std::move(all.error()));
  auto board = board_.lock();
  board->clear();
  for (CachedSummary& each : *all) board->put(std::move(each.summary), each.row);
  return {};
}

bool Projector::is_welcome(const Event& event) {
  if (policy_ == SignaturePolicy::off || keys_.has_signed(event)) return true;
  ++problems_.unsigned_events;
  return policy_ == SignaturePolicy::warn;
}

void Projector::collect(std::vector<Event> events, Arrived& arrived) {
  for (Event& event : events) {
    if (is_welcome(event)) arrived.events[event.issue].push_back(std::move(event));
  }
}

void Projector::collect(WalCommit commit, Arrived& arrived) {
  arrived.commits.push_back(commit.id);
  for (CallRecord& call : commit.meta.calls) arrived.calls.emplace_back(std::move(call), commit.id);
  for (std::string& problem : commit.problems) problems_.add(std::move(problem));
  collect(std::move(commit.events), arrived);
}

Result<void> Projector::collect_log(const CommitId& head,
                                    const std::optional<CommitId>& base,
                                    Arrived& arrived) {
  return walk_wal(
      repository_, head,
      [&](const CommitId& id, bool is_on_chain) -> Result<bool> {
        if (base && id == *base) return true;
        // A merge reaches behind a snapshot's head on other ways than the chain.
        if (base && !is_on_chain) return repository_.is_descendant(*base, id);
        return cache_.knows(id);
      },
      [&](WalCommit commit) { collect(std::move(commit), arrived); });
}

Result<Projector::Changes> Projector::follow() {
  const auto head = repository_.read_reference(wal_reference);
  if (!head) return std::unexpected(head.error());
  if (policy_ != SignaturePolicy::off) {
    auto keys = KeyRing::read(repository_);
    if (!keys) return std::unexpected(std::move(keys.error()));
    keys_ = std::move(*keys);
  }
  const bool has_same_rules = cache_.rules() == rules();
  if (has_same_rules && *head == cache_.head()) return Changes{};
  bool goes_on = has_same_rules && head->has_value();
  if (goes_on && cache_.head()) {
    const bool has_old_head = repository_.has(*cache_.head());
    const auto is_later = has_old_head ? repository_.is_descendant(**head, *cache_.head()) : false;
    if (!is_later) return std::unexpected(is_later.error());
    goes_on = *is_later;
  }
  if (goes_on && cache_.head()) {
    Arrived arrived;
    if (auto read = collect_log(**head, std::nullopt, arrived); !read) {
      return std::unexpected(std::move(read.error()));
    }
    return apply(std::move(arrived), *head, false);
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

Result<Projector::Rebuilt> Projector::rebuild(bool from_snapshot) {
  problems_ = {};
  const auto head = repository_.read_reference(wal_reference);
  if (!head) return std::unexpected(head.error());
  Rebuilt rebuilt;
  Arrived arrived;
  std::optional<CommitId> base;
  if (auto cleared = cache_.clear(rules()); !cleared) return std::unexpected(cleared.error());
  auto snapshots = from_snapshot ? list_snapshots(repository_) : std::vector<Snapshot>();
  if (!snapshots) return std::unexpected(std::move(snapshots.error()));
  for (const Snapshot& each : *snapshots) {
    const bool has_head = *head && repository_.has(each.meta.wal_head);
    const auto belongs =
        has_head ? repository_.is_descendant(**head, each.meta.wal_head) : Result<bool>(false);
    if (!belongs) return std::unexpected(belongs.error());
    auto content = *belongs ? read_snapshot(repository_, each) : SnapshotContent();
    if (!content || content->events.empty()) continue;  // the log has it all
    base = each.meta.wal_head;
    rebuilt.snapshot = each.created_ms;
    rebuilt.snapshot_events = content->events.size();
    for (std::string& problem : content->problems) problems_.add(std::move(problem));
    collect(std::move(content->events), arrived);
    arrived.commits.push_back(*base);
    break;
  }
  if (*head) {
    if (auto read = collect_log(**head, base, arrived); !read) {
      return std::unexpected(std::move(read.error()));
    }
  }
  board_.lock()->clear();
  auto applied = apply(std::move(arrived), *head, true);
  if (!applied) return std::unexpected(std::move(applied.error()));
  const auto events = cache_.event_count();
  if (!events) return std::unexpected(events.error());
  rebuilt.events = *events;
  return rebuilt;
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
  if (auto done = cache_.set_head(head); !done) return std::unexpected(done.error());
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  auto board = board_.lock();
  for (Changed& each : changed) board->put(std::move(each.summary), each.row);
  return changes;
}

}  // namespace hearth::packs::issues
