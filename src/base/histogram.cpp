#include "base/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace hearth {
namespace {

constexpr std::size_t sub_count = 8;

// Values below 8 get a bucket each; above, the top bit picks the power and the next three bits the
// step.
std::size_t bucket_of(std::uint64_t value) {
  if (value < sub_count) return static_cast<std::size_t>(value);
  const auto power =
      static_cast<std::size_t>(std::bit_width(value)) - 4;  // value >> power is in [8, 16)
  return (power + 1) * sub_count + static_cast<std::size_t>((value >> power) & (sub_count - 1));
}

std::uint64_t upper_edge(std::size_t bucket) {
  if (bucket < sub_count) return bucket;
  const std::size_t power = bucket / sub_count - 1;
  return ((sub_count + bucket % sub_count + 1) << power) - 1;
}

}  // namespace

void Histogram::record(std::chrono::nanoseconds value) {
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(0, value.count()) / 1000);
  ++buckets_[std::min(bucket_of(us), bucket_count - 1)];
  ++count_;
  sum_ += std::max(value, std::chrono::nanoseconds(0));
  max_ = std::max(max_, value);
}

std::chrono::nanoseconds Histogram::percentile(double percent) const {
  if (count_ == 0) return std::chrono::nanoseconds{0};
  const double wanted = std::ceil(static_cast<double>(count_) * percent / 100.0);
  const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
    seen += buckets_[bucket];
    if (seen >= rank) {
      const std::chrono::nanoseconds edge = std::chrono::microseconds(upper_edge(bucket) + 1);
      return std::min(edge, max_);
    }
  }
  return max_;
}

}  // namespace hearth
