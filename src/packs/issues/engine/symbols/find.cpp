#include "packs/issues/engine/symbols/find.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "base/ascii.hpp"
#include "base/closest.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::size_t most_similar_names = 5;

std::optional<NameMatch> match_of(std::string_view symbol, std::string_view wanted) {
  if (symbol.size() < wanted.size()) return std::nullopt;
  if (symbol == wanted) return NameMatch::exact;
  if (!equals_ignoring_case(symbol.substr(0, wanted.size()), wanted)) return std::nullopt;
  return symbol.size() == wanted.size() ? NameMatch::same_word : NameMatch::prefix;
}

template <typename Match>
std::vector<SymbolHit> hits_where(std::span<const ContextFile> files, const Match& match) {
  std::vector<SymbolHit> hits;
  for (const ContextFile& file : files) {
    for (const Symbol& symbol : file.content.symbols) {
      if (const std::optional<NameMatch> how = match(symbol.name)) {
        hits.push_back({file.content.path, &symbol, *how});
      }
    }
  }
  return hits;
}

// Distances are of lower-case names, so that a wrong case is no error on top.
std::vector<SymbolHit> similar_hits(std::span<const ContextFile> files, std::string_view name) {
  std::set<std::string> names;
  for (const ContextFile& file : files) {
    for (const Symbol& symbol : file.content.symbols) names.insert(ascii_lower(symbol.name));
  }
  const auto near =
      closest_names(ascii_lower(name), {names.begin(), names.end()}, most_similar_names);
  return hits_where(files, [&near](std::string_view symbol) -> std::optional<NameMatch> {
    if (std::ranges::find(near, ascii_lower(symbol)) == near.end()) return std::nullopt;
    return NameMatch::similar;
  });
}

auto rank(const SymbolHit& hit) {
  return std::tuple(hit.match, std::string_view(hit.symbol->name), hit.path,
                    hit.symbol->line_start);
}

}  // namespace

std::string_view name_match_word(NameMatch match) {
  static constexpr std::array<std::string_view, 4> words{"exact", "same_word", "prefix", "similar"};
  return words[static_cast<std::size_t>(std::to_underlying(match))];
}

SymbolHits find_symbols(std::span<const ContextFile> files,
                        std::string_view name,
                        std::size_t limit) {
  if (name.empty()) return {};
  SymbolHits found;
  found.hits =
      hits_where(files, [name](std::string_view symbol) { return match_of(symbol, name); });
  if (found.hits.empty()) found.hits = similar_hits(files, name);
  found.total = found.hits.size();
  const std::size_t kept = std::min(limit, found.total);
  std::ranges::partial_sort(found.hits, found.hits.begin() + static_cast<std::ptrdiff_t>(kept), {},
                            rank);
  found.hits.resize(kept);
  return found;
}

}  // namespace hearth::packs::issues
