#include "base/version.hpp"

#include <gtest/gtest.h>

namespace hearth {
namespace {

TEST(CompareVersions, ComparesPartsAsNumbers) {
  EXPECT_LT(compare_versions("0.9.0", "0.10.0"), 0);
  EXPECT_GT(compare_versions("1.0.0", "0.99.99"), 0);
  EXPECT_EQ(compare_versions("1.2.3", "1.2.3"), 0);
}

TEST(CompareVersions, TakesMissingPartsAsZero) {
  EXPECT_EQ(compare_versions("1.2", "1.2.0"), 0);
  EXPECT_LT(compare_versions("1.2", "1.2.1"), 0);
  EXPECT_LT(compare_versions("", "0.0.1"), 0);
}

TEST(CompareVersions, PutsAPreReleaseBeforeItsRelease) {
  EXPECT_LT(compare_versions("1.0.0-rc1", "1.0.0"), 0);
  EXPECT_LT(compare_versions("1.0.0-alpha", "1.0.0-beta"), 0);
  EXPECT_GT(compare_versions("1.0.1-alpha", "1.0.0"), 0);
}

TEST(CompareVersions, SurvivesWhatIsNoVersion) {
  EXPECT_EQ(compare_versions("garbage", "more garbage"), 0);
  EXPECT_EQ(compare_versions("99999999999999999999999", "0"), 0);
}

}  // namespace
}  // namespace hearth
