#include <gtest/gtest.h>

#include <set>

#include "search/text/index.hpp"
#include "search/text/snippet.hpp"
#include "search/text/stemmer.hpp"
#include "support/fault_env.hpp"

namespace hearth::search::text {
namespace {

const std::string directory = "/index";

std::string parsed(std::string_view text) {
  return print(parse_query(text, Joined::any, Stemming::english).query);
}

std::string shown(std::string_view text, std::string_view query) {
  return snippet(text, parse_query(query, Joined::any, Stemming::english).query,
                 {.words = 9, .before = "[", .after = "]"}, Stemming::english);
}

class Stemmed : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = Index::open(env_, directory, {.stemming = Stemming::english});
    ASSERT_TRUE(opened) << opened.error().message;
    index_ = std::move(*opened);
    put(1, "Running daemons");
    put(2, "the daemon runs");
    put(3, "a daemon that ran its universities");
    put(4, "universal happiness, lockFilesRead");
    ASSERT_TRUE(index_->commit(1));
  }

  void put(Key key, std::string_view text) {
    const std::string_view fields[] = {text};
    ASSERT_TRUE(index_->put({key, fields, {}}));
  }

  std::set<Key> found(std::string_view query) {
    std::set<Key> keys;
    const auto answer =
        index_->search(parse_query(query, Joined::any, index_->schema().stemming).query, {}, 10);
    for (const Hit& hit : answer->hits) keys.insert(hit.key);
    return keys;
  }

  test::FaultEnv env_;
  std::unique_ptr<Index> index_;
};

TEST_F(Stemmed, FindsAWordInItsOtherForms) {
  EXPECT_EQ(found("run"), (std::set<Key>{1, 2}));
  EXPECT_EQ(found("running"), (std::set<Key>{1, 2}));
  EXPECT_EQ(found("ran"), (std::set<Key>{3}));
  EXPECT_EQ(found("Daemon"), (std::set<Key>{1, 2, 3}));
  EXPECT_EQ(found("file"), (std::set<Key>{4}));
  EXPECT_EQ(found("reading"), (std::set<Key>{4}));
  EXPECT_EQ(found("lockFilesRead"), (std::set<Key>{4}));
}

TEST_F(Stemmed, FindsPhrasesInAllForms) {
  EXPECT_EQ(found("\"runs daemon\""), (std::set<Key>{1}));
  EXPECT_EQ(found("\"daemons running\""), (std::set<Key>{2}));
  EXPECT_EQ(found("lock_files"), (std::set<Key>{4}));
}

TEST_F(Stemmed, FindsPrefixesAndMisspeltWordsAsTheyAreRead) {
  EXPECT_EQ(found("runnin*"), (std::set<Key>{1}));
  EXPECT_EQ(found("run*"), (std::set<Key>{1, 2}));
  EXPECT_EQ(found("universit*"), (std::set<Key>{3}));
  EXPECT_EQ(found("runing~1"), (std::set<Key>{1}));
  EXPECT_EQ(found("univrsities~"), (std::set<Key>{3}));
}

TEST_F(Stemmed, StaysSoOnDisk) {
  ASSERT_TRUE(index_->flush());
  index_.reset();
  // With other stemming it is another index.
  const auto other = Index::open(env_, directory, {});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::mismatch);
  auto again = Index::open(env_, directory, {.stemming = Stemming::english});
  ASSERT_TRUE(again) << again.error().message;
  index_ = std::move(*again);
  EXPECT_EQ(found("running"), (std::set<Key>{1, 2}));
  EXPECT_EQ(found("runnin*"), (std::set<Key>{1}));
}

TEST(Stemming, OfQueriesIsThatOfDocuments) {
  EXPECT_EQ(parsed("running daemons"), "run daemon");
  EXPECT_EQ(parsed("\"running daemons\" -happily"), "\"run daemon\" -happili");
  EXPECT_EQ(parsed("running* daemonz~1"), "running* daemonz~1");
  EXPECT_EQ(parsed("file_locks*"), "+locks* +file");
  EXPECT_EQ(parsed("fooBars"), "foobars \"foo bar\"");
  EXPECT_EQ(parsed("検索機"), "\"検索 索機\"");
}

TEST(Stemming, OfSnippetsIsThatOfDocuments) {
  EXPECT_EQ(shown("The running daemons ran.", "run daemon"), "The [running] [daemons] ran.");
  EXPECT_EQ(shown("The running daemons run.", "runnin*"), "The [running] daemons run.");
  EXPECT_EQ(shown("call lockFiles now", "file"), "call lock[Files] now");
  EXPECT_EQ(shown("call lockFiles now", "lockFiles"), "call [lockFiles] now");
}

TEST(Stemming, LeavesAloneWhatIsNoWord) {
  const Stemmer stemmer(Stemming::english);
  const auto stem = [&](std::string_view term, TokenKind kind) {
    return std::string(stemmer.stem_of({.term = term, .kind = kind}));
  };
  EXPECT_EQ(stem("locks", TokenKind::word), "lock");
  EXPECT_EQ(stem("locks", TokenKind::whole), "locks");
  EXPECT_EQ(stem("привет", TokenKind::word), "привет");
  EXPECT_EQ(stem(std::string(most_term_bytes, 's'), TokenKind::word).size(), most_term_bytes);
  EXPECT_TRUE(Stemmer(Stemming::none).does_nothing());
}

}  // namespace
}  // namespace hearth::search::text
