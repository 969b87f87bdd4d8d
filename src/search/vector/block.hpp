// A node of the graph: its code and its neighbours side by side in one block, as DiskANN has them.
//
//   code (whole cache lines) · head (16 bytes) · neighbours (4 bytes each, no_node after the last)
//
// Blocks have all the same size, a multiple of a cache line, so that a node's number gives its
// place. The same layout is in memory and in files. In memory the neighbours change while searches
// read them: every one of them is read and written as an atomic word.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "search/vector/kernels.hpp"
#include "search/vector/metric.hpp"

namespace hearth::search::vector {

inline constexpr std::size_t cache_line = 64;

[[nodiscard]] constexpr std::size_t round_up(std::size_t value, std::size_t step) {
  return (value + step - 1) / step * step;
}

// What stands for a vector x beside its code c: x ≈ mean + low + step·c, see code.hpp.
struct BlockHead {
  float low = 0;
  float step = 0;
  float bias = 0;   // what of the distance to a query depends on x alone
  float extra = 0;  // √(M² - |x|²) for inner products, else 0
};
static_assert(sizeof(BlockHead) == 16);

struct BlockLayout {
  std::uint32_t dimensions = 0;
  std::uint32_t code_bits = 8;  // 8 or 4
  std::uint32_t most_neighbours = 0;

  [[nodiscard]] std::size_t padded_dimensions() const {
    return round_up(dimensions, code_bits == 4 ? group_of_4bit : group_of_8bit);
  }
  [[nodiscard]] std::size_t code_size() const { return padded_dimensions() * code_bits / 8; }
  [[nodiscard]] std::size_t stride() const {
    return round_up(code_size() + sizeof(BlockHead) + most_neighbours * sizeof(NodeId), cache_line);
  }
  friend bool operator==(const BlockLayout&, const BlockLayout&) = default;
};

// Blocks somewhere in memory; not their owner. Numbers are the caller's to bound.
class BlockArray final {
 public:
  BlockArray() = default;
  BlockArray(BlockLayout layout, const void* blocks)
      : layout_(layout),
        blocks_(static_cast<const char*>(blocks)),
        stride_(layout.stride()),
        head_offset_(layout.code_size()),
        neighbours_offset_(head_offset_ + sizeof(BlockHead)) {}

  [[nodiscard]] const BlockLayout& layout() const { return layout_; }
  [[nodiscard]] const char* block(NodeId node) const { return blocks_ + node * stride_; }
  [[nodiscard]] const std::uint8_t* code(NodeId node) const {
    return reinterpret_cast<const std::uint8_t*>(block(node));
  }
  [[nodiscard]] const BlockHead& head(NodeId node) const {
    return *reinterpret_cast<const BlockHead*>(block(node) + head_offset_);
  }
  // Number `i` of a node's neighbours; no_node when it has no more. What its block says when that
  // is read from a file: any number at all.
  [[nodiscard]] NodeId neighbour(NodeId node, std::uint32_t i) const {
    auto* place = const_cast<NodeId*>(neighbours(node)) + i;
    return std::atomic_ref<NodeId>(*place).load(std::memory_order_acquire);
  }

  // What a distance to this node reads.
  void prefetch_code(NodeId node) const {
    const char* at = block(node);
    for (std::size_t i = 0; i <= head_offset_; i += cache_line) __builtin_prefetch(at + i);
  }
  void prefetch_neighbours(NodeId node) const {
    const char* at = block(node);
    for (std::size_t i = head_offset_; i < stride_; i += cache_line) __builtin_prefetch(at + i);
  }

 protected:
  [[nodiscard]] const NodeId* neighbours(NodeId node) const {
    return reinterpret_cast<const NodeId*>(block(node) + neighbours_offset_);
  }

 private:
  BlockLayout layout_;
  const char* blocks_ = nullptr;
  std::size_t stride_ = 0;
  std::size_t head_offset_ = 0;
  std::size_t neighbours_offset_ = 0;
};

}  // namespace hearth::search::vector
