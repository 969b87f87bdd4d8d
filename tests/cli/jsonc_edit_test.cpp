#include "cli/jsonc_edit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace hearth::cli {
namespace {

using testing::HasSubstr;

const std::vector<std::string> path{"mcpServers", "hearth"};
const json::Value entry{{"command", "/bin/hearth"}, {"args", json::Array{"mcp"}}};

std::string merged(std::string_view text) {
  const auto result = merge_jsonc(text, path, entry);
  if (!result) return "error: " + result.error().message;
  // Whatever was done, doing it again does nothing.
  EXPECT_EQ(merge_jsonc(*result, path, entry).value_or("error"), *result);
  return *result;
}

constexpr std::string_view fresh =
    "{\n"
    "  \"mcpServers\": {\n"
    "    \"hearth\": {\n"
    "      \"command\": \"/bin/hearth\",\n"
    "      \"args\": [\"mcp\"]\n"
    "    }\n"
    "  }\n"
    "}\n";

TEST(MergeJsonc, MakesANewDocument) {
  EXPECT_EQ(merged(""), fresh);
  EXPECT_EQ(merged(" \n\t"), fresh);
}

TEST(MergeJsonc, FillsAnEmptyObject) {
  EXPECT_EQ(merged("{}\n"), fresh);
  EXPECT_EQ(merged("{\n}\n"), fresh);
}

TEST(MergeJsonc, AddsAfterTheLastMemberAndKeepsComments) {
  EXPECT_EQ(merged("// head\n"
                   "{\n"
                   "    // servers\n"
                   "    \"mcpServers\": {\n"
                   "        \"other\": { \"command\": \"x\" } // mine\n"
                   "        // the end\n"
                   "    },\n"
                   "    \"z\": [1, 2,], /* tail */\n"
                   "}\n"),
            "// head\n"
            "{\n"
            "    // servers\n"
            "    \"mcpServers\": {\n"
            "        \"other\": { \"command\": \"x\" }, // mine\n"
            "        \"hearth\": {\n"
            "            \"command\": \"/bin/hearth\",\n"
            "            \"args\": [\"mcp\"]\n"
            "        }\n"
            "        // the end\n"
            "    },\n"
            "    \"z\": [1, 2,], /* tail */\n"
            "}\n");
}

TEST(MergeJsonc, AddsTheServersBesideOtherSettings) {
  EXPECT_EQ(merged("{\n\t\"theme\": \"dark\"\n}\n"),
            "{\n\t\"theme\": \"dark\",\n\t\"mcpServers\": {\n\t\t\"hearth\": {\n"
            "\t\t\t\"command\": \"/bin/hearth\",\n\t\t\t\"args\": [\"mcp\"]\n\t\t}\n\t}\n}\n");
}

TEST(MergeJsonc, RespectsATrailingComma) {
  EXPECT_EQ(merged("{\n  \"a\": 1, // one\n}\n"),
            "{\n  \"a\": 1, // one\n  \"mcpServers\": {\n    \"hearth\": {\n"
            "      \"command\": \"/bin/hearth\",\n      \"args\": [\"mcp\"]\n    }\n  }\n}\n");
}

TEST(MergeJsonc, KeepsAFileOfOneLineOnOneLine) {
  EXPECT_EQ(merged(R"({"a":1,"mcpServers":{}})"),
            R"({"a":1,"mcpServers":{"hearth":{"command":"/bin/hearth","args":["mcp"]}}})");
  EXPECT_EQ(merged(R"({"a":1})"),
            R"({"a":1,"mcpServers":{"hearth":{"command":"/bin/hearth","args":["mcp"]}}})");
}

TEST(MergeJsonc, KeepsLineEndingsAndByteOrderMark) {
  const std::string text = merged("\xef\xbb\xbf{\r\n  \"a\": 1\r\n}\r\n");
  EXPECT_TRUE(text.starts_with("\xef\xbb\xbf{\r\n  \"a\": 1,\r\n  \"mcpServers\": {\r\n"));
  EXPECT_EQ(std::ranges::count(text, '\n'), std::ranges::count(text, '\r'));
}

TEST(MergeJsonc, ReturnsTheSameTextWhenItIsThere) {
  for (const std::string_view text :
       {R"({"mcpServers":{"hearth":{"args":["mcp"],"command":"/bin/hearth"}}})",
        R"({ "mcpServers": { "hearth": { "env": {"A":"b"}, "command" : "/bin/hearth", // c
         "args": [ "mcp", ] } } })"}) {
    EXPECT_EQ(merged(text), text);
  }
}

