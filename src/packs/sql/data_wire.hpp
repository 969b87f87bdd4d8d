// What the tools that move data take and give, as records of JSON: load, inspect_file, export,
// copy, import_status.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "json/record.hpp"
#include "packs/sql/copier.hpp"
#include "packs/sql/exporter.hpp"
#include "packs/sql/imports.hpp"
#include "packs/sql/inspector.hpp"
#include "packs/sql/loader.hpp"
#include "packs/sql/query_wire.hpp"

namespace hearth::packs::sql::wire {

// How a file is read; part of several requests.
struct ReadOptions {
  std::optional<std::string> format;
  std::optional<std::string> encoding;
  std::optional<std::string> delimiter;
  std::optional<std::string> quote;
  std::optional<std::string> escape;
  std::optional<std::string> comment;
  std::optional<bool> header;
  std::optional<std::int64_t> skip_rows;
  std::optional<std::vector<std::string>> null_texts;
  std::optional<std::string> date_format;
  std::optional<std::string> timestamp_format;
  std::optional<std::string> decimal_separator;
  std::optional<std::int64_t> sample_rows;
};
BOOST_DESCRIBE_STRUCT(ReadOptions,
                      (),
                      (format,
                       encoding,
                       delimiter,
                       quote,
                       escape,
                       comment,
                       header,
                       skip_rows,
                       null_texts,
                       date_format,
                       timestamp_format,
                       decimal_separator,
                       sample_rows))
json::Notes notes(const ReadOptions*);

struct LoadRequest {
  std::string table;
  std::optional<std::string> path;
  std::optional<std::vector<std::string>> paths;
  std::optional<json::Raw> data;
  std::string mode = "replace";
  std::optional<std::vector<std::string>> merge_on;
  std::optional<std::string> database;
  std::optional<ReadOptions> read;
  std::optional<json::Raw> types;
  std::optional<std::string> json_path;
  std::optional<std::string> sqlite_table;
  std::string on_error = "fail";
  bool dry_run = false;
  bool background = false;
  std::int64_t timeout = 600;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(LoadRequest,
                      (),
                      (table,
                       path,
                       paths,
                       data,
                       mode,
                       merge_on,
                       database,
                       read,
                       types,
                       json_path,
                       sqlite_table,
                       on_error,
                       dry_run,
                       background,
                       timeout,
                       key))
json::Notes notes(const LoadRequest*);

struct BadRowAnswer {
  std::int64_t line = 0;
  std::optional<std::string> column;
  std::optional<std::string> value;
  std::string problem;
};
BOOST_DESCRIBE_STRUCT(BadRowAnswer, (), (line, column, value, problem))
json::Notes notes(const BadRowAnswer*);

struct FileAnswer {
  std::string name;
  std::string format;
  std::optional<std::string> encoding;
  std::optional<std::int64_t> rows;
  std::int64_t rows_skipped = 0;
  std::vector<BadRowAnswer> bad_rows;
  std::optional<std::string> problem;
};
BOOST_DESCRIBE_STRUCT(FileAnswer,
                      (),
                      (name, format, encoding, rows, rows_skipped, bad_rows, problem))
json::Notes notes(const FileAnswer*);

struct LoadAnswer {
  std::string table;
  std::string database;
  std::optional<std::string> import;
  std::optional<std::int64_t> rows_added;
  std::optional<std::int64_t> rows_updated;
  std::vector<ColumnAnswer> columns;
  std::vector<FileAnswer> files;
  bool dry_run = false;
  std::optional<std::string> durability;
};
BOOST_DESCRIBE_STRUCT(
    LoadAnswer,
    (),
    (table, database, import, rows_added, rows_updated, columns, files, dry_run, durability))
json::Notes notes(const LoadAnswer*);

struct InspectRequest {
  std::string path;
  std::optional<ReadOptions> read;
  std::optional<json::Raw> types;
  std::optional<std::string> json_path;
  std::optional<std::string> sqlite_table;
  std::int64_t timeout = 120;
};
BOOST_DESCRIBE_STRUCT(InspectRequest, (), (path, read, types, json_path, sqlite_table, timeout))
json::Notes notes(const InspectRequest*);

struct ColumnSummaryAnswer {
  std::string name;
  std::string type;
  std::int64_t nulls = 0;
  std::optional<std::string> min;
  std::optional<std::string> max;
  std::int64_t distinct = 0;
};
BOOST_DESCRIBE_STRUCT(ColumnSummaryAnswer, (), (name, type, nulls, min, max, distinct))
json::Notes notes(const ColumnSummaryAnswer*);

struct InspectAnswer {
  std::string format;
  std::optional<std::string> encoding;
  std::int64_t rows = 0;
  std::vector<ColumnSummaryAnswer> columns;
};
BOOST_DESCRIBE_STRUCT(InspectAnswer, (), (format, encoding, rows, columns))
json::Notes notes(const InspectAnswer*);

struct ExportRequest {
  std::string path;
  std::optional<std::string> sql;
  std::optional<std::string> table;
  std::optional<std::string> database;
  std::optional<std::string> format;
  std::optional<std::string> compression;
  bool overwrite = false;
  std::int64_t timeout = 600;
};
BOOST_DESCRIBE_STRUCT(ExportRequest,
                      (),
                      (path, sql, table, database, format, compression, overwrite, timeout))
json::Notes notes(const ExportRequest*);

struct ExportAnswer {
  std::string path;
  std::string format;
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
};
BOOST_DESCRIBE_STRUCT(ExportAnswer, (), (path, format, rows, bytes))
json::Notes notes(const ExportAnswer*);

struct CopyRequest {
  std::string sql;
  std::string table;
  std::optional<std::string> from;
  std::optional<std::string> to;
  std::string mode = "create";
  std::optional<std::vector<std::string>> merge_on;
  std::int64_t timeout = 600;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(CopyRequest, (), (sql, table, from, to, mode, merge_on, timeout, key))
json::Notes notes(const CopyRequest*);

struct CopyAnswer {
  std::string table;
  std::string database;
  std::int64_t rows_added = 0;
  std::optional<std::int64_t> rows_updated;
  std::optional<std::string> durability;
};
BOOST_DESCRIBE_STRUCT(CopyAnswer, (), (table, database, rows_added, rows_updated, durability))
json::Notes notes(const CopyAnswer*);

struct StatusRequest {
  std::optional<std::string> import;
};
BOOST_DESCRIBE_STRUCT(StatusRequest, (), (import))
json::Notes notes(const StatusRequest*);

struct ImportAnswer {
  std::string import;
  std::string table;
  std::string database;
  std::string state;
  std::string started_at;
  std::optional<std::string> finished_at;
  std::optional<double> percent;
  std::optional<json::Raw> result;
  std::optional<std::string> error;
};
BOOST_DESCRIBE_STRUCT(
    ImportAnswer,
    (),
    (import, table, database, state, started_at, finished_at, percent, result, error))
json::Notes notes(const ImportAnswer*);

struct StatusAnswer {
  std::vector<ImportAnswer> imports;
};
BOOST_DESCRIBE_STRUCT(StatusAnswer, (), (imports))
json::Notes notes(const StatusAnswer*);

// `invalid_args` with the path of what is wrong. Files are not looked at.
[[nodiscard]] Result<SourceOptions> to_options(const std::optional<ReadOptions>& read,
                                               const std::optional<json::Raw>& types);
// Data given inline: an array of objects, one object, or a text in `format` (csv unless it begins
// like JSON).
[[nodiscard]] Result<LoadFile> to_inline_file(const json::Raw& data);
[[nodiscard]] LoadAnswer to_answer(const LoadReport& report);
[[nodiscard]] InspectAnswer to_answer(const FileSummary& summary);
[[nodiscard]] StatusAnswer to_answer(const std::vector<Import>& imports);

}  // namespace hearth::packs::sql::wire
