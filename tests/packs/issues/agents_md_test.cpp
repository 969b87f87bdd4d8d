#include "packs/issues/engine/agents_md.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace hearth::packs::issues {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

AgentsMd of(std::string_view text) {
  auto made = with_issues_section(text);
  EXPECT_TRUE(made) << made.error().message;
  return made.value_or(AgentsMd{});
}

TEST(AgentsMd, IsCreatedAndThenLeftAlone) {
  const AgentsMd created = of("");
  EXPECT_EQ(name_of(created.action), "created");
  EXPECT_THAT(created.text, StartsWith("<!-- hearth:issues:begin -->\n## Issues"));
  EXPECT_THAT(created.text, EndsWith("<!-- hearth:issues:end -->\n"));
  const AgentsMd again = of(created.text);
  EXPECT_EQ(again.action, AgentsMdAction::unchanged);
  EXPECT_EQ(again.text, created.text);
}

TEST(AgentsMd, KeepsWhatOthersWrote) {
  const AgentsMd added = of("# Rules\nNo tabs.");
  EXPECT_EQ(added.action, AgentsMdAction::updated);
  EXPECT_THAT(added.text, StartsWith("# Rules\nNo tabs.\n\n<!-- hearth:issues:begin -->\n"));

  const AgentsMd replaced =
      of("before\n<!-- hearth:issues:begin -->\nold\n<!-- hearth:issues:end --> behind\nafter");
  EXPECT_EQ(replaced.action, AgentsMdAction::updated);
  EXPECT_THAT(replaced.text, StartsWith("before\n<!-- hearth:issues:begin -->\n## Issues"));
  EXPECT_THAT(replaced.text, EndsWith("<!-- hearth:issues:end --> behind\nafter"));
  EXPECT_THAT(replaced.text, testing::Not(HasSubstr("old")));
  EXPECT_EQ(of(replaced.text).action, AgentsMdAction::unchanged);
}

TEST(AgentsMd, KeepsLineEnds) {
  const AgentsMd added = of("# Rules\r\n");
  EXPECT_THAT(added.text, StartsWith("# Rules\r\n\r\n<!-- hearth:issues:begin -->\r\n## Issues"));
  EXPECT_EQ(of(added.text).action, AgentsMdAction::unchanged);
  std::string without = added.text;
  for (std::size_t at; (at = without.find("\r\n")) != std::string::npos;)
    without.replace(at, 2, "");
  EXPECT_EQ(without.find('\n'), std::string::npos);
  EXPECT_EQ(of(of("# Rules\r").text).action, AgentsMdAction::unchanged);
}

TEST(AgentsMd, RefusesHalfASection) {
  for (const char* text :
       {"<!-- hearth:issues:begin -->\n# Mine", "# Mine\n<!-- hearth:issues:end -->",
        "<!-- hearth:issues:end -->\n<!-- hearth:issues:begin -->\n"}) {
    const auto refused = with_issues_section(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, Errc::conflict);
  }
}

}  // namespace
}  // namespace hearth::packs::issues
