// 128 numbers at a time in as many bits each as the largest needs.
//
// The layout is the vertical one of SIMD-BP128 (Lemire & Boytsov 2015, "Decoding billions of
// integers per second through vectorization"): number i is in lane i mod 4 of a 128-bit word, so
// that one shift and one mask unpack four numbers. Written with the compiler's vector types, it is
// SSE2 on x86-64 and NEON on ARM without a line of either.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace hearth::search::text {

inline constexpr std::size_t block_size = 128;
inline constexpr unsigned most_bits = 32;

using BlockValues = std::array<std::uint32_t, block_size>;

[[nodiscard]] unsigned bits_needed(const BlockValues& values);
[[nodiscard]] constexpr std::size_t packed_size(unsigned bits) {
  return block_size / 8 * bits;
}
// Appends packed_size(bits) bytes.
void pack(const BlockValues& values, unsigned bits, std::string& out);
// Reads packed_size(bits) bytes at `in`; `bits` is at most 32.
void unpack(const char* in, unsigned bits, std::span<std::uint32_t, block_size> values);
// The same for gaps: value[i] = before + Σ (gap[j] + 1), j ≤ i, modulo 2³². Returns the largest.
[[nodiscard]] std::uint32_t unpack_gaps(const char* in,
                                        unsigned bits,
                                        std::uint32_t before,
                                        std::span<std::uint32_t, block_size> values);

}  // namespace hearth::search::text
