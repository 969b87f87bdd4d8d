// The two ways to find the best documents with any of some words, side by side.
#pragma once

#include <string>

namespace hearth::bench {

// Of hearth's index in `directory`: processor time of MaxScore and of Block-Max WAND, for queries
// of 2 to 16 words.
void compare_any_words(const std::string& directory, int queries);

}  // namespace hearth::bench
