// What sql_databases, sql_describe, sql_attach and sql_detach take and give, as records of JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "json/record.hpp"
#include "packs/sql/databases.hpp"

namespace hearth::packs::sql::wire {

struct DatabasesRequest {};
BOOST_DESCRIBE_STRUCT(DatabasesRequest, (), ())
json::Notes notes(const DatabasesRequest*);

struct DatabaseAnswer {
  std::string alias;
  std::string engine;
  std::optional<std::string> location;
  bool read_only = false;
};
BOOST_DESCRIBE_STRUCT(DatabaseAnswer, (), (alias, engine, location, read_only))
json::Notes notes(const DatabaseAnswer*);

struct EngineAnswer {
  std::string kind;
  bool running = false;
  std::optional<std::string> version;
  std::optional<std::int64_t> pid;
  std::optional<std::string> problem;
  std::vector<std::string> notes;
};
BOOST_DESCRIBE_STRUCT(EngineAnswer, (), (kind, running, version, pid, problem, notes))
json::Notes notes(const EngineAnswer*);

struct DatabasesAnswer {
  std::vector<DatabaseAnswer> databases;
  std::vector<EngineAnswer> engines;
};
BOOST_DESCRIBE_STRUCT(DatabasesAnswer, (), (databases, engines))
json::Notes notes(const DatabasesAnswer*);

struct AttachRequest {
  std::string alias;
  std::string location;
  std::optional<std::string> engine;
  bool read_only = false;
};
BOOST_DESCRIBE_STRUCT(AttachRequest, (), (alias, location, engine, read_only))
json::Notes notes(const AttachRequest*);

struct AttachAnswer {
  std::string alias;
  std::string engine;
  std::int64_t tables = 0;
};
BOOST_DESCRIBE_STRUCT(AttachAnswer, (), (alias, engine, tables))
json::Notes notes(const AttachAnswer*);

struct DetachRequest {
  std::string alias;
};
BOOST_DESCRIBE_STRUCT(DetachRequest, (), (alias))
json::Notes notes(const DetachRequest*);

struct DetachAnswer {
  std::string alias;
};
BOOST_DESCRIBE_STRUCT(DetachAnswer, (), (alias))
json::Notes notes(const DetachAnswer*);

struct DescribeRequest {
  std::optional<std::string> table;
  std::optional<std::string> database;
};
BOOST_DESCRIBE_STRUCT(DescribeRequest, (), (table, database))
json::Notes notes(const DescribeRequest*);

struct TableAnswer {
  std::string name;
  std::string schema;
  std::string kind;
  std::optional<std::int64_t> rows;
  std::optional<bool> estimated;
  std::optional<std::string> comment;
};
BOOST_DESCRIBE_STRUCT(TableAnswer, (), (name, schema, kind, rows, estimated, comment))
json::Notes notes(const TableAnswer*);

struct ColumnDetailAnswer {
  std::string name;
  std::string type;
  bool nullable = true;
  std::optional<std::string> default_value;
  std::optional<std::string> key;
  std::optional<std::string> comment;
};
BOOST_DESCRIBE_STRUCT(ColumnDetailAnswer, (), (name, type, nullable, default_value, key, comment))
json::Notes notes(const ColumnDetailAnswer*);

struct DescribeAnswer {
  std::vector<TableAnswer> tables;
  std::optional<std::vector<ColumnDetailAnswer>> columns;
  std::optional<std::vector<std::string>> constraints;
  std::optional<std::vector<std::string>> indexes;
  std::optional<std::string> definition;
};
BOOST_DESCRIBE_STRUCT(DescribeAnswer, (), (tables, columns, constraints, indexes, definition))
json::Notes notes(const DescribeAnswer*);

[[nodiscard]] DatabasesAnswer to_answer(
    const std::vector<Attachment>& all,
    const std::vector<std::pair<std::string, EngineStatus>>& engines);
[[nodiscard]] DescribeAnswer to_answer(const std::vector<TableInfo>& tables);
[[nodiscard]] DescribeAnswer to_answer(const TableDetail& detail);

}  // namespace hearth::packs::sql::wire
