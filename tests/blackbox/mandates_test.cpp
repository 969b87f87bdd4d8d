// A mandate with the real programs: a model server on loopback, a git repository, a person at a
// terminal.
#include <gmock/gmock.h>
#include <unistd.h>

#include "blackbox/mandates_fixture.hpp"

namespace hearth::test {
namespace {

constexpr const char* script = R"({
  "orient": ["The greeting is wrong."],
  "decide": [{"reasoning": "Correct it", "steps": [
    {"id": "edit", "kind": "change", "changes": [
      {"path": "greeting.txt", "replacements": [{"before": "helo", "after": "hello"}]}]},
    {"id": "keep", "kind": "commit", "needs": ["edit"], "branch": "hearth/greeting",
     "message": "Correct the greeting", "paths": ["greeting.txt"]}]}],
  "reflect": [{"goal_reached": true, "summary": "The greeting is right."}]
})";

class Mandates : public MandatesTest {
 protected:
  Mandates() { serve(script); }
};

TEST_F(Mandates, AToolCallCannotAllowItselfWhatWrites) {
  const std::vector<std::vector<std::string>> greedy{
      {"--commits", "auto"},
      {R"(--paths={"glob":"**","scope":"auto"})"},
      {R"(--commands={"rule":"make ...","scope":"auto"})"},
      {R"(--tools={"tool":"issues_create","scope":"auto"})"}};
  for (const auto& options : greedy) {
    std::vector<std::string> words{"mandates", "create", "greedy", "Do anything"};
    words.insert(words.end(), options.begin(), options.end());
    const Outcome refused = hearth(std::move(words));
    EXPECT_NE(refused.exit_code, 0) << options.front();
    EXPECT_THAT(refused.err, testing::HasSubstr("agents_may")) << refused.describe();
  }
  const json::Value made = mandates({"create", "reader", "Read",
                                     R"(--paths={"glob":"**","actions":["read"],"scope":"auto"})",
                                     R"(--tools={"tool":"issues_list","scope":"auto"})"});
  EXPECT_NE(json::string_or(made, "id", ""), "");
}

TEST_F(Mandates, AProposalWaitsForAPersonAndIsCommittedOnABranch) {
  const json::Value made = mandates({"create", "greeting", "Correct the greeting", "--start",
                                     R"(--observe={"files":["*.txt"]})"});
  const std::string run_id(json::string_or(made, "run", ""));
  const json::Value blocked = wait_for(run_id, "blocked");
  EXPECT_EQ(json::string_or(blocked, "reason", ""), "waiting_approval");
  EXPECT_EQ(read_file(file("greeting.txt")), "helo\n");
  const std::string proposal = wait_for_proposal();

  Plan plan = home_.plan({"mandates", "approve", proposal});
  plan.before_exec = [] { (void)::setsid(); };
  EXPECT_NE(run(plan, seconds(30)).exit_code, 0) << "nobody is there";
  EXPECT_EQ(json::string_or(mandates({"run-show", run_id}), "state", ""), "blocked");

  const Outcome approved = at_terminal({"mandates", "approve", proposal}, "yes");
  EXPECT_EQ(approved.exit_code, 0) << approved.describe();
  const std::string commit = wait_for_proposal();
  EXPECT_NE(commit, proposal);
  const Outcome kept = at_terminal({"mandates", "approve", commit}, "yes");
  EXPECT_EQ(kept.exit_code, 0) << kept.describe();
  const json::Value ended = wait_for(run_id, "ended");
  EXPECT_EQ(json::string_or(ended, "outcome", ""), "succeeded") << json::dump(ended);
  EXPECT_EQ(read_file(file("greeting.txt")), "hello\n");
  EXPECT_EQ(git({"show", "hearth/greeting:greeting.txt"}), "hello\n");
  EXPECT_EQ(git({"rev-parse", "--abbrev-ref", "HEAD"}), "main\n");
  EXPECT_TRUE(json::bool_or(mandates({"audit"}), "intact", false));
}

}  // namespace
}  // namespace hearth::test
