// The index against a plain map, over random changes, merges, crashes and damage.
#include "search/vector/index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <set>
#include <thread>

#include "search/vector/random_vectors.hpp"
#include "support/fault_env.hpp"
#include "support/scratch_directory.hpp"
#include "support/sizes.hpp"

namespace hearth::search::vector {
namespace {

constexpr std::uint32_t dimensions = 32;
const std::string directory = "/index";

IndexOptions small_options() {
  IndexOptions options;
  options.most_in_memory = 100;
  options.on_disk = {.fan_in = 3, .smallest_tier = 200, .most_gone = 0.4};
  return options;
}

using Truth = std::map<Key, std::vector<float>>;

std::vector<Hit> nearest(const Truth& truth,
                         Metric metric,
                         std::span<const float> query,
                         std::size_t k) {
  std::vector<Hit> hits;
  for (const auto& [key, vector] : truth) {
    hits.push_back({key, exact_score(metric, query, vector.data())});
  }
  std::ranges::sort(hits, is_better);
  hits.resize(std::min(k, hits.size()));
  return hits;
}

// An index and what should be in it.
class Pair {
 public:
  explicit Pair(Metric metric, std::uint32_t seed = 1)
      : metric(metric), vectors(dimensions, seed), random(seed) {
    open();
  }
  void open(const IndexOptions& options = small_options()) {
    index.reset();
    auto opened = Index::open(env, directory, {dimensions, metric}, options);
    ASSERT_TRUE(opened) << opened.error().message;
    index = std::move(*opened);
  }
  [[nodiscard]] std::vector<float> vector() {
    std::vector<float> made = vectors.next();
    if (metric == Metric::cosine) normalise(made);
    return made;
  }
  void put(Key key) {
    truth[key] = vector();
    ASSERT_TRUE(index->put(key, truth[key]));
  }
  void erase(Key key) {
    truth.erase(key);
    index->erase(key);
  }
  void commit() { index->commit(++sequence); }
  void change(int count) {
    for (int i = 0; i < count; ++i) {
      const Key key = random() % 600;
      if (random() % 4 == 0) {
        erase(key);
      } else {
        put(key);
      }
    }
    commit();
  }
  void maintain() {
    for (;;) {
      const auto did = index->maintain();
      ASSERT_TRUE(did) << did.error().message;
      if (!*did) return;
    }
  }
  // Of `queries` times ten, how many of the nearest are found; and that nothing is found that is
  // not there.
  [[nodiscard]] double recall(int queries) {
    std::size_t found = 0;
    std::size_t expected = 0;
    for (int i = 0; i < queries; ++i) {
      const auto query = vector();
      const auto answer = index->search(query, 10);
      EXPECT_TRUE(answer);
      const auto best = nearest(truth, metric, query, 10);
      EXPECT_EQ(answer->hits.size(), best.size());
      std::set<Key> keys;
      for (const Hit& hit : answer->hits) {
        EXPECT_TRUE(truth.contains(hit.key)) << hit.key;
        EXPECT_TRUE(keys.insert(hit.key).second) << "twice: " << hit.key;
      }
      for (const Hit& hit : best) found += keys.count(hit.key);
      expected += best.size();
    }
    return expected == 0 ? 1 : static_cast<double>(found) / static_cast<double>(expected);
  }

