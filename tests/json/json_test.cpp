#include "json/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "json/utf8.hpp"

namespace hearth::json {
namespace {

using ::testing::HasSubstr;

std::string round_trip(std::string_view text) {
  const auto value = parse(text);
  return value ? dump(*value) : "error: " + value.error().message;
}

TEST(Parse, ReadsEveryKindOfValue) {
  EXPECT_EQ(round_trip(R"( { "a" : [ 1 , -2 , 1.5 , true , false , null , "x" ] , "b" : { } } )"),
            R"({"a":[1,-2,1.5,true,false,null,"x"],"b":{}})");
}

TEST(Parse, KeepsTheOrderOfMembers) {
  EXPECT_EQ(round_trip(R"({"z":1,"a":2,"m":3})"), R"({"z":1,"a":2,"m":3})");
}

TEST(Parse, TakesTheLastOfEqualNames) {
  EXPECT_EQ(round_trip(R"({"a":1,"a":2})"), R"({"a":2})");
}

TEST(Parse, NamesTheByteOfAMistake) {
  const auto value = parse(R"({"a":1,})");
  ASSERT_FALSE(value.has_value());
  EXPECT_EQ(value.error().code, Errc::invalid_args);
  EXPECT_THAT(value.error().message, HasSubstr("at byte 7"));
}

TEST(Parse, RefusesWhatIsNotOneJsonText) {
  for (const std::string_view text :
       {"",        " ",        "nul",     "1 2",         "{} {}",
        "[1",      "01",       "1.",      ".5",          "+1",
        "'a'",     "{a:1}",    "[1,]",    "NaN",         "Infinity",
        "// c\n1", "\"\x01\"", R"("\x")", R"("\ud800")", "\xef\xbb\xbf{}"}) {
    EXPECT_FALSE(parse(text).has_value()) << text;
  }
  EXPECT_THAT(parse("{} x").error().message, HasSubstr("text after the value"));
}

TEST(Parse, RefusesBytesThatAreNotUtf8) {
  for (const std::string_view bytes :
       {"\x80", "\xc0\xaf", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff"}) {
    EXPECT_FALSE(parse("\"" + std::string(bytes) + "\"").has_value());
  }
}

TEST(Parse, StopsAtSixtyFourLevels) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse(nested(64)).has_value());
  EXPECT_FALSE(parse(nested(65)).has_value());
  EXPECT_FALSE(parse(std::string(1'000'000, '[')).has_value());
}

TEST(Parse, KeepsIntegersOf64BitsExactly) {
  for (const std::string_view text : {"0", "-1", "9223372036854775807", "-9223372036854775808",
                                      "9223372036854775808", "18446744073709551615"}) {
    EXPECT_EQ(round_trip(text), text);
  }
}

TEST(Parse, RefusesNumbersBeyondADouble) {
  EXPECT_FALSE(parse("1e400").has_value());
  EXPECT_FALSE(parse("[-1e400]").has_value());
  EXPECT_EQ(round_trip("1e-400"), "0");
}

TEST(Dump, WritesTheShortestNumberThatReadsBackEqual) {
  EXPECT_EQ(dump(Value(0.1)), "0.1");
  EXPECT_EQ(dump(Value(1.5)), "1.5");
  EXPECT_EQ(dump(Value(1e300)), "1e+300");
  EXPECT_EQ(dump(Value(-0.0)), "-0.0");
  EXPECT_EQ(dump(Value(std::numeric_limits<double>::infinity())), "null");
  EXPECT_EQ(dump(Value(std::nan(""))), "null");
}

TEST(Dump, GivesBackEveryDouble) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const auto number = std::bit_cast<double>(random());
    if (!std::isfinite(number)) continue;
    const auto back = parse(dump(Value(number)));
    ASSERT_TRUE(back.has_value()) << dump(Value(number));
    ASSERT_EQ(back->to_number<double>(), number) << dump(Value(number));
  }
}

