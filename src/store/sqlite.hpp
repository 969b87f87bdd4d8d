// SQLite as values and Results: a thin RAII layer that every store of hearth stands on.
//
//   auto database = Database::open(path, {});
//   (void)database->run("INSERT INTO t(a, b) VALUES(?, ?)", 1, "two");
//   auto rows = database->query("SELECT b FROM t WHERE a = ?", 1);
//   while (rows.next()) use(rows.text(0));
//   if (!rows.ok()) return std::unexpected(rows.error());
//
// Statements are compiled once per connection and kept (256 of them); the SQL texts are of our own
// words, never a user's. Every failure is an Error that names the file and what SQLite said: a full
// disk `io`, damage `damaged`, a lock that stays taken `busy`, an interrupt `cancelled`, a write
// where none is allowed `read_only`, a broken UNIQUE constraint `conflict`.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace hearth::store {

class Database;

// Bytes to bind as a BLOB; a view.
struct Blob {
  std::string_view bytes;
};

// The rows of one running query. Ends the query when it goes; goes before its Database.
class Rows {
 public:
  Rows(Rows&&) noexcept;
  Rows& operator=(Rows&&) = delete;
  ~Rows();

  // True when there is a row to read; false at the end or after an error, which ok() tells apart.
  [[nodiscard]] bool next();
  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  [[nodiscard]] const Error& error() const { return *error_; }

  // Columns from 0. Texts and blobs are valid until the next next(). NULL reads as 0 or empty.
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::string_view blob(int column) const;
  [[nodiscard]] bool is_null(int column) const;

 private:
  friend class Database;
  struct Compiled;
  Rows(Database* database, Compiled* compiled) : database_(database), compiled_(compiled) {}

  void put(int index, std::int64_t value);
  void put(int index, double value);
  void put(int index, std::string_view value);
  void put(int index, Blob value);
  void put(int index, std::nullptr_t);
  void put(int index, const char* value) { put(index, std::string_view(value)); }
  void put(int index, const std::string& value) { put(index, std::string_view(value)); }
  void put(int index, std::integral auto value) { put(index, static_cast<std::int64_t>(value)); }
  template <typename T>
  void put(int index, const std::optional<T>& value) {
    if (value) {
      put(index, *value);
    } else {
      put(index, nullptr);
    }
  }
  void check(int code);

  Database* database_;
  Compiled* compiled_;       // owned by the database; null after a failed compilation
  bool keep_views_ = false;  // the bound texts outlive the query: no copies
  std::optional<Error> error_;
};

enum class OpenMode : std::uint8_t {
  read_write,  // creates the file 0600 when missing; in WAL mode, so that readers never wait
  read_only,   // `not_found` when missing
};

// What a committed transaction survives.
enum class Durability : std::uint8_t {
  power,    // loss of power: every commit is synced
  process,  // kill -9 of everything, but not loss of power
};

enum class Checkpoint : std::uint8_t {
  passive,   // copies what no reader hinders; waits for nobody
  truncate,  // waits (busy_timeout) for readers of the journal, then empties it
};

struct OpenOptions {
  OpenMode mode = OpenMode::read_write;
  // How long a lock of another process is waited for before `busy`.
  std::chrono::milliseconds busy_timeout{5000};
  int cache_kib = 2048;   // page cache of this connection, at most
  int page_bytes = 4096;  // of a file that is made; a power of two
  Durability durability = Durability::power;
};

// One connection. One thread at a time, except interrupt().
class Database final {
 public:
  [[nodiscard]] static Result<Database> open(const std::string& path, const OpenOptions& options);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) = delete;
  ~Database();

  // Runs one statement to its end.
  template <typename... Arguments>
  [[nodiscard]] Result<void> run(std::string_view sql, const Arguments&... arguments) {
    Rows rows = start(sql);
    rows.keep_views_ = true;
    bind_all(rows, arguments...);
    return finish(rows);
  }
  // Starts a query; errors, also of compiling and binding, show at its first next().
  template <typename... Arguments>
  [[nodiscard]] Rows query(std::string_view sql, const Arguments&... arguments) {
    Rows rows = start(sql);
    bind_all(rows, arguments...);
    return rows;
  }
  // The first column of the only row; nothing when there is none.
  template <typename... Arguments>
  [[nodiscard]] Result<std::optional<std::int64_t>> integer(std::string_view sql,
                                                            const Arguments&... arguments) {
    return first_integer(query(sql, arguments...));
  }
  // Runs a script: several statements, not kept.
  [[nodiscard]] Result<void> execute(const std::string& script);

  [[nodiscard]] std::int64_t last_rowid() const;
  // Rows changed by the last INSERT, UPDATE or DELETE.
  [[nodiscard]] std::int64_t changes() const;
  // Rows changed since the connection was opened, also those that were rolled back since.
  [[nodiscard]] std::int64_t total_changes() const;
  // Whether a transaction is open. A failing disk may have ended it.
  [[nodiscard]] bool in_transaction() const;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool is_read_only() const { return mode_ == OpenMode::read_only; }
  [[nodiscard]] sqlite3* handle() const { return handle_; }

  // Becomes what another file of a database is, in one transaction: whoever reads sees all of it or
  // what was before.
  [[nodiscard]] Result<void> copy_from(const std::string& path);
  // Pages in the write-ahead journal after the last commit of this connection. Nothing copies them
  // into the file but checkpoint().
  [[nodiscard]] std::int64_t wal_pages() const;
  // `busy` when readers (or a writer) stood in the way of `truncate`.
  [[nodiscard]] Result<void> checkpoint(Checkpoint kind);
  void set_busy_timeout(std::chrono::milliseconds timeout);

  // Ends what runs now with `cancelled`. Any thread. A query that starts right after is not
  // affected: to be sure, use StopScope.
  void interrupt() const;

  // An Error for SQLite's result code, with the connection's message.
  [[nodiscard]] Error error(int code, std::string_view what) const;

 private:
  friend class Rows;
  struct State;
  Database(sqlite3* handle, std::string path, OpenMode mode);
  [[nodiscard]] Result<void> configure(const OpenOptions& options);
  [[nodiscard]] Rows start(std::string_view sql);
  [[nodiscard]] static Result<void> finish(Rows& rows);
  [[nodiscard]] static Result<std::optional<std::int64_t>> first_integer(Rows rows);
  template <typename... Arguments>
  static void bind_all(Rows& rows, const Arguments&... arguments) {
    int index = 0;
    (bind_next(rows, index, arguments), ...);
  }
  template <typename Argument>
  static void bind_next(Rows& rows, int& index, const Argument& argument) {
    rows.put(++index, argument);
  }
  // As many parameters as there are texts.
  static void bind_next(Rows& rows, int& index, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) rows.put(++index, text);
  }

  sqlite3* handle_;
  std::string path_;
  OpenMode mode_;
  std::unique_ptr<State> state_;  // has a stable address
};

// While it lives, queries on the connection end with `cancelled` soon after `stop` was requested.
class StopScope final {
 public:
  StopScope(const Database& database, std::stop_token stop);
  ~StopScope();
  StopScope(const StopScope&) = delete;
  StopScope& operator=(const StopScope&) = delete;

 private:
  const Database& database_;
  std::stop_token stop_;
};

// Rolled back when it goes uncommitted. `immediate` takes the write lock at once.
class Transaction final {
 public:
  enum class Kind : std::uint8_t { deferred, immediate };
  [[nodiscard]] static Result<Transaction> begin(Database& database, Kind kind);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  [[nodiscard]] Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;  // null once ended
};

}  // namespace hearth::store
