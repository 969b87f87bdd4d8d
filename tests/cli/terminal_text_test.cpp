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
  EXPECT_EQ(printable("\x1b[2J", Lines::keep), R"(\x1b[2J)");
  EXPECT_EQ(printable("\xc2\x9b\x7f", Lines::keep), R"(\x9b\x7f)");
  EXPECT_EQ(printable("\xff\xc3", Lines::keep), R"(\xff\xc3)");
  EXPECT_EQ(printable("\u202etxt", Lines::keep), R"(\u202etxt)");
  EXPECT_EQ(printable("seen\rhidden", Lines::keep), R"(seen\x0dhidden)");
}

}  // namespace
}  // namespace hearth::cli
