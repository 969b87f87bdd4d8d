// What this reader takes.
#pragma once

#include <cstddef>

namespace hearth::json {

inline constexpr std::size_t max_depth = 64;  // of arrays and objects within one another

}  // namespace hearth::json
