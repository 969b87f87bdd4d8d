#include "packs/knowledge/engine/search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/schema.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::knowledge {
namespace {

class Search : public testing::Test {
 protected:
  Search() { EXPECT_TRUE(store::migrate(database_, knowledge_schema())); }
  std::string add(std::string title,
                  std::string text,
                  std::vector<std::string> tags = {},
                  std::string kind = "note") {
    auto made = add_entry(database_,
                          {.text = std::move(text),
                           .title = std::move(title),
                           .kind = std::move(kind),
                           .tags = std::move(tags)},
                          WallTime(std::chrono::seconds(1)));
    EXPECT_TRUE(made) << made.error().message;
    return made->id;
  }
  SearchPage find(std::string query,
                  Filter filter = {},
                  std::int64_t limit = 10,
                  std::int64_t offset = 0) {
    auto page = search_entries(
        database_,
        {.query = std::move(query), .filter = std::move(filter), .limit = limit, .offset = offset});
    EXPECT_TRUE(page) << page.error().message;
    return page ? *page : SearchPage();
  }

  const test::ScratchDirectory directory_{"search"};
  store::Database database_ = store::Database::open(directory_ / "k.db", {}).value();
};

TEST_F(Search, FindsWordsInAnyFormCaseAndAccent) {
  add("Schema", "Migrations run once.");
  add("Menu", "A café near the station.");
  EXPECT_EQ(find("MIGRATION").total, 1);
  EXPECT_EQ(find("cafe").total, 1);
  EXPECT_EQ(find("cafés").total, 1);
  EXPECT_EQ(find("stati*").total, 1);
  EXPECT_EQ(find("nothing").total, 0);
}

TEST_F(Search, ExcerptsTheTextAndMarksTheWords) {
  add("T", std::string(3000, 'x') + " before the writer commits in groups and after");
  const SearchPage page = find("commits");
  ASSERT_EQ(page.hits.size(), 1U);
  EXPECT_NE(page.hits[0].snippet.find("**commits**"), std::string::npos) << page.hits[0].snippet;
  EXPECT_LT(page.hits[0].snippet.size(), 3500U);
}

TEST_F(Search, PutsEntriesWithAllWordsBeforeThoseWithSome) {
  add("One", "socket socket socket");
  const std::string both = add("Both",
                               "A long text about many things, one is a socket, and much "
                               "later, after other things, the lock is named.");
  add("Other", "lock lock lock lock");
  const SearchPage page = find("socket lock");
  ASSERT_EQ(page.hits.size(), 3U);
  EXPECT_EQ(page.hits[0].id, both);
  EXPECT_EQ(page.match, Match::some_words);
  EXPECT_EQ(page.total, 3);
}

TEST_F(Search, StaysWithAllWordsWhenThatIsEnough) {
  for (int i = 0; i < 12; ++i) add("n", "socket and lock " + std::to_string(i));
  add("other", "only a socket");
  const SearchPage page = find("socket lock");
  EXPECT_EQ(page.total, 12);
  EXPECT_EQ(page.match, Match::all_words);
}

TEST_F(Search, ScoresArePositiveAndFallFromHitToHit) {
  for (int i = 0; i < 30; ++i) {
    add("n" + std::to_string(i), "socket " + std::string(static_cast<std::size_t>(i) * 10, 'y') +
                                     (i % 3 == 0 ? " lock" : "") + (i % 5 == 0 ? " socket" : ""));
  }
  for (const char* query : {"socket", "socket lock", "socket lock absent"}) {
    const SearchPage page = find(query, {}, 100);
    ASSERT_FALSE(page.hits.empty());
    for (std::size_t i = 0; i < page.hits.size(); ++i) {
      EXPECT_GT(page.hits[i].score, 0);
      if (i > 0) EXPECT_LE(page.hits[i].score, page.hits[i - 1].score) << query << " " << i;
    }
  }
}

TEST_F(Search, CountsAllAndPagesThroughThem) {
  for (int i = 0; i < 25; ++i) add("n", "socket " + std::to_string(i));
  std::vector<std::string> seen;
  for (std::int64_t offset = 0; offset < 30; offset += 10) {
    const SearchPage page = find("socket", {}, 10, offset);
    EXPECT_EQ(page.total, 25);
    for (const Hit& hit : page.hits) seen.push_back(hit.id);
  }
  EXPECT_EQ(seen.size(), 25U);
  std::ranges::sort(seen);
  EXPECT_EQ(std::ranges::unique(seen).size(), 0U);
}

TEST_F(Search, FiltersByKindAndTags) {
  add("a", "socket", {"x", "y"}, "decision");
  add("b", "socket", {"x"}, "note");
  add("c", "socket", {}, "decision");
  EXPECT_EQ(find("socket", {.kind = "decision", .tags = {}}).total, 2);
  EXPECT_EQ(find("socket", {.kind = {}, .tags = {"X"}}).total, 2);
  EXPECT_EQ(find("socket", {.kind = {}, .tags = {"x", "y"}}).hits.size(), 1U);
  EXPECT_EQ(find("socket", {.kind = "Decision", .tags = {"x"}}).hits.at(0).title, "a");
  EXPECT_EQ(find("socket", {.kind = "none", .tags = {}}).total, 0);
}

TEST_F(Search, FollowsUpdatesAndDeletions) {
  const std::string id = add("old", "socket");
  EntryChange change;
  change.text = "pipe";
  ASSERT_TRUE(change_entry(database_, id, change, WallTime(std::chrono::seconds(2))));
  EXPECT_EQ(find("socket").total, 0);
  EXPECT_EQ(find("pipe").total, 1);
  ASSERT_TRUE(remove_entry(database_, id));
  EXPECT_EQ(find("pipe").total, 0);
  EXPECT_TRUE(database_.run("INSERT INTO entries_fts(entries_fts) VALUES('integrity-check')"));
}

TEST_F(Search, FindsTags) {
  add("a", "text", {"release-plan"});
  EXPECT_EQ(find("release-plan").total, 1);
}

}  // namespace
}  // namespace hearth::packs::knowledge
