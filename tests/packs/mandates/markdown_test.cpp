#include "packs/mandates/markdown.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::packs::mandates {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Markdown, IsHeadingsListsAndBlocks) {
  Markdown text;
  text.heading(1, "Run a");
  text.item("state", "ended");
  text.item("reason", "");
  text.item("", "x");
  text.paragraph("p");
  text.block("one\ntwo\n");
  EXPECT_EQ(text.text(), "# Run a\n\n- state: ended\n- x\n\np\n\n```\none\ntwo\n```\n");
}

// What is nobody's markup stays text.
TEST(Markdown, NothingThatATextHoldsIsMarkup) {
  Markdown text;
  text.paragraph("# x\n* y <b>&amp;</b> [a](http://b) ![c](d) `e` 1. f");
  EXPECT_EQ(text.text(),
            "\\# x⏎ \\* y \\<b\\>\\&amp;\\</b\\> \\[a\\](http\\://b) "
            "\\!\\[c\\](d) \\`e\\` 1. f\n");
  const auto paragraph = [](const std::string& of) {
    Markdown one;
    one.paragraph(of);
    return one.text();
  };
  EXPECT_EQ(paragraph("- a - b"), "\\- a - b\n");
  EXPECT_EQ(paragraph("12. a 1."), "12\\. a 1.\n");
  EXPECT_EQ(paragraph("12) a"), "12\\) a\n");
  EXPECT_EQ(paragraph("= ="), "\\= =\n");
  EXPECT_EQ(paragraph("a www.b.c"), "a www\\.b.c\n");
  EXPECT_EQ(paragraph("$x$ | a@b"), "\\$x\\$ \\| a\\@b\n");
  Markdown item;
  item.item("a\nb", "\x1b[31mred\u202e");
  EXPECT_EQ(item.text(), "- a⏎ b: \\\\x1b\\[31mred\\\\u202e\n");
}

TEST(Markdown, NoTextEndsItsBlock) {
  for (const char* const attack : {"```\n<b>", "````\n# x", "~~~\n`````````\n# x\n```"}) {
    Markdown text;
    text.block(attack);
    const std::string fence = text.text().substr(0, text.text().find('\n'));
    EXPECT_THAT(std::string(attack), Not(HasSubstr(fence)));
    EXPECT_TRUE(text.text().ends_with("\n" + fence + "\n")) << text.text();
  }
}

TEST(Markdown, LongLinesAreBrokenWhereAPageEnds) {
  Markdown text;
  text.paragraph("a long paragraph");
  text.block("12345678\n123456789\n漢字漢字漢");
  text.block("```\n12345678901234567");
  EXPECT_EQ(broken_blocks(text.text(), 8),
            "a long paragraph\n\n```\n12345678\n12345678\n… 9\n漢字漢字\n… 漢\n```\n\n"
            "````\n```\n12345678\n… 901234\n… 567\n````\n");
}

}  // namespace
}  // namespace hearth::packs::mandates
