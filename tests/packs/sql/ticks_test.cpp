#include "packs/sql/chart/ticks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace hearth::packs::sql::chart {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> labels(const std::vector<Tick>& ticks) {
  std::vector<std::string> all;
  for (const Tick& tick : ticks) {
    if (!tick.label.empty()) all.push_back(tick.label);
  }
  return all;
}

constexpr double day = 86'400;
constexpr double of_2024 = 1'704'067'200;  // its first second

TEST(RoundNumbers, EmbraceTheDataWhenLoose) {
  EXPECT_THAT(round_numbers(0, 100, 5, true), ElementsAre(0, 25, 50, 75, 100));
  EXPECT_THAT(round_numbers(-0.7, 9.3, 6, true), ElementsAre(-2, 0, 2, 4, 6, 8, 10));
  const auto numbers = round_numbers(1'234, 8'765, 6, true);
  EXPECT_LE(numbers.front(), 1'234);
  EXPECT_GE(numbers.back(), 8'765);
}

TEST(RoundNumbers, AreFoundForAnyRange) {
  for (const auto& [low, high] : std::initializer_list<std::pair<double, double>>{
           {0, 1e-300}, {-1e300, 1e300}, {1e15, 1e15 + 1e7}, {0.1, 0.1 + 1e-9}, {-5e-5, 3e12}}) {
    const auto numbers = round_numbers(low, high, 6, true);
    EXPECT_GE(numbers.size(), 2) << low << " to " << high;
    EXPECT_LE(numbers.size(), 30) << low << " to " << high;
    for (const double each : numbers) EXPECT_TRUE(std::isfinite(each));
  }
}

TEST(AxisNumber, SaysNoMoreThanTheStepBears) {
  EXPECT_EQ(axis_number(0.25, 0.25, 1), "0.25");
  EXPECT_EQ(axis_number(1'250, 250, 12'500), "1250");
  EXPECT_EQ(axis_number(12'500, 250, 12'500), "12,500");
  EXPECT_EQ(axis_number(2'024, 1, 2'030), "2024");
  EXPECT_EQ(axis_number(2'500'000, 500'000, 3'000'000), "2.5M");
  EXPECT_EQ(axis_number(-4e9, 2e9, 4e9), "-4B");
  EXPECT_EQ(axis_number(3e20, 1e20, 5e20), "3e20");
  EXPECT_EQ(axis_number(2.5e-9, 5e-10, 5e-9), "2.5e-9");
}

TEST(ShortNumber, KeepsItsDigits) {
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(1'234.5), "1234");
  EXPECT_EQ(short_number(12'345.6), "12,346");
  EXPECT_EQ(short_number(0.12345), "0.123");
  EXPECT_EQ(short_number(-2'500'000), "-2.5M");
}

TEST(LogTicks, AreThePowersOfTen) {
  EXPECT_THAT(labels(log_ticks(1, 10'000, 6)), ElementsAre("1", "10", "100", "1000", "10,000"));
  EXPECT_THAT(labels(log_ticks(1, 10, 6)), ElementsAre("1", "2", "5", "10"));
  EXPECT_THAT(labels(log_ticks(1e-12, 1e12, 5)),
              SizeIs(testing::AllOf(testing::Ge(4), testing::Le(6))));
}

TEST(TimeTicks, FollowClockAndCalendar) {
  EXPECT_THAT(labels(time_ticks(of_2024, of_2024 + 366 * day, 4)),
              ElementsAre("Jan 2024", "Apr", "Jul", "Oct", "Jan 2025"));
  EXPECT_THAT(labels(time_ticks(of_2024, of_2024 + 6 * 3'600, 6)),
              ElementsAre("Jan 1, 00:00", "01:00", "02:00", "03:00", "04:00", "05:00", "06:00"));
  EXPECT_THAT(labels(time_ticks(of_2024 + 28 * day, of_2024 + 34 * day, 7)),
              ElementsAre("Jan 29, 2024", "Jan 30", "Jan 31", "Feb 1", "Feb 2", "Feb 3", "Feb 4"));
  EXPECT_THAT(labels(time_ticks(of_2024 - 50 * 365.25 * day, of_2024, 6)), Contains("2000"));
}

TEST(TimeTicks, EndForAnySpan) {
  for (double span = 1e-3; span < 1e12; span *= 7) {
    const auto ticks = time_ticks(of_2024, of_2024 + span, 6);
    EXPECT_LE(ticks.size(), 20) << span;
    for (std::size_t i = 1; i < ticks.size(); ++i) EXPECT_LT(ticks[i - 1].at, ticks[i].at);
  }
}

TEST(ShortTime, LeavesOutMidnight) {
  EXPECT_EQ(short_time(of_2024), "2024-01-01");
  EXPECT_EQ(short_time(of_2024 + 36'000), "2024-01-01 10:00");
  EXPECT_EQ(short_time(-1), "1969-12-31 23:59:59");
}

}  // namespace
}  // namespace hearth::packs::sql::chart
