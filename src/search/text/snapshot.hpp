// What one search sees: the generations of one moment, in memory and on disk, and which of their
// documents are gone. Nothing in it ever changes; files live as long as somebody looks at them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "search/text/bm25.hpp"
#include "search/text/segment.hpp"
#include "search/tombstones.hpp"

namespace hearth::search::text {

struct Part {
  std::shared_ptr<const Segment> segment;        // shared with other snapshots and with merges
  std::shared_ptr<const Tombstones> tombstones;  // shared with the snapshots that have the same
  // Of files: the numbers in the manifest, and how many tombstones are in theirs. 0: none.
  std::uint64_t number = 0;
  std::uint64_t tombstones_number = 0;
  std::uint32_t saved_tombstones = 0;
  std::shared_ptr<const Generation> tombstones_file;  // shared with the pages of `tombstones`

  explicit Part(std::shared_ptr<const Segment> its_segment)
      : segment(std::move(its_segment)),
        tombstones(std::make_shared<Tombstones>(segment->documents())) {}

  [[nodiscard]] std::uint32_t live() const { return segment->documents() - tombstones->count(); }
  [[nodiscard]] bool is_in_memory() const { return number == 0; }
  // The worse of its files.
  [[nodiscard]] Trust trust() const;
  // Deletes documents, of which some may be gone already.
  void bury(std::span<const DocId> documents);
};

struct Snapshot {
  std::vector<Part> parts;
  std::uint64_t sequence = 0;  // the last change that is visible
  bool is_degraded = false;    // a damaged generation was left out

  [[nodiscard]] Collection collection() const;
  // The worst of its parts; `damaged` when degraded.
  [[nodiscard]] Trust trust() const;
};

}  // namespace hearth::search::text
