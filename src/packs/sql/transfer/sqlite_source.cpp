#include "packs/sql/transfer/sqlite_source.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "packs/sql/transfer/rows_text.hpp"
#include "packs/sql/transfer/sql_text.hpp"
#include "store/sqlite.hpp"

namespace hearth::packs::sql {
namespace {

struct SqliteColumn {
  std::string name;
  bool is_bytes = false;
  bool is_text = false;
};

Result<std::string> table_of(store::Database& file, const std::optional<std::string>& asked) {
  std::vector<std::string> names;
  auto rows = file.query(
      "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE "
      "'sqlite!_%' "
      "ESCAPE '!' ORDER BY name");
  while (rows.next()) names.emplace_back(rows.text(0));
  if (!rows.ok()) return std::unexpected(rows.error());
  if (asked && std::ranges::find(names, *asked) != names.end()) return *asked;
  if (!asked && names.size() == 1) return names[0];
  if (names.empty()) return fail(Errc::not_found, "it holds no table");
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return fail(Errc::not_found,
              asked ? "it has no table " + *asked : "it holds several tables: name one",
              {"sqlite_table: one of " + list});
}

// A value of any kind may be in a column of any type.
Result<void> find_bytes(store::Database& file,
                        const std::string& table,
                        std::vector<SqliteColumn>& columns) {
  std::string list;
  for (const SqliteColumn& column : columns)
    list +=
        (list.empty() ? "max(typeof(" : ", max(typeof(") + quoted_name(column.name) + ") = 'blob')";
  auto rows = file.query("SELECT " + list + " FROM " + quoted_name(table));
  if (rows.next()) {
    for (std::size_t i = 0; i < columns.size(); ++i)
      columns[i].is_bytes = columns[i].is_bytes || rows.text(static_cast<int>(i)) == "1";
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return {};
}

// The declared types, by SQLite's own rules of affinity, and bytes where there are any.
Result<std::vector<SqliteColumn>> columns_of(store::Database& file,
                                             const std::string& table,
                                             SqliteRows& to) {
  std::vector<SqliteColumn> columns;
  auto rows = file.query("SELECT name, type FROM pragma_table_info(?)", table);
  while (rows.next()) {
    SqliteColumn column{std::string(rows.text(0))};
    const std::string type = ascii_upper(rows.text(1));
    column.is_bytes = type.contains("BLOB");
    column.is_text = type.contains("CHAR") || type.contains("CLOB") || type.contains("TEXT");
    columns.push_back(std::move(column));
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  if (auto found = find_bytes(file, table, columns); !found)
    return std::unexpected(std::move(found.error()));
  for (const SqliteColumn& column : columns) {
    if (column.is_bytes || column.is_text)
      to.types.emplace_back(column.name, column.is_bytes ? "BLOB" : "VARCHAR");
  }
  return columns;
}

// Bytes as hexadecimal digits, reals with all of their digits.
std::string select_of(const std::vector<SqliteColumn>& columns, const std::string& table) {
  std::string list;
  for (const SqliteColumn& column : columns) {
    const std::string name = quoted_name(column.name);
    list += list.empty() ? "" : ", ";
    list += column.is_bytes ? "CASE WHEN " + name + " IS NULL THEN NULL ELSE hex(" + name + ") END"
                            : "CASE typeof(" + name + ") WHEN 'real' THEN printf('%!.17g', " +
                                  name + ") ELSE " + name + " END";
  }
  return "SELECT " + list + " FROM " + quoted_name(table);
}

// "4142" → "\x41\x42", as DuckDB writes bytes.
std::string escaped_bytes(std::string_view digits) {
  std::string text;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) text.append("\\x").append(digits, i, 2);
  return text;
}

}  // namespace

Result<SqliteRows> read_sqlite(const std::string& path,
                               const std::optional<std::string>& asked,
                               Exchange& exchange,
                               const std::stop_token& stop) {
  auto file = store::Database::open(path, {.mode = store::OpenMode::read_only});
  if (!file) return std::unexpected(std::move(file.error()));
  const store::StopScope scope(*file, stop);
  const auto table = table_of(*file, asked);
  if (!table) return std::unexpected(table.error());
  SqliteRows result;
  const auto columns = columns_of(*file, *table, result);
  if (!columns) return std::unexpected(columns.error());
  auto rows = file->query(select_of(*columns, *table));
  std::vector<Column> header;
  for (const SqliteColumn& column : *columns) header.push_back({column.name, {}});
  bool is_begun = false;
  bool is_done = false;  // asked again, SQLite would begin anew
  auto written = exchange.write(".csv", [&]() -> Result<std::string> {
    std::string piece;
    if (!is_begun) append_separated_header(header, ',', piece);
    is_begun = true;
    while (piece.size() < piece_bytes && !is_done) {
      is_done = !rows.next();
      if (is_done) break;
      Batch row(columns->size());
      for (std::size_t i = 0; i < columns->size(); ++i) {
        const int at = static_cast<int>(i);
        if (rows.is_null(at)) {
          row.add(CellKind::null, {});
        } else if ((*columns)[i].is_bytes) {
          row.add(CellKind::text, escaped_bytes(rows.text(at)));
        } else {
          row.add(CellKind::text, rows.text(at));
        }
      }
      append_separated(row, ',', piece);
    }
    if (!rows.ok()) return std::unexpected(rows.error());
    return piece;
  });
  if (!written) return std::unexpected(std::move(written.error()));
  result.path = std::move(*written);
  return result;
}

}  // namespace hearth::packs::sql
