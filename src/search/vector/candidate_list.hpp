// The L nearest nodes that a walk has met, nearest first, and which of them it has yet to look
// behind: the list L of DiskANN's GreedySearch.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "search/vector/metric.hpp"

namespace hearth::search::vector {

struct Candidate {
  float distance = 0;
  NodeId node = no_node;
};

class CandidateList final {
 public:
  void reset(std::size_t width) {
    width_ = std::max<std::size_t>(width, 1);
    size_ = 0;
    next_ = 0;
    entries_.resize(width_ + 1);
  }

  // What is not nearer need not be offered.
  [[nodiscard]] float limit() const {
    return size_ < width_ ? std::numeric_limits<float>::infinity() : entries_[size_ - 1].distance;
  }
  // Distances that are no numbers are refused.
  void offer(float distance, NodeId node) {
    if (!(distance < limit())) return;
    std::size_t place = size_;
    for (; place > 0 && entries_[place - 1].distance > distance; --place) {
      entries_[place] = entries_[place - 1];
    }
    entries_[place] = {distance, node};
    size_ = std::min(size_ + 1, width_);
    next_ = std::min(next_, place);
  }

  [[nodiscard]] bool has_next() const { return next_ < size_; }
  // The node that `take_next` would give now.
  [[nodiscard]] NodeId peek_next() const { return entries_[next_].node & ~expanded; }
  // The nearest that has not been given yet.
  [[nodiscard]] Candidate take_next() {
    const Candidate taken = entries_[next_];
    entries_[next_].node |= expanded;
    while (next_ < size_ && (entries_[next_].node & expanded) != 0) ++next_;
    return taken;
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] Candidate operator[](std::size_t i) const {
    return {entries_[i].distance, entries_[i].node & ~expanded};
  }

 private:
  static constexpr NodeId expanded = NodeId{1} << 31;  // in the node's number: most_nodes is less

  std::vector<Candidate> entries_;
  std::size_t width_ = 1;
  std::size_t size_ = 0;
  std::size_t next_ = 0;  // the first that is not expanded
};

}  // namespace hearth::search::vector
