#include "base/clock.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hearth {
namespace {

using std::chrono::milliseconds;

TEST(FormatRfc3339, WritesUtcWithMilliseconds) {
  EXPECT_EQ(format_rfc3339(WallTime(milliseconds(0))), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_rfc3339(WallTime(milliseconds(1'795'251'600'123))), "2026-11-21T09:00:00.123Z");
}

TEST(FormatRfc3339, KnowsLeapDaysAndTheEndOfADay) {
  EXPECT_EQ(format_rfc3339(WallTime(milliseconds(951'868'799'999))), "2000-02-29T23:59:59.999Z");
}

TEST(FormatRfc3339, CountsBackwardsBeforeTheEpoch) {
  EXPECT_EQ(format_rfc3339(WallTime(milliseconds(-1))), "1969-12-31T23:59:59.999Z");
}

TEST(FormatRfc3339, SortsAsTimeDoes) {
  std::string before;
  for (std::int64_t ms = 0; ms < 5'000'000'000'000; ms += 97'654'321'012) {
    std::string text = format_rfc3339(WallTime(milliseconds(ms)));
    EXPECT_LT(before, text);
    before = std::move(text);
  }
}

TEST(SystemClock, NeverGoesBackwards) {
  const SystemClock clock;
  MonotonicTime last = clock.monotonic();
  for (int i = 0; i < 1000; ++i) {
    const MonotonicTime now = clock.monotonic();
    EXPECT_GE(now, last);
    last = now;
  }
  EXPECT_GT(clock.wall().time_since_epoch().count(), 1'600'000'000'000);  // milliseconds, not s
}

}  // namespace
}  // namespace hearth
