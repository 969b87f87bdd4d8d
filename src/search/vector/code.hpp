// Codes that stand for vectors, and distances from a query to them.
//
// Locally-adaptive scalar quantisation (LVQ; Aguerrebere et al. 2023, "Similarity search in the
// blink of an eye with compressed indices"): the mean of all vectors is taken off, and what is left
// of each vector is divided into 2ᵇ equal steps between its own smallest and largest coordinate.
//
//   x ≈ mean + low + step·c,  c in [0, 2ᵇ)
//
// 4-bit codes have a second level, 8-bit codes of what the first leaves over, for ranking the best
// again (LVQ-4x8):
//
//   x ≈ mean + low - step/2 + step/255·(255·c + r),  r in [0, 256)
//
// Queries become 8-bit integers with one scale, so that a distance is one integer product, three
// multiplications and some additions. Distances here are half of squared Euclidean ones (in the
// space of metric.hpp) less what depends on the query alone; `Query::norm` is that part.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/vector/block.hpp"
#include "search/vector/metric.hpp"

namespace hearth::search::vector {

// What all vectors of a generation are coded against.
struct Space {
  Metric metric = Metric::l2;
  std::vector<float> mean;
  float largest_norm = 0;  // M, for inner products; longer vectors are treated as if of this length
};

[[nodiscard]] float squared_norm(std::span<const float> vector);

class Encoder final {
 public:
  Encoder(const Space& space, BlockLayout layout);

  // Writes code_size() bytes at `code`, and gives the rest.
  [[nodiscard]] BlockHead encode(const float* vector, std::uint8_t* code);
  // Writes padded_dimensions() bytes: the second level of what was encoded last.
  void encode_residuals(const BlockHead& head, std::uint8_t* residuals) const;

 private:
  const Space& space_;
  const BlockLayout layout_;
  std::vector<float> centred_;
  std::vector<std::uint8_t> values_;
};

// One query against many codes of one space. Reusable: `prepare` replaces the query.
class Query final {
 public:
  // A search's query, which has 0 for the extra coordinate.
  void prepare(const Space& space, const BlockLayout& layout, const float* vector);
  // A vector of the graph as the query, while the graph is built.
  void prepare_node(const Space& space, const BlockLayout& layout, const float* vector);

  [[nodiscard]] float distance(const BlockArray& blocks, NodeId node) const {
    const BlockHead& head = blocks.head(node);
    const auto product = static_cast<float>(dot_(blocks.code(node), codes_.data(), codes_.size()));
    return head.bias - head.low * sum_ - head.step * scale_ * product - head.extra * extra_;
  }
  // The same by both levels, and by a query that is not quantised.
  [[nodiscard]] float fine_distance(const BlockArray& blocks,
                                    NodeId node,
                                    const std::uint8_t* residuals) const;
  // What makes of `distance` half of the squared distance in the space: needed to compare distances
  // to different queries.
  [[nodiscard]] float norm() const { return norm_; }

 private:
  std::vector<float> centred_;  // as many as padded dimensions; 0 beyond the dimensions
  std::vector<std::int8_t> codes_;
  std::int32_t (*dot_)(const std::uint8_t*, const std::int8_t*, std::size_t) = nullptr;
  float scale_ = 0;
  float sum_ = 0;        // of the quantised query
  float exact_sum_ = 0;  // of the query
  float extra_ = 0;
  float norm_ = 0;
};

}  // namespace hearth::search::vector
