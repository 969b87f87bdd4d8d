// The tools that exchange with remotes and look after the log: sync, snapshot, snapshots,
// snapshot_gc, rebuild, verify, doctor, compact, stats.
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <unordered_set>

#include "packs/issues/engine/locks.hpp"
#include "packs/issues/engine/maintenance.hpp"
#include "packs/issues/engine/snapshots.hpp"
#include "packs/issues/engine/views/dependency_order.hpp"
#include "packs/issues/git_transport.hpp"
#include "packs/issues/remote_sync.hpp"
#include "packs/issues/tools.hpp"
#include "packs/issues/upkeep_wire.hpp"

namespace hearth::packs::issues {
namespace {

std::string head_text(IssueStore& store) {
  const auto head = store.head();
  return head ? hex_of(*head) : std::string();
}

std::string message_of(const SyncReport& report) {
  if (report.merges > 0) return "what both sides had written is joined";
  if (report.has_pulled && report.has_pushed) return "both sides have the same now";
  if (report.has_pulled) return "took over what the remote has";
  if (report.has_pushed) return "the remote has what is here";
  return "both sides had the same";
}

// What was exchanged does not fill what is missing behind it.
std::optional<std::string> missing_here(IssueStore& store) {
  const std::uint64_t commits = store.problems().incomplete;
  if (commits == 0) return std::nullopt;
  const bool is_shallow = std::filesystem::exists(store.common_directory() + "/shallow");
  const std::string why =
      "commits of the log of which objects are missing here: " + std::to_string(commits);
  if (!is_shallow) return why + "; see hearth issues doctor";
  return why +
         "; this clone is shallow: git fetch --unshallow REMOTE "
         "'+refs/grite/*:refs/grite-again/*', then hearth issues rebuild";
}

// What was left out of what has come, or was here before.
std::optional<std::string> unreadable_here(IssueStore& store) {
  const std::uint64_t commits = store.problems().unreadable;
  if (commits == 0) return std::nullopt;
  return "commits of the log of which something cannot be read: " + std::to_string(commits) +
         "; see hearth issues verify";
}

Result<wire::SyncAnswer> sync(IssueStore& store,
                              const wire::SyncRequest& request,
                              const pack::Call& call) {
  auto report = sync_store(store,
                           {.remote = request.remote.value_or("origin"),
                            .actor = request.actor.value_or(""),
                            .pull = request.pull || !request.push,
                            .push = request.push || !request.pull},
                           call.stop());
  if (!report) return std::unexpected(report.error());
  if (auto seen = store.catch_up(); !seen) return std::unexpected(std::move(seen.error()));
  for (auto&& problem : {missing_here(store), unreadable_here(store)}) {
    if (problem) report->problems.push_back(*problem);
  }
  return wire::SyncAnswer{.pulled = report->has_pulled,
                          .pushed = report->has_pushed,
                          .push_success = request.push || !request.pull,
                          .push_rebased = report->merges > 0,
                          .merges = wire::number(report->merges),
                          .tries = wire::number(report->tries),
                          .others_pulled = wire::number(report->others_pulled),
                          .others_pushed = wire::number(report->others_pushed),
                          .wal_head = report->head ? hex_of(*report->head) : "",
                          .total = wire::number(store.board()->issues().size()),
                          .message = message_of(*report),
                          .problems = std::move(report->problems)};
}

// ---- Snapshots --------------------------------------------------------------------------------

wire::SnapshotAnswer to_answer(const Snapshot& snapshot) {
  return {.oid = hex_of(snapshot.commit),
          .created_ts = wire::number(snapshot.created_ms),
          .event_count = wire::number(snapshot.meta.events),
          .wal_head = hex_of(snapshot.meta.wal_head)};
}

// What the cache has of the log; under `require` it lacks what others may well want.
Result<std::vector<Event>> events_for_snapshot(IssueStore& store,
                                               const Repository& repository,
                                               const CommitId& head) {
  std::vector<Event> events;
  if (store.options().signatures == SignaturePolicy::require) {
    std::unordered_set<EventId> seen;
    auto walked = walk_wal(
        repository, head, [](const CommitId&, bool) -> Result<bool> { return false; },
        [&](WalCommit commit) {
          for (Event& each : commit.events) {
            if (seen.insert(each.id).second) events.push_back(std::move(each));
          }
        });
    if (!walked) return std::unexpected(std::move(walked.error()));
    return events;
  }
  auto reader = store.reader();
  if (!reader) return std::unexpected(std::move(reader.error()));
  for (const RowKind kind : {RowKind::issue, RowKind::waiting, RowKind::file, RowKind::project}) {
    auto read = Cache::each(**reader, kind, [&](std::vector<Event> each) {
      std::ranges::move(each, std::back_inserter(events));
    });
    if (!read) return std::unexpected(std::move(read.error()));
  }
  return events;
}

Result<wire::SnapshotAnswer> take_snapshot(IssueStore& store,
                                           const wire::NoRequest&,
                                           const pack::Call&) {
  wire::SnapshotAnswer answer;
  auto done = store.run([&](Repository& repository, Projector& projector) -> Result<void> {
    const auto head = projector.head();
    if (!head) return fail(Errc::not_found, "there is nothing to take a snapshot of yet");
    if (projector.problems().incomplete > 0) {
      return fail(Errc::damaged, "objects of the log are missing, and a snapshot would hide it",
                  {"hearth issues doctor"});
    }
    auto events = events_for_snapshot(store, repository, *head);
    if (!events) return std::unexpected(std::move(events.error()));
    const auto snapshot = write_snapshot(repository, std::move(*events), *head, store.now_ms());
    if (!snapshot) return std::unexpected(snapshot.error());
    if (store.options().signatures != SignaturePolicy::require) projector.keep(snapshot->commit);
    answer = to_answer(*snapshot);
    return {};
  });
  if (!done) return std::unexpected(std::move(done.error()));
  return answer;
}

Result<wire::SnapshotsAnswer> snapshots(IssueStore& store,
                                        const wire::NoRequest&,
                                        const pack::Call&) {
  const auto repository = store.open_repository();
  if (!repository) return std::unexpected(repository.error());
  const auto all = list_snapshots(**repository);
  if (!all) return std::unexpected(all.error());
  wire::SnapshotsAnswer answer{.snapshots = {}, .total = wire::number(all->size())};
  std::ranges::transform(*all, std::back_inserter(answer.snapshots), to_answer);
  return answer;
}

Result<std::int64_t> remove_there(Repository& repository,
                                  const std::string& name,
                                  std::size_t keep,
                                  const pack::Call& call) {
  auto remote = open_remote(repository, name, {}, call.stop());
  if (!remote) return std::unexpected(std::move(remote.error()));
  auto list = (*remote)->list();
  if (!list) return std::unexpected(std::move(list.error()));
  std::erase_if(*list,
                [](const Reference& each) { return !each.name.starts_with(snapshot_prefix); });
  std::vector<RefChange> changes;
  for (std::size_t i = 0; i + keep < list->size(); ++i) {
    changes.push_back({(*list)[i].name, (*list)[i].target, std::nullopt});
  }
  if (changes.empty()) return 0;
  const auto made = (*remote)->push(changes);
  if (!made) return std::unexpected(made.error());
  return std::ranges::count(*made, true, &Pushed::is_made);
}

Result<wire::SnapshotGcAnswer> snapshot_gc(IssueStore& store,
                                           const wire::SnapshotGcRequest& request,
                                           const pack::Call& call) {
  auto repository = store.open_repository();
  if (!repository) return std::unexpected(std::move(repository.error()));
  const auto keep = static_cast<std::size_t>(request.keep);
  const auto removed = remove_old_snapshots(**repository, keep);
  if (!removed) return std::unexpected(removed.error());
  const auto left = list_snapshots(**repository);
  if (!left) return std::unexpected(left.error());
  wire::SnapshotGcAnswer answer{.deleted = wire::number(removed->size()),
                                .kept = wire::number(left->size())};
  if (request.remote) {
    auto there = remove_there(**repository, *request.remote, keep, call);
    if (!there) return std::unexpected(std::move(there.error()));
    answer.deleted_remote = *there;
  }
  return answer;
}

// ---- Checks -----------------------------------------------------------------------------------

Result<wire::RebuildAnswer> rebuild(IssueStore& store,
                                    const wire::RebuildRequest& request,
                                    const pack::Call&) {
  wire::RebuildAnswer answer;
  auto done = store.run([&](Repository&, Projector& projector) -> Result<void> {
    const auto rebuilt = projector.rebuild(request.from_snapshot);
    if (!rebuilt) return std::unexpected(rebuilt.error());
    answer = {.wal_head = projector.head() ? hex_of(*projector.head()) : "",
              .event_count = wire::number(rebuilt->events),
              .from_snapshot = rebuilt->snapshot.has_value(),
              .snapshot_events = wire::number(rebuilt->snapshot_events)};
    return {};
  });
  if (!done) return std::unexpected(std::move(done.error()));
  return answer;
}

Result<wire::VerifyAnswer> verify(IssueStore& store,
                                  const wire::NoRequest&,
                                  const pack::Call& call) {
  const auto repository = store.open_repository();
  if (!repository) return std::unexpected(repository.error());
  const auto found = verify_log(**repository, call.stop());
  if (!found) return std::unexpected(found.error());
  return wire::VerifyAnswer{.good = found->problems.total == 0 && found->bad_signatures == 0,
                            .commits_checked = wire::number(found->commits),
                            .events_checked = wire::number(found->events),
                            .signatures_checked = wire::number(found->signed_events),
                            .signatures_bad = wire::number(found->bad_signatures),
                            .signatures_unknown = wire::number(found->signatures_of_unknown),
                            .error_count = wire::number(found->problems.total),
                            .errors = found->problems.texts};
}

// Whoever can push can put anything there: nobody is kept from claiming by it, but should know.
Result<Check> check_locks(IssueStore& store) {
  const auto repository = store.open_repository();
  if (!repository) return std::unexpected(repository.error());
  auto unreadable = unreadable_locks(**repository);
  if (!unreadable) return std::unexpected(std::move(unreadable.error()));
  Check check{.id = "locks", .health = Health::ok, .message = "all locks can be read", .plan = {}};
  if (unreadable->empty()) return check;
  check.health = Health::warning;
  check.message =
      std::to_string(unreadable->size()) + " references hold no lock: " + unreadable->front();
  check.plan = {"git update-ref -d " +
                unreadable->front().substr(0, unreadable->front().find(':')) +
                ", also at the remote; a claim of the same resource replaces it"};
  return check;
}

// Clones that are joined can make them, each with a link that was good where it was added.
Check check_circles(IssueStore& store) {
  Check check{.id = "circles",
              .health = Health::ok,
              .message = "no issues wait for each other",
              .plan = {}};
  const auto board = store.board();
  const IssueGraph& graph = board->graph();
  const auto circles = order_of(graph).circles;
  if (circles.empty()) return check;
  check.health = Health::warning;
  check.message = "issues that wait for each other, and are never ready:";
  for (const Position at : circles.front())
    check.message += " " + board->short_id(graph.issue(at).id);
  if (circles.size() > 1) check.message += "; circles: " + std::to_string(circles.size());
  check.plan = {
      "see hearth issues dep-topo, and take one link of each back: hearth issues dep-remove"};
  return check;
}

Result<wire::DoctorAnswer> doctor(IssueStore& store,
                                  const wire::DoctorRequest& request,
                                  const pack::Call&) {
  auto checks = examine(store, request.fix);
  if (!checks) return std::unexpected(std::move(checks.error()));
  auto locks = check_locks(store);
  if (!locks) return std::unexpected(std::move(locks.error()));
  checks->push_back(std::move(*locks));
  checks->push_back(check_circles(store));
  wire::DoctorAnswer answer;
  for (Check& check : *checks) {
    if (check.is_mended) answer.applied.push_back(check.id);
    if (check.health == Health::error && !check.is_mended) answer.good = false;
    answer.checks.push_back({.id = check.id,
                             .status = std::string(name_of(check.health)),
                             .message = check.message,
                             .plan = std::move(check.plan)});
  }
  return answer;
}

Result<wire::CompactAnswer> compact_all(IssueStore& store,
                                        const wire::NoRequest&,
                                        const pack::Call&) {
  const auto repository = store.open_repository();
  if (!repository) return std::unexpected(repository.error());
  const auto done = compact(**repository, store.now_ms());
  if (!done) return std::unexpected(done.error());
  return wire::CompactAnswer{wire::number(done->packed_objects), wire::number(done->removed_locks)};
}

Result<wire::StatsAnswer> stats(IssueStore& store, const wire::NoRequest&, const pack::Call&) {
  wire::StatsAnswer answer{.wal_head = head_text(store), .repository = store.common_directory()};
  const LogProblems problems = store.problems();
  answer.problems = wire::number(problems.total);
  answer.unsigned_events = wire::number(problems.unsigned_events);
  auto done = store.run([&](Repository&, Projector& projector) -> Result<void> {
    const auto events = projector.event_count();
    if (!events) return std::unexpected(events.error());
    answer.events = wire::number(*events);
    return {};
  });
  if (!done) return std::unexpected(std::move(done.error()));
  const auto board = store.board();
  answer.issues = wire::number(board->issues().size());
  answer.closed = std::ranges::count(board->issues(), State::closed, &Summary::state);
  answer.open = answer.issues - answer.closed;
  return answer;
}

void declare_snapshots(pack::Binder& tools, ToolRunner& runner) {
  using enum pack::Length;
  runner.bind<wire::NoRequest, wire::SnapshotAnswer>(
      tools,
      doing("snapshot", "Take a snapshot",
            "Put all events into a few large files, so that rebuilds are quick."),
      lengthy, take_snapshot);
  runner.bind<wire::NoRequest, wire::SnapshotsAnswer>(
      tools, reading("snapshots", "List snapshots", "Which snapshots there are, newest first."),
      brief, snapshots);
  runner.bind<wire::SnapshotGcRequest, wire::SnapshotGcAnswer>(
      tools,
      doing("snapshot_gc", "Remove old snapshots",
            "Remove all but the newest snapshots, on a remote, too. No event is lost.",
            {.destructive = true, .idempotent = true}),
      lengthy, snapshot_gc);
}

void declare_checks(pack::Binder& tools, ToolRunner& runner) {
  using enum pack::Length;
  using enum ToolRunner::Start;  // a log that cannot be followed is just what these are for
  runner.bind<wire::RebuildRequest, wire::RebuildAnswer>(
      tools,
      doing("rebuild", "Compute again", "Compute all issues again from the log in git.",
            {.idempotent = true}),
      lengthy, rebuild, as_it_is);
  runner.bind<wire::NoRequest, wire::VerifyAnswer>(
      tools,
      reading("verify", "Check the log",
              "Read the log again and check digests, ids and signatures."),
      lengthy, verify, as_it_is);
  runner.bind<wire::DoctorRequest, wire::DoctorAnswer>(
      tools,
      doing("doctor", "Examine the issues",
            "Find what is wrong with this repository's issues; with fix, mend it."),
      lengthy, doctor, as_it_is);
  runner.bind<wire::NoRequest, wire::CompactAnswer>(
      tools,
      doing("compact", "Save room", "Pack the git objects of the issues; remove old locks.",
            {.idempotent = true}),
      lengthy, compact_all);
  runner.bind<wire::NoRequest, wire::StatsAnswer>(
      tools, reading("stats", "Numbers", "How many issues and events there are."), brief, stats);
}

}  // namespace

void declare_upkeep_tools(pack::Binder& tools, ToolRunner& runner) {
  pack::ToolSpec syncing =
      doing("sync", "Exchange with a remote",
            "Take and give events, until both sides have the same. Nothing is ever lost.",
            {.idempotent = true, .open_world = true});
  syncing.time_limit = std::chrono::minutes(10);
  runner.bind<wire::SyncRequest, wire::SyncAnswer>(tools, std::move(syncing), pack::Length::lengthy,
                                                   sync);
  declare_snapshots(tools, runner);
  declare_checks(tools, runner);
}

}  // namespace hearth::packs::issues
