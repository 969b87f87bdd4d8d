// Search over the entries of a store, by words, by vectors, or by both (candidates.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/knowledge/engine/candidates.hpp"
#include "packs/knowledge/engine/knowledge_store.hpp"
#include "store/sqlite.hpp"

namespace hearth::packs::knowledge {

struct Hit {
  std::int64_t n = 0;
  std::string id;
  std::string kind;
  std::string title;
  std::string snippet;              // of the text, with the words found between ** and **
  double score = 0;                 // 0 … 1
  std::optional<double> by_words;   // the evidence of each leg, 0 … 1
  std::optional<double> by_vector;  //
  std::vector<std::string> tags;
  std::optional<std::string> source;
  bool is_superseded = false;
  std::int64_t updated_ms = 0;
};

struct SearchPage {
  std::vector<Hit> hits;              // best first
  std::optional<std::int64_t> total;  // of all pages; nothing when they were not all looked at
  bool is_more = false;
  bool is_unverified = false;         // the indexes' checksums are still being read
  std::vector<std::string> degraded;  // why the answer may be less than it could be
};

// `reader` is a connection of the store. `invalid_args` for a query without a word or a vector.
[[nodiscard]] Result<SearchPage> search_entries(KnowledgeStore& store,
                                                store::Database& reader,
                                                const SearchRequest& request,
                                                const std::stop_token& stop = {});

// Entries about the same as one of them. `unavailable` without vectors.
struct SimilarRequest {
  std::string id;
  Filter filter;
  std::int64_t limit = 10;
  double least_score = default_least_score;
};
[[nodiscard]] Result<SearchPage> similar_entries(KnowledgeStore& store,
                                                 store::Database& reader,
                                                 const SimilarRequest& request,
                                                 const std::stop_token& stop = {});

// Entries that somebody who types may mean: their titles first. The last word may be unfinished,
// the others misspelt.
[[nodiscard]] Result<SearchPage> suggest_entries(KnowledgeStore& store,
                                                 store::Database& reader,
                                                 const std::string& typed,
                                                 std::int64_t limit,
                                                 const std::stop_token& stop = {});

// Three digits: more are noise that a model pays for.
[[nodiscard]] double rounded(double score);

}  // namespace hearth::packs::knowledge
