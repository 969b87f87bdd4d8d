// A query with all that the whole collection knows about it: terms looked up in every part,
// weights by their frequency in all of them, prefixes and misspelt words expanded.
#pragma once

#include <cstdint>
#include <vector>

#include "search/text/query.hpp"
#include "search/text/snapshot.hpp"
#include "search/text/walk.hpp"

namespace hearth::search::text {

struct ResolvedTerm {
  std::vector<TermEntry> entries;  // one for each part; of 0 documents where it is not
  float weight = 0;
  std::uint32_t offset = 0;  // in a phrase
};

struct ResolvedQuery {
  enum class Kind : std::uint8_t { nothing, term, phrase, boolean };
  Kind kind = Kind::nothing;
  std::vector<ResolvedTerm> terms;  // of term and phrase
  std::vector<ResolvedQuery> must;
  std::vector<ResolvedQuery> should;
  std::vector<ResolvedQuery> must_not;
};

struct Resolution {
  ResolvedQuery query;
  std::size_t expansions_left_out = 0;
};

[[nodiscard]] Resolution resolve(const Snapshot& snapshot, const Query& query);

// The way through one part; null where nothing of it fits.
[[nodiscard]] WalkPtr walk_of(const ResolvedQuery& query,
                              std::size_t part,
                              const ScoringContext& context);

}  // namespace hearth::search::text
