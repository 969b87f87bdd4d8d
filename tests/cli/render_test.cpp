#include "cli/render.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/terminal_text.hpp"

namespace hearth::cli {
namespace {

std::string rendered(std::string_view text, Look look = {}) {
  return render(*json::parse(text), look);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

// In a pipe, `--format csv` is CSV and nothing else.
TEST(Render, KnowsRowsThatAreATextAlready) {
  const auto rows = [](std::string_view text) {
    return std::string(rows_as_text(*json::parse(text)).value_or("none"));
  };
  EXPECT_EQ(rows(R"({"columns":[{"name":"n","type":"INTEGER"}],"text":"n\n42\n","row_count":1})"),
            "n\n42\n");
  EXPECT_EQ(rows(R"({"text":"a note"})"), "none");
  EXPECT_EQ(rows(R"({"columns":[],"rows":[],"text":""})"), "none");
  EXPECT_EQ(rows("[1]"), "none");
}

TEST(Render, ShowsScalarsAsAlignedLines) {
  EXPECT_EQ(rendered(R"({"id":"a1","entry_count":3,"done":true,"none":null,"tags":["x","y"]})"),
            "id:          a1\n"
            "entry count: 3\n"
            "done:        true\n"
            "none:        -\n"
            "tags:        x, y\n");
}

TEST(Render, ShowsAListOfObjectsAsATableAndTheRestBelow) {
  EXPECT_EQ(rendered(R"({"total":2,"hits":[{"id":"a","score":1.5},{"id":"long","extra":"z"}]})"),
            "id    score  extra\n"
            "a     1.5\n"
            "long         z\n"
            "\n"
            "total: 2\n");
}

TEST(Render, ShowsRowsOfAQueryAsTheyAre) {
  EXPECT_EQ(rendered(R"({"columns":[{"name":"n","type":"INTEGER"},{"name":"n","type":"JSON"}],)"
                     R"("rows":[[1,"a **b**"],[0.123456,null],[20,[1,2]]],"row_count":3})",
                     {.width = 80, .color = true}),
            "\x1b[1mn\x1b[0m         \x1b[1mn\x1b[0m\n"
            "1         a **b**\n"
            "0.123456  NULL\n"
            "20        [1,2]\n"
            "\n"
            "row count: 3\n");
}

TEST(Render, ShowsTimesInMillisecondsToPeople) {
  const char* text = R"({"issues":[{"id":"a","created_ts":1700000000000}]})";
  EXPECT_EQ(rendered(text, {.width = 80}), "id  created ts\na   2023-11-14 22:13\n");
  EXPECT_EQ(rendered(text), "id  created ts\na   2023-11-14T22:13:20.000Z\n");
  EXPECT_EQ(rendered(R"({"ts_unix_ms":1700000000001,"expires_unix_ms":0,"ts":1700000000000})"),
            "ts unix ms:      2023-11-14T22:13:20.001Z\n"
            "expires unix ms: 0\n"
            "ts:              2023-11-14T22:13:20.000Z\n");
}

TEST(Render, HeadsSeveralTables) {
  EXPECT_EQ(rendered(R"({"a_list":[{"x":1}],"b":[{"y":2}]})"), "a list (1)\nx\n1\n\nb (1)\ny\n2\n");
}

TEST(Render, KeepsTheLinesOfALongText) {
  EXPECT_EQ(rendered(R"({"id":"a","text":"one\ntwo\n"})"), "id:   a\ntext:\n  one\n  two\n");
}

TEST(Render, IndentsNestedObjects) {
  EXPECT_EQ(rendered(R"({"a":1,"in_side":{"b":2,"c":{"d":3}}})"),
            "a: 1\nin side\n  b: 2\n  c\n    d: 3\n");
}

TEST(Render, NothingOfTheDataReachesTheTerminalAsControl) {
  const std::string text = rendered(R"({"a":"\u001b[31mred\u0007","hits":[{"t":"x\ny\u009b"}]})");
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\x07'), std::string::npos);
  EXPECT_EQ(text.find("\xc2\x9b"), std::string::npos);
  EXPECT_THAT(text, testing::HasSubstr("x⏎ y"));
}

TEST(Render, FitsTablesIntoTheTerminal) {
  const std::string wide(300, 'w');
  const std::string text =
      rendered(R"({"hits":[{"id":"0123456789","title":"w )" + wide + R"(","n":1}]})", {60, false});
  for (const std::string& line : lines_of(text)) EXPECT_LE(display_width(line), 60U) << line;
  EXPECT_THAT(text, testing::HasSubstr("0123456789"));
  EXPECT_THAT(text, testing::HasSubstr("w…"));
}

TEST(Render, ClipsNothingOnAPipe) {
  const std::string wide(300, 'w');
  EXPECT_THAT(rendered(R"({"hits":[{"title":")" + wide + R"("}]})"), testing::HasSubstr(wide));
}

TEST(Render, FitsWideCharacters) {
  const std::string text = rendered(
      R"({"hits":[{"title":"日本語 日本語日本語日本語日本語日本語","b":"x"}]})", {20, false});
  EXPECT_THAT(text, testing::HasSubstr("…"));
  for (const std::string& line : lines_of(text)) EXPECT_LE(display_width(line), 20U) << line;
}

TEST(Render, HighlightsKeepColumnsInLine) {
  const std::string text =
      rendered(R"({"hits":[{"s":"a **b** c","n":1},{"s":"a long b c","n":2}]})", {80, true});
  EXPECT_THAT(text, testing::HasSubstr("a \x1b[1mb\x1b[0m c       1\n"));
  EXPECT_THAT(text, testing::HasSubstr("a long b c  2\n"));
}

TEST(Render, NeverClipsIdsOnATerminal) {
  const std::string id = "01a1fda5-b5ee-7021-9d70-1aae933ae280";
  const std::string prose(200, ' ');
  const std::string text = R"({"hits":[{"id":")" + id + R"(","snippet":"some words of )" + prose +
                           R"(prose","source":"/a/path/that/goes/on"}]})";
  for (const std::size_t width : {200U, 100U, 60U, 20U})
    EXPECT_THAT(rendered(text, {width, false}), testing::HasSubstr(id)) << width;
}

