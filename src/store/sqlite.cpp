#include "store/sqlite.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cassert>
#include <cerrno>
#include <functional>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "base/regular_file.hpp"
#include "base/unique_fd.hpp"

namespace hearth::store {

// Kept by one connection. Few programs have more; queries that are put together from parts may.
constexpr std::size_t most_statements = 256;

struct Rows::Compiled {
  explicit Compiled(sqlite3_stmt* compiled) : statement(compiled) {}
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  ~Compiled() { sqlite3_finalize(statement); }
  sqlite3_stmt* statement;
  bool is_running = false;
  bool is_kept = true;  // else it belongs to its Rows: the kept one was running
};

struct Database::State {
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unordered_map<std::string, std::unique_ptr<Rows::Compiled>, Hash, std::equal_to<>>
      statements;  // by their SQL
  std::int64_t wal_pages = 0;
};

// ---- Rows -------------------------------------------------------------------------------------

Rows::Rows(Rows&& other) noexcept
    : database_(other.database_),
      compiled_(std::exchange(other.compiled_, nullptr)),
      keep_views_(other.keep_views_),
      error_(std::move(other.error_)) {}

Rows::~Rows() {
  if (compiled_ == nullptr) return;
  sqlite3_reset(compiled_->statement);
  sqlite3_clear_bindings(compiled_->statement);
  compiled_->is_running = false;
  if (!compiled_->is_kept) delete compiled_;
}

void Rows::check(int code) {
  if (code == SQLITE_OK || error_) return;
  error_ = database_->error(code, "use");
}

bool Rows::next() {
  if (error_ || compiled_ == nullptr) return false;
  const int code = sqlite3_step(compiled_->statement);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) check(code);
  return false;
}

void Rows::put(int index, std::int64_t value) {
  if (compiled_ != nullptr) check(sqlite3_bind_int64(compiled_->statement, index, value));
}

void Rows::put(int index, double value) {
  if (compiled_ != nullptr) check(sqlite3_bind_double(compiled_->statement, index, value));
}

void Rows::put(int index, std::string_view value) {
  if (compiled_ == nullptr) return;
  // A null pointer would bind NULL.
  const char* data = value.data() == nullptr ? "" : value.data();
  check(sqlite3_bind_text64(compiled_->statement, index, data, value.size(),
                            keep_views_ ? SQLITE_STATIC : SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Rows::put(int index, Blob value) {
  if (compiled_ == nullptr) return;
  const char* data = value.bytes.data() == nullptr ? "" : value.bytes.data();
  check(sqlite3_bind_blob64(compiled_->statement, index, data, value.bytes.size(),
                            keep_views_ ? SQLITE_STATIC : SQLITE_TRANSIENT));
}

void Rows::put(int index, std::nullptr_t) {
  if (compiled_ != nullptr) check(sqlite3_bind_null(compiled_->statement, index));
}

std::int64_t Rows::integer(int column) const {
  return sqlite3_column_int64(compiled_->statement, column);
}

double Rows::real(int column) const {
  return sqlite3_column_double(compiled_->statement, column);
}

std::string_view Rows::text(int column) const {
  // The bytes are asked for after the text: asking converts.
  const auto* data =
      reinterpret_cast<const char*>(sqlite3_column_text(compiled_->statement, column));
  const int bytes = sqlite3_column_bytes(compiled_->statement, column);
  return data == nullptr ? std::string_view()
                         : std::string_view(data, static_cast<std::size_t>(bytes));
}

std::string_view Rows::blob(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(compiled_->statement, column));
  const int bytes = sqlite3_column_bytes(compiled_->statement, column);
  return data == nullptr ? std::string_view()
                         : std::string_view(data, static_cast<std::size_t>(bytes));
}

bool Rows::is_null(int column) const {
  return sqlite3_column_type(compiled_->statement, column) == SQLITE_NULL;
}

// ---- Database ---------------------------------------------------------------------------------

Database::Database(sqlite3* handle, std::string path, OpenMode mode)
    : handle_(handle), path_(std::move(path)), mode_(mode), state_(std::make_unique<State>()) {}

Database::Database(Database&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)),
      path_(std::move(other.path_)),
      mode_(other.mode_),
      state_(std::move(other.state_)) {}

Database::~Database() {
  if (state_) state_->statements.clear();
  if (handle_ != nullptr) sqlite3_close_v2(handle_);
}

namespace {

// SQLite would create it 0644 (its journals take the mode of the file), and wait at a FIFO. One
// that is there is only looked at: closing any descriptor of it ends all of this process's locks on
// it (fcntl(2)), those of SQLite's other connections among them, and then the next program that
// reads the database takes its journal away (sqlite.org/howtocorrupt.html, 2.2).
Result<void> make_ready(const std::string& path, bool may_create) {
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode)) return {};
  const auto made = open_regular(path, may_create ? O_RDWR | O_CREAT | O_EXCL : O_RDONLY, 0600);
  if (made) return {};
  const bool was_made_meanwhile = ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
  return was_made_meanwhile ? Result<void>() : std::unexpected(made.error());
}

}  // namespace

