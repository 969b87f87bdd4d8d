// "Did you mean …": the names nearest to one that does not exist.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hearth {

// Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours,
// each 1.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// At most `most` of `names`, nearest first, none farther than a third of the longer name's length
// (at least 1).
[[nodiscard]] std::vector<std::string> closest_names(std::string_view wanted,
                                                     const std::vector<std::string>& names,
                                                     std::size_t most = 3);

}  // namespace hearth
