// What one thread, and those it starts, may touch of the file system and the network: Landlock.
//
// Landlock (landlock(7)) is per thread and inherited, so each thread of the engine's process gets
// the rights of the database it works for before it opens or reads anything, and DuckDB's own
// threads, which are started while a database is opened, inherit them. Whatever SQL finds to open,
// and through whatever symbolic link, the kernel refuses what is not below these directories.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth::packs::sql::duckdb {

// Below a writable directory: where DuckDB puts what does not fit into memory.
inline constexpr std::string_view spill_directory = "tmp";

struct Confinement {
  std::vector<std::string> readable;  // directories, with all below
  std::vector<std::string> writable;  // the same; files there can be read by those who know names
  std::string start;                  // where relative paths begin; empty: at the root
};

// For good, for the calling thread: nothing outside of these directories is opened, nothing is
// executed, no TCP port is bound or connected. Directories that do not exist are skipped. Where the
// kernel has no Landlock nothing happens; see confinement_notes().
[[nodiscard]] Result<void> confine_this_thread(const Confinement& to);

// Whether the kernel confines files at all.
[[nodiscard]] bool is_confined_by_kernel();
// What this kernel cannot do of it; empty when all is well.
[[nodiscard]] std::vector<std::string> confinement_notes();

}  // namespace hearth::packs::sql::duckdb
