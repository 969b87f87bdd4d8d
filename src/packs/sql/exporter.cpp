#include "packs/sql/exporter.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/confined_path.hpp"
#include "base/ids.hpp"
#include "packs/sql/copier.hpp"
#include "packs/sql/transaction.hpp"
#include "packs/sql/transfer/rows_text.hpp"
#include "store/atomic_file.hpp"

namespace hearth::packs::sql {
namespace {

constexpr std::size_t rows_at_once = 4096;
constexpr int most_lives = 3;  // of an engine for one export
constexpr std::size_t bytes_at_once = std::size_t{1} << 20;

std::string copy_options(const ExportRequest& request) {
  std::string options;
  switch (request.format) {
    case FileFormat::csv:
      options = "FORMAT csv, HEADER true";
      break;
    case FileFormat::tsv:
      options = "FORMAT csv, HEADER true, DELIMITER '\t'";
      break;
    case FileFormat::json:
      options = "FORMAT json, ARRAY true";
      break;
    case FileFormat::json_lines:
      options = "FORMAT json";
      break;
    case FileFormat::parquet:
      return request.compression == Compression::zstd ? "FORMAT parquet, COMPRESSION zstd"
                                                      : "FORMAT parquet";
    case FileFormat::sqlite:
      break;
  }
  if (request.compression == Compression::gzip) options += ", COMPRESSION gzip";
  if (request.compression == Compression::zstd) options += ", COMPRESSION zstd";
  return options;
}

// A column as the format can hold it: JSON has no NaN and no infinity, and DuckDB would write a
// HUGEINT, as sums of integers are, into Parquet as a DOUBLE.
std::string as_written(const Column& column, const std::string& name, FileFormat format) {
  const bool is_json = format == FileFormat::json || format == FileFormat::json_lines;
  if (is_json && (column.type == "DOUBLE" || column.type == "FLOAT"))
    return "CASE WHEN isfinite(" + name + ") THEN " + name + " END";
  if (format == FileFormat::parquet && column.type == "HUGEINT")
    return "CAST(" + name + " AS DECIMAL(38,0))";
  return name;
}

// By number, since names may be those of several columns.
std::string as_written(const std::vector<Column>& columns,
                       const std::string& relation,
                       FileFormat format) {
  const std::vector<std::string> names = distinct_names(columns);
  std::string list;
  std::string inner;
  bool is_other = false;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string name = "c" + std::to_string(i);
    const std::string value = as_written(columns[i], name, format);
    is_other = is_other || value != name;
    list += (i == 0 ? "" : ", ") + value + " AS " + quoted_name(names[i]);
    inner += (i == 0 ? "" : ", ") + name;
  }
  if (!is_other) return relation;
  return "SELECT " + list + " FROM (" + relation + ") AS rows(" + inner + ")";
}

Result<Exported> delivered(const std::string& from,
                           const ExportRequest& request,
                           std::int64_t rows) {
  struct ::stat status{};
  if (::stat(from.c_str(), &status) != 0) return fail(Errc::io, "the engine wrote no file");
  if (auto done = deliver(from, request.path, request.replaces); !done) {
    return std::unexpected(std::move(done.error()));
  }
  return Exported{rows, static_cast<std::uint64_t>(status.st_size)};
}

// DuckDB writes into the exchange directory of `writer`, and what is whole goes where it is wanted.
Result<Exported> copy_out(Connections& connections,
                          const Target& writer,
                          const std::string& relation,
                          const ExportRequest& request,
                          const Work& work) {
  auto directory = writer.engine->exchange_directory(writer.database, writer.session);
  if (!directory) return std::unexpected(std::move(directory.error()));
  auto exchange = Exchange::open(*directory);
  if (!exchange) return std::unexpected(std::move(exchange.error()));
  const std::string path = exchange->new_path(".out");
  const Statement statement{
      .sql = "COPY (" + relation + ") TO " + quoted_text(path) + " (" + copy_options(request) + ")",
      .is_trusted = true};
  Target writes = writer;
  writes.database.access = Access::read_write;
  // It changes nothing but a file that nobody else has: what an engine's end leaves open is done
  // again.
  for (int life = 1;; ++life) {
    bool may_be_done = false;
    const auto executed = in_transaction(
        connections, writes, std::nullopt, may_be_done, work, [&](Connection& connection) {
          return connection.execute({statement}, std::nullopt, work);
        });
    if (executed) return delivered(path, request, executed->rows_affected.at(0));
    if (executed.error().code != Errc::outcome_unknown || life == most_lives)
      return std::unexpected(executed.error());
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
}

// Row by row, as lines of text.
Result<Exported> stream_out(Connections& connections,
                            const ExportRequest& request,
                            const Work& work) {
  auto connection = connections.lease(request.from, work);
  if (!connection) return std::unexpected(std::move(connection.error()));
  const auto rows = (*connection)->query({.sql = request.sql}, {.rows = rows_at_once}, work);
  if (!rows) return std::unexpected(rows.error());
  const char separator = request.format == FileFormat::tsv ? '\t' : ',';
  const bool is_json = request.format == FileFormat::json_lines;
  const auto names = distinct_names((*rows)->columns());
  Exported exported;
  auto written = store::replace_file(
      store::system_env(), request.path,
      [&](store::WritableFile& file) -> Result<void> {
        std::string text;
        if (!is_json) append_separated_header((*rows)->columns(), separator, text);
        for (;;) {
          const auto batch = (*rows)->next(rows_at_once, bytes_at_once, work);
          if (!batch) return std::unexpected(batch.error());
          if (is_json) {
            append_json_lines(names, *batch, text);
          } else {
            append_separated(*batch, separator, text);
          }
          if (auto done = file.append(text); !done) return done;
          exported.bytes += text.size();
          exported.rows += static_cast<std::int64_t>(batch->rows());
          text.clear();
          if (batch->rows() == 0) return {};
        }
      },
      0644);
  if (!written) return std::unexpected(std::move(written.error()));
  return exported;
}

// By way of a table of the session's scratch database, which DuckDB then writes.
Result<Exported> by_way_of_scratch(Connections& connections,
                                   const ExportRequest& request,
                                   const Work& work) {
  const TableName table{{}, "export_" + random_hex(8)};
  Target scratch = request.scratch;
  scratch.database.access = Access::read_write;
  bool may_be_done = false;
  const auto copied =
      Copier(connections)
          .copy({.from = request.from, .sql = request.sql, .to = scratch, .table = table},
                {"once:" + random_hex(16), "export"}, may_be_done, work);
  if (!copied) return std::unexpected(copied.error());
  const std::string all = "SELECT * FROM " + table.quoted();
  const auto columns = columns_of(connections, scratch, all, work);
  auto exported = columns ? copy_out(connections, scratch,
                                     as_written(*columns, all, request.format), request, work)
                          : Result<Exported>(std::unexpected(columns.error()));
  const Work last{};  // also when the export was cancelled
  (void)in_transaction(
      connections, scratch, std::nullopt, may_be_done, last, [&](Connection& connection) {
        return connection.execute({{.sql = "DROP TABLE " + table.quoted()}}, std::nullopt, last);
      });
  return exported;
}

}  // namespace

std::optional<ExportKind> export_kind(std::string_view path) {
  ExportKind kind;
  for (const auto& [ending, compression] :
       {std::pair<std::string_view, Compression>{".gz", Compression::gzip},
        std::pair<std::string_view, Compression>{".zst", Compression::zstd}}) {
    if (!path.ends_with(ending)) continue;
    path.remove_suffix(ending.size());
    kind.compression = compression;
  }
  for (const auto& [ending, format] :
       {std::pair<std::string_view, FileFormat>{".csv", FileFormat::csv},
        std::pair<std::string_view, FileFormat>{".tsv", FileFormat::tsv},
        std::pair<std::string_view, FileFormat>{".json", FileFormat::json},
        std::pair<std::string_view, FileFormat>{".jsonl", FileFormat::json_lines},
        std::pair<std::string_view, FileFormat>{".ndjson", FileFormat::json_lines},
        std::pair<std::string_view, FileFormat>{".parquet", FileFormat::parquet}}) {
    if (!path.ends_with(ending)) continue;
    kind.format = format;
    return kind;
  }
  return std::nullopt;
}

Result<Exported> export_rows(Connections& connections,
                             const ExportRequest& asked,
                             const Work& work) {
  ExportRequest request = asked;
  request.sql = without_semicolon(asked.sql);
  if (request.format == FileFormat::sqlite) {
    return fail(Errc::unsupported, "SQLite files are read, not written",
                {"export as Parquet or CSV"});
  }
  if (auto may = check_is_new(request.path, request.replaces); !may)
    return std::unexpected(std::move(may.error()));
  // One statement that reads, found by the parser: it may stand within another one's brackets.
  const auto columns = columns_of(connections, request.from, request.sql, work);
  if (!columns) return std::unexpected(columns.error());
  if (request.from.engine->kind() == "duckdb") {
    const auto own =
        request.from.engine->exchange_directory(request.from.database, request.from.session);
    if (!own) return std::unexpected(own.error());
    const std::string relation = own->empty() ? "SELECT * FROM hearth_query(" +
                                                    quoted_text(request.from.database.alias) +
                                                    ", " + quoted_text(request.sql) + ")"
                                              : "\n" + request.sql + "\n";
    return copy_out(connections, own->empty() ? request.scratch : request.from,
                    as_written(*columns, relation, request.format), request, work);
  }
  const bool is_plain_text = request.compression == Compression::none &&
                             request.format != FileFormat::parquet &&
                             request.format != FileFormat::json;
  return is_plain_text ? stream_out(connections, request, work)
                       : by_way_of_scratch(connections, request, work);
}

}  // namespace hearth::packs::sql
