#include "packs/sql/copier.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/ascii.hpp"
#include "base/ids.hpp"
#include "packs/sql/transaction.hpp"
#include "packs/sql/transfer/column_types.hpp"
#include "packs/sql/transfer/rows_text.hpp"

namespace hearth::packs::sql {
namespace {

constexpr std::size_t rows_at_once = 4096;
constexpr std::size_t bytes_at_once = std::size_t{1} << 20;

bool is_duckdb(const Target& target) {
  return target.engine->kind() == "duckdb";
}

LoadMode plan_mode(CopyMode mode) {
  switch (mode) {
    case CopyMode::replace:
      return LoadMode::replace;
    case CopyMode::merge:
      return LoadMode::merge;
    case CopyMode::create:
    case CopyMode::append:
      break;
  }
  return LoadMode::append;
}

// Hearth's own. What of them is the caller's has been a query before (columns_of).
std::vector<Statement> as_statements(const std::vector<std::string>& texts) {
  std::vector<Statement> all;
  for (const std::string& text : texts) all.push_back({.sql = text, .is_trusted = true});
  return all;
}

std::vector<std::string> names_of(const std::vector<Column>& columns) {
  return distinct_names(columns);
}

// Whether values of this type have a year, in the words of any engine.
bool has_year(std::string_view type) {
  const std::string known = ascii_upper(type);
  return known == "DATE" || known.starts_with("TIMESTAMP");
}

// "-0043-03-15T10:00:00" as PostgreSQL and hyperd read it: "0044-03-15 10:00:00 BC".
std::string with_era(std::string_view iso) {
  const bool is_negative = iso.starts_with('-');
  if (is_negative) iso.remove_prefix(1);
  std::int64_t year = 0;
  const auto read = std::from_chars(iso.data(), iso.data() + iso.size(), year);
  const std::string number = std::to_string(year + 1);
  std::string text(4 - std::min<std::size_t>(number.size(), 4), '0');
  text += number + std::string(read.ptr, iso.data() + iso.size()) + " BC";
  std::ranges::replace(text, 'T', ' ');
  return text;
}

bool is_before_christ(const Batch::View& cell) {
  return cell.kind == CellKind::text &&
         (cell.text.starts_with("0000-") || (cell.text.size() > 1 && cell.text[0] == '-' &&
                                             cell.text[1] >= '0' && cell.text[1] <= '9'));
}

// `batch` with its years before Christ as PostgreSQL and hyperd read them.
Batch with_eras(Batch batch, const std::vector<bool>& have_years) {
  bool is_any = false;
  for (std::size_t row = 0; row < batch.rows() && !is_any; ++row)
    for (std::size_t i = 0; i < batch.columns() && !is_any; ++i)
      is_any = have_years[i] && is_before_christ(batch.at(row, i));
  if (!is_any) return batch;
  Batch other(batch.columns());
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    for (std::size_t i = 0; i < batch.columns(); ++i) {
      const Batch::View cell = batch.at(row, i);
      if (have_years[i] && is_before_christ(cell)) {
        other.add(cell.kind, with_era(cell.text));
      } else {
        other.add(cell.kind, cell.text);
      }
    }
  }
  return other;
}

// A reader of the rows that were written to `path` as CSV without a header.
std::string spool_reader(const std::string& path,
                         const std::vector<Column>& columns,
                         std::string_view engine) {
  const std::vector<std::string> names = names_of(columns);
  std::string types;
  std::string made;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const bool are_bytes = is_bytes_type(columns[i].type);
    const std::string type = duckdb_type(engine, columns[i].type);
    const bool is_cast = is_zoned_time_type(type);
    types += (types.empty() ? "" : ", ") + quoted_text(names[i]) + ": " +
             quoted_text(are_bytes || is_cast ? "VARCHAR" : type);
    if (!are_bytes && !is_cast) continue;
    const std::string name = quoted_name(names[i]);
    made += (made.empty() ? "" : ", ") +
            ((are_bytes ? "from_base64(" + name + ")" : zoned_time_of(name)) + " AS " + name);
  }
  const std::string reader =
      "system.main.read_csv(" + quoted_text(path) + ", columns = {" + types +
      "}, auto_detect = false, header = false, delim = ',', quote = '\"', escape = '\"', nullstr = "
      "'', allow_quoted_nulls = false, parallel = false)";
  if (made.empty()) return reader;
  return "(SELECT * REPLACE (" + made + ") FROM " + reader + ")";
}

// Whose files a DuckDB database reads: its own exchange, else the session's scratch's.
Result<std::pair<std::string, bool>> exchange_for(const Target& to) {
  auto own = to.engine->exchange_directory(to.database, to.session);
  if (!own) return std::unexpected(std::move(own.error()));
  if (!own->empty()) return std::pair(std::move(*own), true);
  auto scratch = to.engine->exchange_directory({.alias = "scratch", .location = {}}, to.session);
  if (!scratch) return std::unexpected(std::move(scratch.error()));
  return std::pair(std::move(*scratch), false);
}

