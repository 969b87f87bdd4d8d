// Brings files, and texts that stand for files, into a table. No JSON. Blocks: on the pack's pool.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "packs/sql/copier.hpp"
#include "packs/sql/load_sources.hpp"

namespace hearth::packs::sql {

struct LoadRequest {
  TableName table;
  LoadMode mode = LoadMode::replace;
  std::vector<std::string> key;  // of a merge
  std::vector<LoadFile> files;
  SourceOptions options;  // skips_bad_rows: files that cannot be read are left out as well
  bool is_dry_run = false;
};

struct LoadReport {
  std::int64_t added = 0;
  std::int64_t updated = 0;
  std::vector<Column> columns;  // of the files together
  std::vector<FileReport> files;
  bool replayed = false;
};

class Loader final {
 public:
  // `connections` outlives it.
  explicit Loader(Connections& connections) : connections_(connections) {}

  // `scratch` is the session's, which reads files for engines that cannot. Either all is loaded
  // that the report says, or nothing has changed; an error names the files at fault.
  [[nodiscard]] Result<LoadReport> load(const Target& to,
                                        const Target& scratch,
                                        const LoadRequest& request,
                                        const Key& key,
                                        bool& may_be_done,
                                        const Work& work) const;

 private:
  Connections& connections_;
};

}  // namespace hearth::packs::sql
