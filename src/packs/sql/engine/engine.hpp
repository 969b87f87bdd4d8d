// The interface behind which every SQL engine stands: DuckDB, hyperd, any PostgreSQL.
//
// Synchronous, without JSON and without coroutines: the pack calls it on its own pool of threads
// (`hearth-sql`), so that a query of minutes keeps nobody else waiting. Errors carry the codes of
// base/result.hpp and the engine's own words, cleaned of its decoration; what the caller can do
// goes into the suggestions:
//   invalid_args     syntax, types, constraints     not_found   no such table, column, database
//   conflict         a concurrent transaction won   read_only   it writes and may not
//   permission       outside of what the caller may touch
//   cancelled, timed_out                            busy        too much at once, out of memory
//   unavailable      the engine cannot be reached or is not installed
//   engine_restarted it ended meanwhile; what it held (a cursor) is gone; nothing was changed
//   outcome_unknown  it ended while it committed
//   unsupported      this engine cannot do that; the message says what can
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "packs/sql/engine/values.hpp"

namespace hearth::packs::sql {

// What bounds one piece of work, and where it reports to. The stop token and the deadline end it
// within the engine (interrupt, cancel request), on any of its statements.
struct Work {
  std::stop_token stop = {};
  std::optional<MonotonicTime> deadline = {};
  // On the calling thread, at most a few times a second; done in 0..1. May be empty.
  std::function<void(double done)> progress = {};
};
// Work of hearth's own, that nobody cancels.
[[nodiscard]] inline Work within(std::chrono::milliseconds time) {
  return {.deadline = std::chrono::steady_clock::now() + time};
}

enum class Access : std::uint8_t { read_only, read_write };

// A database as an alias names it.
struct DatabaseRef {
  std::string alias;     // "scratch", "persistent", or as attached
  std::string location;  // a file's path or a URL without secrets; empty for the built-in two
  Access access = Access::read_write;
  bool is_written = false;  // by some session; its file is open once for all of them
  bool must_exist = false;  // a file that is missing is no new one: it was there when attached
};

// Who asks. Engines that keep state or rights by session (DuckDB's scratch and its roots) use it;
// others ignore it.
struct SessionRef {
  std::string id;                  // stable over a reconnect
  std::string name_space;          //
  std::vector<std::string> roots;  // directories whose files it may read
  std::string directory = {};      // where its relative paths begin
  // Databases of the same engine that its statements may name by their aliases.
  std::vector<DatabaseRef> visible = {};
};

// A result that is being read: forward only, never held whole. Ends its query when destroyed.
class Rows {
 public:
  virtual ~Rows() = default;
  [[nodiscard]] virtual const std::vector<Column>& columns() const = 0;
  // The next rows, at most `most_rows` (> 0) and about `most_bytes` of text but at least one row;
  // none when there are no more.
  [[nodiscard]] virtual Result<Batch> next(std::size_t most_rows,
                                           std::size_t most_bytes,
                                           const Work& work) = 0;
  // Whether it is known that no rows follow; may be false at the end, until next() has looked.
  [[nodiscard]] virtual bool is_at_end() const = 0;
};

// Rows to fetch together with the answer to a query, which saves a round trip.
struct Prefetch {
  std::size_t rows = 0;
  std::size_t bytes = 1 << 20;
};

// The idempotency key of a write. With one, the engine commits key and `rows_affected` in the same
// transaction as the work, and finds them again.
struct Key {
  std::string id;
  std::string fingerprint;  // of the request; another one under the same id is a `conflict`
  bool is_callers = false;  // said by the caller, who relies on it
};

struct Executed {
  std::vector<std::int64_t> rows_affected;  // of each statement; 0 where none can be counted
  bool replayed = false;                    // found under its key
};

struct TableInfo {
  std::string schema;
  std::string name;
  std::string kind;                  // "table", "view"
  std::optional<std::int64_t> rows;  // estimated where `is_estimate`
  bool is_estimate = false;          //
  std::string comment;               //
};

struct ColumnInfo {
  std::string name;
  std::string type;
  bool is_nullable = true;
  std::string default_value;  // SQL text; empty: none
  std::string key;            // "primary", "unique", or empty
  std::string comment;
};

struct TableDetail {
  TableInfo table;
  std::vector<ColumnInfo> columns;
  std::vector<std::string> constraints;  // SQL text
  std::vector<std::string> indexes;      // SQL text
  std::string definition;                // CREATE statement where the engine has one
};

// Rows for a table, in one transaction with statements before and after them.
struct BulkInsert {
  std::vector<Statement> before;
  std::string table;                 // quoted, with its schema if need be
  std::vector<std::string> columns;  // plain names
  // The rows, a batch at a time; one without rows is the end.
  std::function<Result<Batch>()> next;
  std::vector<bool> are_bytes = {};  // by column: its cells are base64
  std::vector<Statement> after = {};
  std::optional<Key> key = {};
};

// A connection to one database. One thread at a time; but see interrupt by Work.
class Connection {
 public:
  virtual ~Connection() = default;

