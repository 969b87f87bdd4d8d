#include "packs/knowledge/engine/sources.hpp"

#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "base/ids.hpp"
#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/rows.hpp"

namespace hearth::packs::knowledge {
namespace {

struct OldChunk {
  std::int64_t n = 0;
  std::string title;
  std::string hash;
  bool is_taken = false;
};

Result<std::vector<OldChunk>> old_chunks(store::Database& database, std::int64_t source) {
  auto rows = database.query(
      "SELECT n, title, chunk_hash FROM entries WHERE source_n = ? ORDER BY chunk", source);
  std::vector<OldChunk> chunks;
  while (rows.next()) {
    chunks.push_back({rows.integer(0), std::string(rows.text(1)), std::string(rows.text(2))});
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return chunks;
}

// For each new chunk the old one that it continues, if any: by content first, then by title.
std::vector<OldChunk*> pair_up(std::vector<OldChunk>& old, const std::vector<Chunk>& chunks) {
  std::vector<OldChunk*> pairs(chunks.size(), nullptr);
  const auto pair_by = [&](auto key_of_old, auto key_of_new) {
    std::map<std::string_view, std::deque<OldChunk*>> waiting;
    for (OldChunk& each : old) {
      if (!each.is_taken) waiting[key_of_old(each)].push_back(&each);
    }
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      if (pairs[i] != nullptr) continue;
      const auto found = waiting.find(key_of_new(chunks[i]));
      if (found == waiting.end() || found->second.empty()) continue;
      pairs[i] = found->second.front();
      pairs[i]->is_taken = true;
      found->second.pop_front();
    }
  };
  pair_by([](const OldChunk& each) { return std::string_view(each.hash); },
          [](const Chunk& each) { return std::string_view(each.hash); });
  pair_by([](const OldChunk& each) { return std::string_view(each.title); },
          [](const Chunk& each) { return std::string_view(each.title); });
  return pairs;
}

struct Place {
  std::int64_t source = 0;
  std::int64_t index = 0;
  std::int64_t now_ms = 0;
  WallTime now;
};

Result<void> add_chunk(store::Database& database,
                       const Chunk& chunk,
                       const std::string& kind,
                       const Place& place) {
  const std::string id = make_uuid_v7(place.now);
  const std::vector<std::string> no_tags;
  return insert_row(database,
                    {.id = id,
                     .kind = kind,
                     .title = chunk.title,
                     .text = chunk.text,
                     .tags = no_tags,
                     .properties = "{}",
                     .now_ms = place.now_ms,
                     .place = SourcePlace{place.source, place.index, chunk.line, chunk.hash}});
}

// Tags that somebody gave the entry stay.
Result<void> change_chunk(store::Database& database,
                          std::int64_t n,
                          const Chunk& chunk,
                          const Place& place) {
  std::string kind;
  std::vector<std::string> tags;
  {
    auto rows = database.query("SELECT kind, tags FROM entries WHERE n = ?", n);
    if (rows.next()) {
      kind = rows.text(0);
      tags = split_tags(rows.text(1));
    }
    if (!rows.ok()) return std::unexpected(rows.error());
  }
  auto done = replace_searchable(database, n, {kind, chunk.title, chunk.text, tags});
  if (!done) return done;
  return database.run(
      "UPDATE entries SET chunk_hash = ?, chunk = ?, line = ?, version = version + 1, "
      "updated_ms = ?, deleted_ms = NULL WHERE n = ?",
      chunk.hash, place.index, chunk.line, place.now_ms, n);
}

// An unchanged chunk may have moved.
Result<void> move_chunk(store::Database& database,
                        std::int64_t n,
                        const Chunk& chunk,
                        const Place& place) {
  return database.run(
      "UPDATE entries SET chunk = ?, line = ? WHERE n = ? AND (chunk <> ? OR line <> ?)",
      place.index, chunk.line, n, place.index, chunk.line);
}

Result<EntryCounts> write_chunks(store::Database& database,
                                 const SourceFile& file,
                                 std::int64_t source,
                                 WallTime now) {
  auto old = old_chunks(database, source);
  if (!old) return std::unexpected(std::move(old.error()));
  const std::vector<OldChunk*> pairs = pair_up(*old, file.chunks);
  EntryCounts counts;
  Place place{.source = source, .index = 0, .now_ms = to_ms(now), .now = now};
  for (std::size_t i = 0; i < file.chunks.size(); ++i, ++place.index) {
    const Chunk& chunk = file.chunks[i];
    Result<void> done;
    if (pairs[i] == nullptr) {
      done = add_chunk(database, chunk, file.kind, place);
      ++counts.added;
    } else if (pairs[i]->hash == chunk.hash) {
      done = move_chunk(database, pairs[i]->n, chunk, place);
      ++counts.unchanged;
    } else {
      done = change_chunk(database, pairs[i]->n, chunk, place);
      ++counts.updated;
    }
    if (!done) return std::unexpected(std::move(done.error()));
  }
  for (const OldChunk& each : *old) {
    if (each.is_taken) continue;
    if (auto done = delete_row(database, each.n); !done) {
      return std::unexpected(std::move(done.error()));
    }
    ++counts.removed;
  }
  return counts;
}

struct StoredSource {
  std::int64_t n = 0;
  std::string hash;
};

Result<std::optional<StoredSource>> find_source(store::Database& database,
                                                const std::string& path) {
  auto rows = database.query("SELECT n, hash FROM sources WHERE path = ?", path);
  if (rows.next()) return StoredSource{rows.integer(0), std::string(rows.text(1))};
  if (!rows.ok()) return std::unexpected(rows.error());
  return std::nullopt;
}

}  // namespace

EntryCounts& EntryCounts::operator+=(const EntryCounts& other) {
  added += other.added;
  updated += other.updated;
  removed += other.removed;
  unchanged += other.unchanged;
  return *this;
}

Result<std::unordered_map<std::string, SourceState>> sources_below(store::Database& database,
                                                                   const std::string& path) {
  // '0' follows '/': the names between are those below the folder.
  const std::string below = path == "/" ? "" : path;
  auto rows = database.query(
      "SELECT path, mtime_ns, size, hash FROM sources WHERE path = ? OR (path > ? AND path < ?)",
      path, below + "/", below + "0");
  std::unordered_map<std::string, SourceState> sources;
  while (rows.next()) {
    sources.emplace(rows.text(0),
                    SourceState{rows.integer(1), static_cast<std::uint64_t>(rows.integer(2)),
                                std::string(rows.text(3))});
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return sources;
}

Result<EntryCounts> write_source(store::Database& database, const SourceFile& file, WallTime now) {
  const auto stored = find_source(database, file.path);
  if (!stored) return std::unexpected(stored.error());
  if (*stored && (*stored)->hash == file.state.hash) {
    // Touched, not changed; or another import was faster.
    auto done = database.run("UPDATE sources SET mtime_ns = ?, size = ? WHERE n = ?",
                             file.state.mtime_ns, file.state.size, (*stored)->n);
    if (!done) return std::unexpected(std::move(done.error()));
    return EntryCounts{};
  }
  auto done = database.run(
      "INSERT INTO sources(path, mtime_ns, size, hash, imported_ms) VALUES(?, ?, ?, ?, ?) "
      "ON CONFLICT(path) DO UPDATE SET mtime_ns = excluded.mtime_ns, size = excluded.size, "
      "hash = excluded.hash, imported_ms = excluded.imported_ms",
      file.path, file.state.mtime_ns, file.state.size, file.state.hash, to_ms(now));
  if (!done) return std::unexpected(std::move(done.error()));
  const std::int64_t source = *stored ? (*stored)->n : database.last_rowid();
  return write_chunks(database, file, source, now);
}

Result<EntryCounts> remove_source(store::Database& database, const std::string& path) {
  const auto stored = find_source(database, path);
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return EntryCounts{};
  const auto chunks = old_chunks(database, (*stored)->n);
  if (!chunks) return std::unexpected(chunks.error());
  EntryCounts counts;
  Result<void> done;
  for (const OldChunk& each : *chunks) {
    if (done) done = delete_row(database, each.n);
    ++counts.removed;
  }
  if (done) done = database.run("DELETE FROM sources WHERE n = ?", (*stored)->n);
  if (!done) return std::unexpected(std::move(done.error()));
  return counts;
}

}  // namespace hearth::packs::knowledge
