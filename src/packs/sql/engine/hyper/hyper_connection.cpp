#include "packs/sql/engine/hyper/hyper_connection.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "base/closest.hpp"
#include "packs/sql/engine/pg/errors.hpp"
#include "packs/sql/engine/pg/sql_text.hpp"

namespace hearth::packs::sql::hyper {
namespace {

using pg::bind;
using pg::is_one_of;
using pg::not_reading;
using pg::quote_literal;
using pg::quote_name;

constexpr std::chrono::seconds patience{10};  // for what must be done whatever the caller's limit
// Of a result that a writer has to take over from a reader who is between two pages.
constexpr std::size_t most_kept = std::size_t{16} << 20;

// How a statement that reads is run.
struct Reading {
  bool is_rolled_back = false;
};

// hyperd has no read-only transactions: it takes READ ONLY and ignores it. But its grammar has no
// way to write in a statement that begins with SELECT, VALUES or TABLE (no SELECT INTO, no changes
// in a WITH), and it takes one statement at a time. What begins with WITH or EXPLAIN can go on to
// write: whatever it does is rolled back.
Result<Reading> check_reads(const std::string& sql) {
  const auto words = leading_words(sql, Dialect::hyper, 1);
  const std::string first = words.empty() ? "" : words.front();
  if (is_one_of(first, {"SELECT", "VALUES", "TABLE", "SHOW"})) return Reading{};
  if (!is_one_of(first, {"WITH", "EXPLAIN"})) return std::unexpected(not_reading(first));
  const std::string verb = pg::main_verb(sql, Dialect::hyper);
  if (is_one_of(verb, {"INSERT", "UPDATE", "DELETE", "MERGE"}))
    return std::unexpected(not_reading(verb));
  return Reading{.is_rolled_back = true};
}

bool has_written(std::string_view tag) {
  return tag.starts_with("INSERT") || tag.starts_with("UPDATE") || tag.starts_with("DELETE") ||
         tag.starts_with("MERGE") || tag.starts_with("CREATE") || tag.starts_with("COPY");
}

template <typename Number>
Number number_of(std::string_view text) {
  Number number = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

// ---- Attaching --------------------------------------------------------------------------------

Result<std::unique_ptr<HyperConnection>> HyperConnection::open(
    HyperServer& server,
    std::shared_ptr<HyperDatabase> database,
    std::string alias,
    Access access,
    const Work& work) {
  auto link = server.connect(work);
  if (!link) return std::unexpected(std::move(link.error()));
  std::unique_ptr<HyperConnection> connection(
      new HyperConnection(server, std::move(database), std::move(alias), access, std::move(*link)));
  const auto visit = connection->database_->enter();
  if (auto attached = connection->attach(work); !attached)
    return std::unexpected(std::move(attached.error()));
  return connection;
}

HyperConnection::HyperConnection(HyperServer& server,
                                 std::shared_ptr<HyperDatabase> database,
                                 std::string alias,
                                 Access access,
                                 std::unique_ptr<pg::Link> link)
    : server_(server),
      lease_(server.lease()),
      database_(std::move(database)),
      alias_(std::move(alias)),
      access_(access),
      link_(std::move(link)) {}

HyperConnection::~HyperConnection() {
  const auto visit = database_->enter();
  database_->detached(*this);
  // Closing it alone would detach too, but some time later.
  if (is_attached_) (void)detach();
}

Result<void> HyperConnection::attach(const Work& work) {
  if (is_attached_) return {};
  auto attached = attach_file(database_->path(), work);
  if (attached) database_->attached(*this);
  return attached;
}

Result<void> HyperConnection::attach_file(const std::string& path, const Work& work) {
  auto attached =
      link_->run("ATTACH DATABASE " + quote_name(path) + " AS " + quote_name(alias_), {}, work);
  is_attached_ = attached.has_value();
  if (attached) return {};
  if (!link_->is_alive() && attached.error().code == Errc::timed_out) server_.suspect();
  return std::unexpected(std::move(attached.error()).within("open " + database_->path()));
}

Result<void> HyperConnection::detach() {
  is_attached_ = false;
  if (!link_->is_alive()) return {};
  auto detached = link_->run("DETACH DATABASE " + quote_name(alias_), {}, within(patience));
  if (!detached) return std::unexpected(std::move(detached.error()));
  return {};
}

void HyperConnection::roll_back() {
  if (link_->is_streaming()) link_->abandon();
  if (!link_->is_alive() || link_->transaction() == PQTRANS_IDLE) return;
  (void)link_->run("ROLLBACK", {}, within(patience));
}

Error HyperConnection::failed(Error error, const Work& work) {
  const std::string sqlstate = link_->sqlstate();
  const std::string wanted(pg::quoted_name(link_->server_message()));
  roll_back();
  if (!link_->is_alive()) {
    // What answers no cancel request hangs, and everybody with it.
    if (error.code == Errc::timed_out || error.code == Errc::cancelled) server_.suspect();
    return error;
  }
  std::vector<std::string> names;
  if (error.code == Errc::not_found && (sqlstate == "42P01" || sqlstate == "42703")) {
    if (const auto known = list_tables(work)) {
      for (const TableInfo& table : *known) names.push_back(table.name);
    }
    if (sqlstate == "42703") names.clear();
  }
  if (sqlstate == "42703") {
    auto columns = link_->run("SELECT DISTINCT attname FROM " + quote_name(alias_) +
                                  ".pg_catalog.pg_attribute WHERE attnum > 0",
                              {}, work);
    for (int row = 0; columns && row < columns->rows(); ++row)
      names.emplace_back(columns->text(row, 0));
  }
  for (const std::string& close : closest_names(wanted, names))
    error.suggestions.push_back("did you mean " + close + "?");
  return error;
}

// ---- Queries ----------------------------------------------------------------------------------

class HyperConnection::ResultRows final : public Rows {
 public:
  explicit ResultRows(HyperConnection& connection) : connection_(connection), buffer_(0) {
    connection_.open_rows_ = this;
  }
  ~ResultRows() override {
    const auto visit = connection_.database_->enter();
    end();
  }

  const std::vector<Column>& columns() const override { return columns_; }
  bool is_at_end() const override { return has_ended_ && buffer_.is_empty() && !was_cut_; }

  Result<Batch> next(std::size_t most_rows, std::size_t most_bytes, const Work& work) override {
    const auto visit = connection_.database_->enter();
    if (auto filled = fill(most_rows, most_bytes, work); !filled)
      return std::unexpected(std::move(filled.error()));
    if (buffer_.is_empty() && was_cut_) {
      return fail(Errc::conflict,
                  "the database was written to while this result was read, and the rest of it was "
                  "too large to keep",
                  {"run the query again, with a larger limit", "copy its result into a table"});
    }
    return buffer_.take(most_rows, most_bytes);
  }

  // Inside. The first row, or the end, tells the columns.
  Result<void> fill(std::size_t most_rows, std::size_t most_bytes, const Work& work) {
    pg::Link& link = *connection_.link_;
    while (!has_ended_ &&
           (!has_columns_ || (buffer_.rows() < most_rows && buffer_.bytes() < most_bytes))) {
      auto answer = link.next(work);
      if (!answer) return give_up(std::move(answer.error()), work);
      if (!has_columns_) learn_columns(*answer);
      if (answer->status() == PGRES_SINGLE_TUPLE) {
        add(*answer);
        continue;
      }
      const bool wrote = has_written(answer->tag());
      const std::string tag(answer->tag());
      end();
      if (wrote) return std::unexpected(not_reading(tag.substr(0, tag.find(' '))));
    }
    return {};
  }

  // A writer wants the database: reads on into memory, as far as that is reasonable.
  void keep_rest() {
    if (has_ended_) return;
    if (!fill(std::size_t(-1), most_kept, within(patience)) || has_ended_) return;
    was_cut_ = true;
    end();
  }

 private:
  void learn_columns(const pg::Answer& answer) {
    has_columns_ = true;
    for (int i = 0; i < answer.columns(); ++i) {
      oids_.push_back(answer.type(i));
      columns_.push_back(
          {answer.name(i), connection_.types_.name(oids_.back(), answer.modifier(i))});
    }
    buffer_ = pg::RowBuffer(columns_.size());
  }
  void add(const pg::Answer& row) {
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
    if (std::exchange(has_ended_, true)) return;
    connection_.open_rows_ = nullptr;
    connection_.roll_back();
  }
  Result<void> give_up(Error error, const Work& work) {
    has_ended_ = true;
    connection_.open_rows_ = nullptr;
    return std::unexpected(connection_.failed(std::move(error), work));
  }

  HyperConnection& connection_;
  std::vector<Column> columns_;
  std::vector<Oid> oids_;
  pg::RowBuffer buffer_;
  bool has_columns_ = false;
  bool has_ended_ = false;
  bool was_cut_ = false;
};

void HyperConnection::let_go() {
  if (open_rows_ != nullptr) open_rows_->keep_rest();
  database_->detached(*this);
  if (is_attached_) (void)detach();
}

Result<std::unique_ptr<Rows>> HyperConnection::query(const Statement& statement,
                                                     const Prefetch& prefetch,
                                                     const Work& work) {
  const auto reading = check_reads(statement.sql);
  if (!reading) return std::unexpected(reading.error());
  auto bound = bind(statement, Dialect::hyper);
  if (!bound) return std::unexpected(std::move(bound.error()));
  std::unique_ptr<ResultRows> rows;  // goes after the visit: its destructor enters again
  const auto visit = database_->enter();
  if (auto attached = attach(work); !attached) return std::unexpected(std::move(attached.error()));
  if (reading->is_rolled_back) {
    if (auto begun = link_->run("BEGIN", {}, work); !begun)
      return std::unexpected(failed(std::move(begun.error()), work));
  }
  if (auto started = link_->start(bound->sql, {}, work); !started)
    return std::unexpected(failed(std::move(started.error()), work));
  rows = std::make_unique<ResultRows>(*this);
  if (auto filled = rows->fill(prefetch.rows, prefetch.bytes, work); !filled)
    return std::unexpected(std::move(filled.error()));
  return rows;
}

Result<std::string> HyperConnection::explain(const Statement& statement,
                                             bool analyze,
                                             const Work& work) {
  auto bound = bind(statement, Dialect::hyper);
  if (!bound) return std::unexpected(std::move(bound.error()));
  if (analyze) {
    if (auto checked = check_reads(statement.sql); !checked)
      return std::unexpected(std::move(checked.error()));
  }
  const auto visit = database_->enter();
  if (auto attached = attach(work); !attached) return std::unexpected(std::move(attached.error()));
  if (auto begun = link_->run("BEGIN", {}, work); !begun)
    return std::unexpected(failed(std::move(begun.error()), work));
  const std::string options = analyze ? "EXPLAIN (ANALYZE) " : "EXPLAIN ";
  auto answer = link_->run(options + bound->sql, {}, work);
  if (!answer) return std::unexpected(failed(std::move(answer.error()), work));
  roll_back();
  std::string plan;
  for (int row = 0; row < answer->rows(); ++row) {
    plan += answer->text(row, 0);
    if (!plan.ends_with('\n')) plan += '\n';
  }
  return plan;
}

// ---- Tables -----------------------------------------------------------------------------------

Result<std::vector<TableInfo>> HyperConnection::tables(const Work& work) {
  const auto visit = database_->enter();
  if (auto attached = attach(work); !attached) return std::unexpected(std::move(attached.error()));
  return list_tables(work);
}

Result<std::vector<TableInfo>> HyperConnection::list_tables(const Work& work) {
  const std::string catalog = quote_name(alias_) + ".pg_catalog.";
  auto answer = link_->run("SELECT n.nspname, c.relname, CAST(c.reltuples AS bigint) FROM " +
                               catalog + "pg_class c JOIN " + catalog +
                               "pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND"
                               " n.nspname NOT IN ('pg_catalog', 'information_schema', 'tableau',"
                               " 'pg_temp', 'hearth') ORDER BY 1, 2",
                           {}, work);
  if (!answer) return std::unexpected(std::move(answer.error()));
  std::vector<TableInfo> tables;
  for (int row = 0; row < answer->rows(); ++row) {
    TableInfo table{.schema = std::string(answer->text(row, 0)),
                    .name = std::string(answer->text(row, 1)),
                    .kind = "table",
                    .rows = number_of<std::int64_t>(answer->text(row, 2)),
                    .is_estimate = true,
                    .comment = {}};
    tables.push_back(std::move(table));
  }
  return tables;
}

Result<TableDetail> HyperConnection::describe(const std::string& name, const Work& work) {
  const auto visit = database_->enter();
  if (auto attached = attach(work); !attached) return std::unexpected(std::move(attached.error()));
  const auto known = list_tables(work);
  if (!known) return std::unexpected(known.error());
  const auto dot = name.find('.');
  const auto is_meant = [&](const TableInfo& table) {
    const std::string quoted = quote_name(table.name);
    return table.name == name || table.schema + "." + table.name == name || quoted == name ||
           quote_name(table.schema) + "." + quoted == name ||
           (dot != std::string::npos && alias_ + "." + table.schema + "." + table.name == name);
  };
  const auto found = std::ranges::find_if(*known, is_meant);
  if (found == known->end()) {
    std::vector<std::string> names;
    for (const TableInfo& table : *known) names.push_back(table.name);
    std::vector<std::string> suggestions;
    for (const std::string& close : closest_names(name, names))
      suggestions.push_back("did you mean " + close + "?");
    return fail(Errc::not_found, "there is no table " + name, std::move(suggestions));
  }
  TableDetail detail;
  detail.table = *found;
  if (auto described = describe_columns(detail, work); !described)
    return std::unexpected(std::move(described.error()));
  return detail;
}

Result<void> HyperConnection::describe_columns(TableDetail& detail, const Work& work) {
  const std::string catalog = quote_name(alias_) + ".pg_catalog.";
  auto answer = link_->run(
      "SELECT a.attname, a.atttypid, a.atttypmod, a.attnotnull FROM " + catalog +
          "pg_attribute a JOIN " + catalog + "pg_class c ON c.oid = a.attrelid JOIN " + catalog +
          "pg_namespace n ON n.oid = c.relnamespace WHERE a.attnum > 0 AND c.relname = " +
          quote_literal(detail.table.name) +
          " AND n.nspname = " + quote_literal(detail.table.schema) + " ORDER BY a.attnum",
      {}, work);
  if (!answer) return std::unexpected(std::move(answer.error()));
  for (int row = 0; row < answer->rows(); ++row) {
    ColumnInfo column;
    column.name = answer->text(row, 0);
    column.type =
        types_.name(number_of<Oid>(answer->text(row, 1)), number_of<int>(answer->text(row, 2)));
    column.is_nullable = answer->text(row, 3) == "f";
    detail.columns.push_back(std::move(column));
  }
  return {};
}

}  // namespace hearth::packs::sql::hyper
