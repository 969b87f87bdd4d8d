#include "search/text/index.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "search/text/random_text.hpp"
#include "search/text/reference.hpp"
#include "support/fault_env.hpp"
#include "support/sizes.hpp"

namespace hearth::search::text {
namespace {

const std::string directory = "/index";
const std::vector<std::uint16_t> weights{3, 1};

// Sanitizers take their time.
const unsigned seeds = test::is_full_size() ? 20 : test::is_sanitized() ? 1 : 3;
constexpr int query_count = test::is_sanitized() ? 40 : 80;

class Pair {
 public:
  explicit Pair(unsigned seed) : random(seed), reference(weights) { open(); }

  void open() {
    index.reset();
    auto opened = Index::open(env, directory, {weights}, options());
    ASSERT_TRUE(opened) << opened.error().message;
    index = std::move(*opened);
  }
  static IndexOptions options() {
    IndexOptions options;
    options.memory_bytes = 4096;
    options.on_disk.fan_in = 3;
    options.on_disk.smallest_tier = 32;
    return options;
  }

  void put(Key key) {
    Reference::Doc doc{{random.text(4), random.text(30)}, {random.facet()}};
    const std::vector<std::string_view> fields(doc.fields.begin(), doc.fields.end());
    const std::vector<std::string_view> facets(doc.facets.begin(), doc.facets.end());
    ASSERT_TRUE(index->put({key, fields, facets}));
    reference.put(key, std::move(doc));
  }
  void erase(Key key) {
    index->erase(key);
    reference.erase(key);
  }
  void commit() { ASSERT_TRUE(index->commit(++sequence)); }
  // Merges everything, so that the frequencies of terms are those of live documents alone.
  void settle() {
    ASSERT_TRUE(index->flush());
    IndexOptions all = options();
    all.memory_bytes = 1;
    all.on_disk = {.fan_in = 2, .smallest_tier = 1U << 30, .most_gone = 0.0};
    auto opened = Index::open(env, directory, {weights}, all);
    ASSERT_TRUE(opened) << opened.error().message;
    for (bool did = true; did;) {
      const auto done = (*opened)->maintain();
      ASSERT_TRUE(done) << done.error().message;
      did = *done;
    }
    opened->reset();
    open();
  }

  test::FaultEnv env;
  RandomText random;
  Reference reference;
  std::unique_ptr<Index> index;
  std::uint64_t sequence = 0;
};

// The answer holds the best documents with their scores; of equal ones it may hold any.
void expect_best(const std::vector<Hit>& hits,
                 const std::map<Key, double>& all,
                 std::size_t limit,
                 const std::string& what) {
  ASSERT_EQ(hits.size(), std::min(limit, all.size())) << what;
  std::vector<double> scores;
  for (const auto& [key, score] : all) scores.push_back(score);
  std::ranges::sort(scores, std::greater{});
  std::set<Key> seen;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    ASSERT_TRUE(all.contains(hits[i].key)) << what;
    ASSERT_TRUE(seen.insert(hits[i].key).second) << what;
    const double tolerance = 1e-4 * std::max(1.0, scores[i]);
    EXPECT_NEAR(hits[i].score, all.at(hits[i].key), tolerance) << what;
    EXPECT_NEAR(hits[i].score, scores[i], tolerance) << what;
  }
}

void compare(Pair& pair, int queries) {
  for (int i = 0; i < queries; ++i) {
    const Query query = pair.random.query();
    const std::size_t limit = 1 + pair.random.below(12);
    Filter filter;
    std::vector<std::string> facets;
    if (i % 3 == 0) {
      facets.push_back(pair.random.facet());
      filter.facets.push_back(facets);
    }
    const auto all = pair.reference.search(query, facets);
    const auto found = pair.index->search(query, filter, limit);
    ASSERT_TRUE(found) << found.error().message;
    expect_best(found->hits, all, limit, print(query));
    const auto snapshot = pair.index->snapshot();
    const auto counted = count(*snapshot, query, filter);
    ASSERT_TRUE(counted);
    EXPECT_EQ(*counted, all.size()) << print(query);
    std::vector<Key> keys;
    for (const Hit& hit : found->hits) keys.push_back(hit.key);
    keys.push_back(1'000'000);  // there is none
    const auto scored = scores(*snapshot, query, keys);
    for (std::size_t at = 0; at < found->hits.size(); ++at) {
      EXPECT_NEAR(scored[at], found->hits[at].score, 1e-4F * found->hits[at].score);
    }
    EXPECT_EQ(scored.back(), 0.0F);
    if (filter.empty()) {
      std::set<Key> matched;
      ASSERT_TRUE(match(*snapshot, query, [&](Key key) { matched.insert(key); }));
      EXPECT_EQ(matched.size(), all.size()) << print(query);
    }
    if (testing::Test::HasFailure()) return;
  }
}

TEST(TextIndex, FindsWhatWasPutAfterTheCommitAndRanksIt) {
  Pair pair(1);
  const std::string_view first[] = {"Drain deadline", "How long the daemon waits"};
  const std::string_view second[] = {"Other", "The deadline of the daemon, and its drain"};
  ASSERT_TRUE(pair.index->put({7, first, {}}));
  ASSERT_TRUE(pair.index->put({8, second, {}}));
  EXPECT_TRUE(pair.index->search(Query::of_term("drain"), {}, 10)->hits.empty());
  ASSERT_TRUE(pair.index->commit(2));
  const auto found = pair.index->search(parse_query("drain deadline").query, {}, 10);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->hits.size(), 2U);
  EXPECT_EQ(found->hits[0].key, 7U);
  EXPECT_EQ(found->trust, Trust::verified);
  const auto phrase = pair.index->search(parse_query("\"drain deadline\"").query, {}, 10);
  ASSERT_EQ(phrase->hits.size(), 1U);
}

