#include "packs/issues/engine/wal.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <iterator>
#include <unordered_map>
#include <unordered_set>

namespace hearth::packs::issues {
namespace {

constexpr int most_tree_depth = 16;
// Of a commit; a writer makes five folders, and mostly one chunk.
constexpr std::size_t most_trees = 1024;
constexpr std::size_t most_chunks = 1024;
constexpr std::size_t most_meta_bytes = std::size_t{16} << 20;

// `is_whole` false: of something that is missing, and may come.
void add_problem(WalCommit& commit, std::string_view what, bool is_whole = true) {
  commit.problems.push_back("commit " + hex_of(commit.id).substr(0, 12) + ": " + std::string(what));
  commit.is_whole = commit.is_whole && is_whole;
}

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

// One folder in the other around some entries; the outermost one.
Result<TreeEntry> nest(Repository& repository,
                       std::vector<TreeEntry> entries,
                       const std::vector<std::string>& path) {
  for (auto name = path.rbegin(); name != path.rend(); ++name) {
    const auto tree = repository.write_tree(std::move(entries));
    if (!tree) return std::unexpected(tree.error());
    entries = {{.name = *name, .id = *tree, .is_tree = true}};
  }
  return entries.front();
}

struct Chunks {
  std::vector<TreeEntry> files;
  ChunkHash first;
};

Result<Chunks> write_chunks(Repository& repository, const WalPlan& plan) {
  const auto parts = split_into_chunks(plan.events, plan.chunks);
  if (!parts) return std::unexpected(parts.error());
  if (parts->size() > most_chunks) {
    return fail(Errc::invalid_args,
                std::to_string(plan.events.size()) +
                    " events are more than one commit of the log may have; nothing was written",
                {"write them in several parts"});
  }
  Chunks chunks;
  for (const std::span<const Event> part : *parts) {
    const std::string chunk = encode_chunk(part);
    const ChunkHash hash = chunk_hash(chunk);
    if (chunks.files.empty()) chunks.first = hash;
    std::string name = hex_of(hash) + ".bin";
    // Two callers may bring the same large event.
    if (std::ranges::find(chunks.files, name, &TreeEntry::name) != chunks.files.end()) continue;
    const auto blob = repository.write_blob(chunk);
    if (!blob) return std::unexpected(blob.error());
    chunks.files.push_back({.name = std::move(name), .id = *blob});
  }
  return chunks;
}

// The chunks of a commit: everything below its tree whose name ends so. What others have written
// may be made to be read for ever, so each tree is read once, and only so many are.
class ChunkSearch {
 public:
  ChunkSearch(const Repository& repository, WalCommit& commit)
      : repository_(repository), commit_(commit) {}

  std::vector<TreeEntry> run(const ObjectId& root) {
    look(root, 0);
    return std::move(found_);
  }

 private:
  void look(const ObjectId& tree, int depth) {
    if (!seen_.insert(tree).second) return;
    if (seen_.size() > most_trees) {
      if (seen_.size() == most_trees + 1) add_problem(commit_, "it has too many folders");
      return;
    }
    const auto entries = repository_.read_tree(tree);
    if (!entries) return add_problem(commit_, entries.error().message, false);
    for (const TreeEntry& entry : *entries) {
      if (entry.is_tree && depth < most_tree_depth) {
        look(entry.id, depth + 1);
      } else if (!entry.is_tree && entry.name.ends_with(".bin") && seen_.insert(entry.id).second) {
        if (found_.size() == most_chunks) return add_problem(commit_, "it has too many chunks");
        found_.push_back(entry);
      }
    }
  }