TEST(MergeJsonc, ChangesOnlyWhatDiffersOfAnEntryThatIsThere) {
  EXPECT_EQ(merged("{\"mcpServers\": {\"hearth\": {\n  \"command\": \"/old\", // c\n"
                   "  \"env\": {\"A\": \"b\"},\n  \"args\": [\"mcp\"]}}}"),
            "{\"mcpServers\": {\"hearth\": {\n  \"command\": \"/bin/hearth\", // c\n"
            "  \"env\": {\"A\": \"b\"},\n  \"args\": [\"mcp\"]}}}");
}

TEST(MergeJsonc, ReplacesAnEntryThatIsNoObject) {
  EXPECT_EQ(merged(R"({"mcpServers":{"hearth":null}})"),
            R"({"mcpServers":{"hearth":{"command":"/bin/hearth","args":["mcp"]}}})");
}

TEST(MergeJsonc, SaysWhereAFileIsBroken) {
  EXPECT_THAT(merged("{\n  \"a\": 1\n  \"b\": 2\n}"), HasSubstr("line 3, column 3: expected ','"));
  EXPECT_THAT(merged("{\"a\": tru}"), HasSubstr("line 1, column 7: \"tru\" is no JSON value"));
  EXPECT_THAT(merged("{\"a\": \"x\n\"}"), HasSubstr("a string without end"));
  EXPECT_THAT(merged("{\"a\": \"\\q\"}"), HasSubstr("malformed string"));
  EXPECT_THAT(merged("{} {}"), HasSubstr("text after the value"));
  EXPECT_THAT(merged("{ /* "), HasSubstr("a comment without end"));
  EXPECT_THAT(merged("{"), HasSubstr("error: "));
  EXPECT_THAT(merged("[" + std::string(5000, '[')), HasSubstr("nested too deeply"));
}

TEST(MergeJsonc, RefusesAPathThroughSomethingElse) {
  EXPECT_THAT(merged(R"({"mcpServers": [1]})"), HasSubstr("\"mcpServers\" is no object"));
  EXPECT_THAT(merged("[1]"), HasSubstr("no object at its top level"));
}

// Any text is refused, or edited so that a parser sees exactly the wanted change (merge_jsonc
// checks that itself and would say `internal`).
TEST(MergeJsonc, MutatedTextsAreRefusedOrEditedRight) {
  const std::string whole =
      "// c\n{\n  \"a\": [1, {\"b\": null}], /* x */\n  \"mcpServers\": {\n    \"o\": "
      "{\"command\": \"x\"}, // y\n  },\n  \"u\\u00e9\": -1.5e3,\n}\n";
  const std::string alphabet = "{}[]\",:/*\n \\a1";
  std::mt19937 random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::string text = whole;
    for (unsigned i = 0; i <= random() % 4; ++i) {
      const std::size_t at = random() % text.size();
      if (random() % 2 == 0) {
        text.erase(at, 1 + random() % 5);
      } else {
        text.insert(at, 1, alphabet[random() % alphabet.size()]);
      }
    }
    const auto result = merge_jsonc(text, path, entry);
    if (!result) {
      ASSERT_NE(result.error().code, Errc::internal) << text;
      continue;
    }
    ASSERT_EQ(merge_jsonc(*result, path, entry).value_or("error"), *result) << text;
  }
}

}  // namespace
}  // namespace hearth::cli
