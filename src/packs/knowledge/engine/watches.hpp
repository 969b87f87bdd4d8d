// Folders that are imported again when they change. The functions that change something run inside
// a transaction of the store's writer.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "store/sqlite.hpp"

namespace hearth::packs::knowledge {

[[nodiscard]] Result<void> add_watch(store::Database& database,
                                     const std::string& path,
                                     WallTime now);
// Nothing happens when it is not there.
[[nodiscard]] Result<void> remove_watch(store::Database& database, const std::string& path);
[[nodiscard]] Result<std::vector<std::string>> read_watches(store::Database& database);

}  // namespace hearth::packs::knowledge
