// Ranked full-text search over the entries of a store.
//
// Entries that hold every word of the query are the hits. When these are fewer than `enough_hits`,
// entries that hold some of the words are hits too (`match` says which of both happened). Ranked by
// BM25 over title, tags and text (weights 4, 3, 1); an entry that holds every word counts twice.
// A score is comparable within one answer only; it is no probability and has no upper bound.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/knowledge/engine/entry.hpp"
#include "store/sqlite.hpp"

namespace hearth::packs::knowledge {

inline constexpr std::int64_t enough_hits = 10;

struct SearchRequest {
  std::string query;
  Filter filter;
  std::int64_t limit = 10;
  std::int64_t offset = 0;
};

struct Hit {
  std::string id;
  std::string kind;
  std::string title;
  std::string snippet;  // of the text, with the words found between ** and **
  double score = 0;     // positive; higher is better
  std::vector<std::string> tags;
  std::optional<std::string> source;
  std::int64_t updated_ms = 0;
};

enum class Match : std::uint8_t { all_words, some_words };

struct SearchPage {
  std::vector<Hit> hits;
  std::int64_t total = 0;  // exact
  Match match = Match::all_words;
  std::size_t words_left_out = 0;
};

// On a connection of its own: runs in a read transaction, so that total and hits agree.
[[nodiscard]] Result<SearchPage> search_entries(store::Database& database,
                                                const SearchRequest& request);

}  // namespace hearth::packs::knowledge
