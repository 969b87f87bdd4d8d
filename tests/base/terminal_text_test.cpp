#include "base/terminal_text.hpp"

#include <gtest/gtest.h>

namespace hearth {
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

TEST(Printable, WritesOutWhatNobodyWouldSee) {
  EXPECT_EQ(printable("a\u200bb\u200fc\ufeff", Lines::keep), R"(a\u200bb\u200fc\ufeff)");
  EXPECT_EQ(printable("\u061c\u2066x\u2069\u2028y", Lines::keep), R"(\u061c\u2066x\u2069\u2028y)");
  EXPECT_EQ(printable("pa\u00adss", Lines::join), R"(pa\xadss)");
  EXPECT_EQ(printable("\U000e0041\U000e0100", Lines::keep), R"(\U000e0041\U000e0100)");
  EXPECT_EQ(printable("a\u200db", Lines::keep), R"(a\u200db)");
}

TEST(Printable, ShowsTabsWhereTheyAreMeant) {
  EXPECT_EQ(printable("a\tb", Lines::keep), "a  b");
  EXPECT_EQ(printable("a\tb\n\tc", Lines::keep, Spelling::exact), "a⇥      b\n⇥       c");
  EXPECT_EQ(printable("1234567\t89", Lines::keep, Spelling::exact), "1234567⇥89");
}

// What is an escape, and what is a text that looks like one.
TEST(Printable, ExactTextsLookDifferent) {
  const auto exact = [](std::string_view text) {
    return printable(text, Lines::join, Spelling::exact);
  };
  EXPECT_EQ(exact("\x1b[8m"), R"(\x1b[8m)");
  EXPECT_EQ(exact(R"(\x1b[8m)"), R"(\\x1b[8m)");
  EXPECT_EQ(exact("\\\x1b[8m"), R"(\\\x1b[8m)") << "a backslash, and an escape";
  EXPECT_EQ(exact(R"(\\u202e)"), R"(\\\\u202e)");
  EXPECT_EQ(exact("\u202e"), R"(\u202e)");
  EXPECT_EQ(exact(R"("a\n" \d C:\)"), R"("a\n" \d C:\)") << "others are as they are";
  EXPECT_EQ(exact("a⏎ b"), R"(a\u23ce b)");
  EXPECT_EQ(exact("a\nb"), "a⏎ b");
  EXPECT_EQ(exact("⇥"), R"(\u21e5)");
  EXPECT_EQ(printable(exact(R"(\x1b)"), Lines::keep), exact(R"(\x1b)"))
      << "the command line shows what it is given";
}

TEST(Printable, LeavesPicturesWhole) {
  for (const char* const text :
       {"\u2764\ufe0f", "\U0001f469\u200d\U0001f4bb", "\u2764\ufe0f\u200d\U0001f525", "e\u0301"})
    EXPECT_EQ(printable(text, Lines::keep), text);
  EXPECT_EQ(printable("\u2764\ufe0f\ufe01", Lines::keep), "\u2764\ufe0f\\ufe01");
}

}  // namespace
}  // namespace hearth