TEST(TextIndex, TheLastVersionWithinACommitCounts) {
  Pair pair(2);
  const std::string_view first[] = {"first"};
  const std::string_view second[] = {"second"};
  ASSERT_TRUE(pair.index->put({1, first, {}}));
  ASSERT_TRUE(pair.index->put({1, second, {}}));
  ASSERT_TRUE(pair.index->put({2, first, {}}));
  pair.index->erase(2);
  pair.index->erase(3);
  ASSERT_TRUE(pair.index->commit(1));
  EXPECT_TRUE(pair.index->search(Query::of_term("first"), {}, 10)->hits.empty());
  EXPECT_EQ(pair.index->search(Query::of_term("second"), {}, 10)->hits.size(), 1U);
  EXPECT_EQ(pair.index->status().live, 1U);
}

TEST(TextIndex, WritesDeletionsTooWhenFlushed) {
  Pair pair(3);
  for (Key key = 0; key < 20; ++key) pair.put(key);
  pair.commit();
  ASSERT_TRUE(pair.index->flush());
  pair.erase(4);
  ASSERT_TRUE(pair.index->commit(pair.sequence));  // the caller counts in its own way
  ASSERT_TRUE(pair.index->flush());
  pair.open();
  EXPECT_EQ(pair.index->status().live, 19U);
  const int steps = pair.env.steps();
  ASSERT_TRUE(pair.index->flush());
  EXPECT_EQ(pair.env.steps(), steps);  // nothing to write
}

TEST(TextIndex, FiltersByFacetsAndKeys) {
  Pair pair(4);
  const std::string_view text[] = {"same words"};
  for (Key key = 0; key < 300; ++key) {
    const std::string group = key % 100 == 0 ? "kind:rare" : "kind:usual";
    const std::string_view facets[] = {group, key % 2 == 0 ? "tag:even" : "tag:odd"};
    ASSERT_TRUE(pair.index->put({key, text, facets}));
  }
  ASSERT_TRUE(pair.index->commit(1));
  const auto keys = [&](std::vector<std::vector<std::string>> facets,
                        std::function<bool(Key)> allows = {}) {
    const Filter filter{std::move(facets), std::move(allows)};
    std::set<Key> found;
    const auto answer = pair.index->search(Query::of_term("words"), filter, 300);
    for (const Hit& hit : answer->hits) found.insert(hit.key);
    const auto snapshot = pair.index->snapshot();
    EXPECT_EQ(found.size(), *count(*snapshot, Query::of_term("words"), filter));
    if (filter.facets.empty()) return found;
    std::set<Key> listed;
    for_each_key(*snapshot, filter, [&](Key key) { listed.insert(key); });
    EXPECT_EQ(listed, found);
    return found;
  };
  EXPECT_EQ(keys({}).size(), 300U);
  EXPECT_EQ(keys({{"kind:rare"}}), (std::set<Key>{0, 100, 200}));
  EXPECT_EQ(keys({{"kind:rare"}, {"tag:odd"}}), std::set<Key>{});
  EXPECT_EQ(keys({{"kind:rare", "kind:usual"}, {"tag:even"}}).size(), 150U);
  EXPECT_EQ(keys({{"kind:none"}}), std::set<Key>{});
  EXPECT_EQ(keys({{"tag:even"}}, [](Key key) { return key < 5; }), (std::set<Key>{0, 2, 4}));
  // No word finds a facet.
  EXPECT_TRUE(pair.index->search(parse_query("kind rare").query, {}, 1)->hits.empty());
}

TEST(TextIndex, AgreesWithTheReferenceFromMemoryAndFromDisk) {
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    Pair pair(seed);
    for (Key key = 0; key < 400; ++key) {
      pair.put(key * 13 % 1009);
      if (key % 50 == 49) pair.commit();
    }
    compare(pair, query_count);
    ASSERT_TRUE(pair.index->flush());
    compare(pair, query_count);
    pair.open();
    compare(pair, query_count);
    if (HasFailure()) return;
  }
}

TEST(TextIndex, AgreesWithTheReferenceAfterAnyChangesMergesAndReopenings) {
  for (unsigned seed = 11; seed < 11 + seeds; ++seed) {
    Pair pair(seed);
    for (int round = 0; round < 6; ++round) {
      for (int step = 0; step < 120; ++step) {
        const Key key = pair.random.below(250);
        pair.random.below(4) == 0 ? pair.erase(key) : pair.put(key);
        if (pair.random.below(6) == 0) pair.commit();
        if (pair.random.below(40) == 0) {
          pair.commit();
          ASSERT_TRUE(pair.index->flush());
          if (pair.random.below(2) == 0) pair.open();
        }
        if (pair.random.below(10) == 0) ASSERT_TRUE(pair.index->maintain());
      }
      pair.commit();
      EXPECT_EQ(pair.index->status().live, pair.reference.size());
      pair.settle();
      EXPECT_EQ(pair.index->status().live, pair.reference.size());
      EXPECT_EQ(pair.index->status().gone, 0U);
      compare(pair, query_count);
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace hearth::search::text