TEST(Dump, EscapesWhatJsonDemands) {
  EXPECT_EQ(json::quoted("a\"b\\c\n\r\t\x01\x7f/"), R"("a\"b\\c\n\r\t\u0001\u007f/")");
  EXPECT_EQ(json::quoted("grüße 🔥"), "\"grüße 🔥\"");
  EXPECT_EQ(json::quoted(std::string_view("\0", 1)), R"("\u0000")");
}

TEST(Dump, ReplacesEachByteThatIsNotUtf8) {
  EXPECT_EQ(json::quoted("a\x80z"), "\"a\xef\xbf\xbdz\"");
  EXPECT_EQ(json::quoted("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");  // cut short
  EXPECT_EQ(json::quoted("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");  // overlong
  EXPECT_EQ(json::quoted("\xed\xa0\x80"),
            "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");  // a surrogate
}

TEST(Dump, MakesAStringOfAnyBytesThatParsesBack) {
  std::mt19937 random(2);
  for (int i = 0; i < 5'000; ++i) {
    std::string bytes(random() % 24, ' ');
    for (char& c : bytes) c = static_cast<char>(random() % 256);
    const std::string text = json::quoted(bytes);
    const auto value = parse(text);
    ASSERT_TRUE(value.has_value()) << text;
    EXPECT_EQ(dump(*value), text);
  }
}

TEST(Dump, IndentsForPeople) {
  EXPECT_EQ(dump_pretty(*parse(R"({"a":[1,{}],"b":[]})")),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
}

// A random value; smaller the deeper it is.
Value random_value(std::mt19937_64& random, int depth) {
  const auto text = [&] {
    std::string made(random() % 12, ' ');
    for (char& c : made) c = static_cast<char>(random() % 128);
    return made;
  };
  switch (random() % (depth > 0 ? 8 : 6)) {
    case 0:
      return nullptr;
    case 1:
      return random() % 2 == 0;
    case 2:
      return static_cast<std::int64_t>(random());
    case 3:
      return random();
    case 4:
      return std::ldexp(static_cast<double>(random() % 100'000),
                        static_cast<int>(random() % 80) - 40);
    case 5:
      return Value(text());
    case 6: {
      Array items;
      for (auto left = random() % 5; left > 0; --left)
        items.push_back(random_value(random, depth - 1));
      return items;
    }
    default: {
      Object members;
      for (auto left = random() % 5; left > 0; --left)
        members[text()] = random_value(random, depth - 1);
      return members;
    }
  }
}

TEST(RoundTrip, IsStableForAnyValue) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 3'000; ++i) {
    const std::string text = dump(random_value(random, 4));
    ASSERT_EQ(round_trip(text), text);
    EXPECT_EQ(round_trip(dump_pretty(*parse(text))), text);
  }
}

TEST(Lookup, GivesTheFallbackForAMissingOrDifferentMember) {
  const Value object = *parse(R"({"s":"x","i":7,"b":true,"n":null})");
  EXPECT_EQ(string_or(object, "s", "-"), "x");
  EXPECT_EQ(string_or(object, "i", "-"), "-");
  EXPECT_EQ(string_or(object, "none", "-"), "-");
  EXPECT_EQ(int_or(object, "i", 1), 7);
  EXPECT_EQ(int_or(object, "s", 1), 1);
  EXPECT_TRUE(bool_or(object, "b", false));
  EXPECT_FALSE(bool_or(object, "n", false));
  EXPECT_EQ(find(*parse("[1]"), "s"), nullptr);
}

TEST(KindName, UsesTheWordsOfJsonSchema) {
  EXPECT_EQ(kind_name(*parse("18446744073709551615")), "integer");
  EXPECT_EQ(kind_name(*parse("1.5")), "number");
  EXPECT_EQ(kind_name(*parse("null")), "null");
  EXPECT_EQ(kind_name(*parse("{}")), "object");
}

TEST(Json, KnowsWhatIsUtf8) {
  for (const char* good : {"", "a", "é", "日本", "😀", "\x7f"}) EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad : {"\xe9", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

}  // namespace
}  // namespace hearth::json
