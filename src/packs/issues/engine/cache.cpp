#include "packs/issues/engine/cache.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <utility>

#include "base/log.hpp"
#include "packs/issues/engine/crypto.hpp"
#include "packs/issues/engine/event_codec.hpp"
#include "store/migration.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::string_view kept_prefix = "snapshot-";
constexpr std::int64_t most_journal_pages = 1024;
constexpr std::size_t most_readers = 4;
constexpr int reader_cache_kib = 256;
constexpr int page_bytes =
    16'384;  // an issue's events are some kilobytes, and all are copied often
constexpr std::int32_t application_id = 0x4849'5355;  // "HISU"

constexpr std::array<const char*, 4> steps{R"(
CREATE TABLE rows(
  n INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  kind INTEGER NOT NULL,
  change INTEGER NOT NULL,
  event_count INTEGER NOT NULL,
  summary BLOB,
  events BLOB NOT NULL);
CREATE INDEX rows_change ON rows(change) WHERE kind = 1;
CREATE TABLE commits(id BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE calls(key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, commit_id BLOB NOT NULL,
  events BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE state(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
)",
                                           // Counting events must not read them.
                                           R"(
DROP INDEX rows_change;
CREATE INDEX rows_change ON rows(change, kind, event_count);
)",
                                           // To read all summaries must not read the events either.
                                           R"(
CREATE TABLE events(n INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
INSERT INTO events SELECT n, events FROM rows;
ALTER TABLE rows DROP COLUMN events;
)",
                                           // An event may be in the log several times.
                                           R"(
CREATE TABLE unsigned_events(id BLOB PRIMARY KEY) WITHOUT ROWID;
)"};
constexpr store::Schema schema{"issue cache", application_id, steps};

// ---- Summaries as CBOR --------------------------------------------------------------------------

std::string encode_summary(const Summary& summary) {
  std::string out;
  append_cbor_array(out, 13);
  append_cbor_bytes(out, summary.id.view());
  append_cbor_bytes(out, summary.created_by.view());
  append_cbor_unsigned(out, summary.created_ms);
  append_cbor_unsigned(out, summary.updated_ms);
  append_cbor_text(out, summary.title);
  append_cbor_unsigned(out, static_cast<std::uint64_t>(summary.state));
  for (const auto* list : {&summary.labels, &summary.assignees}) {
    append_cbor_array(out, list->size());
    for (const std::string& each : *list) append_cbor_text(out, each);
  }
  append_cbor_array(out, 2 * summary.dependencies.size());
  for (const Dependency& each : summary.dependencies) {
    append_cbor_bytes(out, each.target.view());
    append_cbor_unsigned(out, static_cast<std::uint64_t>(each.type));
  }
  append_cbor_unsigned(out, summary.comments);
  append_cbor_unsigned(out, summary.priority);
  append_cbor_text(out, summary.type);
  if (summary.parent) {
    append_cbor_bytes(out, summary.parent->view());
  } else {
    append_cbor_null(out);
  }
  return out;
}

Result<Summary> decode_summary(std::string_view bytes) {
  CborReader reader(bytes);
  Summary summary;
  auto parts = reader.begin_array();
  parts.left = 0;  // their count is fixed by the version of the schema
  summary.id = reader.read_id<IssueId>();
  summary.created_by = reader.read_id<ActorId>();
  summary.created_ms = reader.read_unsigned();
  summary.updated_ms = reader.read_unsigned();
  summary.title = reader.read_text();
  summary.state = static_cast<State>(reader.read_unsigned() & 1U);
  for (auto* list : {&summary.labels, &summary.assignees}) {
    for (auto items = reader.begin_array(); reader.next(items);) {
      list->push_back(reader.read_text());
    }
  }
  for (auto items = reader.begin_array(); reader.next(items) && reader.next(items);) {
    const auto target = reader.read_id<IssueId>();
    summary.dependencies.push_back(
        {target, static_cast<DependencyType>(reader.read_unsigned() % 3)});
  }
  summary.comments = static_cast<std::uint32_t>(reader.read_unsigned());
  summary.priority = static_cast<std::uint8_t>(reader.read_unsigned());
  summary.type = reader.read_text();
  if (!reader.take_null()) summary.parent = reader.read_id<IssueId>();
  if (!reader.ok()) return fail(Errc::damaged, "a summary in the issue cache: " + reader.error());
  return summary;
}

std::string encode_events(std::span<const Event> events) {
  std::string out;
  append_cbor_array(out, events.size());
  for (const Event& event : events) append_record(out, event);
  return out;
}

Result<std::vector<Event>> first_events(store::Rows rows) {
  if (rows.next()) return Cache::decode_events(rows.blob(0));
  if (!rows.ok()) return std::unexpected(rows.error());
  return std::vector<Event>();
}

Cache::FoundCall read_call(store::Rows& rows) {
  Cache::FoundCall found{.call = {.key = std::string(rows.text(0)),
                                  .fingerprint = std::string(rows.text(1)),
                                  .events = {}},
                         .commit = CommitId::of(rows.blob(2))};
  std::string_view events = rows.blob(3);
  for (; events.size() >= EventId::size; events.remove_prefix(EventId::size)) {
    found.call.events.push_back(EventId::of(events));
  }
  return found;
}

void remove_files(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm"}) ::unlink((path + suffix).c_str());
}

}  // namespace

