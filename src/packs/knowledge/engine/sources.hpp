// Imported files in the tables. The functions that change something run inside a transaction of the
// store's writer.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "packs/knowledge/engine/chunker.hpp"
#include "store/sqlite.hpp"

namespace hearth::packs::knowledge {

struct SourceState {
  std::int64_t mtime_ns = 0;
  std::uint64_t size = 0;
  std::string hash;
};

// What a file is now.
struct SourceFile {
  std::string path;
  SourceState state;
  std::string kind;           // of its entries: "doc", "code"
  std::vector<Chunk> chunks;  // looked at only when the hash differs from the stored one
};

struct EntryCounts {
  std::int64_t added = 0;
  std::int64_t updated = 0;
  std::int64_t removed = 0;
  std::int64_t unchanged = 0;  // of files that changed
  EntryCounts& operator+=(const EntryCounts& other);
};

// The files imported from `path` or below it.
[[nodiscard]] Result<std::unordered_map<std::string, SourceState>> sources_below(
    store::Database& database, const std::string& path);

// Makes the entries of a file equal to its chunks. A chunk whose title and text are as they were
// keeps its entry untouched; one whose title alone is known keeps its entry's id and changes its
// text; what is left over is added or removed.
[[nodiscard]] Result<EntryCounts> write_source(store::Database& database,
                                               const SourceFile& file,
                                               WallTime now);
// Removes a file and its entries. Nothing happens when it is not there.
[[nodiscard]] Result<EntryCounts> remove_source(store::Database& database, const std::string& path);

}  // namespace hearth::packs::knowledge
