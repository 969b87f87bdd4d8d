// Symbols by name, over the files of a repository: a scan, since 100,000 names take a millisecond
// or two and an index would have to follow every change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "packs/issues/engine/issue.hpp"

namespace hearth::packs::issues {

enum class NameMatch : std::uint8_t {
  exact,      // letter for letter
  same_word,  // but for upper and lower case
  prefix,     // begins with it, but for case
  similar,    // a few letters differ; given only where nothing else matches
};
[[nodiscard]] std::string_view name_match_word(NameMatch match);

// Views of what was searched.
struct SymbolHit {
  std::string_view path;
  const Symbol* symbol = nullptr;
  NameMatch match = NameMatch::exact;
};

struct SymbolHits {
  std::vector<SymbolHit> hits;
  std::size_t total = 0;  // also those beyond `limit`
};

// Best match first, then by name, path and line. `name` is not empty.
[[nodiscard]] SymbolHits find_symbols(std::span<const ContextFile> files,
                                      std::string_view name,
                                      std::size_t limit);

}  // namespace hearth::packs::issues
