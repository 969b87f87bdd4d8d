// Answers a query from a snapshot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
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
  std::size_t expansions_left_out = 0;  // terms that a prefix stands for and that were too many
};

// The best `limit` documents after the first `offset`. `cancelled` when stopped.
[[nodiscard]] Result<SearchAnswer> search(const Snapshot& snapshot,
                                          const Query& query,
                                          const Filter& filter,
                                          std::size_t limit,
                                          std::size_t offset = 0,
                                          const std::stop_token& stop = {});

// The score of each of some documents, 0 for those that do not fit. As search() scores them, but
// for the order in which terms are added up.
[[nodiscard]] std::vector<float> scores(const Snapshot& snapshot,
                                        const Query& query,
                                        std::span<const Key> keys);

// Hands over the key of every document that fits, in no order. `cancelled` when stopped.
[[nodiscard]] Result<void> match(const Snapshot& snapshot,
                                 const Query& query,
                                 const std::function<void(Key)>& take,
                                 const std::stop_token& stop = {});

// How many documents fit, all of them counted. `cancelled` when stopped.
[[nodiscard]] Result<std::uint64_t> count(const Snapshot& snapshot,
                                          const Query& query,
                                          const Filter& filter,
                                          const std::stop_token& stop = {});

}  // namespace hearth::search::text
