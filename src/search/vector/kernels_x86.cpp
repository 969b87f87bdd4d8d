#include "search/vector/kernels_x86.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>
#include <cmath>

#define HEARTH_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma")))
#define HEARTH_AVX2 __attribute__((target("avx2,fma")))

namespace hearth::search::vector {
namespace {

// Two accumulators of each kind: a product waits four or five cycles for the one before it.

HEARTH_AVX512 __mmask16 first_lanes(std::size_t n) {
  return static_cast<__mmask16>((1U << n) - 1);
}

HEARTH_AVX512 float dot_avx512(const float* a, const float* b, std::size_t n) {
  __m512 even = _mm512_setzero_ps();
  __m512 odd = _mm512_setzero_ps();
  std::size_t i = 0;
  for (; i + 32 <= n; i += 32) {
    even = _mm512_fmadd_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), even);
    odd = _mm512_fmadd_ps(_mm512_loadu_ps(a + i + 16), _mm512_loadu_ps(b + i + 16), odd);
  }
  for (; i < n; i += 16) {
    const __mmask16 rest = n - i < 16 ? first_lanes(n - i) : 0xFFFF;
    even = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(rest, a + i), _mm512_maskz_loadu_ps(rest, b + i),
                           even);
  }
  return _mm512_reduce_add_ps(_mm512_add_ps(even, odd));
}

HEARTH_AVX512 float squared_l2_avx512(const float* a, const float* b, std::size_t n) {
  __m512 even = _mm512_setzero_ps();
  __m512 odd = _mm512_setzero_ps();
  std::size_t i = 0;
  for (; i + 32 <= n; i += 32) {
    const __m512 first = _mm512_sub_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i));
    const __m512 second = _mm512_sub_ps(_mm512_loadu_ps(a + i + 16), _mm512_loadu_ps(b + i + 16));
    even = _mm512_fmadd_ps(first, first, even);
    odd = _mm512_fmadd_ps(second, second, odd);
  }
  for (; i < n; i += 16) {
    const __mmask16 rest = n - i < 16 ? first_lanes(n - i) : 0xFFFF;
    const __m512 last =
        _mm512_sub_ps(_mm512_maskz_loadu_ps(rest, a + i), _mm512_maskz_loadu_ps(rest, b + i));
    even = _mm512_fmadd_ps(last, last, even);
  }
  return _mm512_reduce_add_ps(_mm512_add_ps(even, odd));
}

HEARTH_AVX512 std::int32_t dot_8bit_avx512(const std::uint8_t* codes,
                                           const std::int8_t* query,
                                           std::size_t n) {
  __m512i even = _mm512_setzero_si512();
  __m512i odd = _mm512_setzero_si512();
  std::size_t i = 0;
  for (; i + 128 <= n; i += 128) {
    even = _mm512_dpbusd_epi32(even, _mm512_loadu_si512(codes + i), _mm512_loadu_si512(query + i));
    odd = _mm512_dpbusd_epi32(odd, _mm512_loadu_si512(codes + i + 64),
                              _mm512_loadu_si512(query + i + 64));
  }
  if (i < n) {
    even = _mm512_dpbusd_epi32(even, _mm512_loadu_si512(codes + i), _mm512_loadu_si512(query + i));
  }
  return _mm512_reduce_add_epi32(_mm512_add_epi32(even, odd));
}

HEARTH_AVX512 std::int32_t dot_4bit_avx512(const std::uint8_t* codes,
                                           const std::int8_t* query,
                                           std::size_t n) {
  const __m512i nibble = _mm512_set1_epi8(0xF);
  __m512i low = _mm512_setzero_si512();
  __m512i high = _mm512_setzero_si512();
  for (std::size_t i = 0; i < n; i += group_of_4bit) {
    const __m512i pairs = _mm512_loadu_si512(codes + i / 2);
    low = _mm512_dpbusd_epi32(low, _mm512_and_si512(pairs, nibble), _mm512_loadu_si512(query + i));
    high = _mm512_dpbusd_epi32(high, _mm512_and_si512(_mm512_srli_epi16(pairs, 4), nibble),
                               _mm512_loadu_si512(query + i + 64));
  }
  return _mm512_reduce_add_epi32(_mm512_add_epi32(low, high));
}

// 16 values of two levels from 16 bytes of codes (in their low halves) and 16 of residuals.
HEARTH_AVX512 __m512 two_levels(__m128i codes, const std::uint8_t* residuals) {
  const __m512i coarse = _mm512_cvtepu8_epi32(codes);
  const __m512i fine =
      _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(residuals)));
  // 255·c is 256·c - c.
  const __m512i scaled = _mm512_sub_epi32(_mm512_slli_epi32(coarse, 8), coarse);
  return _mm512_cvtepi32_ps(_mm512_add_epi32(scaled, fine));
}

