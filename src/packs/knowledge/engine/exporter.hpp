// Everything of a store, page by page, to be written elsewhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/knowledge/engine/edges.hpp"
#include "packs/knowledge/engine/entry.hpp"
#include "store/sqlite.hpp"

namespace hearth::packs::knowledge {

struct ExportedEntry {
  Entry entry;
  std::vector<Edge> edges;  // from it
};
struct ExportPage {
  std::vector<ExportedEntry> entries;  // oldest first
  std::int64_t last = 0;               // give it as `after` for the next page
  bool is_last = true;
};
// In a short read transaction of its own: entries that are written between two pages may be in
// none.
[[nodiscard]] Result<ExportPage> export_page(store::Database& database,
                                             const Filter& filter,
                                             std::int64_t after,
                                             std::int64_t limit);

}  // namespace hearth::packs::knowledge
