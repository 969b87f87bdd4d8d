// Schedules that wait for the world, with the real programs: each event has one run, also over the
// death of the daemon, and what mandates do themselves begins none.
#include <gmock/gmock.h>

#include <csignal>

#include "blackbox/mandates_fixture.hpp"

namespace hearth::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr const char* nothing_to_do = R"({
  "orient": ["Seen."],
  "decide": [{"reasoning": "Nothing to do", "steps": []}],
  "reflect": [{"goal_reached": true, "summary": "Done."}]
})";

class MandatesEvents : public MandatesTest {
 protected:
  // The causes of all runs, once there are `count` and all have ended.
  std::vector<std::string> causes(std::size_t count) {
    std::vector<std::string> all;
    const auto are_there = [&] {
      all.clear();
      const json::Value runs = mandates({"runs"});
      bool have_ended = true;
      for (const json::Value& each : runs.at("runs").as_array()) {
        all.emplace_back(json::string_or(each, "cause", ""));
        have_ended &= json::string_or(each, "state", "") == "ended";
      }
      return all.size() >= count && have_ended;
    };
    EXPECT_TRUE(eventually(are_there, seconds(60))) << testing::PrintToString(all);
    return all;
  }
  void kill_daemon() {
    const std::vector<pid_t> daemons = home_.daemons();
    ASSERT_EQ(daemons.size(), 1U);
    ::kill(daemons.front(), SIGKILL);
    ASSERT_TRUE(eventually([&] { return !is_alive(daemons.front()); }, seconds(30)));
  }
};

TEST_F(MandatesEvents, AChangedFileHasOneRunAlsoAfterAKill) {
  serve(nothing_to_do);
  mandates({"create", "watcher", "Look at it", "--timing", "on changed *.txt docs/**"});
  write_file(file("greeting.txt"), "hello\n");
  write_file(file("other.md"), "not meant\n");
  EXPECT_THAT(causes(1), ElementsAre("changed greeting.txt"));
  kill_daemon();
  write_file(file("greeting.txt"), "good day\n");
  EXPECT_THAT(causes(2), ElementsAre("changed greeting.txt", "changed greeting.txt"));
  kill_daemon();
  std::filesystem::create_directory(file("docs"));
  write_file(file("docs/a.md"), "a\n");
  EXPECT_THAT(causes(3).front(), "changed docs/a.md");
  // Over the wire it is a schedule like others, and due at no time.
  const json::Value schedules = mandates({"schedules"});
  const json::Value& row = schedules.at("schedules").as_array().front();
  EXPECT_EQ(json::string_or(row, "timing", ""), "on changed *.txt docs/**");
  EXPECT_EQ(json::find(row, "next"), nullptr);
  EXPECT_THAT(json::dump(json::Value(questions())), HasSubstr("changed docs/a.md"))
      << "the model is told what began the run";
}

// The run edits what the schedule waits for.
TEST_F(MandatesEvents, WhatARunDoesBeginsNoOther) {
  serve(R"({
    "orient": ["Wrong."],
    "decide": [{"reasoning": "Correct it", "steps": [
      {"id": "edit", "kind": "change", "changes": [
        {"path": "greeting.txt", "replacements": [{"before": "helo", "after": "hello"}]}]},
      {"id": "note", "kind": "tool", "tool": "issues_create",
       "arguments": "{\"title\": \"Greeting\", \"label\": [\"bug\"]}"}]}],
    "reflect": [{"goal_reached": true, "summary": "Done."}]
  })",
        "", "agents_may = \"auto\"\n");
  ask({"issues", "init"});
  mandates({"create", "writer", "Correct it", "--timing", "on changed *.txt",
            R"(--paths={"glob":"**","scope":"auto"})",
            R"(--tools={"tool":"issues_create","scope":"auto"})"});
  mandates({"schedule-add", "writer", "on labelled bug"});
  write_file(file("greeting.txt"), "helo again\n");
  EXPECT_THAT(causes(1), ElementsAre("changed greeting.txt"));
  EXPECT_EQ(read_file(file("greeting.txt")), "hello again\n");
  // Looked at since: another file is noticed by both the same look.
  write_file(file("second.txt"), "x\n");
  EXPECT_THAT(causes(2), UnorderedElementsAre("changed second.txt", "changed greeting.txt"));
}

TEST_F(MandatesEvents, ALabelAndAnEntry) {
  serve(nothing_to_do);
  ask({"issues", "init"});
  const json::Value old = ask({"issues", "create", "Old", "--label", "bug"});
  mandates({"create", "watcher", "Look at it"});
  mandates({"schedule-add", "watcher", "on labelled bug", "--overlap", "buffer_all"});
  mandates({"schedule-add", "watcher", "on remembered decision"});
  const json::Value made = ask({"issues", "create", "It fails", "--label", "bug"});
  const std::string issue(json::string_or(made, "issue_id", "?"));
  EXPECT_THAT(causes(1), ElementsAre("labelled bug: " + issue + " It fails"));
  ask({"knowledge", "create", "--text", "Not meant", "--title", "Other"});
  ask({"knowledge", "create", "--text", "We use it", "--title", "Use", "--tags", "decision"});
  EXPECT_THAT(causes(2).front(), testing::StartsWith("remembered decision: "));
}

TEST_F(MandatesEvents, WhatCannotBeSeenIsRefused) {
  serve(nothing_to_do);
  const Outcome refused =
      hearth({"mandates", "create", "watcher", "Look", "--timing", "on changed ../*"});
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.err, HasSubstr("within the workspace"));
  EXPECT_EQ(mandates({"list"}).at("total").as_int64(), 0);
}

}  // namespace
}  // namespace hearth::test
