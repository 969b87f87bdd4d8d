// How the store writes times: milliseconds since the Unix epoch.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.hpp"

namespace hearth::packs::mandates {

[[nodiscard]] inline std::int64_t to_ms(WallTime time) {
  return time.time_since_epoch().count();
}
[[nodiscard]] inline WallTime from_ms(std::int64_t ms) {
  return WallTime(std::chrono::milliseconds(ms));
}

}  // namespace hearth::packs::mandates
