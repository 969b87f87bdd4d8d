#include "search/vector/snapshot.hpp"

#include <utility>

namespace hearth::search::vector {
namespace {

Trust worse(Trust a, Trust b) {
  if (a == Trust::damaged || b == Trust::damaged) return Trust::damaged;
  if (a == Trust::unverified || b == Trust::unverified) return Trust::unverified;
  return Trust::verified;
}

}  // namespace

Part::Part(std::shared_ptr<const Segment> its_segment)
    : segment(std::move(its_segment)),
      visible(segment->nodes()),
      tombstones(std::make_shared<Tombstones>(visible)) {}

Part::Part(std::shared_ptr<const Delta> its_delta)
    : delta(std::move(its_delta)), tombstones(std::make_shared<Tombstones>(delta->capacity())) {}

const VectorStore& Part::store() const {
  if (segment) return *segment;
  return *delta;
}

std::optional<NodeId> Part::find(Key key) const {
  const auto node = store().find(key);
  if (!node || *node >= visible || tombstones->contains(*node)) return std::nullopt;
  return node;
}

SearchTarget Part::target(const NodeSet* allowed) const {
  return {.store = store(), .visible = visible, .gone = *tombstones, .allowed = allowed};
}

Trust Part::trust() const {
  if (!segment) return Trust::verified;
  const Trust own = segment->generation().trust();
  return tombstones_file ? worse(own, tombstones_file->trust()) : own;
}

void Part::bury(std::span<const NodeId> nodes) {
  if (!nodes.empty()) tombstones = std::make_shared<Tombstones>(tombstones->with(nodes));
}

Trust Snapshot::trust() const {
  Trust worst = is_degraded ? Trust::damaged : Trust::verified;
  for (const Part& part : parts) worst = worse(worst, part.trust());
  return worst;
}

}  // namespace hearth::search::vector
