#include "packs/knowledge/engine/search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "packs/knowledge/engine/builtin_embedder.hpp"
#include "packs/knowledge/engine/entries.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::knowledge {
namespace {

class Search : public testing::Test {
 protected:
  Search() { open(); }
  void open(std::chrono::milliseconds unload_after = std::chrono::seconds(30)) {
    store_.reset();
    store_ = KnowledgeStore::open(
                 directory_ / "k.db", clock_,
                 {.embedder = std::make_shared<BuiltinEmbedder>(), .unload_after = unload_after})
                 .value();
  }
  std::string add(std::string title,
                  std::string text,
                  std::vector<std::string> tags = {},
                  std::string kind = "note") {
    const NewEntry wanted{.text = std::move(text),
                          .title = std::move(title),
                          .kind = std::move(kind),
                          .tags = std::move(tags)};
    auto id = store_->write_and_wait([&](store::Database& database) -> Result<std::string> {
      auto made = add_entry(database, wanted, clock_.wall());
      if (!made) return std::unexpected(made.error());
      return made->id;
    });
    EXPECT_TRUE(id) << id.error().message;
    return id.value_or("");
  }
  void change(const std::string& id, const EntryChange& change) {
    auto done = store_->write_and_wait([&](store::Database& database) -> Result<std::string> {
      auto changed = change_entry(database, id, change, clock_.wall());
      if (!changed) return std::unexpected(changed.error());
      return std::string();
    });
    EXPECT_TRUE(done) << done.error().message;
  }
  void remove(const std::string& id, Deletion deletion) {
    auto done = store_->write_and_wait([&](store::Database& database) -> Result<std::string> {
      auto removed = remove_entry(database, id, deletion, clock_.wall());
      if (!removed) return std::unexpected(removed.error());
      return std::string();
    });
    EXPECT_TRUE(done) << done.error().message;
  }
  SearchPage find(const SearchRequest& request) {
    auto reader = store_->reader({}).value();
    auto page = search_entries(*store_, *reader, request);
    EXPECT_TRUE(page) << page.error().message;
    return page ? *page : SearchPage();
  }
  SearchPage find(const std::string& query, SearchMode mode = SearchMode::words) {
    SearchRequest request;
    request.query = query;
    request.mode = mode;
    request.limit = 100;
    return find(request);
  }

