// Walking the documents that fit any query, one after another: the general way, a tree of cursors
// (document at a time; Turtle & Flood 1995). Queries that are just words have faster ones:
// max_score.hpp and conjunction.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "search/text/bm25.hpp"
#include "search/text/segment.hpp"

namespace hearth::search::text {

class Walk {
 public:
  virtual ~Walk() = default;
  // no_document at the end.
  [[nodiscard]] virtual DocId document() const = 0;
  virtual void next() = 0;
  // To the first document that is not before `target`.
  virtual void seek(DocId target) = 0;
  // Of the current document.
  [[nodiscard]] virtual float score() = 0;
  // About how many documents it will visit.
  [[nodiscard]] virtual std::uint64_t cost() const = 0;
};
using WalkPtr = std::unique_ptr<Walk>;

// What scoring needs of a part.
struct ScoringContext {
  const Segment& segment;
  const Bm25& bm25;
};

// One term. Of weight 0 it only filters.
[[nodiscard]] WalkPtr walk_term(const ScoringContext& context,
                                const TermEntry& entry,
                                float weight);
// All of `walks`; at least one.
[[nodiscard]] WalkPtr walk_all(std::vector<WalkPtr> walks);
// Any of `walks`; at least one.
[[nodiscard]] WalkPtr walk_any(std::vector<WalkPtr> walks);
// `walk`, with the score of `more` added where it has the same document.
[[nodiscard]] WalkPtr walk_with(WalkPtr walk, WalkPtr more);
// `walk` without the documents of `less`.
[[nodiscard]] WalkPtr walk_without(WalkPtr walk, WalkPtr less);

struct PhraseTerm {
  TermEntry entry;
  float weight = 0;
  std::uint32_t offset = 0;
};
// The terms at their offsets from one another; scored as the sum of them.
[[nodiscard]] WalkPtr walk_phrase(const ScoringContext& context, std::span<const PhraseTerm> terms);

}  // namespace hearth::search::text
