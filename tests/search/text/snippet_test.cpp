#include "search/text/snippet.hpp"

#include <gtest/gtest.h>

namespace hearth::search::text {
namespace {

std::string shown(std::string_view text, std::string_view query, std::size_t words = 6) {
  return snippet(text, parse_query(query).query, {.words = words, .before = "[", .after = "]"});
}

TEST(Snippet, MarksWhatWasFound) {
  EXPECT_EQ(shown("The drain deadline passed.", "drain passed"), "The [drain] deadline [passed].");
  EXPECT_EQ(shown("Die Straße.", "STRASSE"), "Die [Straße].");
  EXPECT_EQ(shown("draining drains", "drain*"), "[draining] [drains]");
  EXPECT_EQ(shown("the dedline", "deadline~"), "the [dedline]");
  EXPECT_EQ(shown("a b c", "-a +(b c)"), "a [b] [c]");
  EXPECT_EQ(shown("one\n\n  two\tthree", "two"), "one [two] three");
}

TEST(Snippet, ShowsIdentifiersWhole) {
  EXPECT_EQ(shown("call fooBar now", "fooBar"), "call [fooBar] now");
  EXPECT_EQ(shown("call fooBar now", "bar"), "call foo[Bar] now");
  EXPECT_EQ(shown("全文検索機能です", "検索機"), "全文[検索機]能です");
}

TEST(Snippet, ChoosesTheBestPart) {
  const std::string filler = "a b c d e f g h i j k l m n o p q r s t u v ";
  EXPECT_EQ(
      shown(filler + "drain " + filler + "the drain deadline is here " + filler, "drain deadline"),
      "…u v the [drain] [deadline] is…");
  EXPECT_EQ(shown(filler, "nothing", 3), "a b c…");
  EXPECT_EQ(shown(filler + "last", "last", 3), "…u v [last]");
  EXPECT_EQ(shown("", "x"), "");
  EXPECT_EQ(shown("?!", "x"), "?!");
}

}  // namespace
}  // namespace hearth::search::text
