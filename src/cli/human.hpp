// Sizes and times as people write them.
#pragma once

#include <cstdint>
#include <string>

namespace hearth::cli {

[[nodiscard]] std::string human_bytes(std::uint64_t bytes);         // "11.2 MiB"
[[nodiscard]] std::string human_duration(double seconds);           // "3 min 20 s"
[[nodiscard]] std::string human_milliseconds(double milliseconds);  // "0.42"

}  // namespace hearth::cli
