// One writer, one thread that writes and merges, one that verifies, two that search.
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "search/text/index.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::search::text {
namespace {

constexpr Key kept_keys = 10;
constexpr std::uint64_t commits = 300;

void put(Index& index, Key key, const std::string& text) {
  const std::string_view fields[] = {text};
  ASSERT_TRUE(index.put({key, fields, {}}));
}

TEST(TextIndexThreads, EverySearchSeesEveryDocumentOnceWhileAllElseHappens) {
  const test::ScratchDirectory directory("threads");
  IndexOptions options;
  options.memory_bytes = 2000;
  options.on_disk = {.fan_in = 2, .smallest_tier = 16, .most_gone = 0.3};
  auto opened = Index::open(store::system_env(), directory.path(), {}, options);
  ASSERT_TRUE(opened);
  Index& index = **opened;
  for (Key key = 0; key < kept_keys; ++key) put(index, key, "kept first version");
  ASSERT_TRUE(index.commit(1));

  std::atomic<bool> is_done = false;
  std::atomic<std::uint64_t> searches = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      const Query kept = parse_query("kept").query;
      const Query pair = parse_query("+kept \"version kept\" ver* kept~").query;
      while (!is_done) {
        for (const Query* query : {&kept, &pair}) {
          const auto found = index.search(*query, {}, 100);
          ASSERT_TRUE(found);
          std::set<Key> keys;
          for (const Hit& hit : found->hits) keys.insert(hit.key);
          EXPECT_EQ(found->hits.size(), kept_keys);
          EXPECT_EQ(keys.size(), kept_keys);
          EXPECT_NE(found->trust, Trust::damaged);
          ++searches;
        }
      }
    });
  }
  threads.emplace_back([&] {
    while (!is_done) {
      EXPECT_TRUE(index.maintain());
      (void)index.status();
    }
  });
  threads.emplace_back([&] {
    while (!is_done) EXPECT_TRUE(index.verify());
  });
  for (std::uint64_t sequence = 2; sequence <= commits; ++sequence) {
    for (Key key = 0; key < kept_keys; ++key) {
      if ((key + sequence) % 3 == 0) put(index, key, "kept version " + std::to_string(sequence));
    }
    put(index, 1000 + sequence, "other words");
    index.erase(1000 + sequence / 2);
    ASSERT_TRUE(index.commit(sequence));
  }
  while (searches < 20) std::this_thread::yield();
  is_done = true;
  threads.clear();
  EXPECT_TRUE(index.flush());
  EXPECT_EQ(index.covered(), commits);
}

TEST(TextIndexThreads, AStoppedMergeLeavesAllAsItWas) {
  const test::ScratchDirectory directory("stop");
  auto index = Index::open(store::system_env(), directory.path(), {});
  ASSERT_TRUE(index);
  put(**index, 1, "some words");
  ASSERT_TRUE((*index)->commit(1));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ((*index)->flush(stop.get_token()).error().code, Errc::cancelled);
  EXPECT_EQ((*index)->search(Query::of_term("some"), {}, 1, 0, stop.get_token()).error().code,
            Errc::cancelled);
  EXPECT_EQ((*index)->covered(), 0U);
  EXPECT_TRUE(store::system_env().list(directory.path())->empty());
  EXPECT_TRUE((*index)->flush());
  EXPECT_EQ((*index)->covered(), 1U);
}

}  // namespace
}  // namespace hearth::search::text
