#include "packs/sql/engine/pg/postgres_connection.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <utility>

#include "base/closest.hpp"
#include "packs/sql/engine/pg/copy_rows.hpp"
#include "packs/sql/engine/pg/errors.hpp"
#include "packs/sql/engine/pg/row_buffer.hpp"
#include "packs/sql/engine/pg/sql_text.hpp"

namespace hearth::packs::sql::pg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds roll_back_patience{5};
constexpr seconds commit_patience{30};
constexpr seconds start_patience{10};  // for a server that recovers from the end of a backend
constexpr milliseconds first_start_pause{20};  // before the second try; doubles
constexpr seconds outcome_patience{10};        // for a server that comes back
constexpr milliseconds outcome_pause{20};      // between two looks at it
constexpr milliseconds timeout_margin{
    2'000};                                  // our own limit acts first; this one when we are gone
constexpr std::size_t most_fetched = 5'000;  // rows asked for at once
constexpr const char* cursor = "hearth_rows";

// What would end the transaction that all statements share, or talk to the server's own files.
Result<void> check_executable(const Statement& statement) {
  const auto words = leading_words(statement.sql, Dialect::postgres);
  const std::string first = words.empty() ? "" : words.front();
  const bool prepares = first == "PREPARE" && words.size() > 1 && words[1] == "TRANSACTION";
  if (is_one_of(first, {"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT"}) || prepares) {
    return fail(Errc::invalid_args,
                first +
                    " has no place here: all statements of a call are one "
                    "transaction, which ends with it",
                {"leave it out"});
  }
  if (first != "COPY") return {};
  return fail(Errc::unsupported,
              "COPY reads and writes files, or runs programs, on the server's machine",
              {"use sql_load or sql_export"});
}

// What may stand before a parenthesis and leaves nothing behind: words of SQL, and functions that
// are called all the time.
bool is_harmless(std::string_view name) {
  static constexpr std::array known{
      "abs",       "all",       "and",       "any",    "array",   "as",        "avg",
      "between",   "by",        "case",      "cast",   "char",    "coalesce",  "count",
      "decimal",   "distinct",  "else",      "exists", "extract", "filter",    "from",
      "greatest",  "group",     "in",        "is",     "join",    "least",     "length",
      "like",      "limit",     "lower",     "max",    "md5",     "min",       "not",
      "now",       "nullif",    "numeric",   "on",     "or",      "order",     "over",
      "partition", "returning", "round",     "row",    "select",  "set",       "substring",
      "sum",       "then",      "timestamp", "trim",   "union",   "upper",     "using",
      "values",    "varchar",   "when",      "where",  "with",    "date_trunc"};
  return std::ranges::find(known, name) != known.end();
}

// Whether the server's session may not be as it was when its transaction has ended: settings,
// temporary tables, locks of the session, what listens. Statements that change rows and tables
// leave nothing of that kind, unless they call what may.
bool leaves_traces(std::string_view sql) {
  static constexpr std::array clean{"SELECT", "WITH",   "VALUES", "TABLE",    "INSERT", "UPDATE",
                                    "DELETE", "MERGE",  "ALTER",  "TRUNCATE", "DROP",   "COMMENT",
                                    "GRANT",  "REVOKE", "CREATE", "SHOW"};
  const auto words = leading_words(sql, Dialect::postgres, 1);
  if (words.empty() || std::ranges::find(clean, words.front()) == clean.end()) return true;
  SqlScanner scanner(sql, Dialect::postgres);
  for (Token token = scanner.next(); token.kind != TokenKind::end;) {
    const Token following = scanner.next();
    const std::string name = scanner.name(token);
    const bool is_call =
        !name.empty() && following.kind == TokenKind::opening && !is_harmless(name);
    const bool has_escapes = name == "u" && scanner.rest(token).starts_with("&\"");
    if (is_call || has_escapes || is_one_of(name, {"temp", "temporary", "pg_temp"})) return true;
    token = following;
  }
  return false;
}

// How values are spelled (cells.hpp), whatever the role or the database has set.
std::string settings_for(Access access) {
  std::string settings =
      "SET datestyle = 'ISO, YMD'; SET intervalstyle = 'iso_8601'; SET bytea_output = 'hex'; "
      "SET extra_float_digits = 1; SET standard_conforming_strings = on";
  if (access == Access::read_only) settings += "; SET default_transaction_read_only = on";
  return settings;
}

}  // namespace

// ---- Opening ----------------------------------------------------------------------------------

