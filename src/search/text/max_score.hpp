// The best documents that hold any of some words: MaxScore (Turtle & Flood 1995) over windows of
// documents with block maxima (Chakrabarti, Chaudhuri & Ganti 2011; Ding & Suel 2011).
//
// The words are sorted by the most they can add to a score. As long as the sum of the first few
// cannot reach the answer, a document must hold one of the others, the essential ones: only their
// lists are walked, and the first few are asked about documents that may get in. A window whose
// block maxima cannot reach the answer is passed over without decoding. In a window, the essential
// lists are added up one after the other into an array, which has no branch that a processor would
// guess wrong; with one essential word it is walked directly.
#pragma once

#include <span>
#include <stop_token>

#include "search/text/gate.hpp"
#include "search/text/top_k.hpp"
#include "search/text/walk.hpp"

namespace hearth::search::text {

struct ScoredTerm {
  TermEntry entry;
  float weight = 0;
};

// When stopped it leaves early.
void search_any(const ScoringContext& context,
                std::span<const ScoredTerm> terms,
                Gate& gate,
                TopK& top,
                const std::stop_token& stop);

}  // namespace hearth::search::text
