#include "search/vector/segment.hpp"

#include <utility>

namespace hearth::search::vector {
namespace {

// More than any of ours, less than what would overflow.
constexpr std::uint32_t most_slots = 4096;

bool makes_sense(const SegmentSummary& summary) {
  return summary.nodes <= most_nodes && summary.dimensions >= 1 &&
         summary.dimensions <= most_dimensions && summary.metric >= 1 && summary.metric <= 3 &&
         (summary.code_bits == 4 || summary.code_bits == 8) && summary.most_neighbours >= 1 &&
         summary.most_neighbours <= most_slots &&
         (summary.entry < summary.nodes || summary.nodes == 0);
}

bool is_aligned(std::string_view bytes, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(bytes.data()) % alignment == 0;
}

}  // namespace

Result<std::shared_ptr<const Segment>> Segment::open(std::shared_ptr<const Generation> generation) {
  std::shared_ptr<Segment> opened(new Segment);
  opened->generation_ = std::move(generation);
  if (!opened->read_sections()) {
    opened->generation_->report_damage();
    return fail(Errc::damaged, "the sections of a generation of vectors do not fit together",
                {"rebuild the index"});
  }
  return opened;
}

bool Segment::read_sections() {
  const auto section = [this](SectionId id) {
    return generation_->section(static_cast<std::uint32_t>(id));
  };
  const std::string_view summary_bytes = section(SectionId::summary);
  if (summary_bytes.size() != sizeof(SegmentSummary)) return false;
  const auto summary = load<SegmentSummary>(summary_bytes);
  if (!makes_sense(summary)) return false;

  const BlockLayout layout{summary.dimensions, summary.code_bits, summary.most_neighbours};
  const std::size_t nodes = summary.nodes;
  const std::size_t vector_size = std::size_t{summary.dimensions} * sizeof(float);
  const std::string_view mean = section(SectionId::mean);
  const std::string_view blocks = section(SectionId::blocks);
  const std::string_view residuals = section(SectionId::residuals);
  const std::size_t residual_size = layout.code_bits == 4 ? layout.padded_dimensions() : 0;
  const std::string_view vectors = section(SectionId::vectors);
  const std::string_view keys = section(SectionId::keys);
  const std::string_view key_order = section(SectionId::key_order);
  if (mean.size() != vector_size || blocks.size() != nodes * layout.stride() ||
      residuals.size() != nodes * residual_size || vectors.size() != nodes * vector_size ||
      keys.size() != nodes * sizeof(Key) || key_order.size() != nodes * sizeof(NodeId) ||
      !is_aligned(blocks, alignof(BlockHead)) || !is_aligned(vectors, alignof(float))) {
    return false;
  }
  space_.metric = static_cast<Metric>(summary.metric);
  space_.largest_norm = summary.largest_norm;
  const ArrayView<float> mean_values(mean);
  for (std::size_t i = 0; i < mean_values.size(); ++i) space_.mean.push_back(mean_values[i]);
  graph_ = {
      .blocks = BlockArray(layout, blocks.data()), .nodes = summary.nodes, .entry = summary.entry};
  residual_size_ = residual_size;
  if (residual_size != 0) residuals_ = reinterpret_cast<const std::uint8_t*>(residuals.data());
  vectors_ = reinterpret_cast<const float*>(vectors.data());
  keys_ = ArrayView<Key>(keys);
  key_order_ = ArrayView<NodeId>(key_order);
  return true;
}

std::optional<NodeId> Segment::find(Key key) const {
  // The first place in key_order whose key is greater; the one before it is the last of this key.
  std::size_t begin = 0;
  std::size_t end = key_order_.size();
  while (begin < end) {
    const std::size_t middle = begin + (end - begin) / 2;
    if (keys_[key_order_[middle]] <= key) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  if (begin == 0) return std::nullopt;
  const NodeId node = key_order_[begin - 1];
  if (node >= graph_.nodes || keys_[node] != key) return std::nullopt;
  return node;
}

}  // namespace hearth::search::vector
