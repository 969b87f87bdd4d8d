#include "packs/issues/engine/wal.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <unordered_map>
#include <unordered_set>

#include "packs/issues/engine/chunk.hpp"

namespace hearth::packs::issues {
namespace {

constexpr const char* author = "grite <grit@local>";
constexpr int most_tree_depth = 16;

// The names of the folders of a chunk: year, month and day of its first event.
std::vector<std::string> date_path(std::uint64_t unix_ms) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(unix_ms)};
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
  char year[16];
  char month[8];
  char day[8];
  std::snprintf(year, sizeof year, "%04d", static_cast<int>(date.year()));
  std::snprintf(month, sizeof month, "%02u", static_cast<unsigned>(date.month()));
  std::snprintf(day, sizeof day, "%02u", static_cast<unsigned>(date.day()));
  return {"events", year, month, day};
}

// One folder in the other around an entry.
Result<TreeEntry> nest(Repository& repository, TreeEntry entry, std::vector<std::string> path) {
  for (auto name = path.rbegin(); name != path.rend(); ++name) {
    const auto tree = repository.write_tree({entry});
    if (!tree) return std::unexpected(tree.error());
    entry = {.name = *name, .id = *tree, .is_tree = true};
  }
  return entry;
}

// Everything below a tree whose name ends so.
Result<void> find_chunks(const Repository& repository,
                         const ObjectId& tree,
                         int depth,
                         std::vector<TreeEntry>& found) {
  const auto entries = repository.read_tree(tree);
  if (!entries) return std::unexpected(entries.error());
  for (const TreeEntry& entry : *entries) {
    if (entry.is_tree && depth < most_tree_depth) {
      if (auto below = find_chunks(repository, entry.id, depth + 1, found); !below) return below;
    } else if (!entry.is_tree && entry.name.ends_with(".bin")) {
      found.push_back(entry);
    }
  }
  return {};
}

void read_chunk(const Repository& repository, const TreeEntry& entry, WalCommit& commit) {
  const std::string place = "commit " + hex_of(commit.id).substr(0, 12) + ", " + entry.name + ": ";
  const auto bytes = repository.read_blob(entry.id);
  if (!bytes) return commit.problems.push_back(place + bytes.error().message);
  // Its events are good if their ids are; but whoever wrote this did not write what is there.
  const std::string hash = hex_of(chunk_hash(*bytes));
  if (!entry.name.starts_with(hash)) {
    commit.problems.push_back(place + "the chunk's digest is " + hash);
  }
  auto content = decode_chunk(*bytes);
  if (!content) return commit.problems.push_back(place + content.error().message);
  for (const std::string& problem : content->problems) commit.problems.push_back(place + problem);
  std::ranges::move(content->events, std::back_inserter(commit.events));
}

Result<std::pair<Commit, WalMeta>> read_head(const Repository& repository, const CommitId& id) {
  auto commit = repository.read_commit(id);
  if (!commit) return std::unexpected(std::move(commit.error()));
  const auto entries = repository.read_tree(commit->tree);
  if (!entries) return std::unexpected(entries.error());
  const auto file = std::ranges::find(*entries, "meta.json", &TreeEntry::name);
  if (file == entries->end()) {
    return fail(Errc::damaged, "the commit " + hex_of(id) + " of the log has no meta.json");
  }
  const auto text = repository.read_blob(file->id);
  if (!text) return std::unexpected(text.error());
  auto meta = decode_meta(*text);
  if (!meta) return std::unexpected(std::move(meta.error()).within("commit " + hex_of(id)));
  return std::pair{std::move(*commit), std::move(*meta)};
}

// Follows one chain step by step.
class Chain {
 public:
  Chain(const Repository& repository, const CommitId& head) : repository_(repository), at_(head) {}

  [[nodiscard]] const std::optional<CommitId>& at() const { return at_; }
  [[nodiscard]] Result<void> step() {
    const auto head = read_head(repository_, *at_);
    if (!head) return std::unexpected(head.error());
    passed_.push_back(*at_);
    at_ = head->second.previous;
    return {};
  }
  [[nodiscard]] const std::vector<CommitId>& passed() const { return passed_; }

 private:
  const Repository& repository_;
  std::optional<CommitId> at_;
  std::vector<CommitId> passed_;
};

// What two chains have in front of the first commit that is on both.
struct Fork {
  std::vector<CommitId> local;
  std::vector<CommitId> remote;
};

// Walks both, one step each, until one meets where the other has been: so the way is as long as
// the fork, not as the log.
Result<Fork> find_fork(const Repository& repository,
                       const CommitId& local_head,
                       const CommitId& remote_head) {
  Chain local(repository, local_head);
  Chain remote(repository, remote_head);
  std::unordered_set<CommitId> seen;
  std::optional<CommitId> common;
  while (!common && (local.at() || remote.at())) {
    for (Chain* chain : {&local, &remote}) {
      if (!chain->at() || common) continue;
      if (!seen.insert(*chain->at()).second) {
        common = chain->at();
      } else if (auto stepped = chain->step(); !stepped) {
        return std::unexpected(stepped.error());
      }
    }
  }
  Fork fork{local.passed(), remote.passed()};
  for (auto* side : {&fork.local, &fork.remote}) {
    if (common) side->erase(std::ranges::find(*side, *common), side->end());
  }
  return fork;
}

