// The terms that a prefix or a misspelt word stands for, from the dictionaries of all parts.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "search/text/snapshot.hpp"

namespace hearth::search::text {

inline constexpr std::size_t most_expansions = 128;
// To leave documents out by: one term too few would let some in.
inline constexpr std::size_t most_excluding_expansions = 65'536;

struct Expansion {
  struct Term {
    std::string term;
    float boost = 1;
  };
  std::vector<Term> terms;   // the nearest, and of these the most frequent, first
  std::size_t left_out = 0;  // beyond those asked for
};

[[nodiscard]] Expansion expand_prefix(const Snapshot& snapshot,
                                      std::string_view prefix,
                                      std::size_t most = most_expansions);

// Terms within `edits` of the word (edit_distance.hpp); the nearer count more. A prefix that is too
// far away is passed over with all its terms (Navarro 2001, "A guided tour to approximate string
// matching", on tries).
[[nodiscard]] Expansion expand_fuzzy(const Snapshot& snapshot,
                                     std::string_view term,
                                     unsigned edits,
                                     std::size_t most = most_expansions);

}  // namespace hearth::search::text