Result<std::unique_ptr<PostgresConnection>> PostgresConnection::open(Options options,
                                                                     Access access,
                                                                     const Work& work) {
  const auto until = std::chrono::steady_clock::now() + start_patience;
  auto link = open_link(options, access, work);
  for (milliseconds pause = first_start_pause;
       !link && link.error().code == Errc::engine_restarted &&
       std::chrono::steady_clock::now() + pause < until;
       pause *= 2) {
    std::this_thread::sleep_for(pause);
    link = open_link(options, access, work);  // which heeds the deadline and the stop token
  }
  if (!link) return std::unexpected(std::move(link.error()));
  return std::unique_ptr<PostgresConnection>(
      new PostgresConnection(std::move(options), access, std::move(*link)));
}

PostgresConnection::PostgresConnection(Options options, Access access, std::unique_ptr<Link> link)
    : options_(std::move(options)), access_(access), link_(std::move(link)) {}

Result<std::unique_ptr<Link>> PostgresConnection::open_link(const Options& options,
                                                            Access access,
                                                            const Work& work) {
  Options all = options;
  all.emplace_back("client_encoding", "UTF8");
  all.emplace_back("fallback_application_name", "hearth");
  auto link = Link::connect(all, work);
  if (!link) return link;
  if (auto set = (*link)->run_ours(settings_for(access), work); !set)
    return std::unexpected(std::move(set.error()).within("prepare the connection"));
  return link;
}

std::string PostgresConnection::version() const {
  return link_->parameter("server_version");
}

// ---- Transactions -----------------------------------------------------------------------------

// The SELECT takes the snapshot: from there on the server refuses to make a READ ONLY transaction
// one that writes.
Result<void> PostgresConnection::begin(std::string_view mode, const Work& work) {
  std::string sql = "BEGIN TRANSACTION " + std::string(mode);
  if (work.deadline) {
    const auto left =
        std::chrono::ceil<milliseconds>(*work.deadline - std::chrono::steady_clock::now());
    const auto limit = std::max(left, milliseconds(1)) + timeout_margin;
    sql += "; SET LOCAL statement_timeout = " + std::to_string(limit.count());
  }
  if (mode == "READ ONLY") sql += "; SELECT 1";
  auto begun = link_->run_ours(sql, work);
  if (begun) return {};
  roll_back();
  return std::unexpected(std::move(begun.error()));
}

void PostgresConnection::roll_back() {
  if (link_->is_streaming()) link_->abandon();
  if (!link_->is_alive() || link_->transaction() == PQTRANS_IDLE) return;
  // One that cannot even do this is dropped: is_alive() says so, or the next begin() fails.
  (void)link_->run_ours("ROLLBACK", within(roll_back_patience));
  wipe();
}

// The next call finds the session as the first one did; where the server cannot do that, it gets
// another connection.
void PostgresConnection::wipe() {
  if (!std::exchange(has_traces_, false) || !link_->is_alive()) return;
  const Work work = within(roll_back_patience);
  const bool is_clean =
      link_->run_ours("DISCARD ALL", work) && link_->run_ours(settings_for(access_), work);
  is_spent_ = !is_clean;
}

Error PostgresConnection::failed(Error error, std::string_view first_word, const Work& work) {
  const std::string sqlstate = link_->sqlstate();
  const std::string message = link_->server_message();
  roll_back();
  if (error.code == Errc::not_found && sqlstate == "42P01" && link_->is_alive()) {
    const std::string wanted(quoted_name(message));
    std::vector<std::string> names;
    if (const auto known = tables(work)) {
      for (const TableInfo& table : *known)
        names.push_back(table.schema == "public" ? table.name : table.schema + "." + table.name);
    }
    for (const std::string& close : closest_names(wanted, names))
      error.suggestions.push_back("did you mean " + close + "?");
  }
  // The server reads a cursor's query as one that only reads.
  const bool is_modifying_with = message.find("data-modifying") != std::string::npos;
  const bool is_verb = first_word == "WITH" && sqlstate == "42601" &&
                       is_one_of(quoted_name(message), {"INSERT", "UPDATE", "DELETE", "MERGE",
                                                        "insert", "update", "delete", "merge"});
  const bool is_into = sqlstate == "42601" && message.find("INTO") != std::string::npos;
  if (is_modifying_with || is_verb || is_into) return not_reading(first_word);
  return error;
}

// ---- Queries ----------------------------------------------------------------------------------

