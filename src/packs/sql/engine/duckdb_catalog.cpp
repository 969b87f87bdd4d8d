// What a DuckDB database holds: SocketConnection's tables() and describe().
#include <algorithm>
#include <charconv>

#include "base/closest.hpp"
#include "packs/sql/engine/duckdb_connection.hpp"

namespace hearth::packs::sql::duckdb {
namespace {

// Of the connection's own database, without what hearth keeps there.
constexpr std::string_view ours =
    " database_name = current_database() AND schema_name <> 'hearth_internal' AND NOT internal ";

std::optional<std::int64_t> number_of(const Batch::View& cell) {
  std::int64_t value = 0;
  if (cell.kind == CellKind::null) return std::nullopt;
  std::from_chars(cell.text.data(), cell.text.data() + cell.text.size(), value);
  return value;
}

std::string text_of(const Batch& rows, std::size_t row, std::size_t column) {
  return std::string(rows.at(row, column).text);
}

Parameter text_parameter(std::string text) {
  return {.name = {}, .value = {CellKind::text, std::move(text)}};
}

// "schema.table" or "table", with or without quotes.
std::pair<std::string, std::string> parted(std::string_view name) {
  std::string parts[2];
  std::size_t part = 0;
  bool is_quoted = false;
  for (const char each : name) {
    if (each == '"') {
      is_quoted = !is_quoted;
    } else if (each == '.' && !is_quoted && part == 0) {
      ++part;
    } else {
      parts[part].push_back(each);
    }
  }
  return part == 0 ? std::pair(std::string(), parts[0]) : std::pair(parts[0], parts[1]);
}

}  // namespace

Result<std::vector<TableInfo>> SocketConnection::tables(const Work& work) {
  const std::string where(ours);
  auto rows = rows_of({.sql = "SELECT schema_name, table_name, 'table', estimated_size, "
                              "coalesce(comment, '') FROM system.main.duckdb_tables() WHERE" +
                              where +
                              "UNION ALL SELECT schema_name, view_name, 'view', NULL, "
                              "coalesce(comment, '') FROM system.main.duckdb_views() WHERE" +
                              where + "ORDER BY 1, 2"},
                      work);
  if (!rows) return std::unexpected(std::move(rows.error()));
  std::vector<TableInfo> tables(rows->rows());
  for (std::size_t i = 0; i < tables.size(); ++i) {
    tables[i] = {.schema = text_of(*rows, i, 0),
                 .name = text_of(*rows, i, 1),
                 .kind = text_of(*rows, i, 2),
                 .rows = number_of(rows->at(i, 3)),
                 .is_estimate = true,
                 .comment = text_of(*rows, i, 4)};
  }
  return tables;
}

Error SocketConnection::with_suggestions(Error error, const Work& work) {
  // DuckDB advises to install an extension, which nobody can do here.
  if (const std::size_t advice = error.message.find(" Please try installing");
      advice != std::string::npos) {
    error.message.erase(advice);
    error.code = Errc::unsupported;
    error.suggestions = {
        "bring the file into the project: sql_load reads SQLite, and what else "
        "there is once it is CSV, JSON or Parquet"};
  }
  constexpr std::string_view before = "Table with name ";
  constexpr std::string_view after = " does not exist";
  const std::size_t end = error.message.find(after);
  if (error.code != Errc::not_found || !error.message.starts_with(before) ||
      end == std::string::npos || !is_alive_) {
    return error;
  }
  const std::string missing = error.message.substr(before.size(), end - before.size());
  const auto there = tables(work);
  if (!there) return error;
  std::vector<std::string> names;
  for (const TableInfo& each : *there) names.push_back(each.name);
  // DuckDB guesses among its own tables, too.
  std::erase_if(error.suggestions,
                [](const std::string& each) { return each.starts_with("Did you mean"); });
  std::ranges::move(closest_names(missing, names), std::back_inserter(error.suggestions));
  return error;
}

Result<TableDetail> SocketConnection::describe(const std::string& name, const Work& work) {
  const auto all = tables(work);
  if (!all) return std::unexpected(all.error());
  const auto [schema, table] = parted(name);
  const auto is_it = [&](const TableInfo& each) {
    const auto same = [](const std::string& a, const std::string& b) {
      return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) {
        return std::tolower(x) == std::tolower(y);
      });
    };
    return same(each.name, table) &&
           (schema.empty() ? each.schema == "main" : same(each.schema, schema));
  };
  const auto found = std::ranges::find_if(*all, is_it);
  if (found == all->end()) {
    std::vector<std::string> names;
    for (const TableInfo& each : *all) {
      names.push_back(each.schema == "main" ? each.name : each.schema + "." + each.name);
    }
    return fail(Errc::not_found, "there is no table " + name, closest_names(name, names));
  }
  TableDetail detail;
  detail.table = *found;
  const std::vector<Parameter> which{text_parameter(found->schema), text_parameter(found->name)};
  const auto ask = [&](std::string sql) { return rows_of({std::move(sql), which}, work); };
  const std::string where(
      " WHERE database_name = current_database() AND schema_name = $1 AND "
      "table_name = $2 ");
  auto columns =
      ask("SELECT column_name, data_type, is_nullable, coalesce(column_default, ''), "
          "coalesce(comment, '') FROM system.main.duckdb_columns()" +
          where + "ORDER BY column_index");
  if (!columns) return std::unexpected(std::move(columns.error()));
  for (std::size_t i = 0; i < columns->rows(); ++i) {
    detail.columns.push_back({.name = text_of(*columns, i, 0),
                              .type = text_of(*columns, i, 1),
                              .is_nullable = columns->at(i, 2).text == "true",
                              .default_value = text_of(*columns, i, 3),
                              .key = {},
                              .comment = text_of(*columns, i, 4)});
  }
  auto constraints =
      ask("SELECT constraint_text, constraint_type, constraint_column_names[1], "
          "len(constraint_column_names) FROM system.main.duckdb_constraints()" +
          where + "ORDER BY constraint_index");
  if (!constraints) return std::unexpected(std::move(constraints.error()));
  for (std::size_t i = 0; i < constraints->rows(); ++i) {
    const std::string_view kind = constraints->at(i, 1).text;
    if (kind != "NOT NULL") detail.constraints.push_back(text_of(*constraints, i, 0));
    const bool is_key = kind == "PRIMARY KEY" || kind == "UNIQUE";
    if (!is_key || constraints->at(i, 3).text != "1") continue;
    for (ColumnInfo& each : detail.columns) {
      if (each.name == constraints->at(i, 2).text)
        each.key = kind == "UNIQUE" ? "unique" : "primary";
    }
  }
  auto indexes = ask("SELECT coalesce(sql, index_name) FROM system.main.duckdb_indexes()" + where +
                     "ORDER BY 1");
  if (!indexes) return std::unexpected(std::move(indexes.error()));
  for (std::size_t i = 0; i < indexes->rows(); ++i)
    detail.indexes.push_back(text_of(*indexes, i, 0));
  auto definition = ask(found->kind == "view"
                            ? "SELECT sql FROM system.main.duckdb_views() WHERE database_name = "
                              "current_database() AND schema_name = $1 AND view_name = $2"
                            : "SELECT sql FROM system.main.duckdb_tables()" + where);
  if (!definition) return std::unexpected(std::move(definition.error()));
  if (definition->rows() > 0) detail.definition = text_of(*definition, 0, 0);
  return detail;
}

}  // namespace hearth::packs::sql::duckdb
