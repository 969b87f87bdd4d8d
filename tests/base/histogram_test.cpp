#include "base/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace hearth {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

TEST(Histogram, IsZeroWhileEmpty) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.percentile(50), 0ns);
  EXPECT_EQ(histogram.max(), 0ns);
}

TEST(Histogram, KeepsASingleValue) {
  Histogram histogram;
  histogram.record(1234us);
  for (const double percent : {0.0, 50.0, 99.9, 100.0}) {
    EXPECT_EQ(histogram.percentile(percent), 1234us)
        << percent;  // its bucket ends above the maximum
  }
}

TEST(Histogram, ToleratesAClockThatWentBackwards) {
  Histogram histogram;
  histogram.record(-5ms);
  EXPECT_EQ(histogram.count(), 1U);
  EXPECT_EQ(histogram.percentile(50), 0ns);
}

TEST(Histogram, KeepsWhatIsBeyondItsLastBucket) {
  Histogram histogram;
  histogram.record(nanoseconds::max());
  EXPECT_EQ(histogram.max(), nanoseconds::max());
  EXPECT_GT(histogram.percentile(50), 24h);
}

// The value of rank ceil(n · percent / 100) in sorted order.
nanoseconds exact_percentile(const std::vector<nanoseconds>& sorted, double percent) {
  const auto rank = static_cast<std::size_t>(
      std::max(1.0, std::ceil(static_cast<double>(sorted.size()) * percent / 100.0)));
  return sorted[rank - 1];
}

TEST(Histogram, IsNeverBelowThePercentileAndAtMostAnEighthAboveIt) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 50; ++round) {
    std::lognormal_distribution<double> latency(4.0 + round % 10, 0.2 * (round % 12) + 0.01);
    Histogram histogram;
    std::vector<nanoseconds> values;
    for (int i = 0; i < 1000; ++i) {
      values.emplace_back(static_cast<std::int64_t>(std::min(latency(random) * 1000.0, 1e17)));
      histogram.record(values.back());
    }
    std::ranges::sort(values);
    for (const double percent : {1.0, 25.0, 50.0, 90.0, 99.0, 100.0}) {
      const nanoseconds exact = exact_percentile(values, percent);
      const nanoseconds shown = histogram.percentile(percent);
      EXPECT_GE(shown, exact) << "round " << round << " p" << percent;
      EXPECT_LE(shown, exact + exact / 8 + 1us) << "round " << round << " p" << percent;
    }
    EXPECT_EQ(histogram.max(), values.back());
    EXPECT_EQ(histogram.count(), values.size());
  }
}

TEST(Histogram, GrowsWithThePercent) {
  std::mt19937_64 random(2);
  Histogram histogram;
  for (int i = 0; i < 10'000; ++i) histogram.record(nanoseconds(random() % 1'000'000'000));
  nanoseconds last{0};
  for (double percent = 0; percent <= 100; percent += 0.5) {
    EXPECT_GE(histogram.percentile(percent), last);
    last = histogram.percentile(percent);
  }
}

}  // namespace
}  // namespace hearth
