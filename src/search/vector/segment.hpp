// The vectors of one generation: graph, full vectors, keys. docs/formats/vector-index.md
//
// A view onto mapped bytes, made in microseconds: nothing is read but the summary and the mean.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/result.hpp"
#include "search/bytes.hpp"
#include "search/generation.hpp"
#include "search/vector/vector_store.hpp"

namespace hearth::search::vector {

inline constexpr FileKind segment_kind = file_kind("vect", 1);

enum class SectionId : std::uint32_t {
  summary = 1,
  mean = 2,       // f32 of each dimension
  blocks = 3,     // block.hpp
  residuals = 4,  // of 4-bit codes the second level: u8 of each padded dimension of each node
  vectors = 5,    // f32 of each dimension of each node
  keys = 6,       // u64 of each node
  key_order = 7,  // nodes by ascending key, u32
};

struct SegmentSummary {
  std::uint32_t nodes;
  std::uint32_t dimensions;
  std::uint32_t metric;
  std::uint32_t code_bits;
  std::uint32_t most_neighbours;
  std::uint32_t entry;
  float largest_norm;
  std::uint32_t reserved;
};
static_assert(sizeof(SegmentSummary) == 32);

// Thread-safe: immutable.
class Segment final : public VectorStore {
 public:
  // `damaged` when the sections do not fit together.
  [[nodiscard]] static Result<std::shared_ptr<const Segment>> open(
      std::shared_ptr<const Generation> generation);

  [[nodiscard]] NodeId nodes() const { return graph_.nodes; }

  [[nodiscard]] NodeId count() const override { return graph_.nodes; }
  [[nodiscard]] const Generation* backing() const override { return generation_.get(); }
  [[nodiscard]] std::uint64_t bytes() const override { return generation_->size(); }

  [[nodiscard]] const Space& space() const override { return space_; }
  [[nodiscard]] bool has_graph() const override { return true; }
  [[nodiscard]] GraphView graph() const override { return graph_; }
  [[nodiscard]] const float* vector(NodeId node) const override {
    return vectors_ + node * space_.mean.size();
  }
  [[nodiscard]] const std::uint8_t* residuals(NodeId node) const override {
    return residuals_ == nullptr ? nullptr : residuals_ + node * residual_size_;
  }
  [[nodiscard]] Key key(NodeId node) const override { return keys_[node]; }
  [[nodiscard]] std::optional<NodeId> find(Key key) const override;
  void report_damage() const override { generation_->report_damage(); }

 private:
  Segment() = default;
  [[nodiscard]] bool read_sections();

  std::shared_ptr<const Generation> generation_;
  Space space_;
  GraphView graph_;
  const std::uint8_t* residuals_ = nullptr;  // null when there are none
  std::size_t residual_size_ = 0;
  const float* vectors_ = nullptr;
  ArrayView<Key> keys_;
  ArrayView<NodeId> key_order_;
};

}  // namespace hearth::search::vector
