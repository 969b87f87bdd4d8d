#include "packs/sql/notebook.hpp"

#include <array>
#include <future>
#include <utility>

#include "store/migration.hpp"

namespace hearth::packs::sql {
namespace {

constexpr const char* version_1 = R"sql(
CREATE TABLE kv(
  store TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,         -- JSON
  updated_ms INTEGER NOT NULL,
  PRIMARY KEY(store, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE queries(
  name TEXT PRIMARY KEY,
  sql TEXT NOT NULL,
  database TEXT NOT NULL,
  description TEXT NOT NULL,
  updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE catalog(
  database TEXT NOT NULL,
  name TEXT NOT NULL,          -- of the table
  source TEXT,
  purpose TEXT,
  licence TEXT,
  notes TEXT,
  load_tool TEXT,
  load_parameters TEXT,        -- JSON
  rows INTEGER,
  loaded_ms INTEGER,
  updated_ms INTEGER NOT NULL,
  PRIMARY KEY(database, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE watches(
  path TEXT PRIMARY KEY,       -- canonical
  parameters TEXT NOT NULL,    -- JSON, of sql_watch
  made_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

constexpr const char* version_2 = R"sql(
CREATE TABLE attachments(
  session TEXT NOT NULL,
  alias TEXT NOT NULL,
  engine TEXT NOT NULL,
  location TEXT NOT NULL,
  read_only INTEGER NOT NULL,
  PRIMARY KEY(session, alias)
) STRICT, WITHOUT ROWID;
)sql";

constexpr std::array<const char*, 2> steps{version_1, version_2};
constexpr store::Schema schema{"SQL notebook", 0x4873716C, steps};

constexpr std::size_t most_readers = 2;
constexpr int cache_kib = 256;

std::optional<std::string> text_of(const store::Rows& rows, int column) {
  if (rows.is_null(column)) return std::nullopt;
  return std::string(rows.text(column));
}
std::optional<std::int64_t> number_of(const store::Rows& rows, int column) {
  if (rows.is_null(column)) return std::nullopt;
  return rows.integer(column);
}

KeyValue key_value(const store::Rows& rows) {
  return {std::string(rows.text(0)), std::string(rows.text(1)), rows.integer(2)};
}

CatalogEntry entry_of(const store::Rows& rows) {
  return {.database = std::string(rows.text(0)),
          .table = std::string(rows.text(1)),
          .source = text_of(rows, 2),
          .purpose = text_of(rows, 3),
          .licence = text_of(rows, 4),
          .notes = text_of(rows, 5),
          .load_tool = text_of(rows, 6),
          .load_parameters = text_of(rows, 7),
          .rows = number_of(rows, 8),
          .loaded_ms = number_of(rows, 9),
          .updated_ms = rows.integer(10)};
}

Result<bool> has_changed(store::Database& database, Result<void> done) {
  if (!done) return std::unexpected(std::move(done.error()));
  return database.changes() > 0;
}

// One past the last text that begins with `prefix`, in the order of bytes; empty: there is none.
std::string end_of(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xFF) prefix.pop_back();
  if (!prefix.empty())
    prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

}  // namespace

// ---- The file ----------------------------------------------------------------------------------

Notebook::Notebook(std::string path) : readers_(std::move(path), most_readers, cache_kib) {}

Result<std::unique_ptr<Notebook>> Notebook::open(const std::string& path,
                                                 const Clock& clock,
                                                 const NotebookOptions& options) {
  std::unique_ptr<Notebook> made(new Notebook(path));
  if (options.is_read_only) {
    auto reader = made->reader({});
    if (!reader) return std::unexpected(std::move(reader.error()));
    if (auto good = store::check_version(**reader, schema); !good) {
      return std::unexpected(std::move(good.error()));
    }
    return made;
  }
  auto database =
      store::Database::open(path, {.cache_kib = cache_kib, .durability = options.durability});
  if (!database) return std::unexpected(std::move(database.error()));
  if (auto done = store::migrate(*database, schema); !done) {
    return std::unexpected(std::move(done.error()));
  }
  auto writer = store::Writer::start(std::move(*database), clock);
  if (!writer) return std::unexpected(std::move(writer.error()));
  made->writer_ = std::move(*writer);
  return made;
}

void Notebook::write(store::WriteJob job) {
  if (writer_) return writer_->submit(std::move(job));
  job.done(
      fail(Errc::read_only, "another process owns the SQL pack's stores; nothing was written"));
}

void Notebook::close() {
  if (writer_) writer_->close();
}

Result<void> write_and_wait(Notebook& notebook,
                            std::function<Result<void>(store::Database&)> change) {
  std::promise<Result<void>> done;
  store::WriteJob job;
  job.run = [change = std::move(change)](store::Database& database) -> Result<std::string> {
    auto made = change(database);
    if (!made) return std::unexpected(std::move(made.error()));
    return std::string();
  };
  job.done = [&done](Result<store::WriteOutcome> outcome) {
    done.set_value(outcome ? Result<void>() : std::unexpected(std::move(outcome.error())));
  };
  notebook.write(std::move(job));
  return done.get_future().get();
}

Result<std::shared_ptr<Notebook>> Notebooks::get(const std::string& name_space) {
  // Opened under the lock: it takes milliseconds, once.
  auto state = state_.lock();
  if (state->is_closed) return fail(Errc::draining, "hearthd is leaving; nothing was done");
  auto& notebook = state->open[name_space];
  if (notebook) return notebook;
  auto opened = open_(name_space);
  if (!opened) return std::unexpected(std::move(opened.error()));
  notebook = std::move(*opened);
  return notebook;
}

void Notebooks::close() {
  auto state = state_.lock();
  state->is_closed = true;
  for (auto& [name, notebook] : state->open) {
    if (notebook) notebook->close();
  }
}

// ---- Keys and values ---------------------------------------------------------------------------

Result<void> set_value(store::Database& database, const std::string& store, const KeyValue& item) {
  return database.run(
      "INSERT INTO kv(store, key, value, updated_ms) VALUES(?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
      "value = excluded.value, updated_ms = excluded.updated_ms",
      store, item.key, item.value, item.updated_ms);
}

Result<std::optional<KeyValue>> get_value(store::Database& database,
                                          const std::string& store,
                                          const std::string& key) {
  auto rows = database.query("SELECT key, value, updated_ms FROM kv WHERE store = ? AND key = ?",
                             store, key);
  if (rows.next()) return key_value(rows);
  if (!rows.ok()) return std::unexpected(rows.error());
  return std::optional<KeyValue>();
}

Result<KeyPage> list_values(store::Database& database,
                            const std::string& store,
                            const std::string& prefix,
                            const std::string& after,
                            std::int64_t limit) {
  KeyPage page;
  const std::string end = end_of(prefix);
  const auto size = database.integer(
      "SELECT count(*) FROM kv WHERE store = ?1 AND key >= ?2 AND (?3 = '' OR key < ?3)", store,
      prefix, end);
  if (!size) return std::unexpected(size.error());
  page.size = size->value_or(0);
  auto rows = database.query(
      "SELECT key, value, updated_ms FROM kv WHERE store = ?1 AND key >= ?2 AND (?3 = '' OR key < "
      "?3) "
      "AND key > ?4 ORDER BY key LIMIT ?5",
      store, prefix, end, after, limit + 1);
  while (rows.next()) page.items.push_back(key_value(rows));
  if (!rows.ok()) return std::unexpected(rows.error());
  page.is_truncated = std::ssize(page.items) > limit;
  if (page.is_truncated) page.items.pop_back();
  return page;
}

Result<std::vector<StoreSize>> list_stores(store::Database& database) {
  std::vector<StoreSize> stores;
  auto rows = database.query("SELECT store, count(*) FROM kv GROUP BY store ORDER BY store");
  while (rows.next()) stores.push_back({std::string(rows.text(0)), rows.integer(1)});
  if (!rows.ok()) return std::unexpected(rows.error());
  return stores;
}

Result<std::optional<KeyValue>> delete_value(store::Database& database,
                                             const std::string& store,
                                             const std::string& key) {
  auto found = get_value(database, store, key);
  if (!found || !*found) return found;
  auto done = database.run("DELETE FROM kv WHERE store = ? AND key = ?", store, key);
  if (!done) return std::unexpected(std::move(done.error()));
  return found;
}

Result<std::int64_t> clear_store(store::Database& database, const std::string& store) {
  auto done = database.run("DELETE FROM kv WHERE store = ?", store);
  if (!done) return std::unexpected(std::move(done.error()));
  return database.changes();
}

// ---- Saved queries -----------------------------------------------------------------------------

Result<bool> save_query(store::Database& database, const SavedQuery& query) {
  const auto before = read_queries(database, query.name);
  if (!before) return std::unexpected(before.error());
  auto done = database.run(
      "INSERT INTO queries(name, sql, database, description, updated_ms) VALUES(?, ?, ?, ?, ?) ON "
      "CONFLICT DO UPDATE SET sql = excluded.sql, database = excluded.database, description = "
      "excluded.description, updated_ms = excluded.updated_ms",
      query.name, query.sql, query.database, query.description, query.updated_ms);
  if (!done) return std::unexpected(std::move(done.error()));
  return !before->empty();
}

Result<bool> delete_query(store::Database& database, const std::string& name) {
  return has_changed(database, database.run("DELETE FROM queries WHERE name = ?", name));
}

Result<std::vector<SavedQuery>> read_queries(store::Database& database,
                                             const std::optional<std::string>& name) {
  std::vector<SavedQuery> queries;
  auto rows = database.query(
      "SELECT name, sql, database, description, updated_ms FROM queries WHERE ?1 IS NULL OR name = "
      "?1 "
      "ORDER BY name",
      name);
  while (rows.next()) {
    queries.push_back({.name = std::string(rows.text(0)),
                       .sql = std::string(rows.text(1)),
                       .database = std::string(rows.text(2)),
                       .description = std::string(rows.text(3)),
                       .updated_ms = rows.integer(4)});
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return queries;
}

// ---- The catalog -------------------------------------------------------------------------------

Result<CatalogEntry> put_entry(store::Database& database, const CatalogEntry& entry) {
  auto done = database.run(
      "INSERT INTO catalog VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
      "source = coalesce(excluded.source, source), purpose = coalesce(excluded.purpose, purpose), "
      "licence = coalesce(excluded.licence, licence), notes = coalesce(excluded.notes, notes), "
      "load_tool = coalesce(excluded.load_tool, load_tool), load_parameters = "
      "coalesce(excluded.load_parameters, load_parameters), rows = coalesce(excluded.rows, rows), "
      "loaded_ms = coalesce(excluded.loaded_ms, loaded_ms), updated_ms = excluded.updated_ms",
      entry.database, entry.table, entry.source, entry.purpose, entry.licence, entry.notes,
      entry.load_tool, entry.load_parameters, entry.rows, entry.loaded_ms, entry.updated_ms);
  if (!done) return std::unexpected(std::move(done.error()));
  auto now = read_entries(database, entry.database, entry.table);
  if (!now) return std::unexpected(std::move(now.error()));
  return now->at(0);
}

Result<bool> delete_entry(store::Database& database,
                          const std::string& of,
                          const std::string& table) {
  return has_changed(
      database, database.run("DELETE FROM catalog WHERE database = ? AND name = ?", of, table));
}

Result<std::vector<CatalogEntry>> read_entries(store::Database& database,
                                               const std::optional<std::string>& of,
                                               const std::optional<std::string>& table) {
  std::vector<CatalogEntry> entries;
  // Parameters that an older hearth has noted may hold megabytes of inline data.
  auto rows = database.query(
      "SELECT database, name, source, purpose, licence, notes, load_tool, "
      "CASE WHEN length(load_parameters) <= 65536 THEN load_parameters END, rows, loaded_ms, "
      "updated_ms FROM catalog WHERE (?1 IS NULL OR database = ?1) AND (?2 IS NULL OR name = ?2) "
      "ORDER BY database, name",
      of, table);
  while (rows.next()) entries.push_back(entry_of(rows));
  if (!rows.ok()) return std::unexpected(rows.error());
  return entries;
}

// ---- Watched folders ---------------------------------------------------------------------------

Result<void> put_watch(store::Database& database, const WatchedFolder& folder) {
  return database.run("INSERT OR REPLACE INTO watches(path, parameters, made_ms) VALUES(?, ?, ?)",
                      folder.path, folder.parameters, folder.made_ms);
}

Result<bool> delete_watch(store::Database& database, const std::string& path) {
  return has_changed(database, database.run("DELETE FROM watches WHERE path = ?", path));
}

Result<std::vector<WatchedFolder>> read_watches(store::Database& database) {
  std::vector<WatchedFolder> watches;
  auto rows = database.query("SELECT path, parameters, made_ms FROM watches ORDER BY path");
  while (rows.next()) {
    watches.push_back({std::string(rows.text(0)), std::string(rows.text(1)), rows.integer(2)});
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return watches;
}

// ---- Attached databases ------------------------------------------------------------------------

Result<void> put_attachment(store::Database& database, const KeptAttachment& kept) {
  return database.run(
      "INSERT OR REPLACE INTO attachments(session, alias, engine, location, read_only) "
      "VALUES(?, ?, ?, ?, ?)",
      kept.session, kept.alias, kept.engine, kept.location,
      static_cast<std::int64_t>(kept.is_read_only));
}

Result<void> delete_attachment(store::Database& database,
                               const std::string& session,
                               const std::string& alias) {
  return database.run("DELETE FROM attachments WHERE session = ? AND alias = ?", session, alias);
}

Result<void> delete_attachments(store::Database& database, const std::string& session) {
  return database.run("DELETE FROM attachments WHERE session = ?", session);
}

Result<std::vector<KeptAttachment>> read_attachments(store::Database& database) {
  std::vector<KeptAttachment> all;
  auto rows = database.query(
      "SELECT session, alias, engine, location, read_only FROM attachments ORDER BY session, "
      "alias");
  while (rows.next()) {
    all.push_back({.session = std::string(rows.text(0)),
                   .alias = std::string(rows.text(1)),
                   .engine = std::string(rows.text(2)),
                   .location = std::string(rows.text(3)),
                   .is_read_only = rows.integer(4) != 0});
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return all;
}

}  // namespace hearth::packs::sql
