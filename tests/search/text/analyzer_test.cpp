#include "search/text/analyzer.hpp"

#include <gtest/gtest.h>

namespace hearth::search::text {
namespace {

// "term@position", in the order they come.
std::string tokens(std::string_view text) {
  std::string out;
  TokenStream stream(text);
  Token token;
  while (stream.next(token)) {
    if (!out.empty()) out += ' ';
    out += std::string(token.term) + "@" + std::to_string(token.position);
    EXPECT_LE(token.begin, token.end);
    EXPECT_LE(token.end, text.size());
  }
  return out;
}

TEST(Analyzer, CutsWordsAndFoldsThem) {
  EXPECT_EQ(tokens("The drain deadline, again."), "the@0 drain@1 deadline@2 again@3");
  EXPECT_EQ(tokens("  --  "), "");
  EXPECT_EQ(tokens(""), "");
  EXPECT_EQ(tokens("Straße STRASSE"), "strasse@0 strasse@1");
  EXPECT_EQ(tokens("Café cafe\xCC\x81 CAFÉ"), "cafe@0 cafe@1 cafe@2");
  EXPECT_EQ(tokens("ﬁn Ångström Łódź Ελλάς"), "fin@0 angstrom@1 lodz@2 ελλασ@3");
  EXPECT_EQ(tokens("Привет, мир"), "привет@0 мир@1");
  EXPECT_EQ(tokens("don't"), "don@0 t@1");
}

TEST(Analyzer, TakesIdentifiersApartAndKeepsThemWhole) {
  EXPECT_EQ(tokens("fooBar"), "foobar@0 foo@0 bar@1");
  EXPECT_EQ(tokens("HTTPServer2 x"), "httpserver2@0 http@0 server@1 2@2 x@3");
  EXPECT_EQ(tokens("sha256"), "sha256@0 sha@0 256@1");
  EXPECT_EQ(tokens("file_lock.hpp"), "file@0 lock@1 hpp@2");
  EXPECT_EQ(tokens("daemon/ping --no-daemon"), "daemon@0 ping@1 no@2 daemon@3");
  EXPECT_EQ(tokens("größeÄndern"), "grosseandern@0 grosse@0 andern@1");
  EXPECT_EQ(tokens("Word WORD"), "word@0 word@1");
}

TEST(Analyzer, PairsScriptsWithoutBlanks) {
  EXPECT_EQ(tokens("検索機"), "検索@0 索機@1 機@2");
  EXPECT_EQ(tokens("검색 x"), "검색@0 색@1 x@2");
  EXPECT_EQ(tokens("A検B"), "a@0 検@1 b@2");
  EXPECT_EQ(tokens("ｶﾅ"), "カナ@0 ナ@1");
}

TEST(Analyzer, CutsLongWordsAtACharacter) {
  TokenStream stream;
  Token token;
  const std::string word = std::string(most_term_bytes - 1, 'a') + "éé tail";
  stream.reset(word);
  ASSERT_TRUE(stream.next(token));
  EXPECT_EQ(token.term.size(), most_term_bytes);
  const std::string cyrillic = "ы" + std::string(most_term_bytes - 3, 'a') + "ы";
  stream.reset(cyrillic);
  ASSERT_TRUE(stream.next(token));
  EXPECT_EQ(token.term, cyrillic.substr(0, most_term_bytes - 1));
}

TEST(Analyzer, TakesAnyBytes) {
  for (int first = 0; first < 256; ++first) {
    for (const std::string_view rest : {"", "a", "\x80", "\x80\x80\x80", "\xFF\xC3"}) {
      (void)tokens("x" + std::string(1, static_cast<char>(first)) + std::string(rest));
    }
  }
}

TEST(Analyzer, SaysWhereTheWordsStand) {
  const std::string_view text = "A camelCase word";
  TokenStream stream(text);
  Token token;
  std::vector<std::string> shown;
  while (stream.next(token)) shown.emplace_back(text.substr(token.begin, token.end - token.begin));
  EXPECT_EQ(shown, (std::vector<std::string>{"A", "camelCase", "camel", "Case", "word"}));
}

}  // namespace
}  // namespace hearth::search::text
