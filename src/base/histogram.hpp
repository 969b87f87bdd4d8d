// A latency histogram with bounded relative error and fixed memory.
//
// Buckets are logarithmic with 8 linear steps per power of two (the layout of HdrHistogram with 3
// significant bits), so a percentile is off by at most 1/8 of its value. Not thread-safe: it
// belongs to one thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace hearth {

class Histogram {
 public:
  void record(std::chrono::nanoseconds value);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::chrono::nanoseconds sum() const { return sum_; }
  [[nodiscard]] std::chrono::nanoseconds max() const { return max_; }
  // The value below which `percent` of the recorded ones lie (upper edge of its bucket); 0 when
  // empty.
  [[nodiscard]] std::chrono::nanoseconds percentile(double percent) const;

 private:
  // 1 µs is the unit: finer differences are noise across processes. 8 sub-buckets × 40 powers.
  static constexpr std::size_t sub_bits = 3;
  static constexpr std::size_t bucket_count = 40U << sub_bits;
  std::array<std::uint64_t, bucket_count> buckets_{};
  std::uint64_t count_ = 0;
  std::chrono::nanoseconds sum_{0};
  std::chrono::nanoseconds max_{0};
};

}  // namespace hearth
