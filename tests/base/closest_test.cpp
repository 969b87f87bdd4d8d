#include "base/closest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace hearth {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(EditDistance, CountsEachKindOfEditOnce) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("limit", "limit"), 0U);
  EXPECT_EQ(edit_distance("limit", "limits"), 1U);
  EXPECT_EQ(edit_distance("limit", "lmit"), 1U);
  EXPECT_EQ(edit_distance("limit", "lomit"), 1U);
  EXPECT_EQ(edit_distance("limit", "ilmit"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
}

TEST(EditDistance, IsSymmetricAndBoundedByTheLongerWord) {
  std::mt19937 random(1);
  const auto word = [&] {
    std::string text(random() % 9, 'a');
    for (char& c : text) c = static_cast<char>('a' + random() % 3);
    return text;
  };
  for (int i = 0; i < 2000; ++i) {
    const std::string a = word();
    const std::string b = word();
    const std::size_t distance = edit_distance(a, b);
    EXPECT_EQ(distance, edit_distance(b, a)) << a << " " << b;
    EXPECT_LE(distance, std::max(a.size(), b.size()));
    EXPECT_GE(distance, std::max(a.size(), b.size()) - std::min(a.size(), b.size()));
    EXPECT_EQ(distance == 0, a == b);
  }
}

TEST(ClosestNames, PutsTheNearestFirst) {
  EXPECT_THAT(closest_names("serch", {"stats", "search", "sketch"}),
              ElementsAre("search", "sketch"));
}

TEST(ClosestNames, OffersNothingFarAway) {
  EXPECT_THAT(closest_names("xyz", {"search", "get", "list"}), IsEmpty());
}

TEST(ClosestNames, ForgivesOneEditOfAShortWord) {
  EXPECT_THAT(closest_names("gt", {"get"}), ElementsAre("get"));
}

TEST(ClosestNames, KeepsToTheWantedNumber) {
  EXPECT_THAT(closest_names("aaa", {"aab", "aac", "aad"}, 2), ElementsAre("aab", "aac"));
  EXPECT_THAT(closest_names("aaa", {"aab"}, 0), IsEmpty());
}

TEST(ClosestNames, CostsNothingForAHugeName) {
  const std::string huge(8U << 20, 'x');  // a frame's worth; quadratic work would take minutes
  EXPECT_THAT(closest_names(huge, {"search", std::string(64, 'x')}), IsEmpty());
}

}  // namespace
}  // namespace hearth