class PostgresConnection::CursorRows final : public Rows {
 public:
  CursorRows(PostgresConnection& connection, const Answer& description)
      : connection_(connection), buffer_(static_cast<std::size_t>(description.columns())) {
    for (int i = 0; i < description.columns(); ++i) {
      oids_.push_back(description.type(i));
      columns_.push_back(
          {description.name(i), connection.types_.name(oids_.back(), description.modifier(i))});
    }
  }
  ~CursorRows() override { end(); }

  const std::vector<Column>& columns() const override { return columns_; }
  bool is_at_end() const override { return has_ended_ && buffer_.is_empty(); }

  Result<Batch> next(std::size_t most_rows, std::size_t most_bytes, const Work& work) override {
    if (auto filled = fill(most_rows, most_bytes, work); !filled)
      return std::unexpected(std::move(filled.error()));
    return buffer_.take(most_rows, most_bytes);
  }

  // Until the buffer holds that much, or there is no more.
  Result<void> fill(std::size_t most_rows, std::size_t most_bytes, const Work& work) {
    Link& link = *connection_.link_;
    const auto wants_more = [&] {
      // The end of a FETCH is read with its last row: then nothing runs that had to be cancelled.
      return (buffer_.rows() < most_rows && buffer_.bytes() < most_bytes) ||
             (link.is_streaming() && fetched_ == asked_);
    };
    while (!has_ended_ && wants_more()) {
      if (!link.is_streaming()) {
        asked_ = std::min(most_rows - buffer_.rows(), most_fetched);
        fetched_ = 0;
        const std::string sql =
            "FETCH FORWARD " + std::to_string(asked_) + " FROM " + std::string(cursor);
        if (auto begun = link.start(sql, {}, work); !begun) return give_up(begun.error(), work);
      }
      auto answer = link.next(work);
      if (!answer) return give_up(answer.error(), work);
      if (answer->status() == PGRES_SINGLE_TUPLE) {
        add(*answer);
        ++fetched_;
      } else if (fetched_ < asked_) {
        end();
      }
    }
    return {};
  }

 private:
  void add(const Answer& row) {
    for (int i = 0; i < row.columns(); ++i) {
      if (row.is_null(0, i)) {
        buffer_.batch().add(CellKind::null, "");
      } else {
        add_cell(buffer_.batch(), connection_.types_, oids_[static_cast<std::size_t>(i)],
                 row.text(0, i));
      }
    }
  }
  void end() {
    if (!std::exchange(has_ended_, true)) connection_.roll_back();
  }
  Result<void> give_up(const Error& error, const Work& work) {
    has_ended_ = true;
    return std::unexpected(connection_.failed(error, "", work));
  }

  PostgresConnection& connection_;
  std::vector<Column> columns_;
  std::vector<Oid> oids_;
  RowBuffer buffer_;
  std::size_t asked_ = 0;    // rows of the FETCH that runs
  std::size_t fetched_ = 0;  // of them
  bool has_ended_ = false;
};

Result<std::unique_ptr<Rows>> PostgresConnection::query(const Statement& statement,
                                                        const Prefetch& prefetch,
                                                        const Work& work) {
  const auto words = leading_words(statement.sql, Dialect::postgres, 1);
  const std::string first = words.empty() ? "" : words.front();
  if (is_one_of(first, {"SHOW", "EXPLAIN"})) return show(statement, work);
  if (!is_one_of(first, {"SELECT", "WITH", "VALUES", "TABLE"}))
    return std::unexpected(not_reading(first));
  auto bound = bind(statement, Dialect::postgres);
  if (!bound) return std::unexpected(std::move(bound.error()));
  has_traces_ = leaves_traces(statement.sql);
  if (auto begun = begin("READ ONLY", work); !begun)
    return std::unexpected(std::move(begun.error()));
  const std::string declare =
      "DECLARE " + std::string(cursor) + " NO SCROLL CURSOR FOR " + bound->sql;
  if (auto declared = link_->run(declare, bound->values, work); !declared)
    return std::unexpected(failed(std::move(declared.error()), first, work));
  const auto description = link_->describe(cursor, work);
  if (!description) return std::unexpected(failed(description.error(), first, work));
  if (auto learned = learn_types(*description, work); !learned)
    return std::unexpected(failed(std::move(learned.error()), first, work));
  auto rows = std::make_unique<CursorRows>(*this, *description);
  if (prefetch.rows > 0) {
    if (auto filled = rows->fill(prefetch.rows, prefetch.bytes, work); !filled)
      return std::unexpected(std::move(filled.error()));
  }
  return rows;
}