Cache::Cache(store::Database database, std::string directory)
    : database_(std::move(database)),
      readers_(database_.path(), most_readers, reader_cache_kib),
      directory_(std::move(directory)),
      file_(file_id(database_.path())) {}

bool Cache::is_in_place() const {
  return file_ && file_id(database_.path()) == file_;
}

Result<std::unique_ptr<Cache>> Cache::try_open(const std::string& directory) {
  // It can be computed again: no write of it waits for the disk.
  const std::string path = directory + "/cache.db";
  // What lies beside a file that was removed may be in use by who has that open.
  if (!file_id(path)) remove_files(path);
  auto database = store::Database::open(
      path, {.page_bytes = page_bytes, .durability = store::Durability::process});
  if (!database) return std::unexpected(std::move(database.error()));
  if (auto ready = store::migrate(*database, schema); !ready) {
    return std::unexpected(std::move(ready.error()));
  }
  std::unique_ptr<Cache> cache(new Cache(std::move(*database), directory));
  if (auto loaded = cache->load_state(); !loaded) return std::unexpected(loaded.error());
  return cache;
}

Result<std::unique_ptr<Cache>> Cache::open(const std::string& directory,
                                           const std::string& example) {
  auto cache = try_open(directory);
  if (cache && !example.empty() && !(*cache)->head_) {
    // It is another process's, and changes meanwhile: without it all is read from git.
    if (const auto copied = (*cache)->copy_of(example + "/cache.db", std::nullopt); !copied)
      log::debug("the owner's issue cache is of no use", {log::kv("why", copied.error().message)});
  }
  if (cache || cache.error().code == Errc::busy) return cache;
  log::warning("the issue cache is made anew", {log::kv("why", cache.error().message)});
  remove_files(directory + "/cache.db");
  return try_open(directory);
}

