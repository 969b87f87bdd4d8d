#include "packs/sql/transfer/json_numbers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace hearth::packs::sql {
namespace {

using testing::ElementsAre;

constexpr std::uint64_t largest = 9'007'199'254'740'991;

std::string quoted(std::string_view json,
                   NumberQuoter::Options options = {.largest = largest},
                   std::size_t piece = 1'000) {
  NumberQuoter quoter(options);
  std::string out;
  for (std::size_t at = 0; at < json.size(); at += piece) quoter.add(json.substr(at, piece), out);
  quoter.finish(out);
  EXPECT_EQ(quoter.has_quoted(), out != json);
  return out;
}

TEST(NumberQuoter, MakesTextsOfWhatWouldBeRounded) {
  EXPECT_EQ(quoted(R"({"a":18446744073709551616,"b":[1,-9007199254740993]})"),
            R"({"a":"18446744073709551616","b":[1,"-9007199254740993"]})");
  EXPECT_EQ(quoted(R"({"a":"18446744073709551616 \" 18446744073709551616"})"),
            R"({"a":"18446744073709551616 \" 18446744073709551616"})");
  EXPECT_EQ(quoted("18446744073709551616"), "\"18446744073709551616\"");
}

TEST(NumberQuoter, SparesMeasurementsInParts) {
  const std::string_view json =
      R"({"a":[0.12345678901234567891,12345678901234567.5],"b":{"c":2.33333333333333333},"d":2.33333333333333333})";
  EXPECT_EQ(
      quoted(json, {.largest = largest, .spares_parts = true}),
      R"({"a":[0.12345678901234567891,"12345678901234567.5"],"b":{"c":2.33333333333333333},"d":"2.33333333333333333"})");
  EXPECT_EQ(
      quoted(json),
      R"({"a":["0.12345678901234567891","12345678901234567.5"],"b":{"c":"2.33333333333333333"},"d":"2.33333333333333333"})");
}

TEST(NumberQuoter, BeginsAnewAtEachLine) {
  const std::string_view lines =
      "{\"a\":\"x\n{\"a\":1\n{\"code\":\"12345678901234567890\",\"n\":12345678901234567890}\n";
  EXPECT_EQ(
      quoted(lines, {.largest = largest, .is_lines = true}),
      "{\"a\":\"x\n{\"a\":1\n{\"code\":\"12345678901234567890\",\"n\":\"12345678901234567890\"}\n");
}

TEST(NumberQuoter, NamesTheMembersOfRows) {
  NumberQuoter quoter({.largest = largest});
  std::string out;
  quoter.add(R"([{"a":"x","b":18446744073709551616,"c":{"d":18446744073709551616}}])", out);
  EXPECT_THAT(quoter.members(), ElementsAre("b"));
  NumberQuoter deep({.largest = largest, .is_any_depth = true});
  deep.add(R"({"rows":[{"a":18446744073709551616}]})", out);
  EXPECT_THAT(deep.members(), ElementsAre("a"));
}

TEST(NumberQuoter, TakesPiecesOfAnySize) {
  const std::string_view json = R"([{"a":"\"1","n":18446744073709551616},-1.5e3,true,null] 7)";
  for (std::size_t piece = 1; piece < json.size(); ++piece)
    EXPECT_EQ(quoted(json, {.largest = largest}, piece), quoted(json)) << piece;
}

TEST(LongNumberSearch, FindsEveryLongRun) {
  std::mt19937 random(7);
  for (int round = 0; round < 2'000; ++round) {
    std::string text(random() % 90, ' ');
    for (char& c : text) c = "0123456789.,x"[random() % (round % 3 == 0 ? 13 : 11)];
    std::size_t run = 0;
    std::size_t longest = 0;
    for (const char c : text) {
      run = (c >= '0' && c <= '9') || c == '.' ? run + 1 : 0;
      longest = std::max(longest, run);
    }
    LongNumberSearch search;
    const std::size_t piece = 1 + random() % 40;
    for (std::size_t at = 0; at < text.size(); at += piece)
      search.add(std::string_view(text).substr(at, piece));
    EXPECT_EQ(search.has_found(), longest >= 16) << text << " in pieces of " << piece;
  }
}

}  // namespace
}  // namespace hearth::packs::sql
