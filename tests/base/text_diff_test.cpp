#include "base/text_diff.hpp"

#include <gtest/gtest.h>

namespace hearth {
namespace {

TEST(TextDiff, ShowsTheChangedLinesWithContext) {
  EXPECT_EQ(text_diff("a\nb\nc\nd\n", "a\nb\nX\nY\nd\n"), "@@ line 2 @@\n b\n-c\n+X\n+Y\n d\n");
}

TEST(TextDiff, ShowsAPureInsertion) {
  EXPECT_EQ(text_diff("a\nb\n", "a\nn\nb\n"), "@@ line 1 @@\n a\n+n\n b\n");
  EXPECT_EQ(text_diff("", "n\n"), "@@ line 1 @@\n+n\n");
}

TEST(TextDiff, IsEmptyForEqualTexts) {
  EXPECT_EQ(text_diff("a\n", "a\n"), "");
}

TEST(TextDiff, ClipsLongLines) {
  EXPECT_LT(text_diff("", std::string(5000, 'x')).size(), 300U);
}

TEST(TextDiff, HidesNothingOfALineThatIsNotCut) {
  const std::string line = std::string(500, 'x') + "\x1b[8m" + "end";
  EXPECT_EQ(text_diff("", line, std::string::npos), "@@ line 1 @@\n+" + std::string(500, 'x') +
                                                        R"(\x1b[8mend)" +
                                                        "\n(the last line has no end)\n");
  EXPECT_EQ(text_diff("a\n", "a\r\n"), "@@ line 1 @@\n-a\n+a\\x0d\n");
}

TEST(TextDiff, ShowsATabAsWhatItIs) {
  EXPECT_EQ(text_diff("  x\n", "\tx\n"), "@@ line 1 @@\n-  x\n+⇥       x\n");
}

TEST(TextDiff, IsColoredByItsMarks) {
  EXPECT_EQ(colored_diff("@@ line 1 @@\n a\n-b\n+c\n"),
            "@@ line 1 @@\n a\n\x1b[31m-b\x1b[0m\n\x1b[32m+c\x1b[0m\n");
}

TEST(TextDiff, TellsThatALineEndWentOrCame) {
  EXPECT_EQ(text_diff("a\n", "a"), "@@ line 1 @@\n a\n(the last line has no end)\n");
  EXPECT_EQ(text_diff("", "a"), "@@ line 1 @@\n+a\n(the last line has no end)\n");
  EXPECT_EQ(text_diff("a", ""), "@@ line 1 @@\n-a\n");
  EXPECT_EQ(text_diff("a", "a\n"), "@@ line 1 @@\n a\n(the last line had no end)\n");
}

}  // namespace
}  // namespace hearth
