// Answers a query from a snapshot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <vector>

#include "base/result.hpp"
#include "search/text/gate.hpp"
#include "search/text/query.hpp"
#include "search/text/top_k.hpp"

namespace hearth::search::text {

struct SearchAnswer {
  std::vector<Hit> hits;  // best first; of equal score, by key
  // The worst of all generations that were asked: `unverified` until their checksums have been
  // read, `damaged` when one contradicts itself or was left out for that.
  Trust trust = Trust::verified;
  std::size_t expansions_left_out = 0;  // terms beyond most_expansions that a prefix stands for
};

// The best `limit` documents after the first `offset`. `cancelled` when stopped.
[[nodiscard]] Result<SearchAnswer> search(const Snapshot& snapshot,
                                          const Query& query,
                                          const Filter& filter,
                                          std::size_t limit,
                                          std::size_t offset = 0,
                                          const std::stop_token& stop = {});

// How many documents fit, all of them counted. `cancelled` when stopped.
[[nodiscard]] Result<std::uint64_t> count(const Snapshot& snapshot,
                                          const Query& query,
                                          const Filter& filter,
                                          const std::stop_token& stop = {});

}  // namespace hearth::search::text
