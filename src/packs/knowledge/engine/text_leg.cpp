#include "packs/knowledge/engine/text_leg.hpp"

#include <array>
#include <vector>

#include "packs/knowledge/engine/rows.hpp"

namespace hearth::packs::knowledge {

std::string kind_facet(std::string_view kind) {
  return "kind:" + std::string(kind);
}

std::string tag_facet(std::string_view tag) {
  return "tag:" + std::string(tag);
}

std::string memory_facet(std::string_view memory) {
  return "memory:" + std::string(memory);
}

Result<void> ByWords::put(Index& index, const IndexedEntry& entry) {
  std::vector<std::string> facets{kind_facet(entry.kind)};
  if (entry.memory) facets.push_back(memory_facet(*entry.memory));
  for (const std::string& tag : entry.tags) facets.push_back(tag_facet(tag));
  const std::string tags = join_tags(entry.tags);
  const std::array<std::string_view, 3> fields{entry.title, tags, entry.text};
  const std::vector<std::string_view> facet_views(facets.begin(), facets.end());
  return index.put(
      {.key = static_cast<search::Key>(entry.n), .fields = fields, .facets = facet_views});
}

}  // namespace hearth::packs::knowledge
