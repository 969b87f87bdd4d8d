#include "search/tombstones.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace hearth::search {
namespace {

constexpr std::uint32_t documents = 100'000;

TEST(Tombstones, ASetIsNotChangedByTheNextOne) {
  const Tombstones none(documents);
  const std::vector<std::uint32_t> some{3, 99'999, 3, documents, UINT32_MAX};
  const Tombstones two = none.with(some, [](std::uint32_t each) { return std::uint64_t{each}; });
  EXPECT_TRUE(none.empty());
  EXPECT_FALSE(none.contains(3));
  EXPECT_EQ(two.count(), 2U);
  EXPECT_EQ(two.weight(), 100'002U);
  EXPECT_TRUE(two.contains(3));
  EXPECT_TRUE(two.contains(99'999));
  EXPECT_FALSE(two.contains(4));
  EXPECT_FALSE(two.contains(documents));
  EXPECT_EQ(two.added_since(none), (std::vector<std::uint32_t>{3, 99'999}));
}

TEST(Tombstones, ReadsBackWhatItWrote) {
  std::mt19937 random(4);
  Tombstones all(documents);
  std::set<std::uint32_t> expected;
  for (int round = 0; round < 20; ++round) {
    std::vector<std::uint32_t> gone;
    for (int i = 0; i < 50; ++i) gone.push_back(static_cast<std::uint32_t>(random() % documents));
    expected.insert(gone.begin(), gone.end());
    all = all.with(gone);
  }
  MemoryFile file;
  GenerationWriter writer(file, tombstones_kind, 64);
  all.write(writer);
  ASSERT_TRUE(writer.finish(1));
  const auto generation = Generation::of_bytes(file.take(), tombstones_kind);
  ASSERT_TRUE(generation);
  const auto read = Tombstones::read(*generation, documents);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->count(), expected.size());
  for (std::uint32_t i = 0; i < documents; ++i) {
    ASSERT_EQ(read->contains(i), expected.contains(i)) << i;
  }
  const std::vector<std::uint32_t> more{*expected.begin(), 77'777};
  EXPECT_EQ(read->with(more).added_since(*read).size(), expected.contains(77'777) ? 0U : 1U);
  EXPECT_EQ(Tombstones::read(*generation, documents + 1).error().code, Errc::damaged);
}

}  // namespace
}  // namespace hearth::search