Result<void> Cache::load_state() {
  auto rows = database_.query("SELECT name, value FROM state");
  while (rows.next()) {
    if (rows.text(0) == "rules") rules_ = rows.blob(1);
    if (rows.text(0) == "repository") repository_ = rows.blob(1);
    if (rows.text(0) == "head" && rows.blob(1).size() == CommitId::size) {
      head_ = CommitId::of(rows.blob(1));
    }
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  const auto change = database_.integer("SELECT max(change) FROM rows");
  if (!change) return std::unexpected(change.error());
  change_ = change->value_or(0);
  return {};
}

Result<void> Cache::clear(const std::string& rules) {
  auto transaction = begin();
  if (!transaction) return std::unexpected(transaction.error());
  auto done = database_.execute(
      "DELETE FROM rows; DELETE FROM events; DELETE FROM commits; DELETE FROM calls; DELETE FROM "
      "unsigned_events; DELETE FROM state WHERE name <> 'repository'");
  if (done) done = database_.run("INSERT INTO state VALUES('rules', ?)", store::Blob{rules});
  if (done) done = begin_epoch();
  if (done) done = transaction->commit();
  if (!done) return done;
  head_.reset();
  rules_ = rules;
  return {};
}

Result<void> Cache::belong_to(const std::string& repository) {
  auto done = note("repository", repository);
  if (done) repository_ = repository;
  return done;
}

Result<void> Cache::begin_epoch() {
  const std::string epoch = hex_of(random_bytes(8));
  return database_.run("INSERT OR REPLACE INTO state VALUES('epoch', ?)", store::Blob{epoch});
}

std::string Cache::kept_path(const std::string& name) const {
  return directory_ + "/" + std::string(kept_prefix) + name + ".db";
}

Result<void> Cache::keep(const std::string& name) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, ignored)) {
    const std::string other = entry.path().filename().string();
    if (other.starts_with(kept_prefix)) ::unlink(entry.path().c_str());
  }
  const std::string path = kept_path(name);
  const std::string half = path + ".half";
  if (auto done = database_.run("VACUUM INTO ?", half); !done) return done;
  if (::rename(half.c_str(), path.c_str()) != 0) return fail_errno("keep " + path, errno);
  return {};
}

Result<bool> Cache::restore(const std::string& name, const std::string& rules) {
  // What a snapshot has is the same wherever it is.
  const std::string repository = repository_;
  auto restored = copy_of(kept_path(name), rules);
  if (!restored || !*restored || repository_ == repository) return restored;
  if (auto done = belong_to(repository); !done) return std::unexpected(std::move(done.error()));
  return true;
}

// False when it is not there, or of another version or other rules than it must be of.
Result<bool> Cache::copy_of(const std::string& path, const std::optional<std::string>& rules) {
  {
    auto other = store::Database::open(path, {.mode = store::OpenMode::read_only});
    if (!other && other.error().code == Errc::not_found) return false;
    if (!other) return std::unexpected(std::move(other.error()));
    const auto version = other->integer("PRAGMA user_version");
    if (!version || *version != std::ssize(steps)) return false;
    auto rows = other->query("SELECT value FROM state WHERE name = 'rules'");
    if (!rows.next() || (rules && rows.blob(0) != *rules)) return false;
  }
  if (auto done = database_.copy_from(path); !done) return std::unexpected(done.error());
  if (auto done = load_state(); !done) return std::unexpected(done.error());
  // Changes are counted on from what was there: the text index counts its own.
  if (auto done = begin_epoch(); !done) return std::unexpected(done.error());
  return true;
}

void Cache::give_memory_back() {
  if (auto done = database_.execute("PRAGMA shrink_memory"); !done)
    log::debug("the issue cache keeps its memory", {log::kv("why", done.error().message)});
}

// What it cannot copy now, since somebody reads, it can the next time.
void Cache::trim_journal() {
  if (database_.wal_pages() < most_journal_pages) return;
  if (auto done = database_.checkpoint(store::Checkpoint::passive); !done) {
    log::debug("the issue cache's journal stays long", {log::kv("why", done.error().message)});
  }
}

Result<std::string> Cache::epoch(store::Database& database) {
  auto rows = database.query("SELECT value FROM state WHERE name = 'epoch'");
  if (rows.next()) return std::string(rows.blob(0));
  if (!rows.ok()) return std::unexpected(rows.error());
  return fail(Errc::damaged, "the issue cache was never filled");
}

