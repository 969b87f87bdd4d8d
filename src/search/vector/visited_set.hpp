// The nodes that a walk has met: a hash table small enough for the first cache, whatever the size
// of the graph.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "search/vector/metric.hpp"

namespace hearth::search::vector {

class VisitedSet final {
 public:
  VisitedSet() : slots_(smallest, no_node) {}

  void clear() {
    if (size_ != 0) slots_.assign(slots_.size(), no_node);
    size_ = 0;
  }
  // False when it was there.
  [[nodiscard]] bool insert(NodeId node) {
    std::size_t slot = place_of(node);
    while (slots_[slot] != no_node) {
      if (slots_[slot] == node) return false;
      slot = (slot + 1) & (slots_.size() - 1);
    }
    slots_[slot] = node;
    if (++size_ * 2 > slots_.size()) grow();
    return true;
  }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t smallest = 2048;

  // Fibonacci hashing (Knuth, TAOCP 3, §6.4).
  [[nodiscard]] std::size_t place_of(NodeId node) const {
    return (node * 0x9E3779B97F4A7C15ULL >> 32) & (slots_.size() - 1);
  }
  void grow() {
    const std::vector<NodeId> before = std::exchange(slots_, {});
    slots_.assign(before.size() * 2, no_node);
    for (const NodeId node : before) {
      if (node == no_node) continue;
      std::size_t slot = place_of(node);
      while (slots_[slot] != no_node) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = node;
    }
  }

  std::vector<NodeId> slots_;  // open addressing; a power of two
  std::size_t size_ = 0;
};

}  // namespace hearth::search::vector
