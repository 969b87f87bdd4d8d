#include "base/ascii.hpp"

#include <gtest/gtest.h>

namespace hearth {
namespace {

TEST(Ascii, OnlyItsOwnCapitalsBecomeSmall) {
  EXPECT_EQ(ascii_lower("AZ az @[`{ 09 \xc3\x84"), "az az @[`{ 09 \xc3\x84");
  EXPECT_EQ(ascii_lower(""), "");
  EXPECT_EQ(ascii_lower('Q'), 'q');
  EXPECT_EQ(ascii_lower('\xc4'), '\xc4');
}

}  // namespace
}  // namespace hearth