HEARTH_AVX512 float dot_two_level_avx512(const std::uint8_t* codes,
                                         const std::uint8_t* residuals,
                                         const float* query,
                                         std::size_t n) {
  const __m128i nibble = _mm_set1_epi8(0xF);
  __m512 low = _mm512_setzero_ps();
  __m512 high = _mm512_setzero_ps();
  for (std::size_t group = 0; group < n; group += group_of_4bit) {
    for (std::size_t i = group; i < group + 64; i += 16) {
      const __m128i pairs =
          _mm_loadu_si128(reinterpret_cast<const __m128i*>(codes + i - group / 2));
      low = _mm512_fmadd_ps(two_levels(_mm_and_si128(pairs, nibble), residuals + i),
                            _mm512_loadu_ps(query + i), low);
      high = _mm512_fmadd_ps(
          two_levels(_mm_and_si128(_mm_srli_epi16(pairs, 4), nibble), residuals + i + 64),
          _mm512_loadu_ps(query + i + 64), high);
    }
  }
  return _mm512_reduce_add_ps(_mm512_add_ps(low, high));
}

HEARTH_AVX512 Quantised quantise_avx512(const float* v, std::size_t n, std::int8_t* codes) {
  __m512 largest_of_lane = _mm512_setzero_ps();
  for (std::size_t i = 0; i < n; i += 16) {
    const __mmask16 lanes = n - i < 16 ? first_lanes(n - i) : 0xFFFF;
    const __m512 size = _mm512_abs_ps(_mm512_maskz_loadu_ps(lanes, v + i));
    largest_of_lane = _mm512_max_ps(size, largest_of_lane);
  }
  const float largest = _mm512_reduce_max_ps(largest_of_lane);
  if (!(largest > 0)) {
    std::fill_n(codes, n, std::int8_t{0});
    return {};
  }
  const __m512 steps_of_one = _mm512_set1_ps(127 / largest);
  __m512i sum = _mm512_setzero_si512();
  for (std::size_t i = 0; i < n; i += 16) {
    const __mmask16 lanes = n - i < 16 ? first_lanes(n - i) : 0xFFFF;
    const __m512i rounded =
        _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_maskz_loadu_ps(lanes, v + i), steps_of_one));
    _mm512_mask_cvtsepi32_storeu_epi8(codes + i, lanes, rounded);
    sum = _mm512_add_epi32(sum, rounded);
  }
  return {.scale = largest / 127, .sum = _mm512_reduce_add_epi32(sum)};
}

HEARTH_AVX2 float sum_of(__m256 eight) {
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}

HEARTH_AVX2 std::int32_t sum_of(__m256i eight) {
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1)));
}

HEARTH_AVX2 float dot_avx2(const float* a, const float* b, std::size_t n) {
  __m256 even = _mm256_setzero_ps();
  __m256 odd = _mm256_setzero_ps();
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    even = _mm256_fmadd_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i), even);
    odd = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 8), _mm256_loadu_ps(b + i + 8), odd);
  }
  float sum = sum_of(_mm256_add_ps(even, odd));
  for (; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

HEARTH_AVX2 float squared_l2_avx2(const float* a, const float* b, std::size_t n) {
  __m256 even = _mm256_setzero_ps();
  __m256 odd = _mm256_setzero_ps();
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m256 first = _mm256_sub_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i));
    const __m256 second = _mm256_sub_ps(_mm256_loadu_ps(a + i + 8), _mm256_loadu_ps(b + i + 8));
    even = _mm256_fmadd_ps(first, first, even);
    odd = _mm256_fmadd_ps(second, second, odd);
  }
  float sum = sum_of(_mm256_add_ps(even, odd));
  for (; i < n; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

HEARTH_AVX2 __m256i load_256(const void* at) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(at));
}

// 8-bit codes do not fit vpmaddubsw, whose sums of two products saturate at 2¹⁵: widen first.
HEARTH_AVX2 std::int32_t dot_8bit_avx2(const std::uint8_t* codes,
                                       const std::int8_t* query,
                                       std::size_t n) {
  __m256i even = _mm256_setzero_si256();
  __m256i odd = _mm256_setzero_si256();
  for (std::size_t i = 0; i < n; i += 32) {
    const __m256i code = load_256(codes + i);
    const __m256i weight = load_256(query + i);
    even = _mm256_add_epi32(
        even, _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm256_castsi256_si128(code)),
                                _mm256_cvtepi8_epi16(_mm256_castsi256_si128(weight))));
    odd = _mm256_add_epi32(
        odd, _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm256_extracti128_si256(code, 1)),
                               _mm256_cvtepi8_epi16(_mm256_extracti128_si256(weight, 1))));
  }
  return sum_of(_mm256_add_epi32(even, odd));
}

