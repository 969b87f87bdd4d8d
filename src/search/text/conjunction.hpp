// The best documents that hold all of some words: the rarest list leads, the others skip to its
// documents, and stretches whose block maxima cannot reach the answer are passed over.
#pragma once

#include <span>
#include <stop_token>

#include "search/text/max_score.hpp"

namespace hearth::search::text {

// When stopped it leaves early.
void search_all(const ScoringContext& context,
                std::span<const ScoredTerm> terms,
                Gate& gate,
                TopK& top,
                const std::stop_token& stop);

}  // namespace hearth::search::text