  const test::ScratchDirectory directory_{"search"};
  const SystemClock clock_;
  std::unique_ptr<KnowledgeStore> store_;
};

TEST_F(Search, FindsWordsInAnyFormCaseAndAccent) {
  add("Schema", "Migrations run once.");
  add("Menu", "A café near the station.");
  EXPECT_EQ(find("MIGRATION").total, 1);
  EXPECT_EQ(find("cafe").total, 1);
  EXPECT_EQ(find("cafés").total, 1);
  EXPECT_EQ(find("stati*").total, 1);
  EXPECT_EQ(find("xylophone").total, 0);
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
  EXPECT_EQ(page.total, 3);
}

TEST_F(Search, ScoresLieBetweenNoughtAndOneAndFallFromHitToHit) {
  for (int i = 0; i < 30; ++i) {
    add("n" + std::to_string(i), "socket " + std::string(static_cast<std::size_t>(i) * 10, 'y') +
                                     (i % 3 == 0 ? " lock" : "") + (i % 5 == 0 ? " socket" : ""));
  }
  for (const SearchMode mode : {SearchMode::words, SearchMode::hybrid}) {
    for (const char* query : {"socket", "socket lock", "socket lock absent"}) {
      const SearchPage page = find(query, mode);
      ASSERT_FALSE(page.hits.empty());
      for (std::size_t i = 0; i < page.hits.size(); ++i) {
        EXPECT_GT(page.hits[i].score, 0);
        EXPECT_LE(page.hits[i].score, 1);
        if (i > 0) EXPECT_LE(page.hits[i].score, page.hits[i - 1].score) << query << " " << i;
      }
    }
  }
}

TEST_F(Search, PagesThroughAllHits) {
  for (int i = 0; i < 75; ++i) add("n", "socket " + std::to_string(i));
  std::vector<std::string> seen;
  SearchRequest request;
  request.query = "socket";
  request.mode = SearchMode::words;
  for (;;) {
    const SearchPage page = find(request);
    for (const Hit& hit : page.hits) seen.push_back(hit.id);
    if (!page.is_more) {
      EXPECT_EQ(page.total, 75);
      break;
    }
    request.offset += request.limit;
  }
  EXPECT_EQ(seen.size(), 75U);
  std::ranges::sort(seen);
  EXPECT_EQ(std::ranges::unique(seen).size(), 0U);
}

TEST_F(Search, PagesAgreeWhateverTheirLength) {
  std::mt19937 random(5);
  const auto words = [&](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += "word" + std::to_string(random() % 60) + " ";
    return text;
  };
  std::vector<std::string> texts;
  for (int i = 0; i < 1'500; ++i) texts.push_back(words(8));
  auto done = store_->write_and_wait([&](store::Database& database) -> Result<std::string> {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const NewEntry entry{.text = texts[i], .title = "n" + std::to_string(i), .memory = {}};
      if (auto made = add_entry(database, entry, clock_.wall()); !made) {
        return std::unexpected(made.error());
      }
    }
    return std::string();
  });
  ASSERT_TRUE(done);
  for (const SearchMode mode : {SearchMode::words, SearchMode::vectors, SearchMode::hybrid}) {
    for (int i = 0; i < 5; ++i) {
      SearchRequest request;
      request.query = words(3);
      request.mode = mode;
      request.limit = 100;
      std::vector<std::string> at_once;
      for (const Hit& hit : find(request).hits) {
        at_once.push_back(hit.title + " " + std::to_string(hit.score));
      }
      request.limit = 10;
      std::vector<std::string> in_pages;
      for (; request.offset < 100; request.offset += 10) {
        for (const Hit& hit : find(request).hits) {
          in_pages.push_back(hit.title + " " + std::to_string(hit.score));
        }
      }
      EXPECT_EQ(in_pages, at_once) << request.query;
    }
  }
}

TEST_F(Search, BindsOperatorsInEveryMode) {
  const std::string north = add("North", "The lantern of the north tower is lit at aldgate.");
  add("South", "The lantern of the south tower is lit at aldgate.");
  add("Other", "A kettle.");
  for (const SearchMode mode : {SearchMode::words, SearchMode::vectors, SearchMode::hybrid}) {
    for (const char* query : {"lantern tower aldgate -south", "lantern tower aldgate NOT south",
                              "+north lantern tower aldgate", "lantern AND north"}) {
      const SearchPage page = find(query, mode);
      EXPECT_EQ(page.total, 1) << query;
      EXPECT_EQ(page.hits.at(0).id, north) << query;
    }
    EXPECT_EQ(find("-lantern", mode).total, 0);
  }
}

TEST_F(Search, ExcludesAllThatAPrefixStandsForAndSaysWhatItLeavesOut) {
  for (int i = 0; i < 300; ++i) add("n" + std::to_string(i), "kettle unique" + std::to_string(i));
  add("plain", "kettle");
  EXPECT_EQ(find("kettle -unique*").total, 1);
  const SearchPage page = find("unique*");
  EXPECT_EQ(page.total, std::nullopt);
  ASSERT_EQ(page.degraded.size(), 1U);
  EXPECT_NE(page.degraded[0].find("173 were left out"), std::string::npos) << page.degraded[0];
}

TEST_F(Search, FiltersInEveryMode) {
  add("a", "socket", {"x", "y"}, "decision");
  add("b", "socket", {"x"}, "note");
  add("c", "socket", {}, "decision");
  const auto count = [&](std::optional<std::string> kind, std::vector<std::string> tags) {
    std::vector<std::int64_t> totals;
    for (const SearchMode mode : {SearchMode::words, SearchMode::vectors, SearchMode::hybrid}) {
      SearchRequest request;
      request.query = "socket";
      request.mode = mode;
      request.least_score = 0;
      request.filter.kind = kind;
      request.filter.tags = tags;
      totals.push_back(find(request).total.value_or(-1));
    }
    EXPECT_EQ(totals[0], totals[2]);
    EXPECT_LE(totals[1], totals[0]);
    return totals[0];
  };
  EXPECT_EQ(count("decision", {}), 2);
  EXPECT_EQ(count({}, {"X"}), 2);
  EXPECT_EQ(count({}, {"x", "y"}), 1);
  EXPECT_EQ(count("Decision", {"x"}), 1);
  EXPECT_EQ(count("none", {}), 0);
}

TEST_F(Search, FollowsUpdatesDeletionsAndRestorations) {
  const std::string id = add("old", "socket");
  EntryChange text;
  text.text = "pipe";
  change(id, text);
  EXPECT_EQ(find("socket").total, 0);
  EXPECT_EQ(find("pipe").total, 1);
  remove(id, Deletion::soft);
  EXPECT_EQ(find("pipe").total, 0);
  EntryChange restored;
  restored.restores = true;
  change(id, restored);
  EXPECT_EQ(find("pipe").total, 1);
  remove(id, Deletion::hard);
  EXPECT_EQ(find("pipe").total, 0);
}

TEST_F(Search, FindsTags) {
  add("a", "text", {"release-plan"});
  EXPECT_EQ(find("release-plan").total, 1);
}

TEST_F(Search, FindsEverythingAgainAfterAReopening) {
  for (int i = 0; i < 600; ++i) add("n" + std::to_string(i), "socket number " + std::to_string(i));
  remove(find("n17").hits.at(0).id, Deletion::hard);
  open();
  // What was written last is there at once, the rest soon; an answer that lacks something says so.
  EXPECT_EQ(find("n599").hits.at(0).title, "n599");
  SearchRequest all;
  all.query = "socket";
  all.mode = SearchMode::words;
  all.limit = 1000;
  SearchPage page = find(all);
  while (!page.degraded.empty()) page = find(all);
  EXPECT_EQ(page.total, 599);
  for (const Hit& hit : page.hits) EXPECT_NE(hit.title, "n17");
}

TEST_F(Search, FindsAfterAReopeningWhatTookTheNumberOfTheRemoved) {
  const std::string old = add("old", "kettle");
  remove(old, Deletion::hard);
  const std::string young = add("young", "teapot");
  for (int i = 0; i < 200; ++i) add("n" + std::to_string(i), "filler " + std::to_string(i));
  EntryChange tags;
  tags.tags = std::vector<std::string>{"x"};
  change(young, tags);
  open();
  SearchPage page = find("teapot");
  while (!page.degraded.empty()) page = find("teapot");
  ASSERT_EQ(page.total, 1);
  EXPECT_EQ(page.hits[0].id, young);
  EXPECT_EQ(find("kettle").total, 0);
  EXPECT_EQ(store_->text().status().live, 201U);
  // Searches look through what is not indexed yet.
  while (store_->vectors()->status().live < 201U) (void)find("teapot");
  EXPECT_EQ(store_->vectors()->status().live, 201U);
}

TEST_F(Search, OpensWhereSomethingElseStandsInPlaceOfAnIndex) {
  add("a", "kettle");
  store_.reset();
  std::filesystem::remove_all(directory_ / "text");
  std::ofstream(directory_ / "text") << "no directory";
  open();
  SearchPage page = find("kettle");
  while (!page.degraded.empty()) page = find("kettle");
  EXPECT_EQ(page.total, 1);
}

TEST_F(Search, ForgivesMisspeltWords) {
  const std::string id = add("Checkpoints", "A checkpoint copies the journal into the file.");
  EXPECT_EQ(find("chekpoint").hits.at(0).id, id);
  EXPECT_EQ(find("chekpiont journal", SearchMode::hybrid).hits.at(0).id, id);
}

TEST_F(Search, SaysWhenNothingFits) {
  add("Checkpoints", "A checkpoint copies the journal into the file.");
  add("Sockets", "The socket belongs to one daemon.");
  for (const char* query : {"xylophone recital", "photosynthesis", "qwrtz plmk vvvv"}) {
    const SearchPage page = find(query, SearchMode::hybrid);
    EXPECT_TRUE(page.hits.empty()) << query << ": " << page.hits.size() << " hits, the best "
                                   << (page.hits.empty() ? 0 : page.hits[0].score);
    EXPECT_EQ(page.total, 0);
  }
}

TEST_F(Search, FindsWhatIsSimilar) {
  const std::string id =
      add("Group commit", "The writer commits the writes of all callers together.");
  const std::string like = add("Commit of groups", "Writers commit the callers' writes together.");
  for (int i = 0; i < 50; ++i)
    add("n" + std::to_string(i), "another thing, number " + std::to_string(i));
  auto reader = store_->reader({}).value();
  const auto page = similar_entries(*store_, *reader, {.id = id, .filter = {}});
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_FALSE(page->hits.empty());
  EXPECT_EQ(page->hits.front().id, like);
  for (const Hit& hit : page->hits) EXPECT_NE(hit.id, id);
}

TEST_F(Search, SuggestsTitlesFirst) {
  add("A note", "checkpoints are mentioned here");
  const std::string titled = add("Checkpoints", "how the journal is copied");
  auto reader = store_->reader({}).value();
  for (const char* typed : {"check", "checkpoint", "Chekpoint ", "CHECKP"}) {
    const auto page = suggest_entries(*store_, *reader, typed, 5);
    ASSERT_TRUE(page) << page.error().message;
    ASSERT_FALSE(page->hits.empty()) << typed;
    EXPECT_EQ(page->hits.front().id, titled) << typed;
  }
}

// Memory of the process that is of files below `directory`, in KiB.
std::size_t mapped_memory(const std::filesystem::path& directory) {
  std::ifstream maps("/proc/self/smaps");
  std::size_t sum = 0;
  bool is_below = false;
  for (std::string line; std::getline(maps, line);) {
    const bool is_mapping = !line.substr(0, line.find(' ')).ends_with(':');  // else a row of one
    if (is_mapping) {
      is_below = line.find(directory.string() + "/") != std::string::npos;
    } else if (is_below && line.starts_with("Rss:")) {
      sum += std::stoul(line.substr(4));
    }
  }
  return sum;
}

TEST_F(Search, GivesBackTheMemoryOfIndexesThatNobodyAsks) {
  for (int i = 0; i < 300; ++i) add("n" + std::to_string(i), "socket " + std::to_string(i));
  const auto is_kept = [](const search::IndexStatus& status) {
    return status.sequence == status.covered;
  };
  while (!is_kept(store_->text().status()) || !is_kept(store_->vectors()->status())) {
  }
  open(std::chrono::milliseconds(200));
  EXPECT_EQ(find("socket", SearchMode::hybrid).hits.size(), 100U);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (mapped_memory(directory_.path() + "/text") > 0 &&
         std::chrono::steady_clock::now() < until) {
  }
  EXPECT_EQ(mapped_memory(directory_.path() + "/text"), 0U);
  EXPECT_EQ(find("socket", SearchMode::hybrid).hits.size(), 100U);
  EXPECT_GT(mapped_memory(directory_.path() + "/text"), 0U);
}

TEST_F(Search, MakesAnIndexAgainThatIsCutShortOrRemovedUnderIt) {
  for (int i = 0; i < 300; ++i) add("n" + std::to_string(i), "socket " + std::to_string(i));
  const auto is_kept = [](const search::IndexStatus& status) {
    return status.sequence == status.covered;
  };
  while (!is_kept(store_->text().status())) {
  }
  open();
  EXPECT_EQ(find("n7").total, 1);
  for (const auto& each : std::filesystem::directory_iterator(directory_ / "text")) {
    std::filesystem::resize_file(each.path(), 0);
  }
  bool was_told = false;
  for (SearchPage page = find("socket"); page.total != 300; page = find("socket")) {
    was_told |= !page.degraded.empty();
  }
  EXPECT_TRUE(was_told);
  std::filesystem::remove_all(directory_ / "text");
  ASSERT_TRUE(store_->rebuild_text());
  SearchPage page = find("socket");
  while (!page.degraded.empty() || page.total != 300) page = find("socket");
}

TEST_F(Search, RebuildsAnIndexWhileTheOtherAnswers) {
  for (int i = 0; i < 300; ++i) add("n" + std::to_string(i), "socket " + std::to_string(i));
  ASSERT_TRUE(store_->rebuild_text());
  ASSERT_TRUE(store_->rebuild_vectors());
  for (int i = 300; i < 400; ++i) {
    add("n" + std::to_string(i), "socket " + std::to_string(i));
    EXPECT_EQ(find("n" + std::to_string(i)).hits.at(0).title, "n" + std::to_string(i));
  }
  SearchPage page = find("socket");
  while (!page.degraded.empty()) page = find("socket");
  SearchRequest all;
  all.query = "socket";
  all.mode = SearchMode::words;
  all.limit = 1000;
  EXPECT_EQ(find(all).total, 400);
}

}  // namespace
}  // namespace hearth::packs::knowledge
