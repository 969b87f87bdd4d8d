#include "search/text/block_codec.hpp"

#include <gtest/gtest.h>

#include <random>

namespace hearth::search::text {
namespace {

TEST(BlockCodec, GivesBackEveryWidth) {
  std::mt19937 random(1);
  for (unsigned bits = 0; bits <= most_bits; ++bits) {
    BlockValues values{};
    const std::uint32_t mask = bits == 32 ? UINT32_MAX : (1U << bits) - 1;
    for (std::uint32_t& each : values) each = static_cast<std::uint32_t>(random()) & mask;
    values[17] = mask;
    ASSERT_EQ(bits_needed(values), bits);
    std::string packed;
    pack(values, bits, packed);
    ASSERT_EQ(packed.size(), packed_size(bits));
    BlockValues read{};
    unpack(packed.data(), bits, read);
    EXPECT_EQ(read, values) << bits;
  }
}

TEST(BlockCodec, AddsUpGapsAndFindsTheLargest) {
  std::mt19937 random(2);
  for (const unsigned bits : {0U, 1U, 5U, 13U, 24U}) {
    BlockValues gaps{};
    for (std::uint32_t& each : gaps)
      each = static_cast<std::uint32_t>(random()) & ((1U << bits) - 1);
    std::string packed;
    pack(gaps, bits, packed);
    BlockValues read{};
    const std::uint32_t largest = unpack_gaps(packed.data(), bits, UINT32_MAX, read);
    std::uint32_t sum = UINT32_MAX;
    for (std::size_t i = 0; i < block_size; ++i) EXPECT_EQ(read[i], sum += gaps[i] + 1);
    EXPECT_EQ(largest, sum);
  }
}

}  // namespace
}  // namespace hearth::search::text
