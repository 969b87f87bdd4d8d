#include "packs/knowledge/engine/context.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/search.hpp"

namespace hearth::packs::knowledge {
namespace {

constexpr std::size_t most_dropped_shown = 50;
constexpr std::int64_t most_reached = 500;
// What is left of how sure an entry is, a hop on.
constexpr double left_by_a_hop = 0.5;
// A text of which less fits is dropped rather than cut.
constexpr std::int64_t least_useful_characters = 200;

struct Found {
  std::int64_t n = 0;
  ContextEntry entry;  // without the entry itself
};

Result<std::vector<Found>> find_roots(KnowledgeStore& store,
                                      store::Database& reader,
                                      const ContextRequest& request,
                                      const std::stop_token& stop,
                                      Context& context) {
  std::vector<Found> roots;
  for (const std::string& name : request.roots) {
    const auto stored = find_stored(reader, name);
    if (!stored) return std::unexpected(stored.error());
    roots.push_back({.n = stored->n, .entry = {.entry = {}, .score = 1}});
  }
  if (request.query.empty()) return roots;
  SearchRequest search;
  search.query = request.query;
  search.filter = request.filter;
  search.filter.with_superseded = false;
  auto found =
      find_candidates(store, reader, search, static_cast<std::size_t>(request.most_entries), stop);
  if (!found) return std::unexpected(std::move(found.error()));
  context.degraded = std::move(found->degraded);
  context.is_unverified = found->is_unverified;
  for (const Candidate& each : found->best_first) {
    if (static_cast<std::int64_t>(roots.size()) >= request.most_entries) break;
    const bool is_known =
        std::ranges::any_of(roots, [&](const Found& root) { return root.n == each.n; });
    if (!is_known) roots.push_back({.n = each.n, .entry = {.entry = {}, .score = each.score}});
  }
  return roots;
}

// The roots and what is around them, surest first.
Result<std::vector<Found>> spread(store::Database& reader,
                                  const std::vector<Found>& roots,
                                  std::int64_t hops,
                                  const std::stop_token& stop,
                                  Context& context) {
  std::unordered_map<std::int64_t, Found> best;
  for (const Found& root : roots) best.emplace(root.n, root);
  for (const Found& root : roots) {
    if (hops == 0) break;
    const auto stored = load_entry(reader, root.n);
    if (!stored) continue;  // gone since
    auto reached = traverse(reader, {stored->entry.id}, {}, hops, most_reached, stop);
    if (!reached) return std::unexpected(std::move(reached.error()));
    context.is_more |= reached->is_more;
    for (const Reached& each : reached->reached) {
      if (each.depth == 0) continue;
      Found found{.n = each.n,
                  .entry = {.entry = {},
                            .score = root.entry.score *
                                     std::pow(left_by_a_hop, static_cast<double>(each.depth)),
                            .depth = each.depth,
                            .from = each.from,
                            .relation = each.relation,
                            .is_outgoing = each.is_outgoing}};
      const auto [slot, is_new] = best.emplace(each.n, found);
      if (!is_new && slot->second.entry.score < found.entry.score) slot->second = std::move(found);
    }
  }
  std::vector<Found> all;
  for (auto& [n, found] : best) all.push_back(std::move(found));
  std::ranges::sort(all, [](const Found& a, const Found& b) {
    return a.entry.score != b.entry.score ? a.entry.score > b.entry.score : a.n < b.n;
  });
  return all;
}

}  // namespace

Result<Context> gather_context(KnowledgeStore& store,
                               store::Database& reader,
                               const ContextRequest& request,
                               const std::stop_token& stop) {
  if (request.query.empty() && request.roots.empty()) {
    return fail(Errc::invalid_args, "give a query, or ids of entries to begin with");
  }
  Context context;
  auto roots = find_roots(store, reader, request, stop, context);
  if (!roots) return std::unexpected(std::move(roots.error()));
  auto all = spread(reader, *roots, request.hops, stop, context);
  if (!all) return std::unexpected(std::move(all.error()));
  for (Found& found : *all) {
    auto stored = load_entry(reader, found.n);
    if (!stored && stored.error().code == Errc::not_found) continue;  // gone since
    if (!stored) return std::unexpected(std::move(stored.error()));
    if (stored->entry.deleted_ms) continue;
    ContextEntry& entry = found.entry;
    entry.entry = std::move(stored->entry);
    const std::int64_t title = characters_of(entry.entry.title);
    const std::int64_t text = characters_of(entry.entry.text);
    const std::int64_t room = request.most_characters - context.characters - title;
    const bool is_full = static_cast<std::int64_t>(context.entries.size()) >= request.most_entries;
    if (is_full || room < std::min(text, least_useful_characters)) {
      ++context.dropped_count;
      if (context.dropped.size() < most_dropped_shown) {
        context.dropped.push_back({entry.entry.id, entry.entry.title, entry.entry.kind});
      }
      continue;
    }
    if (text > room) {
      entry.entry.text = std::string(first_characters(entry.entry.text, room));
      entry.is_cut = true;
    }
    context.characters += title + std::min(text, room);
    context.entries.push_back(std::move(entry));
  }
  return context;
}

}  // namespace hearth::packs::knowledge
