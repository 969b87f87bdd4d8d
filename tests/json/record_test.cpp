#include "json/record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace hearth::json {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Tag {
  std::string name;
  std::int64_t weight = 1;
};
BOOST_DESCRIBE_STRUCT(Tag, (), (name, weight))
Notes notes(const Tag*) {
  return {{"name", "Word", range(1, 8)}, {"weight", "Weight", range(0, 10) | defaulted}};
}

struct Query {
  std::string text;
  std::int64_t limit = 10;
  std::optional<double> score;
  bool exact = false;
  std::string order = "rank";
  std::vector<Tag> tags;
  Raw properties;
  std::optional<std::vector<std::string>> kinds;
};
BOOST_DESCRIBE_STRUCT(Query, (), (text, limit, score, exact, order, tags, properties, kinds))
Notes notes(const Query*) {
  return {{"text", "What to look for", range(1, 100)},
          {"limit", "Most hits", range(1, 50) | defaulted},
          {"score", "Least score", range(0, 1)},
          {"exact", "", defaulted},
          {"order", "Order", one_of({"rank", "time"}) | defaulted},
          {"tags", "Tags", range(0, 2) | defaulted},
          {"properties", "Anything", defaulted},
          {"kinds", "Kinds", one_of({"note", "file"})}};
}

struct Unexplained {
  std::vector<std::string> names;
};
BOOST_DESCRIBE_STRUCT(Unexplained, (), (names))
Notes notes(const Unexplained*) {
  return {{"names", ""}};
}

struct Anything {
  Raw value;
};
BOOST_DESCRIBE_STRUCT(Anything, (), (value))
Notes notes(const Anything*) {
  return {{"value", "Any value", anything}};
}

Result<Query> read(std::string_view text) {
  return decode<Query>(*parse(text));
}

std::string complaint(std::string_view text) {
  const auto query = read(text);
  if (query) return "none";
  EXPECT_EQ(query.error().code, Errc::invalid_args);
  return query.error().message;
}

TEST(Decode, FillsMembersAndDefaults) {
  const auto query =
      read(R"({"text":"fire","score":0.5,"tags":[{"name":"a"},{"name":"b","weight":3}]})");
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->text, "fire");
  EXPECT_EQ(query->limit, 10);
  EXPECT_EQ(query->score, 0.5);
  EXPECT_EQ(query->order, "rank");
  ASSERT_EQ(query->tags.size(), 2U);
  EXPECT_EQ(query->tags[0].weight, 1);
  EXPECT_EQ(query->tags[1].weight, 3);
  EXPECT_EQ(query->properties.text, "{}");
  EXPECT_FALSE(query->kinds.has_value());
}

TEST(Decode, TakesNullForAnAbsentOptional) {
  EXPECT_FALSE(read(R"({"text":"a","score":null})")->score.has_value());
  EXPECT_EQ(complaint(R"({"text":"a","limit":null})"),
            "params.limit: expected integer 1–50, got null");
}

TEST(Decode, NamesTheMissingMember) {
  EXPECT_EQ(complaint("{}"), "params.text: missing (What to look for)");
  EXPECT_EQ(complaint(R"({"text":"a","tags":[{}]})"), "params.tags[0].name: missing (Word)");
  EXPECT_EQ(decode<Unexplained>(*parse("{}")).error().message, "params.names: missing");
}

TEST(Decode, NamesThePathOfAWrongKind) {
  EXPECT_EQ(complaint("[]"), "params: expected object, got array");
  EXPECT_EQ(complaint(R"({"text":7})"), "params.text: expected string of 1–100 bytes, got 7");
  EXPECT_EQ(complaint(R"({"text":"a","exact":"yes"})"),
            R"(params.exact: expected boolean, got "yes")");
  EXPECT_EQ(complaint(R"({"text":"a","tags":{}})"), "params.tags: expected array, got object");
  EXPECT_EQ(complaint(R"({"text":"a","tags":[{"name":"a"},{"name":"b","weight":"x"}]})"),
            R"(params.tags[1].weight: expected integer 0–10, got "x")");
  EXPECT_EQ(complaint(R"({"text":"a","properties":[]})"),
            "params.properties: expected object, got array");
}

TEST(Decode, HoldsRangesOfNumbersStringsAndArrays) {
  EXPECT_EQ(complaint(R"({"text":"a","limit":51})"), "params.limit: expected integer 1–50, got 51");
  EXPECT_EQ(complaint(R"({"text":"a","limit":0})"), "params.limit: expected integer 1–50, got 0");
  EXPECT_EQ(complaint(R"({"text":"a","score":1.5})"), "params.score: expected number 0–1, got 1.5");
  EXPECT_EQ(complaint(R"({"text":""})"), R"(params.text: expected string of 1–100 bytes, got "")");
  const std::string three = R"([{"name":"a"},{"name":"b"},{"name":"c"}])";
  EXPECT_EQ(complaint(R"({"text":"a","tags":)" + three + "}"),
            "params.tags: expected array of 0–2 items, got array of 3");
}

TEST(Decode, AcceptsAWholeNumberWrittenAsADouble) {
  EXPECT_EQ(read(R"({"text":"a","limit":20.0})")->limit, 20);
  EXPECT_EQ(complaint(R"({"text":"a","limit":20.5})"),
            "params.limit: expected integer 1–50, got 20.5");
  EXPECT_NE(complaint(R"({"text":"a","limit":1e300})"), "none");
  EXPECT_NE(complaint(R"({"text":"a","limit":18446744073709551615})"), "none");
}

