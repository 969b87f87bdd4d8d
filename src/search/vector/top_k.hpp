// The best k of what a search meets.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "search/hit.hpp"

namespace hearth::search::vector {

// The greater the score, the nearer: the cosine, the inner product, or the squared distance with a
// minus before it.
using search::Hit;

// A heap with the worst at its front.
class TopK final {
 public:
  explicit TopK(std::size_t k) : k_(k) { hits_.reserve(std::min<std::size_t>(k, 1024)); }

  // Scores that are no numbers are refused.
  void offer(const Hit& hit) {
    if (k_ == 0 || !(hit.score >= -std::numeric_limits<float>::infinity())) return;
    if (hits_.size() == k_) {
      if (!is_better(hit, hits_.front())) return;
      std::ranges::pop_heap(hits_, is_better);
      hits_.pop_back();
    }
    hits_.push_back(hit);
    std::ranges::push_heap(hits_, is_better);
  }
  // Best first.
  [[nodiscard]] std::vector<Hit> take() {
    std::ranges::sort(hits_, is_better);
    return std::move(hits_);
  }

 private:
  const std::size_t k_;
  std::vector<Hit> hits_;
};

}  // namespace hearth::search::vector
