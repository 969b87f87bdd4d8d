#include "packs/sql/data_wire.hpp"

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "json/json.hpp"

namespace hearth::packs::sql::wire {

using json::defaulted;
using json::Notes;
using json::one_of;
using json::range;

namespace {

constexpr std::int64_t longest_path = 4096;
constexpr std::int64_t longest_name = 600;
constexpr std::int64_t most_files = 1000;
constexpr std::int64_t most_inline_bytes = 6 << 20;
constexpr const char* table_text =
    "Table, name or schema.name; \"quoted\" where a part holds a dot";
constexpr const char* path_text = "File of the project; relative to your working directory";
constexpr const char* read_text = "How to read CSV; what is left out is found out";
constexpr const char* types_text =
    "Types of columns instead of those found, {\"column\": \"VARCHAR\"}";
constexpr const char* json_path_text =
    "Of JSON: where the rows are, \"$.data.items\"; an array, or one object";
constexpr const char* sqlite_table_text =
    "Of a SQLite file: which of its tables, if it has several";
constexpr const char* merge_on_text = "Of merge: the columns that tell rows apart";
constexpr const char* key_text =
    "Your idempotency key: the same call with the same key is applied once within 24 hours; "
    "refused "
    "where none are kept (PostgreSQL, attached DuckDB files)";
constexpr const char* durability_text =
    "Present when the engine has not put it on disk yet: at_checkpoint";
constexpr const char* encoding_text = "How its characters are encoded; of CSV";

json::Limits format_limits() {
  return one_of({"csv", "tsv", "json", "json_lines", "parquet", "sqlite"});
}

std::optional<std::string> encoding_of(const SourceKind& kind) {
  const bool is_text = kind.format == FileFormat::csv || kind.format == FileFormat::tsv;
  if (!is_text) return std::nullopt;
  return std::string(encoding_name(kind.encoding));
}

std::optional<std::string> if_any(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

FileAnswer to_answer(const FileReport& report) {
  FileAnswer answer{.name = report.name,
                    .format = std::string(format_name(report.kind.format)),
                    .encoding = encoding_of(report.kind),
                    .rows = report.rows,
                    .rows_skipped = report.skipped};
  for (const BadRow& row : report.bad_rows) {
    answer.bad_rows.push_back({row.line, if_any(row.column), if_any(row.value), row.problem});
  }
  if (report.problem) answer.problem = report.problem->message;
  return answer;
}

}  // namespace

Notes notes(const ReadOptions*) {
  return {{"format", "If its name and first bytes do not say it", format_limits()},
          {"encoding", "utf-8, latin-1, utf-16le or utf-16be", range(1, 20)},
          {"delimiter", "Between fields", range(1, 4)},
          {"quote", "Around fields; empty: none", range(0, 1)},
          {"escape", "Before a quote within quotes", range(0, 1)},
          {"comment", "Begins lines to leave out", range(0, 1)},
          {"header", "Whether the first line has the names"},
          {"skip_rows", "Lines to leave out at the beginning", range(0, 1'000'000)},
          {"null_texts", "What stands for NULL, [\"NA\", \"\"]", range(0, 50)},
          {"date_format", "Like %d.%m.%Y", range(1, 100)},
          {"timestamp_format", "Like %d.%m.%Y %H:%M", range(1, 100)},
          {"decimal_separator", "\",\" where 1,5 is a number", range(1, 1)},
          {"sample_rows", "Rows that types are found out by; -1: all", range(-1, 10'000'000)}};
}
Notes notes(const LoadRequest*) {
  return {
      {"table", table_text, range(1, longest_name)},
      {"path", path_text, range(1, longest_path)},
      {"paths", "Several files, put together by the names of their columns", range(1, most_files)},
      {"data", "Inline: an array of objects, or a text of CSV or JSON", json::anything},
      {"mode",
       "replace the table, append rows by the names of columns, or merge by key: rows of the "
       "same key are updated, others added",
       one_of({"replace", "append", "merge"}) | defaulted},
      {"merge_on", merge_on_text, range(1, 32)},
      {"database", database_text, range(1, 63)},
      {"read", read_text},
      {"types", types_text},
      {"json_path", json_path_text, range(1, 1000)},
      {"sqlite_table", sqlite_table_text, range(1, longest_name)},
      {"on_error", "fail: nothing is loaded; skip: bad rows and files are left out and reported",
       one_of({"fail", "skip"}) | defaulted},
      {"dry_run", "Read everything, change nothing", defaulted},
      {"background", "Answer at once; sql_import_status tells of the rest", defaulted},
      {"timeout", timeout_text, range(1, most_seconds) | defaulted},
      {"key", key_text, range(1, 200)}};
}
Notes notes(const BadRowAnswer*) {
  return {{"line", "Of the file, from 1"}, {"column", ""}, {"value", ""}, {"problem", ""}};
}
Notes notes(const FileAnswer*) {
  return {{"name", ""},
          {"format", ""},
          {"encoding", encoding_text},
          {"rows", "Of a dry run: how many it holds"},
          {"rows_skipped", "Bad rows that were left out"},
          {"bad_rows", "The first 100 of them"},
          {"problem", "Why it was not loaded"}};
}
Notes notes(const LoadAnswer*) {
  return {{"table", ""},
          {"database", ""},
          {"import", "Ask sql_import_status about it"},
          {"rows_added", ""},
          {"rows_updated", "By a merge"},
          {"columns", "Of the files together, with the types found"},
          {"files", ""},
          {"dry_run", ""},
          {"durability", durability_text}};
}
Notes notes(const InspectRequest*) {
  return {{"path", path_text, range(1, longest_path)},
          {"read", read_text},
          {"types", types_text},
          {"json_path", json_path_text, range(1, 1000)},
          {"sqlite_table", sqlite_table_text, range(1, longest_name)},
          {"timeout", timeout_text, range(1, most_seconds) | defaulted}};
}
Notes notes(const ColumnSummaryAnswer*) {
  return {{"name", ""},
          {"type", "That a load would give it"},
          {"nulls", "Rows without a value"},
          {"min", "As text; absent where values have no order"},
          {"max", ""},
          {"distinct", "Different values, about"}};
}
Notes notes(const InspectAnswer*) {
  return {{"format", ""}, {"encoding", encoding_text}, {"rows", ""}, {"columns", ""}};
}
Notes notes(const ExportRequest*) {
  return {
      {"path", "File of the project to write; its folder is there", range(1, longest_path)},
      {"sql", "One statement that reads", range(1, 1 << 20)},
      {"table", "Instead of sql: all of a table", range(1, longest_name)},
      {"database", database_text, range(1, 63)},
      {"format", "If the name of the file does not say it",
       one_of({"csv", "tsv", "json", "json_lines", "parquet"})},
      {"compression", "If the name of the file does not say it", one_of({"none", "gzip", "zstd"})},
      {"overwrite", "Replace the file if it is there", defaulted},
      {"timeout", timeout_text, range(1, most_seconds) | defaulted}};
}
Notes notes(const ExportAnswer*) {
  return {{"path", "Absolute"}, {"format", ""}, {"rows", ""}, {"bytes", ""}};
}
Notes notes(const CopyRequest*) {
  return {{"sql", "One statement that reads, in the database from", range(1, 1 << 20)},
          {"table", table_text, range(1, longest_name)},
          {"from", database_text, range(1, 63)},
          {"to", "Where the table is; as from", range(1, 63)},
          {"mode", "create fails when the table is there",
           one_of({"create", "append", "replace", "merge"}) | defaulted},
          {"merge_on", merge_on_text, range(1, 32)},
          {"timeout", timeout_text, range(1, most_seconds) | defaulted},
          {"key", key_text, range(1, 200)}};
}
Notes notes(const CopyAnswer*) {
  return {{"table", ""},
          {"database", ""},
          {"rows_added", ""},
          {"rows_updated", "By a merge"},
          {"durability", durability_text}};
}
Notes notes(const StatusRequest*) {
  return {{"import", "Only that one", range(1, 40)}};
}
Notes notes(const ImportAnswer*) {
  return {{"import", ""},
          {"table", ""},
          {"database", ""},
          {"state", "running, done or failed"},
          {"started_at", "UTC, RFC 3339"},
          {"finished_at", ""},
          {"percent", "While it runs, if the engine says"},
          {"result", "What sql_load has answered, or would have"},
          {"error", ""}};
}
Notes notes(const StatusAnswer*) {
  return {{"imports", "The latest first"}};
}

Result<SourceOptions> to_options(const std::optional<ReadOptions>& read,
                                 const std::optional<json::Raw>& types) {
  SourceOptions options;
  if (read) {
    if (read->format) options.format = format_from_name(*read->format);
    if (read->encoding) {
      options.encoding = encoding_from_name(*read->encoding);
      if (!options.encoding) {
        return fail(Errc::invalid_args, "params.read.encoding: " + *read->encoding + " is not read",
                    {"utf-8", "latin-1", "utf-16le", "utf-16be"});
      }
    }
    options.delimiter = read->delimiter;
    options.quote = read->quote;
    options.escape = read->escape;
    options.comment = read->comment;
    options.header = read->header;
    options.skip_rows = read->skip_rows;
    options.null_texts = read->null_texts.value_or(std::vector<std::string>());
    options.date_format = read->date_format;
    options.timestamp_format = read->timestamp_format;
    options.decimal_separator = read->decimal_separator;
    options.sample_rows = read->sample_rows;
  }
  if (!types) return options;
  const auto value = json::parse(types->text);
  if (!value) return std::unexpected(value.error());
  for (const auto& each : value->as_object()) {
    const std::string column(each.key());
    if (!each.value().is_string()) {
      return fail(Errc::invalid_args, "params.types." + column + ": expected a text");
    }
    auto type = checked_type(std::string_view(each.value().get_string()));
    if (!type) return std::unexpected(std::move(type.error()).within("params.types." + column));
    options.types.emplace_back(column, std::move(*type));
  }
  return options;
}

Result<LoadFile> to_inline_file(const json::Raw& data) {
  if (std::cmp_greater(data.text.size(), most_inline_bytes)) {
    return fail(Errc::invalid_args, "params.data: more than 6 MiB",
                {"write it to a file, and give its path"});
  }
  const auto value = json::parse(data.text);
  if (!value) return std::unexpected(value.error());
  if (value->is_string()) return LoadFile{"data", {}, std::string(value->get_string())};
  if (has_lost_digits(*value)) {
    return fail(Errc::invalid_args,
                "params.data: a number beyond 64 bits has lost digits on its way",
                {"give it as a text, \"12345678901234567890123\", or all data as a text of JSON"});
  }
  if (value->is_object()) return LoadFile{"data.jsonl", {}, data.text + "\n"};
  const bool is_rows = value->is_array() && !value->get_array().empty() &&
                       std::ranges::all_of(value->get_array(), [](const json::Value& each) {
                         return each.is_object();
                       });
  if (!is_rows) {
    return fail(Errc::invalid_args,
                "params.data: expected an array of objects, or a text of CSV or JSON");
  }
  std::string lines;
  for (const json::Value& each : value->get_array()) {
    json::append(lines, each);
    lines.push_back('\n');
  }
  return LoadFile{"data.jsonl", {}, std::move(lines)};
}

LoadAnswer to_answer(const LoadReport& report) {
  LoadAnswer answer;
  for (const Column& column : report.columns)
    answer.columns.push_back({column.name, column.type, {}});
  for (const FileReport& file : report.files) answer.files.push_back(to_answer(file));
  return answer;
}

InspectAnswer to_answer(const FileSummary& summary) {
  InspectAnswer answer{.format = std::string(format_name(summary.kind.format)),
                       .encoding = encoding_of(summary.kind),
                       .rows = summary.rows};
  for (const ColumnSummary& each : summary.columns) {
    answer.columns.push_back({.name = each.column.name,
                              .type = each.column.type,
                              .nulls = each.nulls,
                              .min = each.least,
                              .max = each.most,
                              .distinct = each.distinct});
  }
  return answer;
}

StatusAnswer to_answer(const std::vector<Import>& imports) {
  StatusAnswer answer;
  for (const Import& each : imports) {
    ImportAnswer& to = answer.imports.emplace_back();
    to.import = each.id;
    to.table = each.table;
    to.database = each.database;
    to.state = each.state == ImportState::running ? "running"
               : each.state == ImportState::done  ? "done"
                                                  : "failed";
    to.started_at = format_rfc3339(each.started);
    if (each.finished) to.finished_at = format_rfc3339(*each.finished);
    if (each.done) to.percent = *each.done * 100;
    if (!each.result.empty()) to.result = json::Raw{each.result};
    to.error = if_any(each.error);
  }
  return answer;
}

}  // namespace hearth::packs::sql::wire
