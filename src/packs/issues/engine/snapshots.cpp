#include "packs/issues/engine/snapshots.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <iterator>
#include <span>
#include <string>

#include "packs/issues/engine/chunk.hpp"
#include "packs/issues/engine/wal.hpp"

namespace hearth::packs::issues {
namespace {

constexpr ChunkLimits chunk_limits{.events = 1000};             // as the format has it
constexpr std::size_t most_meta_bytes = std::size_t{16} << 20;  // of all that is no chunk

std::string reference_of(std::uint64_t created_ms) {
  return snapshot_prefix + std::to_string(created_ms);
}

Result<Snapshot> read_head(const Repository& repository, const Reference& reference) {
  Snapshot snapshot{.created_ms = 0, .commit = reference.target, .meta = {}};
  const std::string_view name =
      std::string_view(reference.name).substr(std::string_view(snapshot_prefix).size());
  const auto read = std::from_chars(name.data(), name.data() + name.size(), snapshot.created_ms);
  if (read.ec != std::errc() || reference_of(snapshot.created_ms) != reference.name)
    return fail(Errc::damaged, reference.name + " is no name of a snapshot");
  const auto commit = repository.read_commit(reference.target, most_meta_bytes);
  if (!commit) return std::unexpected(commit.error());
  const auto entries = repository.read_tree(commit->tree, most_meta_bytes);
  if (!entries) return std::unexpected(entries.error());
  const auto file = std::ranges::find(*entries, "snapshot.json", &TreeEntry::name);
  if (file == entries->end()) return fail(Errc::damaged, reference.name + " has no snapshot.json");
  const auto text = repository.read_blob(file->id, most_meta_bytes);
  if (!text) return std::unexpected(text.error());
  auto meta = decode_snapshot(*text);
  if (!meta) return std::unexpected(std::move(meta.error()));
  snapshot.meta = std::move(*meta);
  return snapshot;
}

auto export_order(const Event& event) {
  return std::tuple(event.issue, event.ts_ms, event.actor, event.id);
}

// Gives the events of a snapshot chunk by chunk; `damaged` as read_snapshot() says.
template <typename Take>
Result<void> each_chunk(const Repository& repository, const Snapshot& snapshot, Take take) {
  const auto commit = repository.read_commit(snapshot.commit, most_meta_bytes);
  if (!commit) return std::unexpected(commit.error());
  const auto entries = repository.read_tree(commit->tree, most_meta_bytes);
  if (!entries) return std::unexpected(entries.error());
  const auto folder = std::ranges::find(*entries, "events", &TreeEntry::name);
  if (folder == entries->end()) return fail(Errc::damaged, "a snapshot without events");
  const auto files = repository.read_tree(folder->id, most_meta_bytes);
  if (!files) return std::unexpected(files.error());
  std::uint64_t count = 0;
  for (const SnapshotChunk& each : snapshot.meta.chunks) {
    const auto file =
        std::ranges::find(*files, each.path.substr(each.path.rfind('/') + 1), &TreeEntry::name);
    if (file == files->end()) return fail(Errc::damaged, "a snapshot lacks " + each.path);
    const auto bytes = repository.read_blob(file->id, most_chunk_bytes);
    if (!bytes) return std::unexpected(bytes.error());
    if (chunk_hash(*bytes) != each.hash)
      return fail(Errc::damaged, each.path + " of a snapshot does not have its digest");
    auto content = decode_chunk(*bytes);
    if (!content) return std::unexpected(std::move(content.error()).within(each.path));
    if (!content->problems.empty())
      return fail(Errc::damaged, each.path + " of a snapshot: " + content->problems.front());
    if (content->events.size() != each.events)
      return fail(Errc::damaged, each.path + " of a snapshot has another number of events");
    count += content->events.size();
    take(std::move(content->events));
  }
  if (count != snapshot.meta.events)
    return fail(Errc::damaged, "a snapshot has another number of events than it says");
  return {};
}

}  // namespace

Result<std::vector<Snapshot>> list_snapshots(const Repository& repository) {
  const auto references = repository.references(snapshot_prefix);
  if (!references) return std::unexpected(references.error());
  std::vector<Snapshot> snapshots;
  for (const Reference& reference : *references) {
    if (auto head = read_head(repository, reference)) snapshots.push_back(std::move(*head));
  }
  std::ranges::sort(snapshots, std::greater(), &Snapshot::created_ms);
  return snapshots;
}

Result<std::vector<std::string>> unreadable_snapshots(const Repository& repository) {
  const auto references = repository.references(snapshot_prefix);
  if (!references) return std::unexpected(references.error());
  std::vector<std::string> problems;
  for (const Reference& reference : *references) {
    if (const auto head = read_head(repository, reference); !head)
      problems.push_back(reference.name + ": " + head.error().message);
  }
  return problems;
}

Result<Snapshot> write_snapshot(Repository& repository,
                                std::vector<Event> events,
                                const CommitId& wal_head,
                                std::uint64_t now_ms) {
  std::ranges::sort(events, {}, export_order);
  Snapshot snapshot{.created_ms = now_ms, .commit = {}, .meta = {}};
  snapshot.meta = {
      .created_ms = now_ms, .wal_head = wal_head, .events = events.size(), .chunks = {}};
  std::vector<TreeEntry> files;
  const auto parts = split_into_chunks(events, chunk_limits);
  if (!parts) return std::unexpected(parts.error());
  for (const std::span<const Event> part : *parts) {
    const std::string chunk = encode_chunk(part);
    const auto blob = repository.write_blob(chunk);
    if (!blob) return std::unexpected(blob.error());
    char name[32];
    std::snprintf(name, sizeof name, "%04zu.bin", files.size());
    files.push_back({.name = name, .id = *blob});
    snapshot.meta.chunks.push_back(
        {.path = "events/" + files.back().name, .hash = chunk_hash(chunk), .events = part.size()});
  }
  const auto folder = repository.write_tree(std::move(files));
  if (!folder) return std::unexpected(folder.error());
  const auto meta = repository.write_blob(encode_snapshot(snapshot.meta));
  if (!meta) return std::unexpected(meta.error());
  const auto tree = repository.write_tree(
      {{.name = "events", .id = *folder, .is_tree = true}, {.name = "snapshot.json", .id = *meta}});
  if (!tree) return std::unexpected(tree.error());
  const CommitTime time = local_time(now_ms);
  const auto commit =
      repository.write_commit({.tree = *tree,
                               .parents = {},
                               .author = wal_author,
                               .time = time.seconds,
                               .zone_minutes = time.zone_minutes,
                               .message = "Snapshot: " + std::to_string(events.size()) +
                                          " events at " + std::to_string(now_ms)});
  if (!commit) return std::unexpected(commit.error());
  snapshot.commit = *commit;
  auto held = repository.lock();
  if (!held) return std::unexpected(held.error());
  const auto set = repository.update_reference(*held, reference_of(now_ms), std::nullopt, *commit);
  if (!set) return std::unexpected(set.error());
  if (!*set) return fail(Errc::conflict, "there is a snapshot of this very millisecond");
  return snapshot;
}

Result<std::vector<Event>> read_snapshot(const Repository& repository, const Snapshot& snapshot) {
  std::vector<Event> all;
  auto read = each_chunk(repository, snapshot, [&](std::vector<Event> events) {
    std::ranges::move(events, std::back_inserter(all));
  });
  if (!read) return std::unexpected(std::move(read.error()));
  return all;
}

// Ids are digests of all that an event says.
Result<SnapshotDifference> compare_with_log(const Repository& repository,
                                            const Snapshot& snapshot,
                                            const std::stop_token& stop) {
  std::vector<EventId> here;
  auto read = each_chunk(repository, snapshot, [&](const std::vector<Event>& events) {
    for (const Event& each : events) here.push_back(each.id);
  });
  if (!read) return std::unexpected(std::move(read.error()));
  std::vector<EventId> there;
  auto walked = walk_wal(
      repository, snapshot.meta.wal_head,
      [&](const CommitId&, bool) -> Result<bool> {
        if (stop.stop_requested()) return fail(Errc::cancelled, "the check was cancelled");
        return false;
      },
      [&](const WalCommit& commit) {
        for (const Event& each : commit.events) there.push_back(each.id);
      });
  if (!walked) return std::unexpected(std::move(walked.error()));
  for (auto* ids : {&here, &there}) {
    std::ranges::sort(*ids);
    ids->erase(std::ranges::unique(*ids).begin(), ids->end());
  }
  std::vector<EventId> missing;
  std::vector<EventId> made_up;
  std::ranges::set_difference(there, here, std::back_inserter(missing));
  std::ranges::set_difference(here, there, std::back_inserter(made_up));
  return SnapshotDifference{.missing = missing.size(), .made_up = made_up.size()};
}

Result<std::vector<Snapshot>> remove_old_snapshots(Repository& repository, std::size_t keep) {
  auto snapshots = list_snapshots(repository);
  if (!snapshots) return snapshots;
  if (snapshots->size() <= keep) return std::vector<Snapshot>();
  std::vector<Snapshot> old(snapshots->begin() + static_cast<std::ptrdiff_t>(keep),
                            snapshots->end());
  auto held = repository.lock();
  if (!held) return std::unexpected(held.error());
  for (const Snapshot& each : old) {
    const auto removed = repository.update_reference(*held, reference_of(each.created_ms),
                                                     each.commit, std::nullopt);
    if (!removed) return std::unexpected(removed.error());
  }
  return old;
}

}  // namespace hearth::packs::issues
