// Colours that people with any of the common colour blindnesses tell apart.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace hearth::packs::sql::chart {

struct Colour {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
  double alpha = 1;
  [[nodiscard]] constexpr Colour with_alpha(double value) const {
    return {red, green, blue, value};
  }
};

inline constexpr Colour ink{38, 38, 38};
inline constexpr Colour faint_ink{100, 100, 100};
inline constexpr Colour axis_line{120, 120, 120};
inline constexpr Colour grid_line{228, 228, 228};
inline constexpr Colour paper{255, 255, 255};

// For kinds: the set of Okabe and Ito ("Color Universal Design", 2008), the strongest on white
// first, its black as a grey.
inline constexpr std::array<Colour, 8> kinds{{
    {0, 114, 178},
    {213, 94, 0},
    {0, 158, 115},
    {204, 121, 167},
    {230, 159, 0},
    {86, 180, 233},
    {90, 90, 90},
    {214, 199, 32},
}};
[[nodiscard]] constexpr Colour kind_colour(std::size_t nth) {
  return kinds[nth % kinds.size()];
}

// For amounts: viridis (Smith and van der Walt, 2015), which grows lighter evenly, also in grey.
// `share` in 0..1.
[[nodiscard]] constexpr Colour amount_colour(double share) {
  constexpr std::array<Colour, 9> stops{{{68, 1, 84},
                                         {71, 44, 122},
                                         {59, 81, 139},
                                         {44, 113, 142},
                                         {33, 144, 141},
                                         {39, 173, 129},
                                         {92, 200, 99},
                                         {170, 220, 50},
                                         {253, 231, 37}}};
  const double place = std::clamp(share, 0.0, 1.0) * (stops.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(place), stops.size() - 2);
  const double part = place - static_cast<double>(below);
  const auto mix = [part](std::uint8_t from, std::uint8_t to) {
    return static_cast<std::uint8_t>(std::lround(from + (to - from) * part));
  };
  const Colour& from = stops[below];
  const Colour& to = stops[below + 1];
  return {mix(from.red, to.red), mix(from.green, to.green), mix(from.blue, to.blue)};
}

// Whether white text reads better on it than black (ITU-R BT.601 luma).
[[nodiscard]] constexpr bool is_dark(Colour colour) {
  return 0.299 * colour.red + 0.587 * colour.green + 0.114 * colour.blue < 140;
}

}  // namespace hearth::packs::sql::chart
