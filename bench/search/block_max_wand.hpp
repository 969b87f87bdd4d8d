// Block-Max WAND (Broder et al. 2003; Ding & Suel 2011), which hearth does not use: to compare what
// it does use with.
#pragma once

#include "search/text/max_score.hpp"

namespace hearth::bench {

// As search::text::search_any.
void search_any_by_wand(const search::text::ScoringContext& context,
                        std::span<const search::text::ScoredTerm> terms,
                        search::text::Gate& gate,
                        search::text::TopK& top);

}  // namespace hearth::bench