// 4-bit codes fit: 2 · 2 · 15 · 128 < 2¹⁵, even for the low and the high half together.
HEARTH_AVX2 std::int32_t dot_4bit_avx2(const std::uint8_t* codes,
                                       const std::int8_t* query,
                                       std::size_t n) {
  const __m256i nibble = _mm256_set1_epi8(0xF);
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sum = _mm256_setzero_si256();
  for (std::size_t group = 0; group < n; group += group_of_4bit) {
    for (std::size_t i = 0; i < 64; i += 32) {
      const __m256i pairs = load_256(codes + group / 2 + i);
      const __m256i low =
          _mm256_maddubs_epi16(_mm256_and_si256(pairs, nibble), load_256(query + group + i));
      const __m256i high = _mm256_maddubs_epi16(
          _mm256_and_si256(_mm256_srli_epi16(pairs, 4), nibble), load_256(query + group + 64 + i));
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_add_epi16(low, high), ones));
    }
  }
  return sum_of(sum);
}

HEARTH_AVX2 __m256 two_levels_avx2(__m128i codes, const std::uint8_t* residuals) {
  const __m256i coarse = _mm256_cvtepu8_epi32(codes);
  const __m256i fine =
      _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(residuals)));
  const __m256i scaled = _mm256_sub_epi32(_mm256_slli_epi32(coarse, 8), coarse);
  return _mm256_cvtepi32_ps(_mm256_add_epi32(scaled, fine));
}

HEARTH_AVX2 float dot_two_level_avx2(const std::uint8_t* codes,
                                     const std::uint8_t* residuals,
                                     const float* query,
                                     std::size_t n) {
  const __m128i nibble = _mm_set1_epi8(0xF);
  __m256 low = _mm256_setzero_ps();
  __m256 high = _mm256_setzero_ps();
  for (std::size_t group = 0; group < n; group += group_of_4bit) {
    for (std::size_t i = group; i < group + 64; i += 8) {
      const __m128i pairs =
          _mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes + i - group / 2));
      low = _mm256_fmadd_ps(two_levels_avx2(_mm_and_si128(pairs, nibble), residuals + i),
                            _mm256_loadu_ps(query + i), low);
      high = _mm256_fmadd_ps(
          two_levels_avx2(_mm_and_si128(_mm_srli_epi16(pairs, 4), nibble), residuals + i + 64),
          _mm256_loadu_ps(query + i + 64), high);
    }
  }
  return sum_of(_mm256_add_ps(low, high));
}

HEARTH_AVX2 Quantised quantise_avx2(const float* v, std::size_t n, std::int8_t* codes) {
  const __m256 no_sign = _mm256_castsi256_ps(_mm256_set1_epi32(0x7FFFFFFF));
  __m256 largest_of_lane = _mm256_setzero_ps();
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    largest_of_lane =
        _mm256_max_ps(_mm256_and_ps(_mm256_loadu_ps(v + i), no_sign), largest_of_lane);
  }
  alignas(32) float lanes[8];
  _mm256_store_ps(lanes, largest_of_lane);
  float largest = *std::ranges::max_element(lanes);
  for (; i < n; ++i) largest = std::max(largest, std::abs(v[i]));
  if (!(largest > 0)) {
    std::fill_n(codes, n, std::int8_t{0});
    return {};
  }
  Quantised result{.scale = largest / 127};
  const float steps_of_one = 127 / largest;
  for (std::size_t k = 0; k < n; ++k) {
    codes[k] = static_cast<std::int8_t>(_mm_cvtss_si32(_mm_set_ss(v[k] * steps_of_one)));
    result.sum += codes[k];
  }
  return result;
}

}  // namespace

void add_x86_kernels(std::vector<Kernels>& to) {
  if (__builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
      __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512vnni") != 0) {
    to.push_back({"avx512-vnni", dot_avx512, squared_l2_avx512, dot_8bit_avx512, dot_4bit_avx512,
                  dot_two_level_avx512, quantise_avx512});
  }
  if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0) {
    to.push_back({"avx2", dot_avx2, squared_l2_avx2, dot_8bit_avx2, dot_4bit_avx2,
                  dot_two_level_avx2, quantise_avx2});
  }
}

}  // namespace hearth::search::vector

#else

namespace hearth::search::vector {
void add_x86_kernels(std::vector<Kernels>&) {}
}  // namespace hearth::search::vector

#endif
