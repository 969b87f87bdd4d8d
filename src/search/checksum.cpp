#include "search/checksum.hpp"

#include <array>

#include "search/bytes.hpp"

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace hearth::search {
namespace {

// Slicing by eight: eight table look-ups for eight bytes, without waiting for one another.
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0U);
    tables[0][byte] = crc;
  }
  for (std::size_t slice = 1; slice < 8; ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}
constexpr Tables tables = make_tables();

std::uint32_t portable(std::string_view bytes, std::uint32_t crc) {
  while (bytes.size() >= 8) {
    const std::uint64_t word = load<std::uint64_t>(bytes) ^ crc;
    crc = 0;
    for (std::size_t i = 0; i < 8; ++i) crc ^= tables[7 - i][(word >> (8 * i)) & 0xFF];
    bytes.remove_prefix(8);
  }
  for (const char byte : bytes) {
    crc = (crc >> 8) ^ tables[0][(crc ^ static_cast<unsigned char>(byte)) & 0xFF];
  }
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::string_view bytes,
                                                               std::uint32_t seed) {
  std::uint64_t crc = seed;
  while (bytes.size() >= 8) {
    crc = _mm_crc32_u64(crc, load<std::uint64_t>(bytes));
    bytes.remove_prefix(8);
  }
  return portable(bytes, static_cast<std::uint32_t>(crc));
}
bool has_instruction() {
  return __builtin_cpu_supports("sse4.2") != 0;
}
#elif defined(__ARM_FEATURE_CRC32)
std::uint32_t by_instruction(std::string_view bytes, std::uint32_t crc) {
  while (bytes.size() >= 8) {
    crc = __crc32cd(crc, load<std::uint64_t>(bytes));
    bytes.remove_prefix(8);
  }
  return portable(bytes, crc);
}
bool has_instruction() {
  return true;
}
#else
std::uint32_t by_instruction(std::string_view bytes, std::uint32_t crc) {
  return portable(bytes, crc);
}
bool has_instruction() {
  return false;
}
#endif

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed) {
  static const bool is_fast = has_instruction();
  return ~(is_fast ? by_instruction(bytes, ~seed) : portable(bytes, ~seed));
}

}  // namespace hearth::search
