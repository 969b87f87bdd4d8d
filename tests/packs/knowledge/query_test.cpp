#include "packs/knowledge/engine/query.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/schema.hpp"
#include "packs/knowledge/engine/search.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::knowledge {
namespace {

std::string all_of(std::string_view text) {
  const auto query = parse_query(text);
  return query ? match_all(*query) : std::string(errc_name(query.error().code));
}

TEST(Query, JoinsWords) {
  EXPECT_EQ(all_of("warm daemon"), R"("warm" AND "daemon")");
  EXPECT_EQ(all_of("warm, daemon;socket"), R"("warm" AND "daemon" AND "socket")");
}

TEST(Query, TakesQuotedWordsAndWordsWithMarksForPhrases) {
  EXPECT_EQ(all_of(R"("group commit" writer)"), R"("group commit" AND "writer")");
  EXPECT_EQ(all_of("file_lock.hpp --no-daemon daemon/ping"),
            R"("file lock hpp" AND "no daemon" AND "daemon ping")");
  EXPECT_EQ(all_of("C++ don't"), R"("C" AND "don t")");
}

TEST(Query, TakesAStarAtTheEndForAPrefix) {
  EXPECT_EQ(all_of("migrat*"), R"("migrat"*)");
  EXPECT_EQ(all_of("a*b *c"), R"("a b" AND "c")");
}

TEST(Query, KnowsNoOperators) {
  EXPECT_EQ(all_of("kill AND (pid:7 NOT NEAR ^x)"),
            R"("kill" AND "pid 7" AND "NOT" AND "NEAR" AND "x")");
}

TEST(Query, LeavesCommonWordsOutUnlessTheyAreAllOrQuoted) {
  EXPECT_EQ(all_of("How does the daemon exit?"), R"("daemon" AND "exit")");
  EXPECT_EQ(all_of("to be or"), R"("to" AND "be" AND "or")");
  EXPECT_EQ(all_of(R"("the daemon" exits)"), R"("the daemon" AND "exits")");
}

TEST(Query, EndsAnOpenQuotationWithTheText) {
  EXPECT_EQ(all_of(R"(warm "group commit)"), R"("warm" AND "group" AND "commit")");
}

TEST(Query, RefusesATextWithoutWords) {
  for (const char* text : {"", "   ", "\"\"", "+-*/", "…"}) {
    if (std::string_view(text) == "…") continue;  // no ASCII: the index judges
    EXPECT_EQ(all_of(text), "invalid_args") << text;
  }
}

TEST(Query, FallsBackToSingleWords) {
  EXPECT_EQ(match_some(parse_query(R"("group commit" wri*)").value()),
            R"(("group commit" AND "wri"*) OR "group" OR "commit" OR "wri"*)");
}

TEST(Query, SaysHowManyWordsItLeftOut) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "word" + std::to_string(i) + " ";
  const auto query = parse_query(text);
  ASSERT_TRUE(query);
  EXPECT_EQ(query->terms.size(), most_query_terms);
  EXPECT_EQ(query->left_out, 8U);
}

// ---- Any text is a valid query ----------------------------------------------------------------

class AnyQuery : public testing::Test {
 protected:
  AnyQuery() {
    EXPECT_TRUE(store::migrate(database_, knowledge_schema()));
    EXPECT_TRUE(add_entry(database_, {.text = "the quick brown fox AND a \"quoted\" NOT NEAR"},
                          WallTime(std::chrono::seconds(1))));
  }
  void try_query(const std::string& text) {
    const auto page = search_entries(database_, {.query = text, .filter = {}});
    if (page) return;
    EXPECT_EQ(page.error().code, Errc::invalid_args) << testing::PrintToString(text);
    EXPECT_NE(page.error().message.find("query"), std::string::npos) << page.error().message;
  }

  const test::ScratchDirectory directory_{"query"};
  store::Database database_ = store::Database::open(directory_ / "k.db", {}).value();
};

TEST_F(AnyQuery, RandomBytesNeverMakeAnError) {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string text(random() % 40, ' ');
    for (char& c : text) c = static_cast<char>(random() % 256);
    try_query(text);
  }
}

TEST_F(AnyQuery, TheSyntaxOfTheIndexNeverMakesAnError) {
  std::mt19937 random(11);
  constexpr std::string_view parts[] = {"\"", "*",  "^",    "(",   ")",     "{",   "}",     ":",
                                        "+",  "-",  " ",    "AND", "OR",    "NOT", "NEAR(", "fox",
                                        ",5", "é",  "😀",   "\\",  "'",     ";",   "text:", "--",
                                        "\n", "ß*", "日本", "\0",  "title", "\x80"};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (unsigned i = random() % 12; i > 0; --i) text += parts[random() % std::size(parts)];
    try_query(text);
  }
}

}  // namespace
}  // namespace hearth::packs::knowledge
