// The inner loops: products and distances of vectors, in the best way that this processor has.
//
// One table of functions is chosen at the first use: AVX-512 with VNNI, AVX2 with FMA, or plain
// C++. The results on integers are the same everywhere; those on floats differ in the last bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace hearth::search::vector {

// Codes come in groups: 64 8-bit codes, or 128 4-bit codes of which byte i of 64 holds number i in
// its low half and number 64 + i in its high half. So codes fill whole cache lines, and are
// unpacked by one mask and one shift.
inline constexpr std::size_t group_of_8bit = 64;
inline constexpr std::size_t group_of_4bit = 128;

// A vector as 8-bit integers: v[i] ≈ scale · code[i].
struct Quantised {
  float scale = 0;
  std::int32_t sum = 0;  // of the codes
};

struct Kernels {
  std::string_view name;
  // Σ a[i]·b[i], any n.
  float (*dot)(const float* a, const float* b, std::size_t n);
  // Σ (a[i] - b[i])², any n.
  float (*squared_l2)(const float* a, const float* b, std::size_t n);
  // Σ code[i]·query[i] over n codes, n a multiple of the group. Exact: |sum| < 2³¹ for n ≤ 65,536.
  std::int32_t (*dot_8bit)(const std::uint8_t* codes, const std::int8_t* query, std::size_t n);
  std::int32_t (*dot_4bit)(const std::uint8_t* codes, const std::int8_t* query, std::size_t n);
  // Σ (255·code[i] + residual[i])·query[i] over n 4-bit codes, n a multiple of their group.
  float (*dot_two_level)(const std::uint8_t* codes,
                         const std::uint8_t* residuals,
                         const float* query,
                         std::size_t n);
  // Writes n codes in [-127, 127]; any n.
  Quantised (*quantise)(const float* v, std::size_t n, std::int8_t* codes);
};

[[nodiscard]] const Kernels& kernels();
// All that run on this processor, the best first, the portable one last: for tests and the bench.
[[nodiscard]] std::span<const Kernels> all_kernels();

}  // namespace hearth::search::vector
