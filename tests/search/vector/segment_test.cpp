// A graph is built, written, opened and searched: against exhaustive search.
#include "search/vector/segment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "search/vector/build.hpp"
#include "search/vector/random_vectors.hpp"
#include "search/vector/segment_writer.hpp"
#include "search/vector/store_search.hpp"

namespace hearth::search::vector {
namespace {

constexpr std::size_t dimensions = 96;

struct Shape {
  Metric metric;
  std::uint32_t code_bits;
};

struct Data {
  explicit Data(Metric metric, std::size_t count = 2000, std::uint32_t seed = 1) {
    vectors = RandomVectors(dimensions, seed).take(count);
    for (auto& each : vectors) {
      if (metric == Metric::cosine) normalise(each);
    }
    for (const auto& each : vectors) {
      rows.push_back(each.data());
      keys.push_back(1000 + keys.size() * 3);
    }
  }
  std::vector<std::vector<float>> vectors;
  std::vector<const float*> rows;
  std::vector<Key> keys;
};

std::string written(const Data& data, Shape shape, unsigned threads = 1) {
  const BuildOptions options{.passes = 2, .threads = threads};
  const auto graph =
      build_graph(space_of(shape.metric, dimensions, data.rows), data.rows, options, {});
  EXPECT_TRUE(graph) << graph.error().message;
  MemoryFile file;
  GenerationWriter writer(file, segment_kind, 64);
  EXPECT_TRUE(write_segment(**graph, data.keys, shape.code_bits, writer, {}));
  EXPECT_TRUE(writer.finish(7));
  return file.take();
}

std::shared_ptr<const Segment> opened(std::string bytes) {
  const auto generation = Generation::of_bytes(std::move(bytes), segment_kind);
  EXPECT_TRUE(generation) << generation.error().message;
  const auto segment = Segment::open(*generation);
  EXPECT_TRUE(segment) << segment.error().message;
  return *segment;
}

std::vector<Hit> exact(const Data& data,
                       Metric metric,
                       std::span<const float> query,
                       std::size_t k) {
  std::vector<Hit> hits;
  for (std::size_t i = 0; i < data.rows.size(); ++i) {
    hits.push_back({data.keys[i], exact_score(metric, query, data.rows[i])});
  }
  std::ranges::sort(hits, is_better);
  hits.resize(std::min(k, hits.size()));
  return hits;
}

std::size_t in_common(const std::vector<Hit>& found, const std::vector<Hit>& expected) {
  std::set<Key> keys;
  for (const Hit& each : expected) keys.insert(each.key);
  return static_cast<std::size_t>(
      std::ranges::count_if(found, [&](const Hit& each) { return keys.contains(each.key); }));
}

class EveryShape : public testing::TestWithParam<Shape> {};

TEST_P(EveryShape, FindsWhatExhaustiveSearchFinds) {
  const auto [metric, code_bits] = GetParam();
  const Data data(metric);
  const auto segment = opened(written(data, GetParam()));
  const Tombstones none(segment->nodes());
  std::size_t found = 0;
  std::size_t expected = 0;
  for (const auto& query : Data(metric, 100, 2).vectors) {
    TopK best(10);
    search_store({*segment, segment->nodes(), none}, query, 10, {.walk = 64}, best);
    const auto hits = best.take();
    ASSERT_EQ(hits.size(), 10U);
    const auto truth = exact(data, metric, query, 10);
    found += in_common(hits, truth);
    expected += truth.size();
    // What was found has its true score, but for what two levels of codes leave over.
    for (const Hit& hit : hits) {
      const auto same = std::ranges::find(truth, hit.key, &Hit::key);
      if (same == truth.end()) continue;
      EXPECT_NEAR(hit.score, same->score, code_bits == 8 ? 0 : 1e-2 * (1 + std::abs(same->score)));
    }
  }
  EXPECT_GE(static_cast<double>(found) / static_cast<double>(expected), 0.97)
      << name_of(metric) << " " << code_bits;
}

INSTANTIATE_TEST_SUITE_P(Segment,
                         EveryShape,
                         testing::Values(Shape{Metric::l2, 8},
                                         Shape{Metric::l2, 4},
                                         Shape{Metric::cosine, 8},
                                         Shape{Metric::cosine, 4},
                                         Shape{Metric::inner_product, 8},
                                         Shape{Metric::inner_product, 4}));

TEST(Segment, IsTheSameFromTheSameVectorsWithOneThread) {
  const Data data(Metric::cosine, 500);
  EXPECT_EQ(written(data, {Metric::cosine, 8}), written(data, {Metric::cosine, 8}));
}

TEST(Segment, IsAsGoodWhenBuiltByManyThreads) {
  const Data data(Metric::cosine);
  const auto segment = opened(written(data, {Metric::cosine, 8}, 4));
  const Tombstones none(segment->nodes());
  std::size_t found = 0;
  for (const auto& query : Data(Metric::cosine, 50, 2).vectors) {
    TopK best(10);
    search_store({*segment, segment->nodes(), none}, query, 10, {.walk = 64}, best);
    found += in_common(best.take(), exact(data, Metric::cosine, query, 10));
  }
  EXPECT_GE(found, 485U);
}

TEST(Segment, KnowsItsKeys) {
  const Data data(Metric::l2, 300);
  const auto segment = opened(written(data, {Metric::l2, 4}));
  ASSERT_EQ(segment->nodes(), 300U);
  for (std::size_t i = 0; i < data.keys.size(); ++i) {
    const auto node = segment->find(data.keys[i]);
    ASSERT_TRUE(node);
    EXPECT_EQ(segment->key(*node), data.keys[i]);
    EXPECT_TRUE(std::equal(data.rows[i], data.rows[i] + dimensions, segment->vector(*node)));
  }
  EXPECT_FALSE(segment->find(999));
  EXPECT_FALSE(segment->find(1001));
  EXPECT_FALSE(segment->find(UINT64_MAX));
}

TEST(Segment, IsFineWithNothingAndWithOneVector) {
  for (const std::size_t count : {0U, 1U}) {
    const Data data(Metric::cosine, count);
    const auto segment = opened(written(data, {Metric::cosine, 8}));
    const Tombstones none(segment->nodes());
    TopK best(10);
    const auto query = Data(Metric::cosine, 1, 2).vectors[0];
    search_store({*segment, segment->nodes(), none}, query, 10, {}, best);
    EXPECT_EQ(best.take().size(), count);
  }
}

TEST(Segment, FindsTwinsAndAllVectorsEqual) {
  Data data(Metric::l2, 400);
  for (auto& each : data.vectors) std::ranges::fill(each, 0.25F);
  const auto segment = opened(written(data, {Metric::l2, 8}));
  const Tombstones none(segment->nodes());
  TopK best(10);
  search_store({*segment, segment->nodes(), none}, data.vectors[0], 10, {}, best);
  EXPECT_EQ(best.take().size(), 10U);
}

TEST(BuildGraph, StopsWhenTold) {
  const Data data(Metric::l2, 500);
  std::stop_source stop;
  BuildOptions options;
  options.progress = [&](std::size_t, std::size_t) { stop.request_stop(); };
  const auto graph = build_graph(space_of(Metric::l2, dimensions, data.rows), data.rows, options,
                                 stop.get_token());
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, Errc::cancelled);
}

}  // namespace
}  // namespace hearth::search::vector
