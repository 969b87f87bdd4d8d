// The scores of a run of postings, without a branch, so that the compiler makes vectors of it.
#pragma once

#include <array>
#include <span>

#include "search/text/bm25.hpp"
#include "search/text/segment.hpp"

namespace hearth::search::text {

using RunScores = std::array<float, block_size>;

inline void score_run(const Bm25& bm25,
                      const Segment& segment,
                      const PostingCursor::Run& run,
                      float weight,
                      RunScores& scores) {
  std::array<float, block_size> lengths;
  segment.lengths_of({run.documents, run.size}, lengths);
  for (std::size_t i = 0; i < run.size; ++i) {
    scores[i] = bm25.score(weight, static_cast<float>(run.frequencies[i]), lengths[i]);
  }
}

}  // namespace hearth::search::text
