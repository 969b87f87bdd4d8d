// The texts of durations, sizes and switches, as people write them in settings and options.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace hearth {

// "30m", "10s", "500ms", "1h30m", "1.5s", "0"; a bare number is seconds. At most 10 years.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// "24MiB", "64 KiB", "1GB" (10^9), a bare number is bytes.
[[nodiscard]] std::optional<std::size_t> parse_size(std::string_view text);
// 1/0, true/false, yes/no, on/off in any case.
[[nodiscard]] std::optional<bool> parse_bool(std::string_view text);

}  // namespace hearth