TEST(Decode, HoldsChoicesAlsoInsideArrays) {
  EXPECT_EQ(complaint(R"({"text":"a","order":"random"})"),
            R"(params.order: expected one of "rank", "time", got "random")");
  EXPECT_EQ(complaint(R"({"text":"a","kinds":["note","mail"]})"),
            R"(params.kinds[1]: expected one of "note", "file", got "mail")");
}

TEST(Decode, OffersTheNearestNameForAnUnknownMember) {
  const auto query = read(R"({"text":"a","limt":3})");
  ASSERT_FALSE(query.has_value());
  EXPECT_EQ(query.error().message, R"(params.limt: unknown; did you mean "limit"?)");
  EXPECT_THAT(query.error().suggestions, ElementsAre("limit"));
}

TEST(Decode, ListsAllNamesWhenNoneIsNear) {
  const auto query = read(R"({"text":"a","zzzzzz":3})");
  ASSERT_FALSE(query.has_value());
  EXPECT_EQ(query.error().suggestions.size(), 8U);
}

TEST(Decode, RepeatsNoHugeValueOrNameInItsMessage) {
  const std::string huge(100'000, 'x');
  EXPECT_EQ(complaint(R"({"text":")" + huge + "\"}"),
            "params.text: expected string of 1–100 bytes, got a string of 100000 bytes");
  EXPECT_LT(complaint(R"({"text":"a",")" + huge + R"(":1})").size(), 200U);
}

TEST(Decode, CarriesRawValuesAsText) {
  EXPECT_EQ(read(R"({"text":"a","properties":{"k": [1, 2.50]}})")->properties.text,
            R"({"k":[1,2.5]})");
  EXPECT_EQ(decode<Anything>(*parse(R"({"value": [null]})"))->value.text, "[null]");
}

TEST(Decode, UsesThePathOfTheCaller) {
  EXPECT_THAT(decode<Tag>(*parse("{}"), "arguments").error().message, HasSubstr("arguments.name"));
}

TEST(Encode, LeavesOutAbsentOptionals) {
  Query query;
  query.text = "a\"b";
  EXPECT_EQ(encode(query),
            R"({"text":"a\"b","limit":10,"exact":false,"order":"rank","tags":[],"properties":{}})");
}

TEST(Encode, ReadsBackAsTheSameRecord) {
  const Query query{.text = "t",
                    .limit = 7,
                    .score = 0.1,
                    .exact = true,
                    .order = "time",
                    .tags = {{"a", 2}, {"b", 3}},
                    .properties = {R"({"x":[1,{"y":null}]})"},
                    .kinds = std::vector<std::string>{"note"}};
  const std::string text = encode(query);
  const auto back = read(text);
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(encode(*back), text);
}

TEST(SchemaText, DescribesTypesRangesDefaultsAndNesting) {
  EXPECT_EQ(
      schema_text<Tag>(),
      R"({"type":"object","properties":{"name":{"type":"string","minLength":1,"maxLength":8,)"
      R"("description":"Word"},"weight":{"type":"integer","minimum":0,"maximum":10,)"
      R"("description":"Weight","default":1}},"required":["name"],"additionalProperties":false})");
  const Value schema = *parse(schema_text<Query>());
  const Object& properties = schema.at("properties").as_object();
  EXPECT_EQ(dump(schema.at("required")), R"(["text"])");
  EXPECT_EQ(dump(properties.at("order")),
            R"({"type":"string","enum":["rank","time"],"description":"Order","default":"rank"})");
  EXPECT_EQ(
      dump(properties.at("kinds")),
      R"({"type":"array","items":{"type":"string","enum":["note","file"]},"description":"Kinds"})");
  EXPECT_EQ(dump(properties.at("tags").at("items")), schema_text<Tag>());
  EXPECT_EQ(dump(properties.at("tags").at("maxItems")), "2");
  EXPECT_EQ(dump(properties.at("exact")), R"({"type":"boolean","default":false})");
}

TEST(SchemaText, AdmitsAnythingWhereARawMayBeAnything) {
  EXPECT_EQ(dump(parse(schema_text<Anything>())->at("properties").at("value")),
            R"({"description":"Any value"})");
}

struct Unnoted {
  std::int64_t member = 0;
};
BOOST_DESCRIBE_STRUCT(Unnoted, (), (member))
Notes notes(const Unnoted*) {
  return {};
}

TEST(NotesDeathTest, EndTheProgramWhenAMemberHasNone) {
  EXPECT_DEATH((void)schema_text<Unnoted>(), "no note for member \"member\"");
}

struct Wish {
  Texts sql;
};
BOOST_DESCRIBE_STRUCT(Wish, (), (sql))
Notes notes(const Wish*) {
  return {{"sql", "", range(1, 2)}};
}

TEST(Record, TakesOneTextOrSeveral) {
  EXPECT_EQ(decode<Wish>(*parse(R"({"sql":"a"})"))->sql.list, std::vector<std::string>{"a"});
  EXPECT_EQ(decode<Wish>(*parse(R"({"sql":["a","b"]})"))->sql.list.size(), 2U);
  EXPECT_FALSE(decode<Wish>(*parse(R"({"sql":[]})")));
  EXPECT_FALSE(decode<Wish>(*parse(R"({"sql":7})")));
  EXPECT_EQ(dump(*find(*find(*parse(schema_text<Wish>()), "properties"), "sql")),
            R"({"type":["string","array"],"items":{"type":"string"},"minItems":1,"maxItems":2})");
}

}  // namespace
}  // namespace hearth::json