  const Repository& repository_;
  WalCommit& commit_;
  std::unordered_set<ObjectId> seen_;
  std::vector<TreeEntry> found_;
};

void read_chunk(const Repository& repository, const TreeEntry& entry, WalCommit& commit) {
  const std::string place = entry.name + ": ";
  const auto bytes = repository.read_blob(entry.id, most_chunk_bytes);
  if (!bytes) return add_problem(commit, place + bytes.error().message, false);
  // Its events are good if their ids are; but whoever wrote this did not write what is there.
  const std::string hash = hex_of(chunk_hash(*bytes));
  if (!entry.name.starts_with(hash)) add_problem(commit, place + "the chunk's digest is " + hash);
  auto content = decode_chunk(*bytes);
  if (!content) return add_problem(commit, place + content.error().message);
  for (const std::string& problem : content->problems) add_problem(commit, place + problem);
  std::ranges::move(content->events, std::back_inserter(commit.events));
}

// Where meta.json does not say which commit of the log is before, its first parent is.
void read_meta(const Repository& repository, const ObjectId& tree, WalCommit& commit) {
  if (!commit.parents.empty()) commit.meta.previous = commit.parents.front();
  const auto entries = repository.read_tree(tree);
  if (!entries) return add_problem(commit, entries.error().message, false);
  const auto file = std::ranges::find(*entries, "meta.json", &TreeEntry::name);
  if (file == entries->end()) return add_problem(commit, "it has no meta.json");
  const auto text = repository.read_blob(file->id, most_meta_bytes);
  if (!text) return add_problem(commit, text.error().message, false);
  auto meta = decode_meta(*text);
  if (!meta) return add_problem(commit, "meta.json: " + meta.error().message);
  commit.meta = std::move(*meta);
}

// The commit and its meta.json, without its events.
Result<std::pair<WalCommit, ObjectId>> read_head(const Repository& repository, const CommitId& id) {
  auto head = repository.read_commit(id);
  if (!head) return std::unexpected(std::move(head.error()));
  WalCommit commit{
      .id = id, .parents = std::move(head->parents), .meta = {}, .events = {}, .problems = {}};
  read_meta(repository, head->tree, commit);
  return std::pair(std::move(commit), head->tree);
}

Result<WalCommit> read_wal_meta(const Repository& repository, const CommitId& id) {
  auto head = read_head(repository, id);
  if (!head) return std::unexpected(std::move(head.error()));
  return std::move(head->first);
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
    at_ = head->first.meta.previous;
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
  auto chunks = write_chunks(repository, plan);
  if (!chunks) return std::unexpected(std::move(chunks.error()));
  const auto folder =
      nest(repository, std::move(chunks->files), date_path(plan.events.front().ts_ms));
  if (!folder) return std::unexpected(folder.error());
  const auto meta = repository.write_blob(encode_meta({.actor = plan.actor,
                                                       .chunk = chunks->first,
                                                       .previous = plan.previous,
                                                       .calls = plan.calls}));
  if (!meta) return std::unexpected(meta.error());
  const auto tree = repository.write_tree({*folder, {.name = "meta.json", .id = *meta}});
  if (!tree) return std::unexpected(tree.error());
  return repository.write_commit({.tree = *tree,
                                  .parents = plan.parents,
                                  .author = wal_author,
                                  .time = plan.time.seconds,
                                  .zone_minutes = plan.time.zone_minutes,
                                  .message = "WAL: " + std::to_string(plan.events.size()) +
                                             " events from " + hex_of(plan.actor).substr(0, 8)});
}

Result<WalCommit> read_wal_commit(const Repository& repository, const CommitId& id) {
  auto head = read_head(repository, id);
  if (!head) return std::unexpected(std::move(head.error()));
  WalCommit commit = std::move(head->first);
  const bool has_meta = commit.problems.empty();
  const std::vector<TreeEntry> chunks = ChunkSearch(repository, commit).run(head->second);
  for (const TreeEntry& entry : chunks) read_chunk(repository, entry, commit);
  const bool is_there = std::ranges::any_of(chunks, [&](const TreeEntry& entry) {
    return entry.name.starts_with(hex_of(commit.meta.chunk));
  });
  if (has_meta && !is_there) add_problem(commit, "it lacks the chunk of its meta.json");
  return commit;
}

Result<void> walk_wal(
    const Repository& repository,
    const CommitId& head,
    const std::function<Result<bool>(const CommitId&, bool is_on_chain)>& is_known,
    const std::function<void(WalCommit)>& take,
    Part part) {
  std::unordered_set<CommitId> seen;
  std::vector<std::pair<CommitId, bool>> waiting{{head, true}};
  while (!waiting.empty()) {
    const auto [id, is_on_chain] = waiting.back();
    waiting.pop_back();
    if (!seen.insert(id).second) continue;
    const auto known = is_known(id, is_on_chain);
    if (!known) return std::unexpected(known.error());
    if (*known) continue;
    auto commit =
        part == Part::all ? read_wal_commit(repository, id) : read_wal_meta(repository, id);
    if (!commit) {
      WalCommit missing{.id = id, .parents = {}, .meta = {}, .events = {}, .problems = {}};
      add_problem(missing, commit.error().message, false);
      take(std::move(missing));
      continue;
    }
    for (const CommitId& parent : commit->parents) {
      if (parent != commit->meta.previous) waiting.emplace_back(parent, false);
    }
    if (commit->meta.previous) waiting.emplace_back(*commit->meta.previous, is_on_chain);
    take(std::move(*commit));
  }
  return {};
}

std::vector<CallRecord> calls_within(std::span<const CallRecord> calls,
                                     std::span<const Event> events) {
  std::vector<CallRecord> found;
  if (calls.empty()) return found;
  std::unordered_set<EventId> there;
  for (const Event& event : events) there.insert(event.id);
  std::ranges::copy_if(calls, std::back_inserter(found), [&](const CallRecord& call) {
    return !call.events.empty() &&
           std::ranges::all_of(call.events, [&](const EventId& id) { return there.contains(id); });
  });
  return found;
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
