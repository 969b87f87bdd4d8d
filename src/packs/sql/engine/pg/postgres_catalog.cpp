// What a connection asks the server's catalog: types, tables, columns.
#include <algorithm>
#include <charconv>
#include <ranges>
#include <utility>

#include "base/closest.hpp"
#include "packs/sql/engine/pg/postgres_connection.hpp"
#include "packs/sql/engine/pg/sql_text.hpp"

namespace hearth::packs::sql::pg {
namespace {

constexpr int deepest_type = 8;  // arrays of composites of arrays …

template <typename Number>
Number number_of(std::string_view text) {
  Number number = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string text_of(const Answer& answer, int row, int column) {
  return answer.is_null(row, column) ? "" : std::string(answer.text(row, column));
}

// Without what belongs to the server. A relation that was never analysed has -1 rows.
constexpr const char* list_tables = R"(
  SELECT n.nspname, c.relname,
         CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                        WHEN 'f' THEN 'foreign table' ELSE 'table' END,
         CASE WHEN c.relkind <> 'v' AND c.reltuples >= 0 THEN c.reltuples::bigint END,
         pg_catalog.obj_description(c.oid, 'pg_class'), c.oid
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE 'pg\_%'
    AND n.nspname NOT IN ('information_schema', 'crdb_internal'))";

TableInfo table_of(const Answer& answer, int row) {
  TableInfo table;
  table.schema = text_of(answer, row, 0);
  table.name = text_of(answer, row, 1);
  table.kind = text_of(answer, row, 2);
  if (!answer.is_null(row, 3)) table.rows = number_of<std::int64_t>(answer.text(row, 3));
  table.is_estimate = table.rows.has_value();
  table.comment = text_of(answer, row, 4);
  return table;
}

}  // namespace

// ---- Types ------------------------------------------------------------------------------------

Result<void> PostgresConnection::learn_types(const Answer& description, const Work& work) {
  std::set<Oid> unknown;
  for (int i = 0; i < description.columns(); ++i) {
    if (types_.find(description.type(i)) == nullptr) unknown.insert(description.type(i));
  }
  for (int depth = 0; !unknown.empty() && depth < deepest_type; ++depth) {
    auto further = learn(unknown, work);
    if (!further) return std::unexpected(std::move(further.error()));
    unknown = std::move(*further);
  }
  return {};
}

// Returns those that these are made of and that are not known either.
Result<std::set<Oid>> PostgresConnection::learn(const std::set<Oid>& unknown, const Work& work) {
  std::string list = "{";
  for (const Oid oid : unknown) list += (list.size() > 1 ? "," : "") + std::to_string(oid);
  auto answer = link_->run(
      "SELECT oid, pg_catalog.format_type(oid, NULL), typtype, typelem, typrelid, typdelim,"
      " typbasetype, typlen FROM pg_catalog.pg_type WHERE oid = ANY($1::oid[])",
      {list + "}"}, work);
  if (!answer) return std::unexpected(std::move(answer.error()));
  std::set<Oid> further;
  for (int row = 0; row < answer->rows(); ++row) {
    Type type{.name = text_of(*answer, row, 1), .fields = {}};
    const char kind = answer->text(row, 2).front();
    const auto element = number_of<Oid>(answer->text(row, 3));
    if (element != 0 && answer->text(row, 7) == "-1") {
      type.shape = Shape::array;
      type.element = element;
      type.delimiter = answer->text(row, 5).front();
      further.insert(element);
    } else if (kind == 'c') {
      auto fields = fields_of(text_of(*answer, row, 4), work);
      if (!fields) return std::unexpected(std::move(fields.error()));
      type.shape = Shape::composite;
      type.fields = std::move(*fields);
      for (const Type::Field& field : type.fields) further.insert(field.type);
    } else if (const Type* base = types_.find(number_of<Oid>(answer->text(row, 6)));
               kind == 'd' && base != nullptr) {
      const std::string name = std::exchange(type, *base).name;
      type.name = name;
    }
    types_.add(number_of<Oid>(answer->text(row, 0)), std::move(type));
  }
  std::erase_if(further, [&](Oid oid) { return types_.find(oid) != nullptr; });
  return further;
}

Result<std::vector<Type::Field>> PostgresConnection::fields_of(const std::string& relation,
                                                               const Work& work) {
  auto answer = link_->run(
      "SELECT attname, atttypid FROM pg_catalog.pg_attribute"
      " WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
      {relation}, work);
  if (!answer) return std::unexpected(std::move(answer.error()));
  std::vector<Type::Field> fields;
  for (int row = 0; row < answer->rows(); ++row)
    fields.push_back({text_of(*answer, row, 0), number_of<Oid>(answer->text(row, 1))});
  return fields;
}

// ---- Tables -----------------------------------------------------------------------------------

Result<std::vector<TableInfo>> PostgresConnection::tables(const Work& work) {
  auto answer = link_->run(std::string(list_tables) + " ORDER BY 1, 2", {}, work);
  if (!answer) return std::unexpected(std::move(answer.error()));
  std::vector<TableInfo> tables;
  for (int row = 0; row < answer->rows(); ++row) tables.push_back(table_of(*answer, row));
  return tables;
}

Result<TableDetail> PostgresConnection::describe(const std::string& name, const Work& work) {
  // As SQL reads it (folded, along the search path), else spelled exactly so.
  auto answer = link_->run(std::string(list_tables) +
                               " AND (c.oid = pg_catalog.to_regclass($1) OR c.relname = $2)"
                               " ORDER BY (c.oid = pg_catalog.to_regclass($1)) DESC NULLS LAST, 1",
                           {name, name}, work);
  if (!answer && link_->is_alive() && link_->sqlstate() != "57014")  // "a..b" is no name at all
    answer = link_->run(std::string(list_tables) + " AND c.relname = $1", {name}, work);
  if (!answer) return std::unexpected(std::move(answer.error()));
  if (answer->rows() == 0) {
    std::vector<std::string> names;
    if (const auto known = tables(work)) {
      for (const TableInfo& table : *known) {
        names.push_back(table.name);
        if (table.schema != "public") names.push_back(table.schema + "." + table.name);
      }
    }
    std::vector<std::string> suggestions;
    for (const std::string& close : closest_names(name, names))
      suggestions.push_back("did you mean " + close + "?");
    return fail(Errc::not_found, "there is no table or view " + name, std::move(suggestions));
  }
  TableDetail detail;
  detail.table = table_of(*answer, 0);
  const std::string oid = text_of(*answer, 0, 5);
  if (auto described = describe_columns(detail, oid, work); !described)
    return std::unexpected(std::move(described.error()));
  auto constraints = texts(
      "SELECT 'CONSTRAINT ' || pg_catalog.quote_ident(conname) || ' ' ||"
      " pg_catalog.pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint"
      " WHERE conrelid = $1::oid ORDER BY conname",
      oid, work);
  if (!constraints) return std::unexpected(std::move(constraints.error()));
  detail.constraints = std::move(*constraints);
  auto indexes = texts(
      "SELECT pg_catalog.pg_get_indexdef(indexrelid) FROM pg_catalog.pg_index"
      " WHERE indrelid = $1::oid ORDER BY 1",
      oid, work);
  if (!indexes) return std::unexpected(std::move(indexes.error()));
  detail.indexes = std::move(*indexes);
  if (!detail.table.kind.ends_with("view")) return detail;
  auto view = texts("SELECT pg_catalog.pg_get_viewdef($1::oid)", oid, work);
  if (!view) return std::unexpected(std::move(view.error()));
  if (!view->empty()) detail.definition = std::move(view->front());
  return detail;
}

Result<void> PostgresConnection::describe_columns(TableDetail& detail,
                                                  const std::string& oid,
                                                  const Work& work) {
  auto answer = link_->run(
      "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,"
      " pg_catalog.pg_get_expr(d.adbin, d.adrelid), pg_catalog.col_description(a.attrelid, "
      "a.attnum),"
      " EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary"
      "         AND a.attnum = ANY(i.indkey)),"
      " EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique"
      "         AND i.indnatts = 1 AND a.attnum = ANY(i.indkey))"
      " FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d"
      " ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
      " WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
      {oid}, work);
  if (!answer) return std::unexpected(std::move(answer.error()));
  for (int row = 0; row < answer->rows(); ++row) {
    ColumnInfo column;
    column.name = text_of(*answer, row, 0);
    column.type = text_of(*answer, row, 1);
    column.is_nullable = answer->text(row, 2) == "f";
    column.default_value = text_of(*answer, row, 3);
    column.comment = text_of(*answer, row, 4);
    if (answer->text(row, 5) == "t") {
      column.key = "primary";
    } else if (answer->text(row, 6) == "t") {
      column.key = "unique";
    }
    detail.columns.push_back(std::move(column));
  }
  return {};
}

Result<std::vector<std::string>> PostgresConnection::texts(const char* sql,
                                                           const std::string& oid,
                                                           const Work& work) {
  auto answer = link_->run(sql, {oid}, work);
  if (!answer) return std::unexpected(std::move(answer.error()));
  std::vector<std::string> texts;
  for (int row = 0; row < answer->rows(); ++row) texts.push_back(text_of(*answer, row, 0));
  return texts;
}

}  // namespace hearth::packs::sql::pg