std::string create_table(const CopyRequest& request,
                         const std::vector<Column>& columns,
                         const std::string& name,
                         std::string_view verb) {
  const std::vector<std::string> names = names_of(columns);
  std::string list;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string& type = columns[i].type;
    list += (list.empty() ? "" : ", ") + quoted_name(names[i]) + " " +
            (request.to.engine->kind() == "hyper" ? hyper_type(type) : postgres_type(type));
  }
  return std::string(verb) + name + " (" + list + ")";
}

// Fails where two rows of the stage have the same key: which of them would win?
std::string refusal_of_twins(std::string_view engine,
                             const std::string& stage,
                             const std::string& key) {
  // PostgreSQL's index names the key's value.
  if (engine == "postgres") return "CREATE UNIQUE INDEX ON " + stage + " (" + key + ")";
  // Others have no statement that fails but one that fails on a value, whose error shows the value.
  const std::string why = "two rows of the data have the same key; nothing was merged";
  return "SELECT CAST(CASE WHEN count(*) > 0 THEN " + quoted_text(why) +
         " ELSE '0' END AS integer) FROM (SELECT 1 AS one FROM " + stage + " GROUP BY " + key +
         " HAVING count(*) > 1) AS twins";
}

// Has the rows go into a stage first, and from there into the table. Whether rows are updated, too.
Result<bool> stage_merge(const CopyRequest& request, BulkInsert& bulk) {
  const std::string_view engine = request.to.engine->kind();
  const std::string stage = "stage_" + random_hex(8);
  auto plan = statements_of({.table = request.table,
                             .mode = LoadMode::merge,
                             .exists = true,
                             .columns = bulk.columns,
                             .key = request.key,
                             .stage = stage,
                             .is_staged = true});
  if (!plan) return std::unexpected(std::move(plan.error()));
  // hyperd's tables that last are seen by nobody before the commit either, and it has no others.
  const std::string verb = engine == "hyper" ? "CREATE TABLE " : "CREATE TEMPORARY TABLE ";
  bulk.before.push_back({.sql = verb + quoted_name(stage) + " AS SELECT " +
                                quoted_names(bulk.columns) + " FROM " + bulk.table + " LIMIT 0"});
  bulk.table = quoted_name(stage);
  bulk.after.push_back({.sql = refusal_of_twins(engine, bulk.table, quoted_names(request.key))});
  for (std::string& sql : plan->sql) bulk.after.push_back({.sql = std::move(sql)});
  return plan->updated.has_value();
}

}  // namespace

Result<std::vector<Column>> columns_of(Connections& connections,
                                       const Target& target,
                                       const std::string& sql,
                                       const Work& work) {
  auto connection = connections.lease(target, work);
  if (!connection) return std::unexpected(std::move(connection.error()));
  const auto rows = (*connection)->query({.sql = sql}, {.rows = 1}, work);
  if (!rows) return std::unexpected(rows.error());
  return (*rows)->columns();
}

Result<std::optional<TableDetail>> find_table(Connections& connections,
                                              const Target& target,
                                              const TableName& table,
                                              const Work& work) {
  auto connection = connections.lease(target, work);
  if (!connection) return std::unexpected(std::move(connection.error()));
  auto detail = (*connection)->describe(table.quoted(), work);
  if (detail) return std::optional(std::move(*detail));
  if (detail.error().code == Errc::not_found) return std::optional<TableDetail>();
  return std::unexpected(std::move(detail.error()));
}

Result<Copied> Copier::copy(const CopyRequest& request,
                            const Key& key,
                            bool& may_be_done,
                            const Work& work) const {
  CopyRequest whole = request;
  whole.sql = without_semicolon(request.sql);
  if (!is_duckdb(request.to)) return into_other(whole, key, may_be_done, work);
  if (!is_duckdb(request.from)) return into_duckdb(whole, key, may_be_done, work);
  // One statement, found by the parser: it may stand within another one's brackets.
  const auto columns = columns_of(connections_, whole.from, whole.sql, work);
  if (!columns) return std::unexpected(columns.error());
  const std::string relation = whole.from.database.alias == whole.to.database.alias
                                   ? "(\n" + whole.sql + "\n)"
                                   : "hearth_query(" + quoted_text(whole.from.database.alias) +
                                         ", " + quoted_text(whole.sql) + ")";
  return within_duckdb(whole, relation, names_of(*columns), key, may_be_done, work);
}

