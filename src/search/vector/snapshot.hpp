// What one search sees: the vectors of one moment, in memory and on disk, and which of them are
// gone. Files live as long as somebody looks at them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "search/tombstones.hpp"
#include "search/vector/delta.hpp"
#include "search/vector/segment.hpp"
#include "search/vector/store_search.hpp"

namespace hearth::search::vector {

struct Part {
  // One of the two; shared with other snapshots and with merges.
  std::shared_ptr<const Segment> segment;
  std::shared_ptr<const Delta> delta;
  NodeId visible = 0;                            // nodes from here on came later
  std::shared_ptr<const Tombstones> tombstones;  // shared with the snapshots that have the same
  // Of files: the numbers in the manifest, and how many tombstones are in theirs. 0: none.
  std::uint64_t number = 0;
  std::uint64_t tombstones_number = 0;
  std::uint32_t saved_tombstones = 0;
  std::shared_ptr<const Generation> tombstones_file;  // shared with the pages of `tombstones`

  explicit Part(std::shared_ptr<const Segment> its_segment);
  explicit Part(std::shared_ptr<const Delta> its_delta);

  [[nodiscard]] const VectorStore& store() const;
  [[nodiscard]] NodeId live() const { return visible - tombstones->count(); }
  [[nodiscard]] bool is_in_memory() const { return delta != nullptr; }
  [[nodiscard]] bool is_same(const Part& other) const { return &store() == &other.store(); }
  // The node of a key, if it is visible and not gone.
  [[nodiscard]] std::optional<NodeId> find(Key key) const;
  [[nodiscard]] SearchTarget target(const NodeSet* allowed) const;
  // The worse of its files.
  [[nodiscard]] Trust trust() const;
  void bury(std::span<const NodeId> nodes);
};

struct Snapshot {
  std::vector<Part> parts;
  std::uint64_t sequence = 0;  // the last change that is visible
  bool is_degraded = false;    // a damaged generation was left out

  // The worst of its parts; `damaged` when degraded.
  [[nodiscard]] Trust trust() const;
};

}  // namespace hearth::search::vector
