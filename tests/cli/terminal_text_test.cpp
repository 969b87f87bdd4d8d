#include "cli/terminal_text.hpp"

#include <gtest/gtest.h>

namespace hearth::cli {
namespace {

TEST(DisplayWidth, CountsColumns) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("äöü"), 3U);
  EXPECT_EQ(display_width("日本"), 4U);
  EXPECT_EQ(display_width("e\u0301"), 1U);
  EXPECT_EQ(display_width("\xff\xfe"), 2U);
}

TEST(Clip, EndsInAnEllipsisWhenSomethingIsLeftOut) {
  EXPECT_EQ(clip("hello", 5), "hello");
  EXPECT_EQ(clip("hello", 4), "hel…");
  EXPECT_EQ(clip("日本語", 4), "日…");
  EXPECT_EQ(clip("hello", 1), "…");
  EXPECT_EQ(clip("hello", 0), "");
}

TEST(Printable, KeepsTextAndDropsWhatATerminalWouldObey) {
  EXPECT_EQ(printable("plain ü 日", Lines::keep), "plain ü 日");
  EXPECT_EQ(printable("a\nb", Lines::keep), "a\nb");
  EXPECT_EQ(printable("a\r\nb", Lines::join), "a⏎ b");
  EXPECT_EQ(printable("\x1b[2J", Lines::keep), "\uFFFD[2J");
  EXPECT_EQ(printable("\xc2\x9b\x7f", Lines::keep), "\uFFFD\uFFFD");
  EXPECT_EQ(printable("\xff\xc3", Lines::keep), "\uFFFD\uFFFD");
  EXPECT_EQ(printable("\u202etxt", Lines::keep), "\uFFFDtxt");
}

}  // namespace
}  // namespace hearth::cli
