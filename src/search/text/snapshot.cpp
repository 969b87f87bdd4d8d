#include "search/text/snapshot.hpp"

#include <algorithm>

namespace hearth::search::text {

Collection collection_of(const Snapshot& snapshot) {
  Collection all;
  for (const Part& part : snapshot.parts) {
    all.documents += part.live();
    const std::uint64_t length = segment_of(part).length();
    all.length += length - std::min(part.tombstones->weight(), length);
  }
  return all;
}

}  // namespace hearth::search::text
