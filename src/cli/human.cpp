#include "cli/human.hpp"

#include <array>
#include <cstdio>

namespace hearth::cli {
namespace {

std::string printed(const char* format, double value) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), format, value);
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  static constexpr std::array<const char*, 5> units{"KiB", "MiB", "GiB", "TiB", "PiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  return printed(value < 10 ? "%.1f " : "%.0f ", value) + units[unit];
}

std::string human_duration(double seconds) {
  if (seconds < 10) return printed("%.1f s", seconds);
  const auto whole = static_cast<std::int64_t>(seconds);
  const auto pair = [](std::int64_t a, const char* unit_a, std::int64_t b, const char* unit_b) {
    std::string text = std::to_string(a) + unit_a;
    if (b != 0) text += " " + std::to_string(b) + unit_b;
    return text;
  };
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return pair(whole / 60, " min", whole % 60, " s");
  if (whole < 86400) return pair(whole / 3600, " h", whole % 3600 / 60, " min");
  return pair(whole / 86400, " d", whole % 86400 / 3600, " h");
}

std::string human_milliseconds(double milliseconds) {
  return printed(milliseconds < 10 ? "%.2f" : "%.0f", milliseconds);
}

}  // namespace hearth::cli