// What no cursor can be declared for; never large.
Result<std::unique_ptr<Rows>> PostgresConnection::show(const Statement& statement,
                                                       const Work& work) {
  auto bound = bind(statement, Dialect::postgres);
  if (!bound) return std::unexpected(std::move(bound.error()));
  has_traces_ = leaves_traces(statement.sql);
  if (auto begun = begin("READ ONLY", work); !begun)
    return std::unexpected(std::move(begun.error()));
  auto answer = link_->run(bound->sql, bound->values, work);
  if (!answer) return std::unexpected(failed(std::move(answer.error()), "", work));
  roll_back();
  return whole_result(*answer, types_);
}

Result<std::string> PostgresConnection::explain(const Statement& statement,
                                                bool analyze,
                                                const Work& work) {
  auto bound = bind(statement, Dialect::postgres);
  if (!bound) return std::unexpected(std::move(bound.error()));
  has_traces_ = leaves_traces(statement.sql);
  if (auto begun = begin("READ ONLY", work); !begun)
    return std::unexpected(std::move(begun.error()));
  const std::string options = analyze ? "EXPLAIN (ANALYZE) " : "EXPLAIN (VERBOSE FALSE) ";
  auto answer = link_->run(options + bound->sql, bound->values, work);
  if (!answer) return std::unexpected(failed(std::move(answer.error()), "", work));
  roll_back();
  std::string plan;
  for (int row = 0; row < answer->rows(); ++row) {
    plan += answer->text(row, 0);
    plan += '\n';
  }
  return plan;
}

// ---- Writes -----------------------------------------------------------------------------------

Result<Executed> PostgresConnection::execute(const std::vector<Statement>& statements,
                                             const std::optional<Key>& /*key*/,
                                             const Work& work) {
  const std::vector<Statement> single = parted(statements, Dialect::postgres);
  if (auto checked = check_writable(single); !checked)
    return std::unexpected(std::move(checked.error()));
  if (auto begun = begin("READ WRITE", work); !begun)
    return std::unexpected(std::move(begun.error()));
  Executed executed;
  if (auto done = run_all(single, executed, work); !done)
    return std::unexpected(std::move(done.error()));
  if (auto committed = commit(work); !committed)
    return std::unexpected(std::move(committed.error()));
  wipe();
  return executed;
}

Result<Executed> PostgresConnection::insert(const BulkInsert& rows, const Work& work) {
  const std::vector<Statement> before = parted(rows.before, Dialect::postgres);
  const std::vector<Statement> after = parted(rows.after, Dialect::postgres);
  for (const auto* statements : {&before, &after}) {
    if (auto checked = check_writable(*statements); !checked)
      return std::unexpected(std::move(checked.error()));
  }
  if (auto begun = begin("READ WRITE", work); !begun)
    return std::unexpected(std::move(begun.error()));
  Executed executed;
  if (auto done = run_all(before, executed, work); !done)
    return std::unexpected(std::move(done.error()));
  auto copied = copy_rows(*link_, rows, work);
  if (!copied) return std::unexpected(failed(std::move(copied.error()), "", work));
  executed.rows_affected.push_back(*copied);
  if (auto done = run_all(after, executed, work); !done)
    return std::unexpected(std::move(done.error()));
  if (auto committed = commit(work); !committed)
    return std::unexpected(std::move(committed.error()));
  wipe();
  return executed;
}

Result<void> PostgresConnection::check_writable(const std::vector<Statement>& statements) const {
  if (access_ == Access::read_only) {
    return fail(Errc::read_only, "this database was attached for reading only",
                {"attach it again with read_only false"});
  }
  for (const Statement& statement : statements) {
    if (auto checked = check_executable(statement); !checked) return checked;
  }
  return {};
}

