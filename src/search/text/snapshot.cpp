#include "search/text/snapshot.hpp"

#include <algorithm>

namespace hearth::search::text {
namespace {

Trust worse(Trust a, Trust b) {
  if (a == Trust::damaged || b == Trust::damaged) return Trust::damaged;
  if (a == Trust::unverified || b == Trust::unverified) return Trust::unverified;
  return Trust::verified;
}

}  // namespace

Trust Part::trust() const {
  const Trust own = segment->generation().trust();
  return tombstones_file ? worse(own, tombstones_file->trust()) : own;
}

void Part::bury(std::span<const DocId> documents) {
  if (documents.empty()) return;
  tombstones = std::make_shared<Tombstones>(
      tombstones->with(documents, [&](DocId each) { return segment->length(each); }));
}

Collection Snapshot::collection() const {
  Collection all;
  for (const Part& part : parts) {
    all.documents += part.live();
    const std::uint64_t length = part.segment->length();
    all.length += length - std::min(part.tombstones->weight(), length);
  }
  return all;
}

Trust Snapshot::trust() const {
  Trust worst = is_degraded ? Trust::damaged : Trust::verified;
  for (const Part& part : parts) worst = worse(worst, part.trust());
  return worst;
}

}  // namespace hearth::search::text
