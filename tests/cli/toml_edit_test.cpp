#include "cli/toml_edit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::cli {
namespace {

using testing::HasSubstr;

const TomlEntries entries{{"command", "\"/bin/hearth\""}, {"args", "[\"mcp\"]"}};

std::string merged(std::string_view text) {
  const auto result = merge_toml_table(text, "mcp_servers", "hearth", entries);
  if (!result) return "error: " + result.error().message;
  EXPECT_EQ(merge_toml_table(*result, "mcp_servers", "hearth", entries).value_or("error"), *result);
  return *result;
}

constexpr std::string_view table =
    "[mcp_servers.hearth]\ncommand = \"/bin/hearth\"\nargs = [\"mcp\"]\n";

TEST(MergeTomlTable, MakesANewFile) {
  EXPECT_EQ(merged(""), table);
}

TEST(MergeTomlTable, AppendsAndKeepsTheRest) {
  EXPECT_EQ(
      merged("# mine\nmodel = \"x\" # y\n\n[mcp_servers.other]\ncommand = \"o\""),
      "# mine\nmodel = \"x\" # y\n\n[mcp_servers.other]\ncommand = \"o\"\n\n" + std::string(table));
}

TEST(MergeTomlTable, ReturnsTheSameTextWhenItIsThere) {
  for (const std::string_view text :
       {"[mcp_servers.hearth]\nargs = [ 'mcp' ] # a\nenabled = true\ncommand = '/bin/hearth'\n",
        "[mcp_servers]\nhearth = { command = \"/bin/hearth\", args = [\"mcp\"] }\n"}) {
    EXPECT_EQ(merged(text), text);
  }
}

TEST(MergeTomlTable, ChangesOnlyTheLinesThatDiffer) {
  EXPECT_EQ(merged("[ mcp_servers . \"hearth\" ] # t\ncommand = \"/old\"\nstartup_timeout_sec = 9\n"
                   "\n[other]\ncommand = \"/old\"\n"),
            "[ mcp_servers . \"hearth\" ] # t\nargs = [\"mcp\"]\ncommand = \"/bin/hearth\"\n"
            "startup_timeout_sec = 9\n\n[other]\ncommand = \"/old\"\n");
}

TEST(MergeTomlTable, KeepsLineEndings) {
  const std::string text = merged("a = 1\r\n[mcp_servers.hearth]\r\ncommand = 'x'\r\n");
  EXPECT_EQ(std::ranges::count(text, '\n'), std::ranges::count(text, '\r'));
  EXPECT_THAT(text, HasSubstr("command = \"/bin/hearth\"\r\n"));
}

TEST(MergeTomlTable, RefusesFormsItCannotEditSafely) {
  const std::string refusal =
      "error: the table [mcp_servers.hearth] is written in a form that cannot be edited";
  EXPECT_EQ(merged("mcp_servers = { other = { command = \"o\" } }\n"), refusal);
  EXPECT_EQ(merged("[mcp_servers.hearth]\nargs = [\n  \"old\",\n]\n"), refusal);
  EXPECT_EQ(merged("[mcp_servers]\nhearth = { command = \"/old\" }\n"), refusal);
}

TEST(MergeTomlTable, IsNotFooledByTextsThatLookLikeTables) {
  const std::string text = "note = '''\n[mcp_servers.hearth]\ncommand = \"/old\"\n'''\n";
  EXPECT_THAT(merged(text), HasSubstr("error: "));
}

TEST(MergeTomlTable, SaysWhereAFileIsBroken) {
  EXPECT_THAT(merged("a = 1\nb = = 2\n"), HasSubstr(":2:"));
}

TEST(TomlQuoted, EscapesWhatTomlWants) {
  EXPECT_EQ(toml_quoted("a\"b\\c\n\x7f ü"), R"("a\"b\\c\u000A\u007F ü")");
}

}  // namespace
}  // namespace hearth::cli
