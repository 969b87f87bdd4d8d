// What sql_query, sql_execute, sql_explain and sql_sample take and give, as records of JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "json/record.hpp"
#include "pack/reply.hpp"
#include "packs/sql/runner.hpp"

namespace hearth::packs::sql::wire {

inline constexpr const char* database_text =
    "scratch (this session's own; the default of a bridge), persistent (shared, kept; the default "
    "elsewhere), or an alias of sql_attach";
inline constexpr const char* timeout_text = "Seconds it may take; then it is interrupted";
inline constexpr std::int64_t most_seconds = 3600;

struct QueryRequest {
  std::optional<std::string> sql;
  std::optional<std::string> database;
  std::int64_t limit = 1000;
  std::optional<std::string> cursor;
  std::string format = "rows";
  std::optional<json::Raw> params;
  std::int64_t timeout = 60;
};
BOOST_DESCRIBE_STRUCT(QueryRequest, (), (sql, database, limit, cursor, format, params, timeout))
json::Notes notes(const QueryRequest*);

struct SampleRequest {
  std::string table;
  std::optional<std::string> database;
  std::int64_t rows = 10;
  std::string format = "rows";
};
BOOST_DESCRIBE_STRUCT(SampleRequest, (), (table, database, rows, format))
json::Notes notes(const SampleRequest*);

struct ColumnAnswer {
  std::string name;
  std::string type;
  std::optional<json::Raw> values;
};
BOOST_DESCRIBE_STRUCT(ColumnAnswer, (), (name, type, values))
json::Notes notes(const ColumnAnswer*);

struct QueryAnswer {
  std::vector<ColumnAnswer> columns;
  std::optional<json::Raw> rows;
  std::optional<std::string> text;
  std::int64_t row_count = 0;
  bool truncated = false;
  std::optional<std::string> cursor;
};
BOOST_DESCRIBE_STRUCT(QueryAnswer, (), (columns, rows, text, row_count, truncated, cursor))
json::Notes notes(const QueryAnswer*);

struct ExecuteRequest {
  json::Texts sql;
  std::optional<std::string> database;
  std::optional<json::Raw> params;
  std::int64_t timeout = 60;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(ExecuteRequest, (), (sql, database, params, timeout, key))
json::Notes notes(const ExecuteRequest*);

struct ExecuteAnswer {
  std::vector<std::int64_t> rows_affected;
  std::optional<std::string> durability;
};
BOOST_DESCRIBE_STRUCT(ExecuteAnswer, (), (rows_affected, durability))
json::Notes notes(const ExecuteAnswer*);

struct ExplainRequest {
  std::string sql;
  std::optional<std::string> database;
  bool analyze = false;
  std::optional<json::Raw> params;
  std::int64_t timeout = 60;
};
BOOST_DESCRIBE_STRUCT(ExplainRequest, (), (sql, database, analyze, params, timeout))
json::Notes notes(const ExplainRequest*);

struct ExplainAnswer {
  std::string plan;
};
BOOST_DESCRIBE_STRUCT(ExplainAnswer, (), (plan))
json::Notes notes(const ExplainAnswer*);

// Whether a number within, which a whole one beyond 64 bits may have been, is now rounded: JSON's
// reader keeps 53 bits of it.
[[nodiscard]] bool has_lost_digits(const json::Value& value);
// The values of parameters: an array for $1, $2 …, an object for $name.
[[nodiscard]] Result<std::vector<Parameter>> to_parameters(const std::optional<json::Raw>& params);
[[nodiscard]] std::vector<Statement> to_statements(const json::Texts& sql);
// In the format asked for: rows, columns, markdown, csv.
// `invalid_args` when it is more than an answer can hold: a row is never parted.
[[nodiscard]] Result<pack::Reply> to_reply(const Page& page, const std::string& format);

}  // namespace hearth::packs::sql::wire
