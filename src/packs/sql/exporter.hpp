// Writes what a query gives into a file. No JSON. Blocks: on the pack's pool.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "packs/sql/connections.hpp"
#include "packs/sql/transfer/source.hpp"

namespace hearth::packs::sql {

struct ExportRequest {
  Target from;
  Target scratch;    // the session's, which writes for engines that cannot
  std::string sql;   // one statement that reads
  std::string path;  // where it goes: confined, its folder is there
  FileFormat format = FileFormat::csv;
  Compression compression = Compression::none;
  bool replaces = false;  // a file that is there
};

struct Exported {
  std::int64_t rows = 0;
  std::uint64_t bytes = 0;
};

// The file is there when all of it is, or not at all. A file that is there already is a `conflict`,
// found before the query is run.
[[nodiscard]] Result<Exported> export_rows(Connections& connections,
                                           const ExportRequest& asked,
                                           const Work& work);

// By the ending of its name; nothing when that says nothing.
struct ExportKind {
  FileFormat format = FileFormat::csv;
  Compression compression = Compression::none;
};
[[nodiscard]] std::optional<ExportKind> export_kind(std::string_view path);

}  // namespace hearth::packs::sql
