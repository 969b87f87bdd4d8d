#include "search/vector/segment_writer.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "search/bytes.hpp"
#include "search/vector/segment.hpp"

namespace hearth::search::vector {
namespace {

constexpr std::size_t nodes_at_a_time = 1024;  // between two looks at the stop token

template <typename T>
std::string_view bytes_of(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

// By new number the old one. What cannot be reached comes last.
std::vector<NodeId> new_order(const GrowingGraph& graph) {
  NodeSet met(graph.nodes());
  std::vector<NodeId> order = breadth_first(graph.view(), graph.entry(), met);
  for (NodeId node = 0; node < graph.nodes(); ++node) {
    if (!met.contains(node)) order.push_back(node);
  }
  return order;
}

class Writer final {
 public:
  Writer(const GrowingGraph& graph,
         std::span<const Key> keys,
         std::uint32_t code_bits,
         GenerationWriter& out,
         const std::stop_token& stop)
      : graph_(graph),
        out_(out),
        stop_(stop),
        layout_{graph.blocks().layout().dimensions, code_bits,
                graph.blocks().layout().most_neighbours},
        order_(new_order(graph)),
        new_number_(order_.size()) {
    for (std::size_t i = 0; i < order_.size(); ++i) {
      new_number_[order_[i]] = static_cast<NodeId>(i);
      keys_.push_back(keys[order_[i]]);
    }
  }

  [[nodiscard]] Result<void> write() {
    write_summary();
    write_blocks();
    if (layout_.code_bits == 4) write_residuals();
    write_vectors();
    write_keys();
    if (stop_.stop_requested()) return fail(Errc::cancelled, "write vectors: stopped");
    return {};
  }

 private:
  void begin(SectionId id) { out_.begin_section(static_cast<std::uint32_t>(id)); }

  [[nodiscard]] bool is_over(std::size_t node) const {
    return node % nodes_at_a_time == 0 && (stop_.stop_requested() || out_.has_failed());
  }

  void write_summary() {
    const Space& space = graph_.space();
    begin(SectionId::summary);
    std::string bytes;
    append_fixed(bytes, SegmentSummary{.nodes = static_cast<std::uint32_t>(order_.size()),
                                       .dimensions = layout_.dimensions,
                                       .metric = static_cast<std::uint32_t>(space.metric),
                                       .code_bits = layout_.code_bits,
                                       .most_neighbours = layout_.most_neighbours,
                                       .entry = 0,
                                       .largest_norm = space.largest_norm,
                                       .reserved = 0});
    out_.append(bytes);
    begin(SectionId::mean);
    out_.append(bytes_of<float>(space.mean));
  }

  void write_blocks() {
    begin(SectionId::blocks);
    Encoder encoder(graph_.space(), layout_);
    std::string block(layout_.stride(), '\0');
    auto* code = reinterpret_cast<std::uint8_t*>(block.data());
    for (std::size_t i = 0; i < order_.size() && !is_over(i); ++i) {
      const BlockHead head = encoder.encode(graph_.vector(order_[i]), code);
      char* at = block.data() + layout_.code_size();
      std::memcpy(at, &head, sizeof head);
      at += sizeof head;
      bool is_last = false;
      for (std::uint32_t k = 0; k < layout_.most_neighbours; ++k, at += sizeof(NodeId)) {
        NodeId neighbour = is_last ? no_node : graph_.blocks().neighbour(order_[i], k);
        is_last = neighbour == no_node;
        if (!is_last) neighbour = new_number_[neighbour];
        std::memcpy(at, &neighbour, sizeof neighbour);
      }
      out_.append(block);
    }
  }

  void write_residuals() {
    begin(SectionId::residuals);
    Encoder encoder(graph_.space(), layout_);
    std::vector<std::uint8_t> code(layout_.code_size());
    std::vector<std::uint8_t> residuals(layout_.padded_dimensions());
    for (std::size_t i = 0; i < order_.size() && !is_over(i); ++i) {
      const BlockHead head = encoder.encode(graph_.vector(order_[i]), code.data());
      encoder.encode_residuals(head, residuals.data());
      out_.append(bytes_of<std::uint8_t>(residuals));
    }
  }

  void write_vectors() {
    begin(SectionId::vectors);
    for (std::size_t i = 0; i < order_.size() && !is_over(i); ++i) {
      out_.append(bytes_of<float>({graph_.vector(order_[i]), layout_.dimensions}));
    }
  }

  void write_keys() {
    begin(SectionId::keys);
    out_.append(bytes_of<Key>(keys_));
    std::vector<NodeId> by_key(keys_.size());
    std::iota(by_key.begin(), by_key.end(), NodeId{0});
    std::ranges::sort(by_key, {}, [this](NodeId node) { return std::pair(keys_[node], node); });
    begin(SectionId::key_order);
    out_.append(bytes_of<NodeId>(by_key));
  }

  const GrowingGraph& graph_;
  GenerationWriter& out_;
  const std::stop_token& stop_;
  const BlockLayout layout_;
  const std::vector<NodeId> order_;
  std::vector<NodeId> new_number_;
  std::vector<Key> keys_;
};

}  // namespace

Result<void> write_segment(const GrowingGraph& graph,
                           std::span<const Key> keys,
                           std::uint32_t code_bits,
                           GenerationWriter& writer,
                           const std::stop_token& stop) {
  return Writer(graph, keys, code_bits, writer, stop).write();
}

}  // namespace hearth::search::vector
