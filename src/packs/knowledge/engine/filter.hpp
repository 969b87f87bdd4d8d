// Which entries a search or a list may answer, as SQL and as sets of keys.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/knowledge/engine/entry.hpp"
#include "packs/knowledge/engine/knowledge_store.hpp"
#include "search/hit.hpp"
#include "search/text/gate.hpp"
#include "store/sqlite.hpp"

namespace hearth::packs::knowledge {

// Labels cleaned; `invalid_args` says what is wrong.
[[nodiscard]] Result<Filter> clean_filter(const Filter& filter);

// " AND …" for each part of a cleaned filter on `live e`; its parameters are filter_parameters().
[[nodiscard]] std::string filter_sql(const Filter& filter);
[[nodiscard]] std::vector<std::string> filter_parameters(const Filter& filter);

// A set of entries by their rows' numbers.
class EntrySet final {
 public:
  // `newest` is the greatest number that there is: what a damaged index says beyond is no entry.
  explicit EntrySet(std::int64_t newest) : newest_(newest) {}

  void add(std::int64_t n) {
    if (n < 0 || n > newest_) return;
    const auto word = static_cast<std::size_t>(n) / 64;
    if (word >= words_.size()) words_.resize(word + 1);
    words_[word] |= std::uint64_t{1} << (static_cast<std::size_t>(n) % 64);
  }
  [[nodiscard]] bool contains(std::int64_t n) const {
    const auto word = static_cast<std::size_t>(n) / 64;
    return word < words_.size() && (words_[word] >> (static_cast<std::size_t>(n) % 64) & 1) != 0;
  }
  [[nodiscard]] bool empty() const { return words_.empty(); }

 private:
  const std::int64_t newest_;
  std::vector<std::uint64_t> words_;
};

// A cleaned filter as the two legs take it.
struct KeyFilter {
  search::text::Filter words;                // facets inside the walk, and the rest by key
  std::function<bool(search::Key)> vectors;  // empty: all
  bool is_of_text_index = false;             // the vectors' is as good as the index of words is
  std::int64_t newest = 0;                   // no entry has a greater number
};
// For vectors the facets are looked up in the index of words, of which `texts` is a snapshot; rows
// are read for what is no facet, or while that index is incomplete or damaged.
[[nodiscard]] Result<KeyFilter> key_filter(const KnowledgeStore& store,
                                           store::Database& database,
                                           const Filter& filter,
                                           const search::Snapshot& texts,
                                           bool is_for_vectors);

}  // namespace hearth::packs::knowledge
