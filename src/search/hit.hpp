// What a search finds.
#pragma once

#include <cstdint>

namespace hearth::search {

using Key = std::uint64_t;  // the caller's name of what it has put into an index

// The greater the score, the better; what it means is said by the index.
struct Hit {
  Key key = 0;
  float score = 0;
  friend bool operator==(const Hit&, const Hit&) = default;
};

// Equal scores are told apart by the key, so that the order of an answer is always the same.
[[nodiscard]] inline bool is_better(const Hit& a, const Hit& b) {
  return a.score != b.score ? a.score > b.score : a.key < b.key;
}

}  // namespace hearth::search
