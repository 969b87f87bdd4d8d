// The best k of what a search meets.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "search/hit.hpp"

namespace hearth::search::text {

using search::Hit;

// A heap with the worst at its front. Of documents with the score of the last place, the first met
// stay.
class TopK final {
 public:
  explicit TopK(std::size_t k) : k_(k) { hits_.reserve(std::min<std::size_t>(k, 1024)); }

  // What does not score more need not be offered.
  [[nodiscard]] float threshold() const {
    return hits_.size() < k_ ? -1.0F : k_ == 0 ? max_score : hits_.front().score;
  }
  void offer(Key key, float score) {
    if (!(score > threshold())) return;
    if (hits_.size() == k_) {
      std::ranges::pop_heap(hits_, is_better);
      hits_.pop_back();
    }
    hits_.push_back({key, score});
    std::ranges::push_heap(hits_, is_better);
  }
  // Best first.
  [[nodiscard]] std::vector<Hit> take() {
    std::ranges::sort(hits_, is_better);
    return std::move(hits_);
  }

 private:
  static constexpr float max_score = 3.4e38F;
  const std::size_t k_;
  std::vector<Hit> hits_;
};

}  // namespace hearth::search::text
