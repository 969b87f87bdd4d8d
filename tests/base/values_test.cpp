#include "base/values.hpp"

#include <gtest/gtest.h>

namespace hearth {
namespace {

using std::chrono::milliseconds;

TEST(ParseDuration, TakesUnitsAndTheirSums) {
  EXPECT_EQ(parse_duration("30m"), milliseconds(1'800'000));
  EXPECT_EQ(parse_duration("10s"), milliseconds(10'000));
  EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(parse_duration("1h30m"), milliseconds(5'400'000));
  EXPECT_EQ(parse_duration(" 2 h "), milliseconds(7'200'000));
  EXPECT_EQ(parse_duration("1.5s"), milliseconds(1'500));
  EXPECT_EQ(parse_duration("1D"), milliseconds(86'400'000));
  EXPECT_EQ(parse_duration("0"), milliseconds(0));
}

TEST(ParseDuration, TakesABareNumberAsSeconds) {
  EXPECT_EQ(parse_duration("90"), milliseconds(90'000));
  EXPECT_EQ(parse_duration("0.25"), milliseconds(250));
}

TEST(ParseDuration, RefusesWhatIsNone) {
  for (const char* text : {"", " ", "m", "-1s", "+1s", "10x", "1h30", "5 5", "1e3s", "inf", "nan",
                           "10s!", "99999999d", "0x10", "1,5s"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(ParseSize, TakesBinaryAndDecimalUnits) {
  EXPECT_EQ(parse_size("24MiB"), std::size_t{24} << 20);
  EXPECT_EQ(parse_size("64 KiB"), std::size_t{65536});
  EXPECT_EQ(parse_size("1GB"), std::size_t{1'000'000'000});
  EXPECT_EQ(parse_size("512"), std::size_t{512});
  EXPECT_EQ(parse_size("8m"), std::size_t{8} << 20);
}

TEST(ParseSize, RefusesWhatIsNone) {
  for (const char* text : {"", "MiB", "-1", "1TB", "1 2", "10000000GB"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(ParseBool, TakesTheUsualWords) {
  for (const char* text : {"1", "true", "YES", "On"}) EXPECT_EQ(parse_bool(text), true) << text;
  for (const char* text : {"0", "False", "no", "off"}) EXPECT_EQ(parse_bool(text), false) << text;
  for (const char* text : {"", "2", "maybe"}) EXPECT_EQ(parse_bool(text), std::nullopt) << text;
}

}  // namespace
}  // namespace hearth
