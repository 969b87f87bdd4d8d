// What the pack remembers beside the data: key-value stores, saved queries, where tables come from,
// which folders are watched, what sessions have attached. A SQLite file for each namespace, so that
// none of it waits for an engine, and a write is answered when it is on disk.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/result.hpp"
#include "store/readers.hpp"
#include "store/sqlite.hpp"
#include "store/writer.hpp"

namespace hearth::packs::sql {

inline constexpr const char* notebook_name = "notebook.db";  // in the pack's directory

struct NotebookOptions {
  bool is_read_only = false;  // another process owns it
  store::Durability durability = store::Durability::power;
};

// Any thread.
class Notebook final {
 public:
  // `clock` outlives it.
  [[nodiscard]] static Result<std::unique_ptr<Notebook>> open(const std::string& path,
                                                              const Clock& clock,
                                                              const NotebookOptions& options);
  ~Notebook() { close(); }
  // `read_only` when another process owns it.
  void write(store::WriteJob job);
  [[nodiscard]] Result<store::Reader> reader(const std::stop_token& stop) {
    return readers_.take(stop);
  }
  void close();

 private:
  explicit Notebook(std::string path);

  store::Readers readers_;
  std::unique_ptr<store::Writer> writer_;  // null: read-only
};

// Runs `change` in a transaction and waits until it is on disk. Not on the loop.
[[nodiscard]] Result<void> write_and_wait(Notebook& notebook,
                                          std::function<Result<void>(store::Database&)> change);

// One a namespace, opened when it is first needed. Any thread.
class Notebooks final {
 public:
  using Open = std::function<Result<std::unique_ptr<Notebook>>(const std::string& name_space)>;
  void start(Open open) { open_ = std::move(open); }
  [[nodiscard]] Result<std::shared_ptr<Notebook>> get(const std::string& name_space);
  void close();

 private:
  struct State {
    std::map<std::string, std::shared_ptr<Notebook>> open;  // shared with the calls that use them
    bool is_closed = false;
  };
  Open open_;
  Guarded<State> state_;
};

// ---- What is in it. Functions that change something run inside a transaction of the writer.
// ------

// Key-value stores: named, made by their first key; values are JSON texts.
struct KeyValue {
  std::string key;
  std::string value;
  std::int64_t updated_ms = 0;
};
struct KeyPage {
  std::vector<KeyValue> items;  // by key
  std::int64_t size = 0;        // of the whole store, or of what the prefix fits
  bool is_truncated = false;
};
struct StoreSize {
  std::string store;
  std::int64_t size = 0;
};
[[nodiscard]] Result<void> set_value(store::Database& database,
                                     const std::string& store,
                                     const KeyValue& item);
[[nodiscard]] Result<std::optional<KeyValue>> get_value(store::Database& database,
                                                        const std::string& store,
                                                        const std::string& key);
// Keys after `after` that begin with `prefix`.
[[nodiscard]] Result<KeyPage> list_values(store::Database& database,
                                          const std::string& store,
                                          const std::string& prefix,
                                          const std::string& after,
                                          std::int64_t limit);
[[nodiscard]] Result<std::vector<StoreSize>> list_stores(store::Database& database);
// What was there, if anything.
[[nodiscard]] Result<std::optional<KeyValue>> delete_value(store::Database& database,
                                                           const std::string& store,
                                                           const std::string& key);
[[nodiscard]] Result<std::int64_t> clear_store(store::Database& database, const std::string& store);

struct SavedQuery {
  std::string name;
  std::string sql;
  std::string database;
  std::string description;
  std::int64_t updated_ms = 0;
};
// Replaces the one of the same name; whether there was one.
[[nodiscard]] Result<bool> save_query(store::Database& database, const SavedQuery& query);
[[nodiscard]] Result<bool> delete_query(store::Database& database, const std::string& name);
// All by name; or only that one.
[[nodiscard]] Result<std::vector<SavedQuery>> read_queries(store::Database& database,
                                                           const std::optional<std::string>& name);

// Where a table comes from and what it is for. `database` is "persistent", or the path or URL of
// one that was attached.
struct CatalogEntry {
  std::string database;
  std::string table;
  std::optional<std::string> source = {};
  std::optional<std::string> purpose = {};
  std::optional<std::string> licence = {};
  std::optional<std::string> notes = {};
  std::optional<std::string> load_tool = {};
  std::optional<std::string> load_parameters = {};  // JSON text
  std::optional<std::int64_t> rows = {};            // at the last load
  std::optional<std::int64_t> loaded_ms = {};
  std::int64_t updated_ms = 0;
};
// What is given replaces what was there; what is not stays.
[[nodiscard]] Result<CatalogEntry> put_entry(store::Database& database, const CatalogEntry& entry);
[[nodiscard]] Result<bool> delete_entry(store::Database& database,
                                        const std::string& of,
                                        const std::string& table);
[[nodiscard]] Result<std::vector<CatalogEntry>> read_entries(
    store::Database& database,
    const std::optional<std::string>& of,
    const std::optional<std::string>& table);

// A folder whose files are loaded as they come. `parameters` are those of its sql_watch call, as
// JSON text.
struct WatchedFolder {
  std::string path;
  std::string parameters;
  std::int64_t made_ms = 0;
};
[[nodiscard]] Result<void> put_watch(store::Database& database, const WatchedFolder& folder);
[[nodiscard]] Result<bool> delete_watch(store::Database& database, const std::string& path);
[[nodiscard]] Result<std::vector<WatchedFolder>> read_watches(store::Database& database);

// What a session has attached: found again after an end of hearthd, like its scratch database.
struct KeptAttachment {
  std::string session;
  std::string alias;
  std::string engine;
  std::string location;
  bool is_read_only = false;
};
[[nodiscard]] Result<void> put_attachment(store::Database& database, const KeptAttachment& kept);
[[nodiscard]] Result<void> delete_attachment(store::Database& database,
                                             const std::string& session,
                                             const std::string& alias);
[[nodiscard]] Result<void> delete_attachments(store::Database& database,
                                              const std::string& session);
[[nodiscard]] Result<std::vector<KeptAttachment>> read_attachments(store::Database& database);

}  // namespace hearth::packs::sql
