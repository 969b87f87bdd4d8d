// From what a person or a model types to an expression of SQLite's full-text search.
//
// Any text is a valid query. Words are separated by blanks, commas and semicolons; "quoted words"
// are a phrase, and so is a word with marks in it (daemon/ping, file_lock.hpp, --no-daemon); word*
// fits every word that begins so. There are no operators: AND, OR, NOT, NEAR, parentheses, colons
// and minus signs are text like any other. Common English words (the, of, how …) are left out
// unless the query has nothing else, or they are part of a phrase.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth::packs::knowledge {

inline constexpr std::size_t most_query_terms = 32;

struct QueryTerm {
  std::vector<std::string> words;  // in this order, side by side
  bool is_prefix = false;          // the last word may go on
};

struct Query {
  std::vector<QueryTerm> terms;  // at least one
  std::size_t left_out = 0;      // terms beyond most_query_terms
};

// `invalid_args` for a text without any letter or digit.
[[nodiscard]] Result<Query> parse_query(std::string_view text);

// Fits entries that hold every term.
[[nodiscard]] std::string match_all(const Query& query);
// Fits entries that hold any word; those that hold every term count twice in the ranking.
[[nodiscard]] std::string match_some(const Query& query);

}  // namespace hearth::packs::knowledge
