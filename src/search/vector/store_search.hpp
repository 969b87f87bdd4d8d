// Searches one store: a walk over codes, then the exact distances of the best that it found.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "search/tombstones.hpp"
#include "search/vector/top_k.hpp"
#include "search/vector/vector_store.hpp"

namespace hearth::search::vector {

struct SearchWidth {
  // How many of the nearest nodes the walk keeps: more find more and take longer. It is that of one
  // generation with all vectors.
  std::size_t walk = 64;
  // How many of these are looked at in full precision; 0: as many as suit the codes.
  std::size_t rerank = 0;
  // Whether to rank them by the full vectors also where codes have a second level. That gives the
  // last bits of the scores, and touches pages that are otherwise not in memory.
  bool is_exact = false;

  // For a generation that has `visible` of `all` vectors: fewer of the nearest are in it, and in a
  // smaller graph they are found sooner.
  [[nodiscard]] SearchWidth of_share(std::uint64_t visible, std::uint64_t all) const {
    SearchWidth share = *this;
    share.walk = walk / 4 + (walk - walk / 4) * visible / std::max<std::uint64_t>(all, 1);
    return share;
  }
};

// A store and what of it may be answered.
struct SearchTarget {
  const VectorStore& store;
  NodeId visible;                    // nodes from here on came later
  const Tombstones& gone;            //
  const NodeSet* allowed = nullptr;  // null: all that are not gone
};

// Larger is nearer, see Hit.
[[nodiscard]] float exact_score(Metric metric, std::span<const float> query, const float* vector);

// Offers the best it finds to `best`, about `limit` of them. `query` has the store's dimensions and
// is normalised for `cosine`.
void search_store(const SearchTarget& target,
                  std::span<const float> query,
                  std::size_t limit,
                  SearchWidth width,
                  TopK& best);

// The score of each of some nodes, as search_store gives it.
void score_nodes(const SearchTarget& target,
                 std::span<const float> query,
                 std::span<const NodeId> nodes,
                 std::span<float> scores);

// All whose score is `least` or more, as far as the walk finds them, appended to `found`.
void search_range(const SearchTarget& target,
                  std::span<const float> query,
                  float least,
                  SearchWidth width,
                  std::vector<Hit>& found);

}  // namespace hearth::search::vector
