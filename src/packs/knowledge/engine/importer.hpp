// Brings a store up to date with a folder of files: what is new is added, what changed is changed,
// what is gone goes, and what is as it was is not even read.
//
// Whether a file changed is told by its time and size first and its content then. Each file is
// written in one transaction; an import that was cut off leaves whole files, and a second run
// finishes it. Several imports of one folder at once agree.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>

#include "base/result.hpp"
#include "packs/knowledge/engine/files.hpp"
#include "packs/knowledge/engine/knowledge_store.hpp"
#include "packs/knowledge/engine/sources.hpp"

namespace hearth::packs::knowledge {

struct ImportReport {
  std::string path;            // canonical
  std::int64_t files = 0;      // looked at
  std::int64_t added = 0;      // of these
  std::int64_t updated = 0;    //
  std::int64_t unchanged = 0;  //
  std::int64_t removed = 0;    // imported before, and gone or excluded now
  EntryCounts entries;
  std::map<std::string, std::int64_t, std::less<>> skipped;  // reason → files or folders
  bool is_cut = false;  // there are more than most_files; nothing was removed
};

// Files done, of how many.
using ImportProgress = std::function<void(std::int64_t done, std::int64_t total)>;

// What the engine cannot read by itself.
struct FileReaders {
  // The text of a PDF file; `unsupported` says why it is skipped. Empty: PDF files are.
  std::function<Result<std::string>(const std::string& path, const std::stop_token& stop)> pdf = {};
};

// Blocks: for a pool thread. `path` is canonical and allowed. `cancelled` when `stop` fires; what
// was written by then stays.
[[nodiscard]] Result<ImportReport> import_files(KnowledgeStore& store,
                                                const std::string& path,
                                                const FileReaders& readers,
                                                const std::stop_token& stop,
                                                const ImportProgress& progress);

}  // namespace hearth::packs::knowledge
