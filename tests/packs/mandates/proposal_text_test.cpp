// What a person is shown of a proposal: all of it, and nothing that shows something else.
#include "packs/mandates/proposal_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "packs/mandates/decision.hpp"

namespace hearth::packs::mandates {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string text_of(const Deed& deed, bool needs_elevation = false) {
  ProposalRow row;
  row.digest = "0123";
  row.proposal = {.id = "prop_1",
                  .run = "run_2",
                  .cycle = 3,
                  .step = "s",
                  .needs_elevation = needs_elevation,
                  .kind = deed.kind,
                  .content = deed_text(deed)};
  const auto text = proposal_text(row);
  return text ? *text : text.error().message;
}

TEST(ProposalText, ShowsTheWholeChange) {
  const std::string long_line(500, 'x');
  const std::string text = text_of({.kind = "change",
                                    .mandate = "spelling",
                                    .workspace = "/w",
                                    .files = {{.action = "edit",
                                               .path = "Makefile",
                                               .mode = 0755,
                                               .before = "all:\n  true\n",
                                               .after = "all:\n\ttrue\n" + long_line + "\n"},
                                              {.action = "move", .path = "a", .to = "b"}}});
  EXPECT_THAT(text, HasSubstr("prop_1: change in /w, until 1970-01-01T00:00:00"));
  EXPECT_THAT(text_of({.kind = "command", .workspace = "/w/sub", .root = "/w"}),
              HasSubstr("prop_1: command in /w/sub of /w, until "));
  EXPECT_THAT(text,
              HasSubstr("\nfor the mandate spelling, run run_2, cycle 3, step s\ndigest 0123\n"));
  EXPECT_THAT(text, HasSubstr("edit Makefile (a program)\n@@ line 1 @@\n all:\n-  true\n"
                              "+⇥       true\n+" +
                              long_line + "\n"));
  EXPECT_THAT(text, HasSubstr("move a -> b\n"));
  EXPECT_THAT(text, Not(HasSubstr("elevate")));
}

// The name is for people; the id is what is sealed.
TEST(ProposalText, ShowsNameAndIdOfTheMandate) {
  ProposalRow row;
  row.proposal = {.run = "run_2", .content = deed_text({.kind = "command", .mandate = "01a2"})};
  EXPECT_THAT(proposal_text(row, "spelling\n").value(),
              HasSubstr("\nfor the mandate spelling⏎ , 01a2, run run_2, "));
}

TEST(ProposalText, ShowsWordsAndArgumentsAsTheyAre) {
  EXPECT_THAT(text_of({.kind = "command", .words = {"sh", "-c", "a b\n\"c\""}}),
              HasSubstr("\ncommand: [\"sh\",\"-c\",\"a b\\n\\\"c\\\"\"]\n"));
  EXPECT_THAT(text_of({.kind = "command", .words = {"make"}, .writes = true}),
              HasSubstr("\ncommand that may write here: [\"make\"]\n"));
  EXPECT_THAT(text_of({.kind = "command",
                       .words = {"gh"},
                       .hosts = {"*.example.org:443"},
                       .secrets = {{.variable = "GH_TOKEN", .secret = "github"}}}),
              HasSubstr("\ncommand: [\"gh\"]\n  it may reach *.example.org:443\n"
                        "  it is given the secret github as GH_TOKEN\n"));
  EXPECT_THAT(text_of({.kind = "tool", .tool = "issues_create", .arguments = R"({"title":"t"})"}),
              HasSubstr("\ntool: issues_create {\"title\":\"t\"}\n"));
  EXPECT_THAT(
      text_of({.kind = "change", .files = {{.action = "edit", .path = ".git/config"}}}, true),
      HasSubstr("it needs `hearth mandates elevate`"));
}

// A message cannot look like a line of ours, nor hide anything.
TEST(ProposalText, IsObeyedByNoTerminal) {
  const std::string text = text_of({.kind = "commit",
                                    .workspace = "/w\x1b[8m",
                                    .branch = "hearth/x",
                                    .message = "one\ntool: nothing\u202e\r"});
  EXPECT_THAT(text, HasSubstr("/w\\x1b[8m"));
  EXPECT_THAT(text, HasSubstr("commit to hearth/x: one⏎ tool: nothing\\u202e\\x0d\n"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(ProposalText, TellsAnEscapeFromItsLooks) {
  const auto created = [](const std::string& content) {
    return text_of(
        {.kind = "change", .files = {{.action = "create", .path = "a", .after = content}}});
  };
  EXPECT_THAT(created("\x1b[8m\n"), HasSubstr("\n+\\x1b[8m\n"));
  EXPECT_THAT(created("\\x1b[8m\n"), HasSubstr("\n+\\\\x1b[8m\n"));
  EXPECT_THAT(created("a"), HasSubstr("\n+a\n(the last line has no end)\n"));
  // JSON does so by itself.
  EXPECT_THAT(text_of({.kind = "command", .words = {"\x1b", "\\x1b"}}),
              HasSubstr("command: [\"\\u001b\",\"\\\\x1b\"]\n"));
}

TEST(ProposalText, RefusesWhatIsNoDeed) {
  ProposalRow row;
  row.proposal.content = "{}";
  EXPECT_FALSE(proposal_text(row));
}

}  // namespace
}  // namespace hearth::packs::mandates
