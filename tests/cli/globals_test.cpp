#include "cli/globals.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/parser.hpp"

namespace hearth::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Result<Globals> globals_of(const std::vector<std::string>& words) {
  const Usage usage{.command = "x", .title = "", .description = "", .parameters = {}};
  const auto arguments = parse_words(with_globals(usage), words);
  if (!arguments) return std::unexpected(arguments.error());
  return read_globals(*arguments);
}

TEST(SplitCommand, LooksPastGlobalOptions) {
  const auto line =
      split_command({"--json", "--namespace", "work", "daemon", "--strict", "status", "-x"}, 2);
  EXPECT_THAT(line.command, ElementsAre("daemon", "status"));
  EXPECT_THAT(line.rest, ElementsAre("--json", "--namespace", "work", "--strict", "-x"));
}

TEST(SplitCommand, TakesNoMoreThanAsked) {
  const auto line = split_command({"call", "tool", "{}"}, 1);
  EXPECT_THAT(line.command, ElementsAre("call"));
  EXPECT_THAT(line.rest, ElementsAre("tool", "{}"));
}

TEST(SplitCommand, StopsAtAnOptionThatIsNotGlobal) {
  const auto line = split_command({"knowledge", "--limit", "5", "search"}, 2);
  EXPECT_THAT(line.command, ElementsAre("knowledge"));
  EXPECT_THAT(line.rest, ElementsAre("--limit", "5", "search"));
  EXPECT_THAT(split_command({"--", "x"}, 2).command, IsEmpty());
}

TEST(ReadGlobals, PassesConnectionOptionsOn) {
  const auto globals =
      globals_of({"--namespace=work", "--strict", "--timeout", "5s", "--packs", "a,b"});
  ASSERT_TRUE(globals) << globals.error().message;
  EXPECT_EQ(globals->timeout, std::chrono::seconds(5));
  EXPECT_THAT(globals->packs, ElementsAre("a", "b"));
  EXPECT_THAT(globals->words, ElementsAre("--namespace=work", "--strict", "--packs=a,b"));
  ASSERT_EQ(globals->overrides.size(), 2U);
  EXPECT_EQ(globals->overrides[0].origin, "--namespace");
}

TEST(ReadGlobals, RefusesBadValues) {
  EXPECT_THAT(globals_of({"--timeout=soon"}).error().message,
              testing::HasSubstr("--timeout: expected a duration"));
  EXPECT_THAT(globals_of({"--data=here"}).error().message,
              testing::HasSubstr("--data: expected an absolute path"));
}

TEST(WithGlobals, LeavesACommandItsOwnOptions) {
  Usage usage{
      .command = "x",
      .title = "",
      .description = "",
      .parameters = {{.name = "timeout", .about = "the tool's", .kind = ValueKind::integer}}};
  const Usage all = with_globals(usage);
  EXPECT_EQ(std::ranges::count(all.parameters, "timeout", &Parameter::name), 1);
  EXPECT_EQ(all.parameters.front().about, "the tool's");
}

}  // namespace
}  // namespace hearth::cli
