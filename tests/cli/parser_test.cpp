#include "cli/parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Usage search_usage() {
  return {.command = "knowledge search",
          .title = "Search knowledge",
          .description = "",
          .parameters = {
              {.name = "query", .about = "Words", .is_positional = true, .is_required = true},
              {.name = "limit", .about = "Most hits", .kind = ValueKind::integer},
              {.name = "tags", .about = "Only these", .is_list = true},
              {.name = "dry_run", .about = "Nothing", .kind = ValueKind::boolean},
              {.name = "kind", .about = "Which", .choices = {"note", "file"}}}};
}

TEST(ParseWords, TakesPositionalsByPlaceOrByName) {
  EXPECT_EQ(parse_words(search_usage(), {"warm"})->one("query"), "warm");
  EXPECT_EQ(parse_words(search_usage(), {"--query", "warm"})->one("query"), "warm");
  EXPECT_EQ(parse_words(search_usage(), {"--query=warm"})->one("query"), "warm");
  EXPECT_EQ(parse_words(search_usage(), {"--", "--odd"})->one("query"), "--odd");
}

TEST(ParseWords, FillsSeveralPositionalsInOrder) {
  const Usage usage{.command = "x",
                    .title = "",
                    .description = "",
                    .parameters = {{.name = "a", .about = "", .is_positional = true},
                                   {.name = "b", .about = "", .is_positional = true}}};
  const auto arguments = parse_words(usage, {"1", "2"});
  ASSERT_TRUE(arguments);
  EXPECT_EQ(arguments->one("a"), "1");
  EXPECT_EQ(arguments->one("b"), "2");
  const auto named = parse_words(usage, {"--b=2", "1"});
  ASSERT_TRUE(named);
  EXPECT_EQ(named->one("a"), "1");
}

TEST(ParseWords, ARepeatedListTakesOneValueEach) {
  const auto arguments = parse_words(search_usage(), {"--tags", "a", "warm", "--tags", "[b,c]"});
  ASSERT_TRUE(arguments) << arguments.error().message;
  EXPECT_THAT(arguments->all("tags"), ElementsAre("a", "[b,c]"));
  EXPECT_EQ(arguments->one("query"), "warm");
}

TEST(ParseWords, FlagsMayBeSetClearedAndAssigned) {
  EXPECT_TRUE(parse_words(search_usage(), {"q", "--dry-run"})->flag("dry_run"));
  EXPECT_TRUE(parse_words(search_usage(), {"q", "--dry_run"})->flag("dry_run"));
  EXPECT_EQ(parse_words(search_usage(), {"q", "--no-dry-run"})->one("dry_run"), "false");
  EXPECT_EQ(parse_words(search_usage(), {"q", "--dry-run=false"})->one("dry_run"), "false");
  EXPECT_EQ(parse_words(search_usage(), {"q", "--dry-run=yes"})->one("dry_run"), "true");
  EXPECT_EQ(parse_words(search_usage(), {"q", "--dry-run", "--no-dry-run"})->one("dry_run"),
            "false");
  EXPECT_FALSE(parse_words(search_usage(), {"q"})->has("dry_run"));
  EXPECT_FALSE(parse_words(search_usage(), {"q", "--dry-run=perhaps"}));
}

TEST(ParseWords, TakesNegativeNumbersAsValues) {
  EXPECT_EQ(parse_words(search_usage(), {"q", "--limit", "-5"})->one("limit"), "-5");
  EXPECT_EQ(parse_words(search_usage(), {"q", "--limit=-5"})->one("limit"), "-5");
}

TEST(ParseWords, KeepsEveryByteOfAValue) {
  for (const std::string text : {"", " ", "[]", "[a,b]", "{\"a\":1}", "a=b", "--", "'q'", "ü\n"}) {
    const auto arguments = parse_words(search_usage(), {"--query=" + text});
    ASSERT_TRUE(arguments) << text;
    EXPECT_EQ(arguments->one("query"), text);
  }
}

struct BadWords {
  std::vector<std::string> words;
  std::string_view complaint;
};

TEST(ParseWords, SaysWhatIsWrong) {
  const std::vector<BadWords> all{
      {{}, "missing QUERY (Words)"},
      {{"q", "--limt", "3"}, "unknown option --limt; did you mean --limit?"},
      {{"q", "--limt=3"}, "unknown option --limt; did you mean --limit?"},
      {{"q", "--zzzzzzz"}, "unknown option --zzzzzzz"},
      {{"q", "r"}, "unexpected word \"r\""},
      {{"q", "--limit"}, "--limit: its value is missing"},
      {{"q", "--limit", "1", "--limit", "2"}, "--limit: it is there more than once"},
      {{"q", "--kind", "nite"}, "--kind: expected one of note, file; got \"nite\""},
      {{"q", "-x"}, "unknown option -x"},
  };
  for (const BadWords& bad : all) {
    const auto arguments = parse_words(search_usage(), bad.words);
    ASSERT_FALSE(arguments) << bad.complaint;
    EXPECT_EQ(arguments.error().code, Errc::invalid_args);
    EXPECT_THAT(arguments.error().message, HasSubstr(bad.complaint));
  }
}

// A JSON array is one value, whether it follows the option or stands alone.
TEST(ParseWords, KeepsJsonWithCommasWhole) {
  const Usage usage{.command = "t",
                    .title = "",
                    .description = "",
                    .parameters = {{.name = "paths",
                                    .about = "",
                                    .kind = ValueKind::json,
                                    .is_list = true,
                                    .is_positional = true}}};
  const std::string rules = R"([{"glob":"a"},{"glob":"b"}])";
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--paths", rules}, {"--paths=" + rules}, {rules}}) {
    const auto arguments = parse_words(usage, words);
    ASSERT_TRUE(arguments) << arguments.error().message;
    EXPECT_EQ(arguments->all("paths"), std::vector<std::string>{rules});
  }
}

TEST(ParseWords, SuggestsTheNearest) {
  EXPECT_THAT(parse_words(search_usage(), {"q", "--limt"}).error().suggestions,
              ElementsAre("--limit"));
  EXPECT_THAT(parse_words(search_usage(), {"q", "--kind=nite"}).error().suggestions,
              ElementsAre("note"));
}

TEST(ParseWords, HelpNeedsNothingElse) {
  Usage usage = search_usage();
  usage.parameters.push_back(
      {.name = "help", .about = "", .kind = ValueKind::boolean, .short_name = 'h'});
  EXPECT_TRUE(parse_words(usage, {"--help"})->flag("help"));
  EXPECT_TRUE(parse_words(usage, {"-h"})->flag("help"));
}

TEST(ParseKnownWords, LeavesTheRestAlone) {
  const Usage usage{.command = "",
                    .title = "",
                    .description = "",
                    .parameters = {{.name = "json", .about = "", .kind = ValueKind::boolean}}};
  const auto arguments = parse_known_words(usage, {"a", "--limit", "3", "--json", "--x=y"});
  ASSERT_TRUE(arguments);
  EXPECT_TRUE(arguments->flag("json"));
}

}  // namespace
}  // namespace hearth::cli
