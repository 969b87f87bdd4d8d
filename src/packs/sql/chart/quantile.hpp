// Quantiles of sorted numbers.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace hearth::packs::sql::chart {

// Linear between the two nearest (Hyndman and Fan 1996, type 7: what R, NumPy and DuckDB's
// quantile_cont do). `sorted` is not empty; `share` in 0..1.
[[nodiscard]] inline double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(place));
  if (below + 1 >= sorted.size()) return sorted.back();
  const double part = place - static_cast<double>(below);
  return sorted[below] * (1 - part) + sorted[below + 1] * part;
}

}  // namespace hearth::packs::sql::chart
