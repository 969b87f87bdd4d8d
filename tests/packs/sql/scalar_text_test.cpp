#include "packs/sql/duckdb/scalar_text.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace hearth::packs::sql::duckdb {
namespace {

template <typename Append, typename... Args>
std::string text_of(Append append, Args... args) {
  std::string text;
  append(text, args...);
  return text;
}

TEST(ScalarText, WritesIntegersOf128Bits) {
  const auto least = int128_of(0, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(text_of(append_integer, least), "-170141183460469231731687303715884105728");
  EXPECT_EQ(text_of(append_unsigned, ~UInt128{0}), "340282366920938463463374607431768211455");
  EXPECT_EQ(text_of(append_integer, Int128{0}), "0");
}

TEST(ScalarText, WritesDecimalsWithAllTheirDigits) {
  EXPECT_EQ(text_of(append_decimal, Int128{12345}, 2U), "123.45");
  EXPECT_EQ(text_of(append_decimal, Int128{-5}, 3U), "-0.005");
  EXPECT_EQ(text_of(append_decimal, Int128{7}, 0U), "7");
}

TEST(ScalarText, WritesDatesOfAllYears) {
  EXPECT_EQ(text_of(append_date, 0), "1970-01-01");
  EXPECT_EQ(text_of(append_date, -1), "1969-12-31");
  EXPECT_EQ(text_of(append_date, 11'016), "2000-02-29");
  EXPECT_EQ(text_of(append_date, -719'528), "0000-01-01");
  EXPECT_EQ(text_of(append_date, 2'147'483'646), "5881580-07-10");
  EXPECT_EQ(text_of(append_date, -2'147'483'647), "-infinity");
}

TEST(ScalarText, WritesTimes) {
  EXPECT_EQ(text_of(append_time, std::int64_t{86'400'000'000}, 6U), "24:00:00");
  EXPECT_EQ(text_of(append_timestamp, std::int64_t{-1}, 6U), "1969-12-31T23:59:59.999999");
  EXPECT_EQ(text_of(append_timestamp, std::int64_t{1'500}, 3U), "1970-01-01T00:00:01.5");
  EXPECT_EQ(text_of(append_offset, 0), "Z");
  EXPECT_EQ(text_of(append_offset, -34'215), "-09:30:15");
}

TEST(ScalarText, WritesIntervals) {
  EXPECT_EQ(text_of(append_interval, 0, 0, std::int64_t{0}), "PT0S");
  EXPECT_EQ(text_of(append_interval, 14, 3, std::int64_t{3'661'500'000}), "P1Y2M3DT1H1M1.5S");
  EXPECT_EQ(text_of(append_interval, -1, 0, std::int64_t{-500'000}), "P-1MT-0.5S");
}

TEST(ScalarText, WritesRealsThatReadBack) {
  EXPECT_EQ(text_of([](std::string& to, double value) { append_real(to, value); }, 0.1), "0.1");
  EXPECT_EQ(text_of([](std::string& to, double value) { append_real(to, value); }, 1e300),
            "1e+300");
  EXPECT_EQ(text_of([](std::string& to, float value) { append_real(to, value); }, 0.1F), "0.1");
  EXPECT_EQ(text_of([](std::string& to, double value) { append_real(to, value); }, NAN), "NaN");
}

TEST(ScalarText, WritesBytes) {
  EXPECT_EQ(text_of(append_base64, std::string_view("")), "");
  EXPECT_EQ(text_of(append_base64, std::string_view("f")), "Zg==");
  EXPECT_EQ(text_of(append_base64, std::string_view("foobar")), "Zm9vYmFy");
  EXPECT_EQ(text_of(append_bits, std::string_view("\x04\xf5", 2)), "0101");
}

TEST(ScalarText, WritesJsonStringsOfAnyBytes) {
  EXPECT_EQ(text_of(append_json_string, std::string_view("a\"\\\n\x01")), R"("a\"\\\u000a\u0001")");
  EXPECT_EQ(text_of(append_json_string, std::string_view("\xc3\xa9\xf0\x9f\x98\x80")),
            "\"\xc3\xa9\xf0\x9f\x98\x80\"");
  EXPECT_EQ(text_of(append_json_string, std::string_view("\xff\xed\xa0\x80")),
            "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace hearth::packs::sql::duckdb
