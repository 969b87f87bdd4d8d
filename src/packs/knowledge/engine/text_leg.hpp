// The text index of a store: titles, tags and texts, to be searched by words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "packs/knowledge/engine/stored_leg.hpp"
#include "search/text/index.hpp"

namespace hearth::packs::knowledge {

// What entries can be filtered by inside the walk: exact strings (search/text/segment_builder.hpp).
[[nodiscard]] std::string kind_facet(std::string_view kind);
[[nodiscard]] std::string tag_facet(std::string_view tag);
[[nodiscard]] std::string memory_facet(std::string_view memory);

// How its words are brought to their stems: queries and snippets need the same.
inline constexpr search::text::Stemming stemming = search::text::Stemming::english;

struct ByWords {
  using Index = search::text::Index;
  static constexpr std::string_view name = "text";
  static constexpr bool wants_vectors = false;
  static constexpr std::uint64_t most_uncovered = 1024;

  // Of title, tags and text. Other weights make another index.
  [[nodiscard]] static search::text::Schema schema() {
    return {.weights = {4, 3, 1}, .stemming = stemming};
  }
  [[nodiscard]] static Result<void> put(Index& index, const IndexedEntry& entry);
  [[nodiscard]] static Result<void> commit(Index& index, std::uint64_t sequence) {
    return index.commit(sequence);
  }
};

using TextLeg = StoredLeg<ByWords>;

}  // namespace hearth::packs::knowledge
