#include "pack/pack.hpp"

namespace hearth::pack {

std::string_view warmth_name(Warmth warmth) {
  static constexpr std::string_view names[] = {"cold", "warming", "warm", "degraded"};
  return names[static_cast<std::size_t>(warmth)];
}

}  // namespace hearth::pack
