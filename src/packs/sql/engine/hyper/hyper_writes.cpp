// How a change of a .hyper file gets to the disk, whole or not at all, before it is answered.
//
// In one transaction with the caller's statements goes a row that names the commit. Then all others
// let go of the database, COMMIT, and DETACH, with which hyperd writes the file (new blocks, fsync,
// then the header that makes them count, fsync again). What the file says when it is read anew is
// the truth: if the row is there, all of it is. That also tells how a commit ended during which
// hyperd was killed, or found the disk full.
//
// hyperd does not roll back what CREATE, DROP and ALTER do, nor mixes them with others in one
// transaction. Calls with such statements change a copy of the file, one statement after another,
// and the copy replaces the file (rename) once all is well.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/ids.hpp"
#include "packs/sql/engine/hyper/hyper_connection.hpp"
#include "packs/sql/engine/pg/copy_rows.hpp"
#include "packs/sql/engine/pg/sql_text.hpp"

namespace hearth::packs::sql::hyper {
namespace {

using pg::quote_literal;

constexpr std::chrono::seconds commit_patience{60};  // a commit is finished whatever the limit

template <std::size_t count>
bool has(const std::array<std::string_view, count>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

constexpr std::array<std::string_view, 3> defining{"CREATE", "DROP", "ALTER"};

bool defines(const Statement& statement) {
  const auto words = leading_words(statement.sql, Dialect::hyper, 1);
  return !words.empty() && has(defining, words.front());
}

// hyperd runs as the owner of its databases and refuses nothing by itself: what is not on this list
// would attach or drop other databases, change the session that hearth relies on, or (FETCH) end
// hyperd. A temporary table would be gone with the next DETACH.
Result<void> check_executable(const Statement& statement) {
  static constexpr std::array<std::string_view, 9> plain{
      "SELECT", "WITH", "VALUES", "TABLE", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "EXPLAIN"};
  static constexpr std::array<std::string_view, 2> defined{"TABLE", "SCHEMA"};
  const auto words = leading_words(statement.sql, Dialect::hyper);
  const std::string first = words.empty() ? "" : words.front();
  if (has(plain, first)) return {};
  if (has(defining, first) && words.size() > 1 && has(defined, words[1])) return {};
  if (first == "COPY")
    return fail(Errc::unsupported, "hyperd may open no files here", {"use sql_load or sql_export"});
  if (words.size() > 1 && words[1].starts_with("TEMP"))
    return fail(Errc::unsupported, "this engine keeps no temporary tables",
                {"make the table in the scratch database"});
  return fail(
      Errc::unsupported,
      "this engine runs SELECT, INSERT, UPDATE, DELETE, TRUNCATE, EXPLAIN, and CREATE, DROP "
      "and ALTER of tables and schemas, not " +
          (first.empty() ? "this" : first + (words.size() > 1 ? " " + words[1] : "")),
      {"all statements of a call are one transaction, which needs no BEGIN or COMMIT"});
}

// A file beside another one, or a second name of it, that goes unless it has taken its place.
class Copy final {
 public:
  explicit Copy(const std::string& path)
      : original_(path), path_(path + "." + random_hex(16) + ".new") {}
  ~Copy() { ::unlink(path_.c_str()); }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Result<void> make() const {
    std::error_code failed;
    std::filesystem::copy_file(original_, path_, failed);
    if (failed) return fail_errno("copy " + original_, failed.value());
    return {};
  }
  [[nodiscard]] Result<void> make_link() const {
    if (::link(original_.c_str(), path_.c_str()) != 0)
      return fail_errno("link " + original_, errno);
    return {};
  }
  // Its own content is on the disk already, by hyperd's fsync.
  [[nodiscard]] Result<void> take_place() const {
    if (std::rename(path_.c_str(), original_.c_str()) != 0)
      return fail_errno("replace " + original_, errno);
    const std::string directory = std::filesystem::path(original_).parent_path();
    const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid() || ::fsync(fd.get()) != 0) return fail_errno("sync " + directory, errno);
    return {};
  }

 private:
  const std::string original_;
  const std::string path_;
};

std::string joined(const std::vector<std::int64_t>& numbers) {
  std::string text;
  for (const std::int64_t number : numbers)
    text += (text.empty() ? "" : " ") + std::to_string(number);
  return text;
}

std::vector<std::int64_t> split(std::string_view text) {
  std::vector<std::int64_t> numbers;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    std::int64_t number = 0;
    const std::string_view digits = text.substr(0, end);
    (void)std::from_chars(digits.data(), digits.data() + digits.size(), number);
    numbers.push_back(number);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return numbers;
}

}  // namespace

Result<Executed> HyperConnection::execute(const std::vector<Statement>& statements,
                                          const std::optional<Key>& key,
                                          const Work& work) {
  const std::vector<Statement> single = pg::parted(statements, Dialect::hyper);
  return change(
      single, key,
      [&]() -> Result<Executed> {
        Executed executed;
        if (auto done = run_all(single, executed, work); !done)
          return std::unexpected(std::move(done.error()));
        return executed;
      },
      work);
}

Result<Executed> HyperConnection::insert(const BulkInsert& rows, const Work& work) {
  const std::vector<Statement> before = pg::parted(rows.before, Dialect::hyper);
  const std::vector<Statement> after = pg::parted(rows.after, Dialect::hyper);
  std::vector<Statement> all = before;
  all.insert(all.end(), after.begin(), after.end());
  return change(
      all, rows.key,
      [&]() -> Result<Executed> {
        Executed executed;
        if (auto done = run_all(before, executed, work); !done)
          return std::unexpected(std::move(done.error()));
        auto copied = pg::copy_rows(*link_, rows, work);
        if (!copied) return std::unexpected(failed(std::move(copied.error()), work));
        executed.rows_affected.push_back(*copied);
        if (auto done = run_all(after, executed, work); !done)
          return std::unexpected(std::move(done.error()));
        return executed;
      },
      work);
}

Result<Executed> HyperConnection::change(const std::vector<Statement>& statements,
                                         const std::optional<Key>& key,
                                         const Change& change,
                                         const Work& work) {
  if (access_ == Access::read_only) {
    return fail(Errc::read_only, "this database was attached for reading only",
                {"attach it again with read_only false"});
  }
  for (const Statement& statement : statements) {
    if (auto checked = check_executable(statement); !checked)
      return std::unexpected(std::move(checked.error()));
  }
  auto turn = database_->take_turn(work);
  if (!turn) return std::unexpected(std::move(turn.error()));
  return std::ranges::any_of(statements, defines) ? change_a_copy(change, key, *turn, work)
                                                  : change_in_place(change, key, *turn, work);
}

Result<Executed> HyperConnection::change_in_place(const Change& change,
                                                  const std::optional<Key>& key,
                                                  HyperDatabase::Turn& turn,
                                                  const Work& work) {
  if (auto attached = attach(work); !attached) return std::unexpected(std::move(attached.error()));
  const std::string commit = random_hex(16);
  if (auto begun = link_->run("BEGIN", {}, work); !begun)
    return std::unexpected(failed(std::move(begun.error()), work));
  auto executed = run(change, key, commit, work);
  if (!executed || executed->replayed) return executed;
  if (auto closed = turn.close(this, work); !closed)
    return std::unexpected(failed(std::move(closed.error()), work));
  auto committed = commit_to_disk(database_->path(), commit);
  if (!is_attached_) database_->detached(*this);
  if (!committed) return std::unexpected(std::move(committed.error()));
  database_->is_prepared = true;
  return executed;
}

Result<Executed> HyperConnection::change_a_copy(const Change& change,
                                                const std::optional<Key>& key,
                                                HyperDatabase::Turn& turn,
                                                const Work& work) {
  // With nobody in it the file is not written to while it is copied.
  if (auto closed = turn.close(this, work); !closed)
    return std::unexpected(std::move(closed.error()));
  let_go();
  const Copy copy(database_->path());
  if (auto made = copy.make(); !made) return std::unexpected(std::move(made.error()));
  turn.open();
  if (auto attached = attach_file(copy.path(), work); !attached)
    return std::unexpected(std::move(attached.error()));
  const std::string commit = random_hex(16);
  auto executed = run(change, key, commit, work);
  Result<void> done;
  if (executed && !executed->replayed) {
    done = commit_to_disk(copy.path(), commit);
    if (done) done = turn.close(this, work);
    if (done) done = copy.take_place();
  }
  if (is_attached_) (void)detach();
  if (done) return executed;
  Error error = std::move(done.error());
  // Whatever became of the copy, the file is as it was.
  if (error.code == Errc::outcome_unknown) error.code = Errc::engine_restarted;
  return std::unexpected(std::move(error));
}

Result<Executed> HyperConnection::run(const Change& change,
                                      const std::optional<Key>& key,
                                      const std::string& commit,
                                      const Work& work) {
  const auto give_up = [&](Error error) { return std::unexpected(failed(std::move(error), work)); };
  if (auto prepared = prepare(work); !prepared) return give_up(std::move(prepared.error()));
  if (key) {
    auto found = find_key(*key, work);
    if (!found) return give_up(std::move(found.error()));
    if (*found) {
      roll_back();
      return std::move(**found);
    }
  }
  auto executed = change();
  if (!executed) return executed;
  if (auto marked = mark(commit, key, *executed, work); !marked)
    return give_up(std::move(marked.error()));
  return executed;
}

Result<void> HyperConnection::run_all(const std::vector<Statement>& statements,
                                      Executed& executed,
                                      const Work& work) {
  for (const Statement& statement : statements) {
    auto bound = pg::bind(statement, Dialect::hyper);
    auto affected = bound ? run_to_end(bound->sql, work)
                          : Result<std::int64_t>(std::unexpected(std::move(bound.error())));
    if (!affected) {
      Error error = failed(std::move(affected.error()), work);
      if (statements.size() > 1)
        error = std::move(error).within("statement " +
                                        std::to_string(executed.rows_affected.size() + 1));
      return std::unexpected(std::move(error));
    }
    executed.rows_affected.push_back(*affected);
  }
  return {};
}

// What it returns is counted and dropped, row by row.
Result<std::int64_t> HyperConnection::run_to_end(const std::string& text, const Work& work) {
  if (auto begun = link_->start(text, {}, work); !begun)
    return std::unexpected(std::move(begun.error()));
  while (true) {
    auto answer = link_->next(work);
    if (!answer) return std::unexpected(std::move(answer.error()));
    if (answer->status() == PGRES_SINGLE_TUPLE) continue;
    return answer->tag().starts_with("SELECT") ? 0 : answer->affected();
  }
}

Result<void> HyperConnection::prepare(const Work& work) {
  if (database_->is_prepared) return {};
  for (const char* text :
       {"CREATE SCHEMA IF NOT EXISTS hearth",
        "CREATE TABLE IF NOT EXISTS hearth.last_commit (id text NOT NULL)",
        "CREATE TABLE IF NOT EXISTS hearth.keys (id text NOT NULL, fingerprint text NOT NULL,"
        " rows_affected text NOT NULL, made_at timestamp NOT NULL)"}) {
    if (auto made = link_->run(text, {}, work); !made)
      return std::unexpected(std::move(made.error()));
  }
  return {};
}

Result<std::optional<Executed>> HyperConnection::find_key(const Key& key, const Work& work) {
  auto answer = link_->run(
      "SELECT fingerprint, rows_affected FROM hearth.keys WHERE id = " + quote_literal(key.id), {},
      work);
  if (!answer) return std::unexpected(std::move(answer.error()));
  if (answer->rows() == 0) return std::optional<Executed>();
  if (answer->text(0, 0) != key.fingerprint)
    return fail(Errc::conflict, "this key was used for another request", {"use a new key"});
  return Executed{.rows_affected = split(answer->text(0, 1)), .replayed = true};
}

Result<void> HyperConnection::mark(const std::string& commit,
                                   const std::optional<Key>& key,
                                   const Executed& executed,
                                   const Work& work) {
  const std::string id = quote_literal(commit);
  auto updated = link_->run("UPDATE hearth.last_commit SET id = " + id, {}, work);
  if (updated && updated->affected() == 0)
    updated = link_->run("INSERT INTO hearth.last_commit VALUES (" + id + ")", {}, work);
  if (updated && key) {
    // Kept for a day, as everywhere in hearth.
    updated =
        link_->run("DELETE FROM hearth.keys WHERE made_at < now() - interval '1 day'", {}, work);
    if (updated)
      updated = link_->run("INSERT INTO hearth.keys VALUES (" + quote_literal(key->id) + ", " +
                               quote_literal(key->fingerprint) + ", " +
                               quote_literal(joined(executed.rows_affected)) + ", now())",
                           {}, work);
  }
  if (updated) return {};
  database_->is_prepared = false;  // somebody has dropped them
  return std::unexpected(std::move(updated.error()));
}

// With nobody else in the file. No cancel counts from here on.
Result<void> HyperConnection::commit_to_disk(const std::string& path, const std::string& commit) {
  const Work work = within(commit_patience);
  Result<pg::Answer> ended;
  if (!link_->is_alive()) {
    ended = fail(Errc::engine_restarted, "hyperd has ended");
  } else if (link_->transaction() != PQTRANS_IDLE) {
    ended = link_->run("COMMIT", {}, work);
  }
  if (ended) {
    if (auto detached = detach(); !detached) ended = std::unexpected(std::move(detached.error()));
  } else if (link_->is_alive()) {
    return std::unexpected(failed(std::move(ended.error()), work));
  }
  // What counts is in the file. A hyperd that was killed meanwhile is there again for this.
  auto is_there = is_on_disk(path, commit, work);
  if (is_there && *is_there) return {};
  // What hyperd may still have in its memory is not what the disk has.
  if (is_there && ended) server_.end();
  Error error =
      ended ? Error{Errc::io, "hyperd did not write the database", {}} : std::move(ended.error());
  if (!is_there) {
    error.code = Errc::outcome_unknown;
    error.message +=
        "; whether it was committed could not be found out: " + is_there.error().message;
    error.suggestions = {"look at the data before you run it again"};
    return std::unexpected(std::move(error));
  }
  error.message += "; nothing was changed";
  return std::unexpected(std::move(error));
}

// By another name of the file, under which hyperd has to read it anew: a session that it has not
// yet noticed to be gone would have kept the database in its memory, and the DETACH from writing.
Result<bool> HyperConnection::is_on_disk(const std::string& path,
                                         const std::string& commit,
                                         const Work& work) {
  if (!link_->is_alive()) {
    auto link = server_.connect(work);
    if (!link) return std::unexpected(std::move(link.error()));
    link_ = std::move(*link);
    is_attached_ = false;
  }
  const Copy witness(path);
  const bool has_link = witness.make_link().has_value();  // not every file system knows them
  if (auto attached = attach_file(has_link ? witness.path() : path, work); !attached)
    return std::unexpected(std::move(attached.error()));
  auto answer = link_->run("SELECT id FROM hearth.last_commit", {}, work);
  const bool is_missing = !answer && (link_->sqlstate() == "42P01" || link_->sqlstate() == "3F000");
  if (auto detached = detach(); !detached) return std::unexpected(std::move(detached.error()));
  if (is_missing) return false;
  if (!answer) return std::unexpected(std::move(answer.error()));
  return answer->rows() > 0 && answer->text(0, 0) == commit;
}

}  // namespace hearth::packs::sql::hyper
