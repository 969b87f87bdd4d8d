#include "search/vector/delta.hpp"

#include <algorithm>
#include <utility>

namespace hearth::search::vector {
namespace {

BlockLayout layout_of(const Space& space) {
  return {.dimensions = static_cast<std::uint32_t>(space.mean.size()),
          .code_bits = 8,
          .most_neighbours = 0};
}

}  // namespace

Delta::Delta(Space space, NodeId capacity)
    : space_(std::move(space)),
      memory_(std::make_unique_for_overwrite<CacheLine[]>(
          capacity * (layout_of(space_).stride() / cache_line))),
      vectors_(std::make_unique_for_overwrite<float[]>(capacity * space_.mean.size())),
      keys_(capacity),
      blocks_(layout_of(space_), memory_.get()),
      encoder_(space_, layout_of(space_)) {}

void Delta::insert(Key key, std::span<const float> vector) {
  const NodeId node = count();
  float* const place = vectors_.get() + node * vector.size();
  std::ranges::copy(vector, place);
  const BlockLayout& layout = blocks_.layout();
  char* const block = memory_[node * (layout.stride() / cache_line)].bytes;
  const BlockHead head = encoder_.encode(place, reinterpret_cast<std::uint8_t*>(block));
  *reinterpret_cast<BlockHead*>(block + layout.code_size()) = head;
  keys_[node] = key;
  (*newest_.lock())[key] = node;
  nodes_.store(node + 1, std::memory_order_relaxed);
}

std::optional<NodeId> Delta::find(Key key) const {
  const auto newest = newest_.lock();
  const auto found = newest->find(key);
  if (found == newest->end()) return std::nullopt;
  return found->second;
}

std::uint64_t Delta::bytes() const {
  return count() * (space_.mean.size() * sizeof(float) + blocks_.layout().stride() + sizeof(Key));
}

}  // namespace hearth::search::vector
