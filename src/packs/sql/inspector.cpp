#include "packs/sql/inspector.hpp"

#include <utility>

#include "packs/sql/transfer/sql_text.hpp"

namespace hearth::packs::sql {
namespace {

bool has_order(const std::string& type) {
  return !type.contains('[') && !type.contains('(') ? type != "JSON" && type != "BLOB"
                                                    : type.starts_with("DECIMAL");
}

}  // namespace

Result<FileSummary> inspect_file(Connections& connections,
                                 const Target& scratch,
                                 const LoadFile& file,
                                 const SourceOptions& options,
                                 const Work& work) {
  auto files = LoadSources::open(connections, scratch);
  if (!files) return std::unexpected(std::move(files.error()));
  const auto source = files->prepare(file, options, work);
  if (!source) return std::unexpected(source.error());
  if (auto known = check_types(options, {*source}); !known)
    return std::unexpected(std::move(known.error()));
  const auto reader = source->reader();
  if (!reader) return std::unexpected(reader.error());
  std::string sql = "SELECT count(*)";
  for (const Column& column : source->columns) {
    const std::string name = quoted_name(column.name);
    const bool is_ordered = has_order(column.type);
    sql += ", count(*) - count(" + name + "), approx_count_distinct(" + name + ")";
    for (const char* end : {"min", "max"}) {
      sql += is_ordered ? ", CAST(" + std::string(end) + "(" + name + ") AS VARCHAR)" : ", NULL";
    }
  }
  auto connection = connections.lease(scratch, work);
  if (!connection) return std::unexpected(std::move(connection.error()));
  const auto rows = (*connection)->query({.sql = sql + " FROM " + *reader}, {.rows = 1}, work);
  if (!rows) return std::unexpected(file_error(rows.error(), file.name, source->path));
  const auto batch = (*rows)->next(1, std::size_t{1} << 20, work);
  if (!batch) return std::unexpected(file_error(batch.error(), file.name, source->path));
  FileSummary summary{.kind = source->report.kind, .rows = number_of(batch->at(0, 0).text)};
  const auto text_at = [&](std::size_t at) -> std::optional<std::string> {
    const Batch::View cell = batch->at(0, at);
    if (cell.kind == CellKind::null) return std::nullopt;
    return std::string(cell.text.substr(0, 200));
  };
  for (std::size_t i = 0; i < source->columns.size(); ++i) {
    summary.columns.push_back({.column = source->columns[i],
                               .nulls = number_of(batch->at(0, 1 + 4 * i).text),
                               .least = text_at(3 + 4 * i),
                               .most = text_at(4 + 4 * i),
                               .distinct = number_of(batch->at(0, 2 + 4 * i).text)});
  }
  return summary;
}

}  // namespace hearth::packs::sql
