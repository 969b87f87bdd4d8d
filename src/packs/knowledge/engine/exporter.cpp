#include "packs/knowledge/engine/exporter.hpp"

#include <utility>

#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/filter.hpp"

namespace hearth::packs::knowledge {
namespace {

Result<std::vector<Edge>> edges_from(store::Database& database,
                                     std::int64_t n,
                                     const std::string& id) {
  auto rows = database.query(
      "SELECT x.relation, e.id, x.weight FROM edges x JOIN live e ON e.n = x.target "
      "WHERE x.source = ? ORDER BY x.relation, e.id",
      n);
  std::vector<Edge> edges;
  while (rows.next()) {
    edges.push_back({.source = id,
                     .relation = std::string(rows.text(0)),
                     .target = std::string(rows.text(1)),
                     .weight = rows.real(2),
                     .is_new = false});
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return edges;
}

}  // namespace

Result<ExportPage> export_page(store::Database& database,
                               const Filter& filter,
                               std::int64_t after,
                               std::int64_t limit) {
  const auto clean = clean_filter(filter);
  if (!clean) return std::unexpected(clean.error());
  auto transaction = store::Transaction::begin(database, store::Transaction::Kind::deferred);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  std::vector<std::int64_t> numbers;
  {
    auto rows = database.query("SELECT e.n FROM live e WHERE e.n > CAST(? AS INTEGER)" +
                                   filter_sql(*clean) + " ORDER BY e.n LIMIT ?",
                               std::to_string(after), filter_parameters(*clean), limit + 1);
    while (rows.next()) numbers.push_back(rows.integer(0));
    if (!rows.ok()) return std::unexpected(rows.error());
  }
  ExportPage page;
  page.is_last = static_cast<std::int64_t>(numbers.size()) <= limit;
  if (!page.is_last) numbers.pop_back();
  page.last = numbers.empty() ? after : numbers.back();
  for (const std::int64_t n : numbers) {
    auto stored = load_entry(database, n);
    if (!stored) return std::unexpected(std::move(stored.error()));
    auto edges = edges_from(database, n, stored->entry.id);
    if (!edges) return std::unexpected(std::move(edges.error()));
    page.entries.push_back({std::move(stored->entry), std::move(*edges)});
  }
  return page;
}

}  // namespace hearth::packs::knowledge
