// Search over the entries of a store, by words, by vectors, or by both.
//
// Each leg says of each of its hits how sure it is, from 0 to 1, comparable between queries
// (lexical.hpp, semantic.hpp). Together they are as sure as two witnesses who know nothing of each
// other: 1 - (1 - a)(1 - b); where the embedder knows only how words are written, b counts less, as
// it is hardly another witness. What nobody is sure enough of is no hit, so that a query about
// something that is not there finds nothing. Reciprocal rank fusion (Cormack, Clarke & Büttcher
// 2009) orders by the ranks in the legs instead, for models whose scores say little.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "packs/knowledge/engine/entry.hpp"
#include "packs/knowledge/engine/knowledge_store.hpp"
#include "store/sqlite.hpp"

namespace hearth::packs::knowledge {

enum class SearchMode : std::uint8_t { hybrid, words, vectors };
enum class Fusion : std::uint8_t { confidence, ranks };

inline constexpr double default_least_score = 0.15;

struct SearchRequest {
  std::string query;
  std::vector<float> vector;  // of the caller's own model; empty: the query is embedded
  SearchMode mode = SearchMode::hybrid;
  Fusion fusion = Fusion::confidence;
  Filter filter;
  std::int64_t limit = 10;
  std::int64_t offset = 0;
  double least_score = default_least_score;
};

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

// ---- For the engine's own files ---------------------------------------------------------------

struct Candidate {
  std::int64_t n = 0;
  double score = 0;
  std::optional<double> by_words;
  std::optional<double> by_vector;
};
struct Candidates {
  std::vector<Candidate> best_first;  // those that are sure enough
  bool is_all = false;                // there are no others
  bool is_unverified = false;
  std::vector<std::string> degraded;
};
[[nodiscard]] Result<Candidates> find_candidates(KnowledgeStore& store,
                                                 store::Database& reader,
                                                 const SearchRequest& request,
                                                 std::size_t most,
                                                 const std::stop_token& stop);

// Three digits: more are noise that a model pays for.
[[nodiscard]] double rounded(double score);

}  // namespace hearth::packs::knowledge