Result<std::vector<CachedSummary>> Cache::summaries() {
  std::vector<CachedSummary> all;
  auto rows = database_.query("SELECT n, summary FROM rows WHERE kind = 1");
  while (rows.next()) {
    auto summary = decode_summary(rows.blob(1));
    if (!summary) return std::unexpected(std::move(summary.error()));
    all.push_back({rows.integer(0), std::move(*summary)});
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return all;
}

Result<std::uint64_t> Cache::event_count() {
  const auto count = database_.integer("SELECT sum(event_count) FROM rows");
  if (!count) return std::unexpected(count.error());
  return static_cast<std::uint64_t>(count->value_or(0));
}

Result<bool> Cache::knows(const CommitId& commit) {
  const auto found =
      database_.integer("SELECT 1 FROM commits WHERE id = ?", store::Blob{commit.view()});
  if (!found) return std::unexpected(found.error());
  return found->has_value();
}

Result<store::Transaction> Cache::begin() {
  return store::Transaction::begin(database_, store::Transaction::Kind::immediate);
}

Result<std::int64_t> Cache::put(const IssueId& id,
                                RowKind kind,
                                std::span<const Event> events,
                                const Summary* summary) {
  const std::string bytes = encode_events(events);
  const std::string short_form = summary == nullptr ? std::string() : encode_summary(*summary);
  auto row = database_.integer(
      "INSERT INTO rows(id, kind, change, event_count, summary) VALUES(?, ?, ?, ?, ?) "
      "ON CONFLICT(id) DO UPDATE SET kind = excluded.kind, change = excluded.change, "
      "event_count = excluded.event_count, summary = excluded.summary RETURNING n",
      store::Blob{id.view()}, static_cast<int>(kind), ++change_, events.size(),
      store::Blob{short_form});
  if (!row) return std::unexpected(std::move(row.error()));
  const std::int64_t n = row->value_or(0);
  auto done = database_.run("INSERT OR REPLACE INTO events VALUES(?, ?)", n, store::Blob{bytes});
  if (!done) return std::unexpected(std::move(done.error()));
  return n;
}

Result<void> Cache::add_commit(const CommitId& commit) {
  return database_.run("INSERT OR IGNORE INTO commits VALUES(?)", store::Blob{commit.view()});
}

Result<void> Cache::add_call(const CallRecord& call, const CommitId& commit) {
  std::string events;
  for (const EventId& event : call.events) events.append(event.view());
  return database_.run("INSERT OR REPLACE INTO calls VALUES(?, ?, ?, ?)", call.key,
                       call.fingerprint, store::Blob{commit.view()}, store::Blob{events});
}

Result<bool> Cache::add_unsigned(const EventId& event) {
  const auto added = database_.integer(
      "INSERT OR IGNORE INTO unsigned_events VALUES(?) RETURNING 1", store::Blob{event.view()});
  if (!added) return std::unexpected(added.error());
  return added->has_value();
}

Result<void> Cache::note(std::string_view name, std::string_view value) {
  return database_.run("INSERT OR REPLACE INTO state VALUES(?, ?)", name, store::Blob{value});
}

Result<std::string> Cache::noted(std::string_view name) {
  auto rows = database_.query("SELECT value FROM state WHERE name = ?", name);
  if (rows.next()) return std::string(rows.blob(0));
  if (!rows.ok()) return std::unexpected(rows.error());
  return std::string();
}

Result<void> Cache::commit(store::Transaction& transaction, const std::optional<CommitId>& head) {
  const std::string_view value = head ? head->view() : std::string_view();
  auto done = database_.run("INSERT OR REPLACE INTO state VALUES('head', ?)", store::Blob{value});
  if (done) done = transaction.commit();
  if (done) head_ = head;
  return done;
}

Result<std::vector<Event>> Cache::decode_events(std::string_view bytes) {
  CborReader reader(bytes);
  std::vector<Event> events;
  for (auto items = reader.begin_array(); reader.next(items);) {
    if (!read_kept_record(reader, events.emplace_back())) break;
  }
  if (!reader.ok()) return fail(Errc::damaged, "events in the issue cache: " + reader.error());
  return events;
}

Result<std::vector<Event>> Cache::events(store::Database& database, const IssueId& id) {
  return first_events(database.query("SELECT bytes FROM rows JOIN events USING(n) WHERE id = ?",
                                     store::Blob{id.view()}));
}

Result<std::vector<Event>> Cache::events_of_row(store::Database& database, std::int64_t row) {
  return first_events(database.query("SELECT bytes FROM events WHERE n = ?", row));
}

Result<std::optional<Cache::FoundCall>> Cache::find_call(store::Database& database,
                                                         const std::string& key) {
  auto rows =
      database.query("SELECT key, fingerprint, commit_id, events FROM calls WHERE key = ?", key);
  if (rows.next()) return read_call(rows);
  if (!rows.ok()) return std::unexpected(rows.error());
  return std::nullopt;
}

Result<void> Cache::check() {
  auto quick = database_.query("PRAGMA quick_check(1)");
  if (!quick.next() || quick.text(0) != "ok") return fail(Errc::damaged, "the issue cache");
  auto rows = database_.query("SELECT kind, summary, bytes FROM rows LEFT JOIN events USING(n)");
  while (rows.next()) {
    if (rows.integer(0) == static_cast<int>(RowKind::issue)) {
      if (auto summary = decode_summary(rows.blob(1)); !summary)
        return std::unexpected(std::move(summary.error()));
    }
    if (auto events = decode_events(rows.blob(2)); !events)
      return std::unexpected(std::move(events.error()));
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return {};
}

std::vector<Event> Cache::readable_events() {
  std::vector<Event> all;
  auto rows = database_.query("SELECT bytes FROM events");
  while (rows.next()) {
    if (auto events = decode_events(rows.blob(0)))
      std::ranges::move(*events, std::back_inserter(all));
  }
  return all;
}

std::vector<Cache::FoundCall> Cache::readable_calls() {
  std::vector<FoundCall> all;
  auto rows = database_.query("SELECT key, fingerprint, commit_id, events FROM calls");
  while (rows.next()) all.push_back(read_call(rows));
  return all;
}

Result<std::uint64_t> Cache::count_differences(const Cache& other) {
  if (auto done = database_.run("ATTACH ? AS other", other.database_.path()); !done)
    return std::unexpected(std::move(done.error()));
  const auto found = database_.integer(
      "WITH mine AS (SELECT id, kind, event_count, summary, bytes FROM main.rows "
      "JOIN main.events USING(n)), theirs AS (SELECT id, kind, event_count, summary, bytes "
      "FROM other.rows JOIN other.events USING(n)) SELECT count(*) FROM (SELECT coalesce(mine.id, "
      "theirs.id) FROM mine FULL JOIN theirs USING(id) WHERE mine.id IS NULL OR theirs.id IS NULL "
      "OR mine.kind <> theirs.kind OR mine.event_count <> theirs.event_count OR mine.summary IS "
      "NOT "
      "theirs.summary OR mine.bytes <> theirs.bytes)");
  auto done = database_.execute("DETACH other");
  if (!found) return std::unexpected(found.error());
  if (!done) return std::unexpected(std::move(done.error()));
  return static_cast<std::uint64_t>(found->value_or(0));
}

Result<std::vector<Cache::Change>> Cache::changes_after(store::Database& database,
                                                        std::int64_t change) {
  std::vector<Change> changes;
  auto rows = database.query(
      "SELECT change, n FROM rows WHERE kind = 1 AND change > ? ORDER BY change", change);
  while (rows.next()) changes.push_back({rows.integer(0), rows.integer(1)});
  if (!rows.ok()) return std::unexpected(rows.error());
  return changes;
}

}  // namespace hearth::packs::issues
