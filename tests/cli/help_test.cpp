#include "cli/help.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace hearth::cli {
namespace {

using testing::HasSubstr;

TEST(HelpPage, ShowsArgumentsOptionsAndNamesOfGlobals) {
  const Usage usage{
      .command = "knowledge search",
      .title = "Search knowledge",
      .description = "One.\nTwo.",
      .parameters = {
          {.name = "query", .about = "Words", .is_positional = true, .is_required = true},
          {.name = "tags", .about = "Only these", .is_list = true},
          {.name = "kind", .about = "Which", .choices = {"note", "file"}}}};
  const std::string page =
      help_page(usage, {{.name = "json", .about = "As JSON", .kind = ValueKind::boolean},
                        {.name = "namespace", .about = "Which", .value_name = "NAME"}});
  EXPECT_THAT(page, HasSubstr("usage: hearth knowledge search QUERY [options]"));
  EXPECT_THAT(page, HasSubstr("\nOne.\nTwo.\n"));
  EXPECT_THAT(page, HasSubstr("  --kind note|file            Which\n"));
  EXPECT_THAT(page, HasSubstr("Only these (may be repeated)"));
  EXPECT_THAT(page, HasSubstr("  --json --namespace=NAME\n"));
}

TEST(HelpPage, KeepsLinesShort) {
  std::string about;
  for (int i = 0; i < 60; ++i) about += "word ";
  const Usage usage{
      .command = "x",
      .title = "",
      .description = about,
      .parameters = {{.name = "a_very_long_name_of_an_option_indeed", .about = about}}};
  std::istringstream page(help_page(usage, {}));
  for (std::string line; std::getline(page, line);) EXPECT_LE(line.size(), 96U) << line;
}

TEST(WrapText, BreaksAtBlanksOnly) {
  EXPECT_EQ(wrap_text("aa bb cc", 5, 0, 0), "aa bb\ncc");
  EXPECT_EQ(wrap_text("aa bb cc", 7, 2, 4), "aa\n  bb cc");
  EXPECT_EQ(wrap_text("toolongword b", 4, 0, 0), "toolongword\nb");
  EXPECT_EQ(wrap_text("", 4, 0, 0), "");
}

}  // namespace
}  // namespace hearth::cli