Result<Copied> Copier::within_duckdb(const CopyRequest& request,
                                     const std::string& relation,
                                     const std::vector<std::string>& columns,
                                     const Key& key,
                                     bool& may_be_done,
                                     const Work& work) const {
  const auto table = find_table(connections_, request.to, request.table, work);
  if (!table) return std::unexpected(table.error());
  // A table that is there is the engine's to refuse, also when it comes meanwhile.
  const auto plan = statements_of({.table = request.table,
                                   .mode = plan_mode(request.mode),
                                   .exists = request.mode != CopyMode::create && table->has_value(),
                                   .sources = {relation},
                                   .columns = columns,
                                   .key = request.key,
                                   .stage = "stage_" + random_hex(8)});
  if (!plan) return std::unexpected(plan.error());
  const auto executed =
      in_transaction(connections_, request.to, key, may_be_done, work, [&](Connection& connection) {
        return connection.execute(as_statements(plan->sql), key, work);
      });
  if (!executed) return std::unexpected(executed.error());
  Copied copied{.added = executed->rows_affected.at(plan->added), .replayed = executed->replayed};
  if (plan->updated) copied.updated = executed->rows_affected.at(*plan->updated);
  return copied;
}

Result<Copied> Copier::into_duckdb(const CopyRequest& request,
                                   const Key& key,
                                   bool& may_be_done,
                                   const Work& work) const {
  const auto directory = exchange_for(request.to);
  if (!directory) return std::unexpected(directory.error());
  auto exchange = Exchange::open(directory->first);
  if (!exchange) return std::unexpected(std::move(exchange.error()));
  auto source = connections_.lease(request.from, work);
  if (!source) return std::unexpected(std::move(source.error()));
  auto rows = (*source)->query({.sql = request.sql}, {.rows = rows_at_once}, work);
  if (!rows) return std::unexpected(std::move(rows.error()));
  const std::vector<Column> columns = (*rows)->columns();
  auto spool = exchange->write(".csv", [&]() -> Result<std::string> {
    const auto batch = (*rows)->next(rows_at_once, bytes_at_once, work);
    if (!batch) return std::unexpected(batch.error());
    std::string piece;
    append_separated(*batch, ',', piece);
    return piece;
  });
  if (!spool) return std::unexpected(std::move(spool.error()));
  std::string relation = spool_reader(*spool, columns, request.from.engine->kind());
  if (!directory->second) {
    relation = "hearth_query('scratch', " + quoted_text("SELECT * FROM " + relation) + ")";
  }
  return within_duckdb(request, relation, names_of(columns), key, may_be_done, work);
}

Result<Copied> Copier::into_other(const CopyRequest& request,
                                  const Key& key,
                                  bool& may_be_done,
                                  const Work& work) const {
  const auto table = find_table(connections_, request.to, request.table, work);
  if (!table) return std::unexpected(table.error());
  const bool exists = table->has_value() && request.mode != CopyMode::create;
  bool updates = false;
  const auto executed = in_transaction(
      connections_, request.to, key, may_be_done, work,
      [&](Connection& connection) -> Result<Executed> {
        auto source = connections_.lease(request.from, work);
        if (!source) return std::unexpected(std::move(source.error()));
        auto rows = (*source)->query({.sql = request.sql}, {.rows = rows_at_once}, work);
        if (!rows) return std::unexpected(std::move(rows.error()));
        const std::vector<Column> columns = (*rows)->columns();
        std::vector<bool> have_years;
        BulkInsert bulk{.before = {},
                        .table = request.table.quoted(),
                        .columns = names_of(columns),
                        .next = [&]() -> Result<Batch> {
                          auto batch = (*rows)->next(rows_at_once, bytes_at_once, work);
                          return batch ? with_eras(std::move(*batch), have_years)
                                       : std::move(batch);
                        }};
        for (const Column& column : columns) {
          bulk.are_bytes.push_back(is_bytes_type(column.type));
          have_years.push_back(has_year(column.type));
        }
        bulk.key = key;
        if (request.mode == CopyMode::replace) {
          bulk.before.push_back({.sql = "DROP TABLE IF EXISTS " + bulk.table});
        }
        if (request.mode == CopyMode::merge && exists) {
          auto staged = stage_merge(request, bulk);
          if (!staged) return std::unexpected(std::move(staged.error()));
          updates = *staged;
        } else if (request.mode == CopyMode::replace || !exists) {
          bulk.before.push_back(
              {.sql = create_table(request, columns, bulk.table, "CREATE TABLE ")});
        }
        return connection.insert(bulk, work);
      });
  if (!executed) return std::unexpected(executed.error());
  Copied copied{.replayed = executed->replayed};
  const auto& counts = executed->rows_affected;
  if (request.mode == CopyMode::merge && exists) {
    // … UPDATE, INSERT, DROP at the end.
    copied.added = counts.at(counts.size() - 2);
    if (updates) copied.updated = counts.at(counts.size() - 3);
  } else {
    copied.added = counts.back();
  }
  return copied;
}

}  // namespace hearth::packs::sql
