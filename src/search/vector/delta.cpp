#include "search/vector/delta.hpp"

#include <algorithm>
#include <utility>

namespace hearth::search::vector {

Delta::Delta(Kind kind, Space space, GraphOptions options, NodeId capacity)
    : kind_(kind),
      alpha_(options.alpha),
      vectors_(std::make_unique_for_overwrite<float[]>(capacity * space.mean.size())),
      keys_(capacity),
      graph_(std::move(space), options, capacity) {}

void Delta::insert(Key key, std::span<const float> vector) {
  const NodeId node = graph_.nodes();
  float* const place = vectors_.get() + node * vector.size();
  std::ranges::copy(vector, place);
  keys_[node] = key;
  newest_[key] = node;
  graph_.append(place);
  if (kind_ == Kind::graph) graph_.link(node, alpha_, scratch_);
}

std::optional<NodeId> Delta::find(Key key) const {
  const auto found = newest_.find(key);
  if (found == newest_.end()) return std::nullopt;
  return found->second;
}

std::uint64_t Delta::bytes() const {
  const std::size_t vector_size = graph_.space().mean.size() * sizeof(float);
  return nodes() * (vector_size + graph_.blocks().layout().stride() + sizeof(Key));
}

}  // namespace hearth::search::vector
