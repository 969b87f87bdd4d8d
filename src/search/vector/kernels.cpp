#include "search/vector/kernels.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "search/vector/kernels_x86.hpp"

namespace hearth::search::vector {
namespace {

float dot(const float* a, const float* b, std::size_t n) {
  float sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

float squared_l2(const float* a, const float* b, std::size_t n) {
  float sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

std::int32_t dot_8bit(const std::uint8_t* codes, const std::int8_t* query, std::size_t n) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += std::int32_t{codes[i]} * query[i];
  return sum;
}

std::int32_t dot_4bit(const std::uint8_t* codes, const std::int8_t* query, std::size_t n) {
  constexpr std::size_t half = group_of_4bit / 2;
  std::int32_t sum = 0;
  for (std::size_t group = 0; group < n; group += group_of_4bit) {
    for (std::size_t i = 0; i < half; ++i) {
      const std::uint8_t pair = codes[group / 2 + i];
      sum += (pair & 0xF) * query[group + i] + (pair >> 4) * query[group + half + i];
    }
  }
  return sum;
}

float dot_two_level(const std::uint8_t* codes,
                    const std::uint8_t* residuals,
                    const float* query,
                    std::size_t n) {
  constexpr std::size_t half = group_of_4bit / 2;
  float sum = 0;
  for (std::size_t group = 0; group < n; group += group_of_4bit) {
    for (std::size_t i = 0; i < half; ++i) {
      const std::uint8_t pair = codes[group / 2 + i];
      const int low = 255 * (pair & 0xF) + residuals[group + i];
      const int high = 255 * (pair >> 4) + residuals[group + half + i];
      sum += static_cast<float>(low) * query[group + i];
      sum += static_cast<float>(high) * query[group + half + i];
    }
  }
  return sum;
}

Quantised quantise(const float* v, std::size_t n, std::int8_t* codes) {
  float largest = 0;
  for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(v[i]));
  if (!(largest > 0)) {
    std::fill_n(codes, n, std::int8_t{0});
    return {};
  }
  Quantised result{.scale = largest / 127};
  const float steps_of_one = 127 / largest;
  for (std::size_t i = 0; i < n; ++i) {
    codes[i] = static_cast<std::int8_t>(std::lrint(v[i] * steps_of_one));
    result.sum += codes[i];
  }
  return result;
}

std::vector<Kernels> choose() {
  std::vector<Kernels> found;
  add_x86_kernels(found);
  found.push_back({"portable", dot, squared_l2, dot_8bit, dot_4bit, dot_two_level, quantise});
  return found;
}

}  // namespace

std::span<const Kernels> all_kernels() {
  static const std::vector<Kernels> all = choose();
  return all;
}

const Kernels& kernels() {
  static const Kernels& best = all_kernels().front();
  return best;
}

}  // namespace hearth::search::vector