Result<Database> Database::open(const std::string& path, const OpenOptions& options) {
  auto ready = make_ready(path, options.mode == OpenMode::read_write);
  if (!ready) return std::unexpected(std::move(ready.error()));
  const int flags =
      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
      (options.mode == OpenMode::read_write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  Database database(handle, path, options.mode);
  if (code != SQLITE_OK) return std::unexpected(database.error(code, "open"));
  if (auto set = database.configure(options); !set) return std::unexpected(std::move(set.error()));
  return database;
}

Result<void> Database::configure(const OpenOptions& options) {
  set_busy_timeout(options.busy_timeout);
  // Double-quoted strings are typing errors, and schemas are ours.
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  std::string script = "PRAGMA cache_size = -" + std::to_string(options.cache_kib) +
                       "; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;";
  if (mode_ == OpenMode::read_write) {
    // A journal that once grew is cut to 16 MiB when it starts again from its front.
    script += "PRAGMA page_size = " + std::to_string(options.page_bytes) + ";";
    script += "PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 16777216;";
    script += options.durability == Durability::power ? "PRAGMA synchronous = FULL;"
                                                      : "PRAGMA synchronous = NORMAL;";
  }
  if (auto set = execute(script); !set) return set;
  sqlite3_wal_hook(
      handle_,
      [](void* state, sqlite3*, const char*, int pages) {
        static_cast<State*>(state)->wal_pages = pages;
        return SQLITE_OK;
      },
      state_.get());
  return {};
}

Result<void> Database::copy_from(const std::string& path) {
  auto source = open(path, {.mode = OpenMode::read_only});
  if (!source) return std::unexpected(std::move(source.error()));
  sqlite3_backup* const copy = sqlite3_backup_init(handle_, "main", source->handle_, "main");
  if (copy == nullptr) return std::unexpected(error(sqlite3_errcode(handle_), "copy " + path));
  const int stepped = sqlite3_backup_step(copy, -1);
  const int code = sqlite3_backup_finish(copy);
  if (code != SQLITE_OK) return std::unexpected(error(code, "copy " + path));
  if (stepped != SQLITE_DONE) return std::unexpected(error(stepped, "copy " + path));
  return {};
}

std::int64_t Database::wal_pages() const {
  return state_->wal_pages;
}

Result<void> Database::checkpoint(Checkpoint kind) {
  const int mode =
      kind == Checkpoint::passive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE;
  int pages = 0;
  int copied = 0;
  const int code = sqlite3_wal_checkpoint_v2(handle_, "main", mode, &pages, &copied);
  if (code != SQLITE_OK) return std::unexpected(error(code, "checkpoint"));
  if (kind == Checkpoint::truncate) state_->wal_pages = 0;
  return {};
}

void Database::set_busy_timeout(std::chrono::milliseconds timeout) {
  sqlite3_busy_timeout(handle_, static_cast<int>(timeout.count()));
}

Rows Database::start(std::string_view sql) {
  auto found = state_->statements.find(sql);
  if (found != state_->statements.end() && !found->second->is_running) {
    found->second->is_running = true;
    return {this, found->second.get()};
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) {
    Rows failed(this, nullptr);
    failed.error_ = error(code, "use");
    return failed;
  }
  auto compiled = std::make_unique<Rows::Compiled>(statement);
  compiled->is_running = true;
  compiled->is_kept =
      found == state_->statements.end() && state_->statements.size() < most_statements;
  if (!compiled->is_kept) return {this, compiled.release()};
  Rows rows(this, compiled.get());
  state_->statements.emplace(sql, std::move(compiled));
  return rows;
}

Result<void> Database::finish(Rows& rows) {
  while (rows.next()) {
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return {};
}

Result<std::optional<std::int64_t>> Database::first_integer(Rows rows) {
  if (rows.next()) return rows.integer(0);
  if (!rows.ok()) return std::unexpected(rows.error());
  return std::nullopt;
}

Result<void> Database::execute(const std::string& script) {
  const int code = sqlite3_exec(handle_, script.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return std::unexpected(error(code, "use"));
  return {};
}

std::int64_t Database::last_rowid() const {
  return sqlite3_last_insert_rowid(handle_);
}

std::int64_t Database::changes() const {
  return sqlite3_changes64(handle_);
}

std::int64_t Database::total_changes() const {
  return sqlite3_total_changes64(handle_);
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(handle_) == 0;
}

void Database::interrupt() const {
  sqlite3_interrupt(handle_);
}

namespace {

bool is_out_of_space(int code, int system_error) {
  if ((code & 0xff) == SQLITE_FULL) return true;
  return system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG;
}

Errc errc_of_open_failure(int system_error) {
  if (system_error == ENOENT) return Errc::not_found;
  if (system_error == EACCES || system_error == EPERM) return Errc::permission;
  return Errc::io;
}

Errc errc_of(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Errc::busy;
    case SQLITE_INTERRUPT:
      return Errc::cancelled;
    case SQLITE_READONLY:
      return Errc::read_only;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Errc::damaged;
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Errc::permission;
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
      return Errc::io;
    case SQLITE_TOOBIG:
      return Errc::invalid_args;
    case SQLITE_CONSTRAINT:
      return Errc::conflict;
    default:
      return Errc::internal;
  }
}

}  // namespace

Error Database::error(int code, std::string_view what) const {
  const std::string context = std::string(what) + " " + path_ + ": ";
  const int system_error = handle_ == nullptr ? 0 : sqlite3_system_errno(handle_);
  const int kind = code & 0xff;
  const bool is_about_files =
      kind == SQLITE_FULL || kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN;
  if (is_about_files && is_out_of_space(code, system_error)) {
    return {Errc::io, context + "the disk is full", {"free some space and try again"}};
  }
  std::string message = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_);
  if (is_about_files && system_error != 0) {
    message += " (" + std::generic_category().message(system_error) + ")";
  }
  if (kind == SQLITE_CANTOPEN) return {errc_of_open_failure(system_error), context + message, {}};
  Error made{errc_of(code), context + message, {}};
  if (made.code == Errc::damaged) {
    made.suggestions = {"restore " + path_ + " from a backup",
                        "move it away: a new, empty one is made at the next use"};
  }
  return made;
}

// ---- StopScope, Transaction -------------------------------------------------------------------

StopScope::StopScope(const Database& database, std::stop_token stop)
    : database_(database), stop_(std::move(stop)) {
  if (!stop_.stop_possible()) return;
  // Asked every 2,000 virtual instructions (some 50 µs). sqlite3_interrupt alone would be lost
  // between two queries.
  sqlite3_progress_handler(
      database_.handle(), 2000,
      [](void* stop_token) {
        return static_cast<std::stop_token*>(stop_token)->stop_requested() ? 1 : 0;
      },
      &stop_);
}

StopScope::~StopScope() {
  if (stop_.stop_possible()) sqlite3_progress_handler(database_.handle(), 0, nullptr, nullptr);
}

Result<Transaction> Transaction::begin(Database& database, Kind kind) {
  const auto begun = database.run(kind == Kind::immediate ? "BEGIN IMMEDIATE" : "BEGIN DEFERRED");
  if (!begun) return std::unexpected(begun.error());
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  // A failing disk may have rolled it back already.
  if (database_ != nullptr && database_->in_transaction()) (void)database_->run("ROLLBACK");
}

Result<void> Transaction::commit() {
  assert(database_ != nullptr);
  if (!database_->in_transaction()) {
    database_ = nullptr;
    return fail(Errc::io, "the transaction was rolled back by an earlier failure");
  }
  auto done = database_->run("COMMIT");
  if (done) database_ = nullptr;
  return done;
}

}  // namespace hearth::store
