#include "search/merge_policy.hpp"

#include <gtest/gtest.h>

namespace hearth::search {
namespace {

using Picked = std::vector<std::size_t>;
constexpr MergePolicy policy{.fan_in = 3, .smallest_tier = 10, .most_gone = 0.4};

TEST(MergePolicy, MergesATierThatIsFull) {
  EXPECT_EQ(policy.pick({}), Picked{});
  EXPECT_EQ(policy.pick(std::vector<GenerationSize>{{5, 0}, {9, 0}, {20, 0}}), Picked{});
  EXPECT_EQ(policy.pick(std::vector<GenerationSize>{{5, 0}, {20, 0}, {9, 0}, {1, 0}}),
            (Picked{0, 2, 3}));
}

TEST(MergePolicy, RewritesWhatIsMostlyGone) {
  EXPECT_EQ(policy.pick(std::vector<GenerationSize>{{1000, 400}}), Picked{});
  EXPECT_EQ(policy.pick(std::vector<GenerationSize>{{5, 0}, {1000, 401}}), Picked{1});
}

TEST(MergePolicy, MakesNothingLargerThanItMay) {
  MergePolicy bounded = policy;
  bounded.largest = 20;
  EXPECT_EQ(bounded.pick(std::vector<GenerationSize>{{9, 0}, {8, 0}, {7, 0}, {3, 0}}),
            (Picked{0, 1, 3}));
  EXPECT_EQ(bounded.pick(std::vector<GenerationSize>{{15, 0}, {16, 0}, {17, 0}}), Picked{});
  EXPECT_EQ(bounded.pick(std::vector<GenerationSize>{{100, 50}}), Picked{});
}

TEST(MergePolicy, WritesEachDocumentOnceATier) {
  constexpr MergePolicy usual;
  std::vector<GenerationSize> sizes;
  std::uint64_t written = 0;
  constexpr std::uint64_t flushes = 1000;
  constexpr std::uint64_t documents = 2000;
  for (std::uint64_t i = 0; i < flushes; ++i) {
    sizes.push_back({documents, 0});
    written += documents;
    for (Picked picked = usual.pick(sizes); !picked.empty(); picked = usual.pick(sizes)) {
      std::uint64_t sum = 0;
      for (std::size_t each = picked.size(); each-- > 0;) {
        sum += sizes[picked[each]].documents;
        sizes.erase(sizes.begin() + static_cast<std::ptrdiff_t>(picked[each]));
      }
      sizes.push_back({sum, 0});
      written += sum;
    }
    EXPECT_LE(sizes.size(), 7U * 4);
  }
  EXPECT_LE(written, 5 * flushes * documents);
}

}  // namespace
}  // namespace hearth::search