TEST(Render, ShowsThingsOneByOneWhereATableWouldSayNothing) {
  EXPECT_EQ(rendered(R"({"hits":[{"id":"0123456789","title":"a fairly long title","n":1},)"
                     R"({"id":"1123456789","title":"another long title"}],"total":2})",
                     {24, false}),
            "id:    0123456789\ntitle: a fairly long title\nn:     1\n"
            "\n"
            "id:    1123456789\ntitle: another long title\n"
            "\n"
            "total: 2\n");
}

TEST(Render, ShowsListsWithinATableBelowIt) {
  EXPECT_EQ(rendered(R"({"files":[{"name":"a.csv","rows":2,"bad":[]},)"
                     R"({"name":"b.csv","rows":1,"bad":[{"line":4,"value":"oops"}]}],"total":3})"),
            "name   rows\n"
            "a.csv  2\n"
            "b.csv  1\n"
            "\n"
            "bad of b.csv\n"
            "  line  value\n"
            "  4     oops\n"
            "\n"
            "total: 3\n");
}

TEST(Render, IsShorterOnATerminal) {
  const std::string_view text =
      R"([{"at":"2026-11-21T10:27:38.094Z","score":4.848461,"tags":[],"none":null}])";
  EXPECT_EQ(rendered(text, {80, false}), "at                score\n2026-11-21 10:27  4.85\n");
  EXPECT_EQ(rendered(text),
            "at                        score     tags  none\n"
            "2026-11-21T10:27:38.094Z  4.848461  none  -\n");
}

TEST(Render, TakesEveryKindOfValue) {
  EXPECT_EQ(rendered("[]"), "");
  EXPECT_EQ(rendered("{}"), "");
  EXPECT_EQ(rendered("7"), "7\n");
  EXPECT_EQ(rendered(R"(["a",{"b":1}])"), "a\n{\"b\":1}\n");
  EXPECT_EQ(rendered(R"({"hits":[],"total":0})"), "hits:  none\ntotal: 0\n");
}

TEST(Highlight, TurnsMarksIntoBoldOnATerminalOnly) {
  EXPECT_EQ(highlight("a **hit** b", {0, false}), "a **hit** b");
  EXPECT_EQ(highlight("a **hit** b", {80, true}), "a \x1b[1mhit\x1b[0m b");
  EXPECT_EQ(highlight("a **hi", {80, true}), "a \x1b[1mhi\x1b[0m");
}

}  // namespace
}  // namespace hearth::cli
