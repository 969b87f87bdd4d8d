// Vectors that came since the last generation was written. They have no graph: searches look at the
// 8-bit codes of all of them, side by side, which takes 15 µs for a thousand of 384 dimensions. So
// an insert costs a copy and a code, and graphs are built by merges, for many at once, on threads
// that nobody waits for. (FreshDiskANN, Singh et al. 2021, keeps a graph here; an insert then costs
// a walk.)
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/guarded.hpp"
#include "search/vector/vector_store.hpp"

namespace hearth::search::vector {

// `insert` is the writer's. Everything else may be called meanwhile, for nodes of which the caller
// has heard through its snapshot; what `find` gives may be newer than that.
class Delta final : public VectorStore {
 public:
  Delta(Space space, NodeId capacity);

  [[nodiscard]] bool is_full() const { return count() == capacity(); }
  // Copies the vector. Not when full.
  void insert(Key key, std::span<const float> vector);

  [[nodiscard]] NodeId count() const override { return nodes_.load(std::memory_order_relaxed); }
  [[nodiscard]] NodeId capacity() const override { return static_cast<NodeId>(keys_.size()); }
  [[nodiscard]] const Generation* backing() const override { return nullptr; }
  [[nodiscard]] std::uint64_t bytes() const override;

  [[nodiscard]] const Space& space() const override { return space_; }
  [[nodiscard]] bool has_graph() const override { return false; }
  [[nodiscard]] GraphView graph() const override { return {.blocks = blocks_, .nodes = count()}; }
  [[nodiscard]] const float* vector(NodeId node) const override {
    return vectors_.get() + node * space_.mean.size();
  }
  [[nodiscard]] const std::uint8_t* residuals(NodeId) const override { return nullptr; }
  [[nodiscard]] Key key(NodeId node) const override { return keys_[node]; }
  [[nodiscard]] std::optional<NodeId> find(Key key) const override;
  void report_damage() const override {}

 private:
  struct alignas(cache_line) CacheLine {
    char bytes[cache_line];
  };

  const Space space_;
  // Memory is taken as vectors come.
  std::unique_ptr<CacheLine[]> memory_;
  std::unique_ptr<float[]> vectors_;
  std::vector<Key> keys_;
  BlockArray blocks_;
  Encoder encoder_;
  mutable Guarded<std::unordered_map<Key, NodeId>> newest_;
  std::atomic<NodeId> nodes_ = 0;
};

}  // namespace hearth::search::vector
