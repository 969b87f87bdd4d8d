#include <gtest/gtest.h>

#include "search/text/query.hpp"

namespace hearth::search::text {
namespace {

std::string any(std::string_view text) {
  return print(parse_query(text).query);
}
std::string all(std::string_view text) {
  return print(parse_query(text, Joined::all).query);
}

TEST(QueryParser, UnderstandsItsOperators) {
  EXPECT_EQ(any("drain"), "drain");
  EXPECT_EQ(any("drain deadline"), "drain deadline");
  EXPECT_EQ(all("drain deadline"), "+drain +deadline");
  EXPECT_EQ(any("+drain -deadline other"), "+drain other -deadline");
  EXPECT_EQ(any("a AND b c"), "+a +b c");
  EXPECT_EQ(all("a b OR c"), "(+a +b) c");
  EXPECT_EQ(any("a NOT b"), "a -b");
  EXPECT_EQ(any("\"drain deadline\" x"), "\"drain deadline\" x");
  EXPECT_EQ(any("+(a b) -(\"c d\" e)"), "+(a b) -(\"c d\" e)");
  EXPECT_EQ(any("pre* word~ long_words~ near~2"), "pre* word~1 (+words~1 +long) near~2");
  EXPECT_EQ(any("foo-ba*"), "+ba* +foo");
}

TEST(QueryParser, TakesWordsApartAsTheAnalyzerDoes) {
  EXPECT_EQ(any("file_lock.hpp"), "\"file lock hpp\"");
  EXPECT_EQ(any("fooBar"), "foobar \"foo bar\"");
  EXPECT_EQ(any("\"fooBar\""), "\"foo bar\"");
  EXPECT_EQ(any("検索機"), "\"検索 索機\"");
  EXPECT_EQ(any("検"), "検*");
  EXPECT_EQ(any("CAFÉ"), "cafe");
}

TEST(QueryParser, TakesAnyTextAsAQuery) {
  EXPECT_EQ(any(""), "()");
  EXPECT_EQ(any("  ?! -- "), "()");
  EXPECT_EQ(any("AND"), "()");
  EXPECT_EQ(any("OR OR"), "()");
  EXPECT_EQ(any("NOT"), "()");
  EXPECT_EQ(any("and or not"), "and or not");
  EXPECT_EQ(any("\"open"), "open");
  EXPECT_EQ(any("(a (b"), "a b");
  EXPECT_EQ(any("a) b"), "a b");
  EXPECT_EQ(any("*"), "()");
  EXPECT_EQ(any("~2"), "()");
  EXPECT_EQ(any("what is (x) AND"), "+x what is");
  EXPECT_EQ(any(std::string(1000, '(') + "a"), "a");
}

TEST(QueryParser, KeepsTheTextThatIsWanted) {
  const auto wanted = [](std::string_view text) { return parse_query(text).wanted; };
  EXPECT_EQ(wanted("drain deadline"), "drain deadline");
  EXPECT_EQ(wanted("+drain AND other OR thing"), "drain other thing");
  EXPECT_EQ(wanted("a -b NOT c d"), "a d");
  EXPECT_EQ(wanted("(a -(b \"c d\" -e)) f"), "a f");
  EXPECT_EQ(wanted("\"file_lock.hpp opens\" pre* near~2"), "file_lock.hpp opens pre near");
  EXPECT_EQ(wanted("-\"open"), "");
  EXPECT_EQ(wanted("AND * ~1"), "");
}

TEST(QueryParser, SaysWhatItLeftOut) {
  std::string text;
  for (std::size_t i = 0; i < most_clauses + 5; ++i) text += "word" + std::to_string(i) + "x ";
  EXPECT_EQ(parse_query(text).left_out, 5U);
  EXPECT_EQ(parse_query("one two").left_out, 0U);
}

}  // namespace
}  // namespace hearth::search::text