Result<void> PostgresConnection::run_all(const std::vector<Statement>& statements,
                                         Executed& executed,
                                         const Work& work) {
  for (const Statement& statement : statements) {
    has_traces_ = has_traces_ || leaves_traces(statement.sql);
    auto affected = run_to_end(statement, work);
    if (!affected) {
      Error error = failed(std::move(affected.error()), "", work);
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
Result<std::int64_t> PostgresConnection::run_to_end(const Statement& statement, const Work& work) {
  auto bound = bind(statement, Dialect::postgres);
  if (!bound) return std::unexpected(std::move(bound.error()));
  if (auto begun = link_->start(bound->sql, bound->values, work); !begun)
    return std::unexpected(std::move(begun.error()));
  while (true) {
    auto answer = link_->next(work);
    if (!answer) return std::unexpected(std::move(answer.error()));
    if (answer->status() == PGRES_SINGLE_TUPLE) continue;
    if (link_->transaction() != PQTRANS_INTRANS)
      return fail(Errc::invalid_args, "the statement ended the transaction of this call");
    return answer->tag().starts_with("SELECT") ? 0 : answer->affected();
  }
}

// From here on nobody's cancel and no deadline count: half a commit has no good answer.
Result<void> PostgresConnection::commit(const Work& work) {
  auto transaction = transaction_id(work);
  if (!transaction) return std::unexpected(failed(std::move(transaction.error()), "", work));
  auto answer = link_->run_ours("COMMIT", within(commit_patience));
  if (answer) {
    if (answer->tag() == "COMMIT") return {};
    return fail(Errc::conflict, "the server rolled the transaction back");
  }
  if (link_->is_alive()) return std::unexpected(failed(std::move(answer.error()), "", work));
  return find_outcome(*transaction, std::move(answer.error()));
}

// Changes when the server starts, and when it has crashed: that resets its statistics.
Result<std::string> PostgresConnection::incarnation_of(Link& link, const Work& work) {
  auto answer = link.run(
      "SELECT pg_catalog.pg_postmaster_start_time()::text || ' ' ||"
      " (SELECT coalesce(stats_reset::text, '') FROM pg_catalog.pg_stat_bgwriter)",
      {}, work);
  if (!answer) return std::unexpected(std::move(answer.error()));
  return answer->is_null(0, 0) ? "" : std::string(answer->text(0, 0));
}

// Empty where nothing was written, or the server has no such numbers.
Result<std::string> PostgresConnection::transaction_id(const Work& work) {
  if (!incarnation_) {
    const bool is_relative = !link_->parameter("crdb_version").empty();
    if (is_relative || link_->server_version() < 130000) {
      incarnation_ = "";
    } else {
      auto incarnation = incarnation_of(*link_, work);
      if (!incarnation) return incarnation;
      incarnation_ = std::move(*incarnation);
    }
  }
  if (incarnation_->empty()) return "";
  auto answer = link_->run("SELECT pg_catalog.pg_current_xact_id_if_assigned()::text", {}, work);
  if (!answer) return std::unexpected(std::move(answer.error()));
  return answer->is_null(0, 0) ? "" : std::string(answer->text(0, 0));
}

// The answer to a COMMIT was lost with its connection; the server remembers how it ended. After a
// crash it may have given the number to another transaction: then "committed" proves nothing, while
// the other answers still do.
Result<void> PostgresConnection::find_outcome(const std::string& transaction, Error lost) {
  const std::string before = *std::exchange(incarnation_, std::nullopt);
  if (transaction.empty() && !before.empty()) return {};  // it wrote nothing
  const auto unknown = [&](std::string_view why) {
    return fail(
        Errc::outcome_unknown,
        lost.message + "; whether it was committed could not be found out: " + std::string(why),
        {"look at the data before you run it again"});
  };
  const auto undone = [&] {
    return fail(Errc::engine_restarted, lost.message + "; nothing was changed", {"run it again"});
  };
  if (transaction.empty()) return unknown("this server cannot tell");
  const Work work = within(outcome_patience);
  std::string last = "it is still in progress";
  for (; std::chrono::steady_clock::now() < *work.deadline;
       std::this_thread::sleep_for(outcome_pause)) {
    auto link = open_link(options_, access_, work);
    if (!link) {
      last = link.error().message;
      continue;
    }
    const auto incarnation = incarnation_of(**link, work);
    const auto status =
        (*link)->run("SELECT pg_catalog.pg_xact_status($1::xid8)", {transaction}, work);
    if (!(*link)->is_alive()) continue;  // one that ends with the crash that took the other along
    const bool is_in_future = !status && (*link)->sqlstate() == "22023";
    link_ = std::move(*link);
    if (is_in_future) return undone();
    if (!status || status->is_null(0, 0)) return unknown("the server does not tell");
    if (status->text(0, 0) == "aborted") return undone();
    if (status->text(0, 0) != "committed") continue;
    if (incarnation && *incarnation == before) return {};
    return unknown("the server crashed meanwhile");
  }
  return unknown(last);
}

}  // namespace hearth::packs::sql::pg
