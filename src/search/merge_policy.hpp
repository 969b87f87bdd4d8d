// Which generations to merge next: tiered, as log-structured merge trees do (O'Neil et al. 1996)
// and text indexes after them (Büttcher & Clarke 2006, "logarithmic merging").
//
// Generations of about the same size form a tier; when a tier has `fan_in` of them they become one
// of the next tier. So each document is written once a tier, log(all / smallest) in base fan_in,
// and never all of them for a few changes; and a search looks into fan_in - 1 generations of each
// tier at most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hearth::search {

struct GenerationSize {
  std::uint64_t documents = 0;
  std::uint64_t gone = 0;  // of these
};

struct MergePolicy {
  std::size_t fan_in = 8;
  std::uint64_t smallest_tier = 4096;  // generations below it are of one tier
  double most_gone = 0.4;              // a generation with more of its documents gone is rewritten
  std::uint64_t largest = UINT64_MAX;  // no merge makes a larger one

  // Indexes of the generations to merge into one, ascending; empty when all is well.
  [[nodiscard]] std::vector<std::size_t> pick(std::span<const GenerationSize> sizes) const;
};

}  // namespace hearth::search
