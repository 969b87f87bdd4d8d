#include "packs/knowledge/unrelated.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hearth::packs::knowledge {
namespace {

// Each has the cosine 0.36 with every other: (0.6, …, 0.8 at its own place, …).
std::vector<float> vectors(std::size_t begin, std::size_t count, std::uint32_t dimensions) {
  std::vector<float> all(count * dimensions);
  for (std::size_t i = 0; i < count; ++i) {
    all[i * dimensions] = 0.6F;
    all[i * dimensions + begin + i + 1] = 0.8F;
  }
  return all;
}

TEST(UnrelatedMeasure, MeasuresTheFirstTextsOfSeveralBatches) {
  UnrelatedMeasure measure;
  EXPECT_GT(measure.deviation(), 0.1F);
  measure.take(vectors(0, 8, 100), 100);
  EXPECT_FALSE(measure.is_measured());
  measure.take(vectors(8, 8, 100), 100);
  ASSERT_TRUE(measure.is_measured());
  EXPECT_NEAR(measure.mean(), 0.36, 1e-5);
  EXPECT_NEAR(measure.deviation(), 0.01, 1e-5);
}

TEST(UnrelatedMeasure, TakesFewOfABatchAndEnoughInAll) {
  UnrelatedMeasure measure;
  measure.take(vectors(0, 60, 100), 100);
  EXPECT_FALSE(measure.is_measured()) << "a batch may be one document";
  for (int i = 0; i < 20; ++i) measure.take(vectors(0, 60, 100), 100);
  const float mean = measure.mean();
  measure.take(std::vector<float>(100, 0.1F), 100);
  EXPECT_EQ(measure.mean(), mean);
  measure.take({}, 100);
}

}  // namespace
}  // namespace hearth::packs::knowledge
