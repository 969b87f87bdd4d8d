#include "packs/sql/database_wire.hpp"

#include <utility>

#include "packs/sql/query_wire.hpp"

namespace hearth::packs::sql::wire {

using json::defaulted;
using json::Notes;
using json::range;

namespace {

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

TableAnswer to_table(const TableInfo& table) {
  return {.name = table.name,
          .schema = table.schema,
          .kind = table.kind,
          .rows = table.rows,
          .estimated = table.rows && table.is_estimate ? std::optional(true) : std::nullopt,
          .comment = unless_empty(table.comment)};
}

constexpr const char* alias_text = "Letters, digits and _";

}  // namespace

Notes notes(const DatabasesRequest*) {
  return {};
}
Notes notes(const DatabaseAnswer*) {
  return {{"alias", ""},
          {"engine", ""},
          {"location", "Path or URL of what was attached"},
          {"read_only", ""}};
}
Notes notes(const EngineAnswer*) {
  return {{"kind", ""},
          {"running", "It starts when it is needed"},
          {"version", ""},
          {"pid", "Of the process that hearth runs"},
          {"problem", "Why it cannot run"},
          {"notes", "What is weaker than it should be"}};
}
Notes notes(const DatabasesAnswer*) {
  return {{"databases", ""}, {"engines", ""}};
}
Notes notes(const AttachRequest*) {
  return {{"alias", alias_text, range(1, 63)},
          {"location",
           "A DuckDB file (made if it is not there), or a URL such as postgres://host/database; "
           "never with a password",
           range(1, 4096)},
          {"engine", "Which engine opens it; by default as the location says", range(1, 32)},
          {"read_only", "Nothing can be written to it", defaulted}};
}
Notes notes(const AttachAnswer*) {
  return {{"alias", ""}, {"engine", ""}, {"tables", "Tables and views in it"}};
}
Notes notes(const DetachRequest*) {
  return {{"alias", "As it was attached", range(1, 63)}};
}
Notes notes(const DetachAnswer*) {
  return {{"alias", ""}};
}
Notes notes(const DescribeRequest*) {
  return {{"table", "Name of a table or view; without it all are listed", range(1, 255)},
          {"database", database_text, range(1, 63)}};
}
Notes notes(const TableAnswer*) {
  return {{"name", ""},
          {"schema", ""},
          {"kind", "table or view"},
          {"rows", "How many it has"},
          {"estimated", "Present and true when rows is an estimate"},
          {"comment", ""}};
}
Notes notes(const ColumnDetailAnswer*) {
  return {{"name", ""},
          {"type", ""},
          {"nullable", ""},
          {"default_value", "SQL text"},
          {"key", "primary or unique"},
          {"comment", ""}};
}
Notes notes(const DescribeAnswer*) {
  return {{"tables", "All of the database, or the one that was asked for"},
          {"columns", "Of the one"},
          {"constraints", "SQL texts"},
          {"indexes", "SQL texts"},
          {"definition", "The statement that makes it"}};
}

DatabasesAnswer to_answer(const std::vector<Attachment>& all,
                          const std::vector<std::pair<std::string, EngineStatus>>& engines) {
  DatabasesAnswer answer;
  for (const Attachment& each : all) {
    answer.databases.push_back({.alias = each.database.alias,
                                .engine = each.engine,
                                .location = unless_empty(each.database.location),
                                .read_only = each.database.access == Access::read_only});
  }
  for (const auto& [kind, status] : engines) {
    answer.engines.push_back({.kind = kind,
                              .running = status.is_running,
                              .version = unless_empty(status.version),
                              .pid = status.pid == 0 ? std::nullopt : std::optional(status.pid),
                              .problem = unless_empty(status.problem),
                              .notes = status.notes});
  }
  return answer;
}

DescribeAnswer to_answer(const std::vector<TableInfo>& tables) {
  DescribeAnswer answer;
  for (const TableInfo& each : tables) answer.tables.push_back(to_table(each));
  return answer;
}

DescribeAnswer to_answer(const TableDetail& detail) {
  DescribeAnswer answer;
  answer.tables.push_back(to_table(detail.table));
  auto& columns = answer.columns.emplace();
  for (const ColumnInfo& each : detail.columns) {
    columns.push_back({.name = each.name,
                       .type = each.type,
                       .nullable = each.is_nullable,
                       .default_value = unless_empty(each.default_value),
                       .key = unless_empty(each.key),
                       .comment = unless_empty(each.comment)});
  }
  answer.constraints = detail.constraints;
  answer.indexes = detail.indexes;
  answer.definition = unless_empty(detail.definition);
  return answer;
}

}  // namespace hearth::packs::sql::wire
