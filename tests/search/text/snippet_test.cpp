#include "search/text/snippet.hpp"

#include <gtest/gtest.h>

#include <string>

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

TEST(Snippet, IsShortHoweverLongTheWordsAre) {
  const auto within = [](std::string_view text, std::string_view query) {
    return snippet(text, parse_query(query).query,
                   {.words = 16, .bytes = 20, .before = "[", .after = "]"});
  };
  const std::string longest(500'000, 'q');
  EXPECT_EQ(within("first " + longest + " haystack end", "haystack"), "…[haystack] end");
  EXPECT_EQ(within("first haystack " + longest + " end", "haystack"), "first [haystack]…");
  EXPECT_EQ(within("first " + longest, "nothing"), "first…");
  EXPECT_EQ(within(longest + " end", "nothing"), std::string(20, 'q') + "…");
  EXPECT_EQ(within(std::string(500'000, '-') + "haystack!", "haystack"), "…[haystack]!");
  EXPECT_EQ(within("haystack" + std::string(500'000, '-'), "haystack"), "[haystack]…");
  EXPECT_EQ(within(std::string(500'000, '-'), "haystack"), std::string(20, '-') + "…");
  std::string accents;
  for (int i = 0; i < 1000; ++i) accents += "é";
  EXPECT_EQ(within("a" + accents, "a" + accents), "[a" + accents.substr(0, 18) + "…]");
}

}  // namespace
}  // namespace hearth::search::text
