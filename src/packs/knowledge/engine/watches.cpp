#include "packs/knowledge/engine/watches.hpp"

#include "packs/knowledge/engine/entries.hpp"

namespace hearth::packs::knowledge {

Result<void> add_watch(store::Database& database, const std::string& path, WallTime now) {
  return database.run("INSERT INTO watches(path, created_ms) VALUES(?, ?) ON CONFLICT DO NOTHING",
                      path, to_ms(now));
}

Result<void> remove_watch(store::Database& database, const std::string& path) {
  return database.run("DELETE FROM watches WHERE path = ?", path);
}

Result<std::vector<std::string>> read_watches(store::Database& database) {
  std::vector<std::string> paths;
  auto rows = database.query("SELECT path FROM watches ORDER BY path");
  while (rows.next()) paths.emplace_back(rows.text(0));
  if (!rows.ok()) return std::unexpected(rows.error());
  return paths;
}

}  // namespace hearth::packs::knowledge
