// Which entries fit a query, and how sure that is.
//
// Each leg says of each of its hits how sure it is, from 0 to 1, comparable between queries
// (lexical.hpp, semantic.hpp). Together they are as sure as two witnesses who know nothing of each
// other: 1 - (1 - a)(1 - b); where the embedder knows only how words are written, b counts less, as
// it is hardly another witness. What nobody is sure enough of is no hit, so that a query about
// something that is not there finds nothing. Reciprocal rank fusion (Cormack, Clarke & Büttcher
// 2009) orders by the ranks in the legs instead, for models whose scores say little.
//
// Each leg lists its best; what one lists is asked of the other, too, so that a score does not
// depend on how long the lists are. They grow until nothing outside of them could be among what is
// wanted (the threshold algorithm; Fagin, Lotem & Naor 2003).
#pragma once

#include <cstddef>
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
  bool is_text = false;       // the query is a text as it is: nothing in it is an operator
  std::vector<float> vector;  // of the caller's own model; empty: the query is embedded
  SearchMode mode = SearchMode::hybrid;
  Fusion fusion = Fusion::confidence;
  Filter filter;
  std::int64_t limit = 10;
  std::int64_t offset = 0;
  double least_score = default_least_score;
};

struct Candidate {
  std::int64_t n = 0;
  double score = 0;
  std::optional<double> by_words;
  std::optional<double> by_vector;
};
struct Candidates {
  std::vector<Candidate> best_first;  // those that are sure enough: the best `most`, and others
  bool is_all = false;                // there are no others
  bool is_unverified = false;         // the indexes' checksums are still being read
  std::vector<std::string> degraded;  // why there may be fewer than there could be
};
// `reader` is a connection of the store. `invalid_args` for a vector of the wrong length.
[[nodiscard]] Result<Candidates> find_candidates(KnowledgeStore& store,
                                                 store::Database& reader,
                                                 const SearchRequest& request,
                                                 std::size_t most,
                                                 const std::stop_token& stop);

// That an index cannot be trusted is told, and looked after.
void note_trust(KnowledgeStore& store,
                search::Trust trust,
                const char* damaged,
                Candidates& answer);
inline constexpr const char* damaged_text =
    "the index of words is damaged and being made again; hits may be missing";

}  // namespace hearth::packs::knowledge