  // Runs one statement that reads. The engine (a parser, a read-only transaction), not a prefix,
  // decides what reads: anything else is `read_only`, also on a database that may be written. While
  // the Rows live, the connection is busy with them and may not be used otherwise.
  [[nodiscard]] virtual Result<std::unique_ptr<Rows>> query(const Statement& statement,
                                                            const Prefetch& prefetch,
                                                            const Work& work) = 0;
  // Runs all of it in one transaction, committed and on disk when this returns. Each text may read
  // or write, and hold several statements where the engine's parser can part them. Conflicts are
  // not retried here. When the engine ends meanwhile: `engine_restarted` if nothing was changed or
  // the key tells a repetition, else `outcome_unknown`.
  [[nodiscard]] virtual Result<Executed> execute(const std::vector<Statement>& statements,
                                                 const std::optional<Key>& key,
                                                 const Work& work) = 0;
  // Adds rows as they come, never holding them all: `rows_affected` of the statements before, the
  // rows, the statements after. For engines that cannot read the pack's files themselves.
  [[nodiscard]] virtual Result<Executed> insert(const BulkInsert& /*rows*/, const Work& /*work*/) {
    return fail(Errc::unsupported, "this engine takes no rows in bulk");
  }
  // The plan as text. With `analyze` the statement (which must read) is run.
  [[nodiscard]] virtual Result<std::string> explain(const Statement& statement,
                                                    bool analyze,
                                                    const Work& work) = 0;
  // Tables and views, without those of the system and of hearth itself.
  [[nodiscard]] virtual Result<std::vector<TableInfo>> tables(const Work& work) = 0;
  // `name` may be qualified by a schema. `not_found` suggests the nearest names.
  [[nodiscard]] virtual Result<TableDetail> describe(const std::string& name, const Work& work) = 0;
  // Whether the Key of execute() is kept with the transaction.
  [[nodiscard]] virtual bool keeps_keys() const = 0;
  // False once it cannot be used any more: the pool drops it.
  [[nodiscard]] virtual bool is_alive() const = 0;
};

// What the tools ask before they try.
struct Capabilities {
  bool reads_files = false;      // FROM 'file.csv'
  bool joins_databases = false;  // alias.table of another database
  bool commits_durably = true;   // else the answer says durability: at_checkpoint
};

struct EngineStatus {
  std::string version;             // empty until it has run
  bool is_running = false;         //
  std::int64_t pid = 0;            // of a process that hearth runs
  std::string problem;             // why it cannot run
  std::vector<std::string> notes;  // what is weaker than it should be: "no Landlock in this kernel"
};

// An engine with all its databases. Any thread.
class Engine {
 public:
  virtual ~Engine() = default;
  [[nodiscard]] virtual std::string_view kind() const = 0;  // "duckdb", "hyper", "postgres"
  [[nodiscard]] virtual Capabilities capabilities() const = 0;
  // A directory whose files this database's statements may read and write, so that rows need not
  // pass through hearth; empty: there is none.
  [[nodiscard]] virtual Result<std::string> exchange_directory(const DatabaseRef& /*database*/,
                                                               const SessionRef& /*session*/) {
    return std::string();
  }
  [[nodiscard]] virtual Result<std::unique_ptr<Connection>> connect(const DatabaseRef& database,
                                                                    const SessionRef& session,
                                                                    const Work& work) = 0;
  // The session will not come back: its scratch goes.
  virtual void forget(const SessionRef& /*session*/) {}
  // No session has it attached any more.
  virtual void release(const DatabaseRef& /*database*/) {}
  // When hearth has nothing for it to do: gives its memory back. It starts again when asked.
  virtual void rest() {}
  // Ends it; nothing is called after this.
  virtual void stop() = 0;
  [[nodiscard]] virtual EngineStatus status() const = 0;
};

}  // namespace hearth::packs::sql
