// What "near" means, and how vectors are named.
//
// All three measures become one inside the graph, a Euclidean distance, so that there is one build
// and one walk:
//   l2             as it is;
//   cosine         vectors are normalised when they come in, and then |a - b|² = 2 - 2 cos;
//   inner_product  each vector x gets one more coordinate, √(M² - |x|²) with M the largest norm,
//                  and queries get 0 there (Bachrach et al. 2014, "Speeding up the Xbox recommender
//                  system"): then |q - x|² = |q|² + M² - 2 <q, x>.
#pragma once

#include <cstdint>
#include <string_view>

#include "search/hit.hpp"

namespace hearth::search::vector {

enum class Metric : std::uint8_t { l2 = 1, cosine = 2, inner_product = 3 };

[[nodiscard]] constexpr std::string_view name_of(Metric metric) {
  switch (metric) {
    case Metric::l2:
      return "l2";
    case Metric::cosine:
      return "cosine";
    case Metric::inner_product:
      return "inner-product";
  }
  return "";
}

using search::Key;             // of a vector
using NodeId = std::uint32_t;  // a vector's number in its generation, from 0

inline constexpr NodeId no_node = UINT32_MAX;
inline constexpr std::uint32_t most_nodes = std::uint32_t{1} << 30;
inline constexpr std::uint32_t most_dimensions = 16384;

}  // namespace hearth::search::vector
