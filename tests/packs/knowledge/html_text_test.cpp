#include "packs/knowledge/engine/html_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hearth::packs::knowledge {
namespace {

std::string text_of(std::string_view html) {
  auto text = html_to_markdown(html);
  EXPECT_TRUE(text) << text.error().message;
  return text.value_or("");
}

TEST(HtmlText, KeepsHeadingsParagraphsAndLists) {
  EXPECT_EQ(text_of("<html><head><title>Page</title><style>p{}</style></head><body>"
                    "<h2>Install &amp; run</h2><p>First   <b>bold</b>\nline.</p>"
                    "<ul><li>one</li><li>two</li></ul><script>var x;</script>after</body></html>"),
            "# Page\n\n## Install & run\n\nFirst bold line.\n\n- one\n- two\n\nafter\n");
}

TEST(HtmlText, KeepsPreformattedTextAsItIs) {
  EXPECT_EQ(text_of("<pre>a\n  b</pre>"), "a\n  b\n");
}

TEST(HtmlText, LeavesOutWhatIsNoText) {
  EXPECT_EQ(text_of("<nav>menu</nav><button>name</button><p>text</p><!-- comment -->"), "text\n");
}

TEST(HtmlText, ReadsAnyBytes) {
  EXPECT_EQ(text_of(""), "");
  EXPECT_EQ(text_of("plain < text"), "plain < text\n");
  (void)html_to_markdown(std::string("\xff\x00<p", 4));
  (void)text_of("<p>unclosed <b>tags");
}

TEST(HtmlText, RefusesWhatIsNestedWithoutEnd) {
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "<div>";
  const auto text = html_to_markdown(deep);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Errc::unsupported);
  for (const char* tag : {"<x>", "<b>", "<p><b>", "<a><p>", "<DIV CLASS=a>"}) {
    std::string bomb;
    while (bomb.size() < 1'000'000) bomb += tag;
    EXPECT_FALSE(html_to_markdown(bomb)) << tag;
  }
}

TEST(HtmlText, TakesManyElementsThatAreNotNested) {
  std::string list;
  for (int i = 0; i < 20'000; ++i) list += "<li>item<br><p>text<!-- <b> --><i>it</i>";
  EXPECT_TRUE(html_to_markdown("<ul>" + list));
  EXPECT_TRUE(html_to_markdown("<script>" + std::string(5000, '<') + "if(a<b)</script><p>text"));
}

}  // namespace
}  // namespace hearth::packs::knowledge
