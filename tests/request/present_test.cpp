#include "request/present.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hearth::request {
namespace {

std::string short_form(std::string_view text) {
  return json::dump(shorten(json::parse(text).value()));
}
std::string markdown(std::string_view text) {
  return to_markdown(json::parse(text).value());
}

TEST(Present, ShortensIdsToWhatStillNamesThem) {
  EXPECT_EQ(short_form(R"({"id":"019aa5b1-0f3c-7abc-8def-0123456789ab"})"),
            R"({"id":"019aa5b1-0f3c-7abc"})");
  EXPECT_EQ(short_form(R"({"id":"919aa5b1-0f3c-4abc-8def-0123456789ab"})"),
            R"({"id":"919aa5b1-0f3c"})");
  EXPECT_EQ(short_form(R"({"sha":"0123456789abcdef0123456789abcdef01234567"})"),
            R"({"sha":"0123456789ab"})");
  EXPECT_EQ(short_form(R"(["not an id 019aa5b1-0f3c-7abc-8def-0123456789ab"])"),
            R"(["not an id 019aa5b1-0f3c-7abc-8def-0123456789ab"])");
}

TEST(Present, ShortensTimesAndScoresAndDropsWhatIsEmpty) {
  EXPECT_EQ(short_form(R"({"at":"2026-11-21T10:27:38.094Z"})"), R"({"at":"2026-11-21T10:27Z"})");
  EXPECT_EQ(short_form(R"({"score":0.123456,"text_score":12.345,"weight":0.123456})"),
            R"({"score":0.123,"text_score":12.3,"weight":0.123456})");
  EXPECT_EQ(short_form(R"({"a":null,"b":[],"c":{},"d":"","e":false,"f":0,"g":{"h":[]}})"),
            R"({"e":false,"f":0})");
  EXPECT_EQ(short_form(R"([null,"",[]])"), R"([null,"",[]])");  // places count in lists
}

TEST(Present, ShowsPeopleTables) {
  EXPECT_EQ(
      markdown(
          R"({"hits":[{"title":"A|B","n":1},{"title":"two\nlines","tags":["x","y"]}],"total":2,"none":[]})"),
      "| title | n | tags |\n"
      "| --- | --- | --- |\n"
      "| A\\|B | 1 |  |\n"
      "| two lines |  | x, y |\n"
      "\n"
      "- **total**: 2\n");
  EXPECT_EQ(markdown(R"({"title":"T","text":"one\ntwo"})"),
            "- **title**: T\n- **text**:\n\none\ntwo\n\n");
}

}  // namespace
}  // namespace hearth::request