  Metric metric;
  RandomVectors vectors;
  std::mt19937 random;
  test::FaultEnv env;
  std::unique_ptr<Index> index;
  Truth truth;
  std::uint64_t sequence = 0;
};

class EveryMetric : public testing::TestWithParam<Metric> {};

TEST_P(EveryMetric, AnswersLikeAMapThroughChangesMergesAndReopenings) {
  Pair pair(GetParam());
  for (int round = 0; round < 30; ++round) {
    pair.change(60);
    EXPECT_GE(pair.recall(10), 0.97) << "after changes, round " << round;
    if (round % 3 == 1) {
      pair.maintain();
      EXPECT_GE(pair.recall(10), 0.97) << "after a merge, round " << round;
    }
    if (round % 7 == 6) {
      ASSERT_TRUE(pair.index->flush());
      EXPECT_EQ(pair.index->covered(), pair.sequence);
      pair.open();
      EXPECT_GE(pair.recall(10), 0.97) << "after opening, round " << round;
    }
  }
  EXPECT_EQ(pair.index->status().live, pair.truth.size());
}

INSTANTIATE_TEST_SUITE_P(VectorIndex,
                         EveryMetric,
                         testing::Values(Metric::l2, Metric::cosine, Metric::inner_product));

TEST(VectorIndex, ShowsAChangeAtItsCommitAndNotBefore) {
  Pair pair(Metric::cosine);
  const auto vector = pair.vector();
  ASSERT_TRUE(pair.index->put(7, vector));
  EXPECT_TRUE(pair.index->search(vector, 3)->hits.empty());
  pair.index->commit(1);
  ASSERT_EQ(pair.index->search(vector, 3)->hits.size(), 1U);
  EXPECT_NEAR(pair.index->search(vector, 3)->hits[0].score, 1, 1e-3);
  pair.index->erase(7);
  EXPECT_EQ(pair.index->search(vector, 3)->hits.size(), 1U);
  pair.index->commit(2);
  EXPECT_TRUE(pair.index->search(vector, 3)->hits.empty());
}

TEST(VectorIndex, TakesManyAtOnceAndMakesOneGenerationOfThem) {
  Pair pair(Metric::inner_product);
  for (Key key = 0; key < 1000; ++key) pair.put(key);
  pair.commit();
  EXPECT_GE(pair.recall(20), 0.99);
  pair.change(30);
  EXPECT_GE(pair.recall(20), 0.99);
  pair.maintain();
  EXPECT_EQ(pair.index->status().generations_on_disk, 1U);
  EXPECT_EQ(pair.index->status().generations_in_memory, 0U);
  EXPECT_GE(pair.recall(20), 0.97);
}

TEST(VectorIndex, KeepsOneSmallGenerationAtMost) {
  Pair pair(Metric::cosine);
  for (Key key = 0; key < 2000; ++key) {
    pair.put(key);
    pair.commit();
    if (key % 20 != 0) continue;
    pair.maintain();
    std::size_t small = 0;
    for (const Part& part : pair.index->snapshot()->parts) {
      if (!part.is_in_memory() && part.live() < small_options().on_disk.smallest_tier) ++small;
    }
    EXPECT_LE(small, 1U);
  }
  EXPECT_LE(pair.index->status().generations_on_disk, 7U);
  EXPECT_GE(pair.recall(20), 0.97);
}

// Each merge takes the graph of the one before over, and what was replaced is patched.
TEST(VectorIndex, KeepsItsRecallThroughMergesIntoTheSameGraph) {
  Pair pair(Metric::cosine);
  IndexOptions options = small_options();
  options.on_disk.smallest_tier = 1U << 20;
  pair.open(options);
  for (Key key = 0; key < 1500; ++key) pair.put(key);
  for (int round = 0; round < (test::is_sanitized() ? 4 : 15); ++round) {
    pair.commit();
    pair.maintain();
    EXPECT_EQ(pair.index->status().generations_on_disk, 1U);
    EXPECT_EQ(pair.index->status().gone, 0U);
    EXPECT_EQ(pair.index->status().live, pair.truth.size());
    EXPECT_GE(pair.recall(20), 0.97) << round;
    for (int i = 0; i < 250; ++i) pair.put(pair.random() % 1500);
    for (int i = 0; i < 20; ++i) pair.erase(pair.random() % 1500);
  }
}

TEST(VectorIndex, FindsWhatIsLeftOfManyThatAreReplaced) {
  Pair pair(Metric::l2);
  for (int i = 0; i < 300; ++i) {
    pair.put(7);
    if (i % 20 == 0) pair.put(static_cast<Key>(100 + i));
    pair.commit();
  }
  EXPECT_EQ(pair.recall(10), 1.0);
}

TEST(VectorIndex, RefusesWhatCannotBeCompared) {
  Pair pair(Metric::cosine);
  EXPECT_EQ(pair.index->put(1, std::vector<float>(dimensions + 1, 1)).error().code,
            Errc::invalid_args);
  EXPECT_EQ(pair.index->put(1, std::vector<float>(dimensions, 0)).error().code, Errc::invalid_args);
  std::vector<float> odd(dimensions, 1);
  odd[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(pair.index->put(1, odd).error().code, Errc::invalid_args);
  EXPECT_EQ(pair.index->search(odd, 1).error().code, Errc::invalid_args);
}

TEST(VectorIndex, IsNotOpenedWithAnotherSchema) {
  Pair pair(Metric::cosine);
  pair.change(10);
  ASSERT_TRUE(pair.index->flush());
  EXPECT_EQ(Index::open(pair.env, directory, {dimensions, Metric::l2}).error().code,
            Errc::mismatch);
  EXPECT_TRUE(Index::recreate(pair.env, directory, {dimensions, Metric::l2}));
}

TEST(VectorIndex, FindsAmongTheSelectedWhateverTheirShare) {
  Pair pair(Metric::cosine);
  for (Key key = 0; key < 3000; ++key) pair.put(key);
  pair.commit();
  pair.maintain();
  for (Key key = 3000; key < 3050; ++key) pair.put(key);
  pair.commit();
  for (const Key divisor : {100U, 10U, 2U, 1U}) {
    const auto selection = pair.index->select([&](Key key) { return key % divisor == 0; });
    Truth selected;
    for (const auto& [key, vector] : pair.truth) {
      if (key % divisor == 0) selected.emplace(key, vector);
    }
    EXPECT_EQ(selection.count(), selected.size());
    std::size_t found = 0;
    for (int i = 0; i < 30; ++i) {
      const auto query = pair.vector();
      std::set<Key> keys;
      const auto answer = pair.index->search(query, 10, selection);
      for (const Hit& hit : answer->hits) {
        EXPECT_EQ(hit.key % divisor, 0U);
        keys.insert(hit.key);
      }
      for (const Hit& hit : nearest(selected, Metric::cosine, query, 10)) {
        found += keys.count(hit.key);
      }
    }
    EXPECT_GE(found, 290U) << "one of " << divisor;
  }
}

TEST(VectorIndex, ScoresKeysAsItsSearchDoes) {
  Pair pair(Metric::cosine, 3);
  for (Key key = 0; key < 700; ++key) {
    pair.put(key);
    if (key % 150 == 149) pair.commit();
  }
  ASSERT_TRUE(pair.index->flush());
  for (Key key = 0; key < 50; ++key) pair.put(key);
  pair.erase(60);
  pair.commit();
  const auto query = pair.vector();
  const auto found = pair.index->search(query, 30).value();
  std::vector<Key> keys;
  for (const Hit& hit : found.hits) keys.push_back(hit.key);
  keys.insert(keys.end(), {60, 9999});
  const auto scores = pair.index->scores(query, keys).value();
  ASSERT_EQ(scores.size(), 32U);
  for (std::size_t i = 0; i < 30; ++i) EXPECT_EQ(scores[i], found.hits[i].score) << i;
  EXPECT_EQ(scores[30], std::nullopt);
  EXPECT_EQ(scores[31], std::nullopt);
}

TEST(VectorIndex, FindsAllInARange) {
  Pair pair(Metric::l2);
  for (Key key = 0; key < 1500; ++key) pair.put(key);
  pair.commit();
  ASSERT_TRUE(pair.index->flush());
  std::size_t found = 0;
  std::size_t expected = 0;
  for (const std::size_t count : {0U, 1U, 20U, 300U}) {
    for (int i = 0; i < 10; ++i) {
      const auto query = pair.vector();
      const auto all = nearest(pair.truth, Metric::l2, query, pair.truth.size());
      const float least = count == 0 ? 0 : all[count - 1].score;
      const auto answer = pair.index->search_range(query, least, {.is_exact = true});
      for (const Hit& hit : answer->hits) EXPECT_GE(hit.score, least);
      found += answer->hits.size();
      expected += count;
    }
  }
  EXPECT_GE(static_cast<double>(found), 0.99 * static_cast<double>(expected));
  EXPECT_LE(found, expected);
}

TEST(VectorIndex, LosesNothingWhenAWriteFailsOrThePowerDoes) {
  int steps = 0;
  for (int failing = 1; failing <= steps || failing == 1; ++failing) {
    Pair pair(Metric::cosine);
    pair.change(150);
    ASSERT_TRUE(pair.index->flush());
    const Truth covered = pair.truth;
    const std::uint64_t covered_sequence = pair.sequence;
    pair.change(80);
    const int before = pair.env.steps();
    pair.env.fail_at(failing);
    const auto flushed = pair.index->flush();
    pair.env.fail_at(0);
    steps = std::max(steps, pair.env.steps() - before);
    // Whether it failed or not, this process goes on.
    EXPECT_GE(pair.recall(3), 0.9) << failing;
    pair.env.crash();
    pair.open();
    if (pair.index->covered() == covered_sequence) {
      EXPECT_FALSE(flushed) << failing;
      pair.truth = covered;
    } else {
      EXPECT_EQ(pair.index->covered(), pair.sequence) << failing;
    }
    EXPECT_EQ(pair.index->status().live, pair.truth.size()) << failing;
    EXPECT_GE(pair.recall(3), 0.9) << failing;
    EXPECT_TRUE(pair.index->verify()) << failing;
  }
  EXPECT_GT(steps, 8);
}

TEST(VectorIndex, LosesNothingWhenAMergeOnDiskFailsOrThePowerDoes) {
  int steps = 0;
  for (int failing = 1; failing <= steps || failing == 1; ++failing) {
    Pair pair(Metric::l2);
    for (int i = 0; i < 3; ++i) {
      pair.change(60);
      ASSERT_TRUE(pair.index->flush());
    }
    EXPECT_EQ(pair.index->status().generations_on_disk, 3U);
    EXPECT_NE(pair.index->status().gone, 0U);
    const int before = pair.env.steps();
    pair.env.fail_at(failing);
    const auto merged = pair.index->maintain();
    pair.env.fail_at(0);
    steps = std::max(steps, pair.env.steps() - before);
    EXPECT_TRUE(!merged || *merged) << failing;
    EXPECT_GE(pair.recall(3), 0.9) << failing;
    // What fails once is done at the next attempt, in this process or in another.
    if (failing % 2 == 0) {
      pair.env.crash();
      pair.open();
      EXPECT_EQ(pair.index->covered(), pair.sequence) << failing;
      EXPECT_TRUE(pair.index->verify()) << failing;
      EXPECT_EQ(pair.index->status().live, pair.truth.size()) << failing;
    }
    pair.maintain();
    EXPECT_EQ(pair.index->status().generations_on_disk, 1U) << failing;
    EXPECT_EQ(pair.index->status().live, pair.truth.size()) << failing;
    EXPECT_GE(pair.recall(3), 0.9) << failing;
    pair.env.crash();
    pair.open();
    EXPECT_TRUE(pair.index->verify()) << failing;
    EXPECT_EQ(pair.index->status().live, pair.truth.size()) << failing;
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(steps, 8);
}

TEST(VectorIndex, StopsAMergeWhenTold) {
  Pair pair(Metric::cosine);
  pair.change(400);
  std::stop_source stop;
  stop.request_stop();
  const auto done = pair.index->maintain(stop.get_token());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::cancelled);
  EXPECT_GE(pair.recall(10), 0.97);
  pair.maintain();
  EXPECT_EQ(pair.index->covered(), pair.sequence);
}

TEST(VectorIndex, KeepsWhatIsDeletedWhileItIsWrittenDeleted) {
  for (const bool all : {false, true}) {
    test::FaultEnv env;
    std::unique_ptr<Index> index;
    IndexOptions options = small_options();
    std::uint64_t sequence = 0;
    options.build.progress = [&](std::size_t, std::size_t) {
      for (Key key = 0; key < 150; ++key) {
        if (all || key % 2 == 0) index->erase(key);
      }
      index->commit(++sequence);
    };
    index = std::move(*Index::open(env, directory, {dimensions, Metric::l2}, options));
    RandomVectors vectors(dimensions);
    for (Key key = 0; key < 150; ++key) ASSERT_TRUE(index->put(key, vectors.next()));
    index->commit(++sequence);
    ASSERT_TRUE(*index->maintain());
    const auto answer = index->search(vectors.next(), 150);
    EXPECT_EQ(answer->hits.size(), all ? 0U : 75U);
    for (const Hit& hit : answer->hits) EXPECT_EQ(hit.key % 2, 1U);
  }
}

// A generation whose bytes were changed or cut, as a directory on disk.
class Damage : public testing::Test {
 protected:
  void SetUp() override {
    const auto index = Index::open(store::system_env(), home.path(), schema);
    ASSERT_TRUE(index);
    RandomVectors vectors(dimensions);
    for (Key key = 0; key < 400; ++key) ASSERT_TRUE((*index)->put(key, vectors.next()));
    (*index)->commit(1);
    ASSERT_TRUE((*index)->flush());
    for (const auto& entry : std::filesystem::directory_iterator(home.path())) {
      if (entry.path().extension() == ".gen") file = entry.path().string();
    }
    std::ifstream in(file, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  void write(const std::string& changed) const {
    std::filesystem::remove(file);  // not in place: it may be mapped
    std::ofstream(file, std::ios::binary) << changed;
  }
  // Never a crash; and who is told that all is well gets the right answers.
  void expect_noticed(const std::string& what) const {
    const auto index = Index::open(store::system_env(), home.path(), schema);
    ASSERT_TRUE(index) << what;
    RandomVectors vectors(dimensions, 3);
    for (int i = 0; i < 3; ++i) {
      const auto answer = (*index)->search(vectors.next(), 10);
      ASSERT_TRUE(answer) << what;
      EXPECT_NE(answer->trust, Trust::verified) << what;
    }
    const auto sound = (*index)->verify();
    if ((*index)->snapshot()->is_degraded) {
      EXPECT_EQ((*index)->search(vectors.next(), 10)->trust, Trust::damaged) << what;
    } else {
      EXPECT_TRUE(sound) << what;
      const auto answer = (*index)->search(vectors.next(), 10);
      EXPECT_EQ(answer->hits.size(), 10U) << what;
    }
  }

  const Schema schema{dimensions, Metric::l2};
  test::ScratchDirectory home{"vectors"};
  std::string file;
  std::string bytes;
};

TEST_F(Damage, OfAnyByteIsNoticed) {
  std::mt19937 random(5);
  for (int i = 0; i < 150; ++i) {
    std::string changed = bytes;
    // Every third in the first pages and the table, where everything hangs on each byte.
    const std::size_t at = i % 3 == 0   ? random() % 8192
                           : i % 3 == 1 ? bytes.size() - 1 - random() % 256
                                        : random() % bytes.size();
    changed[at] = static_cast<char>(changed[at] ^ (1 << (random() % 8)));
    write(changed);
    expect_noticed("byte " + std::to_string(at));
  }
}

TEST_F(Damage, OfAnyLengthIsNoticed) {
  std::mt19937 random(6);
  for (int i = 0; i < 60; ++i) {
    const std::size_t length = i < 10 ? static_cast<std::size_t>(i) * 8 : random() % bytes.size();
    write(bytes.substr(0, length));
    const auto index = Index::open(store::system_env(), home.path(), schema);
    ASSERT_TRUE(index) << length;
    EXPECT_TRUE((*index)->snapshot()->is_degraded) << length;
    EXPECT_EQ((*index)->search(std::vector<float>(dimensions, 1), 10)->trust, Trust::damaged);
  }
}

TEST(VectorIndex, IsSearchedWhileItChangesAndMerges) {
  Pair pair(Metric::cosine);
  pair.change(300);
  std::atomic<bool> is_over = false;
  std::atomic<int> searches = 0;
  const auto search = [&](std::uint32_t seed) {
    RandomVectors queries(dimensions, seed);
    while (!is_over) {
      const auto answer = pair.index->search(queries.next(), 10);
      if (!answer || answer->hits.size() != 10) return;
      const auto some = pair.index->select([](Key key) { return key % 2 == 0; });
      if (!pair.index->search(queries.next(), 5, some)) return;
      std::vector<Key> keys;
      for (const Hit& hit : answer->hits) keys.push_back(hit.key);
      if (!pair.index->scores(queries.next(), keys)) return;
      ++searches;
    }
  };
  {
    const std::jthread first(search, 11);
    const std::jthread second(search, 12);
    const std::jthread merger([&] {
      while (!is_over) {
        const auto done = pair.index->maintain();
        EXPECT_TRUE(done) << done.error().message;
        if (!done) return;
        if (!*done) std::this_thread::yield();
      }
    });
    for (int round = 0; round < 20 || searches < 20; ++round) pair.change(40);
    is_over = true;
  }
  EXPECT_GE(pair.recall(10), 0.97);
  EXPECT_EQ(pair.index->status().live, pair.truth.size());
}

}  // namespace
}  // namespace hearth::search::vector
