// Tells what is in a file before it is loaded. No JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packs/sql/load_sources.hpp"

namespace hearth::packs::sql {

struct ColumnSummary {
  Column column;
  std::int64_t nulls = 0;
  std::optional<std::string> least;  // as text; nothing when all are NULL, or they have no order
  std::optional<std::string> most;
  std::int64_t distinct = 0;  // about
};
struct FileSummary {
  SourceKind kind;
  std::int64_t rows = 0;
  std::vector<ColumnSummary> columns;
};

// Reads all of it in `scratch`, the session's. Blocks: on the pack's pool. Errors name the file.
[[nodiscard]] Result<FileSummary> inspect_file(Connections& connections,
                                               const Target& scratch,
                                               const LoadFile& file,
                                               const SourceOptions& options,
                                               const Work& work);

}  // namespace hearth::packs::sql