// The events of some commits, each once, oldest first.
Result<std::vector<Event>> events_of(const Repository& repository,
                                     const std::vector<CommitId>& commits,
                                     std::unordered_set<EventId>& seen) {
  std::vector<Event> events;
  for (auto id = commits.rbegin(); id != commits.rend(); ++id) {
    auto commit = read_wal_commit(repository, *id);
    if (!commit) return std::unexpected(std::move(commit.error()));
    for (Event& event : commit->events) {
      if (seen.insert(event.id).second) events.push_back(std::move(event));
    }
  }
  return events;
}

}  // namespace

CommitTime local_time(std::uint64_t unix_ms) {
  const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  return {.seconds = seconds, .zone_minutes = static_cast<int>(parts.tm_gmtoff / 60)};
}

Result<CommitId> write_wal_commit(Repository& repository, const WalPlan& plan) {
  const std::string chunk = encode_chunk(plan.events);
  const ChunkHash hash = chunk_hash(chunk);
  const auto blob = repository.write_blob(chunk);
  if (!blob) return std::unexpected(blob.error());
  const auto folder = nest(repository, {.name = hex_of(hash) + ".bin", .id = *blob},
                           date_path(plan.events.front().ts_ms));
  if (!folder) return std::unexpected(folder.error());
  const auto meta = repository.write_blob(encode_meta(
      {.actor = plan.actor, .chunk = hash, .previous = plan.previous, .calls = plan.calls}));
  if (!meta) return std::unexpected(meta.error());
  const auto tree = repository.write_tree({*folder, {.name = "meta.json", .id = *meta}});
  if (!tree) return std::unexpected(tree.error());
  return repository.write_commit({.tree = *tree,
                                  .parents = plan.parents,
                                  .author = author,
                                  .time = plan.time.seconds,
                                  .zone_minutes = plan.time.zone_minutes,
                                  .message = "WAL: " + std::to_string(plan.events.size()) +
                                             " events from " + hex_of(plan.actor).substr(0, 8)});
}

Result<WalCommit> read_wal_commit(const Repository& repository, const CommitId& id) {
  auto head = read_head(repository, id);
  if (!head) return std::unexpected(std::move(head.error()));
  WalCommit commit{.id = id,
                   .parents = std::move(head->first.parents),
                   .meta = std::move(head->second),
                   .events = {},
                   .problems = {}};
  std::vector<TreeEntry> chunks;
  if (auto found = find_chunks(repository, head->first.tree, 0, chunks); !found) {
    return std::unexpected(found.error());
  }
  for (const TreeEntry& entry : chunks) read_chunk(repository, entry, commit);
  const bool is_there = std::ranges::any_of(chunks, [&](const TreeEntry& entry) {
    return entry.name.starts_with(hex_of(commit.meta.chunk));
  });
  if (!is_there) {
    commit.problems.push_back("commit " + hex_of(id).substr(0, 12) +
                              " lacks the chunk of its meta.json");
  }
  return commit;
}

Result<void> walk_wal(
    const Repository& repository,
    const CommitId& head,
    const std::function<Result<bool>(const CommitId&, bool is_on_chain)>& is_known,
    const std::function<void(WalCommit)>& take) {
  std::unordered_set<CommitId> seen;
  std::vector<std::pair<CommitId, bool>> waiting{{head, true}};
  while (!waiting.empty()) {
    const auto [id, is_on_chain] = waiting.back();
    waiting.pop_back();
    if (!seen.insert(id).second) continue;
    const auto known = is_known(id, is_on_chain);
    if (!known) return std::unexpected(known.error());
    if (*known) continue;
    auto commit = read_wal_commit(repository, id);
    if (!commit) return std::unexpected(std::move(commit.error()));
    for (const CommitId& parent : commit->parents) {
      if (parent != commit->meta.previous) waiting.emplace_back(parent, false);
    }
    if (commit->meta.previous) waiting.emplace_back(*commit->meta.previous, is_on_chain);
    take(std::move(*commit));
  }
  return {};
}

Result<std::optional<CommitId>> merge_append(Repository& repository,
                                             const CommitId& remote_head,
                                             const CommitId& local_head,
                                             const ActorId& actor,
                                             CommitTime time) {
  const auto fork = find_fork(repository, local_head, remote_head);
  if (!fork) return std::unexpected(fork.error());
  std::unordered_set<EventId> seen;
  if (auto theirs = events_of(repository, fork->remote, seen); !theirs) {
    return std::unexpected(theirs.error());
  }
  const auto ours = events_of(repository, fork->local, seen);
  if (!ours) return std::unexpected(ours.error());
  if (ours->empty()) return std::nullopt;
  auto commit = write_wal_commit(repository, {.actor = actor,
                                              .events = *ours,
                                              .parents = {remote_head, local_head},
                                              .previous = remote_head,
                                              .calls = {},
                                              .time = time});
  if (!commit) return std::unexpected(std::move(commit.error()));
  return *commit;
}

}  // namespace hearth::packs::issues
