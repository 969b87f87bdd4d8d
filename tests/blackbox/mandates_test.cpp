// A mandate with the real programs: a model server on loopback, a git repository, a person at a
// terminal.
#include <gmock/gmock.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "blackbox/mandates_fixture.hpp"
#include "blackbox/mandates_scripts.hpp"
#include "support/mcp_stdio_client.hpp"

namespace hearth::test {
namespace {

class Mandates : public MandatesTest {
 protected:
  Mandates() { serve(correct_greeting); }
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

// Whoever asks about a namespace makes none of it: no file, no thread.
TEST_F(Mandates, ANamespaceWithoutMandatesAnswersAsAnEmptyOne) {
  const auto in_fresh = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--namespace", "fresh"});
    return mandates(std::move(words));
  };
  for (const std::string verb : {"list", "runs", "schedules", "approvals"})
    EXPECT_EQ(json::int_or(in_fresh({verb}), "total", -1), 0) << verb;
  EXPECT_EQ(json::int_or(in_fresh({"status"}), "mandates", -1), 0);
  EXPECT_TRUE(json::bool_or(in_fresh({"audit"}), "intact", false));
  EXPECT_EQ(json::find(in_fresh({"budget"}), "run"), nullptr);
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"show", "x"}, {"run", "x"}, {"run-show", "x"}, {"budget", "--mandate", "x"}}) {
    std::vector<std::string> all{"mandates"};
    all.insert(all.end(), words.begin(), words.end());
    all.insert(all.end(), {"--namespace", "fresh"});
    const Outcome refused = hearth(std::move(all));
    EXPECT_NE(refused.exit_code, 0);
    EXPECT_THAT(refused.err, testing::HasSubstr("the namespace fresh has no mandates"));
  }
  // Nor does whoever makes a mandate that is none.
  for (const std::string bad : {"--timing=cron 99 * * * *", "--commits=auto", "--workspace=/usr"})
    EXPECT_NE(hearth({"mandates", "create", "x", "y", bad, "--namespace", "fresh"}).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(home_.file("data/fresh/mandates")));
  mandates({"create", "reader", "Read"});
  EXPECT_TRUE(std::filesystem::exists(home_.file("data/default/mandates")));
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
  EXPECT_THAT(approved.out, testing::HasSubstr("for the mandate greeting, " +
                                               std::string(json::string_or(made, "id", "?"))));
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

// Over an approval, and the death of the daemon.
TEST_F(Mandates, ItsLogsAreFollowedToTheEnd) {
  const json::Value made = mandates({"create", "greeting", "Correct the greeting", "--start"});
  const std::string run_id(json::string_or(made, "run", ""));
  Plan plan = home_.plan({"mandates", "logs", run_id, "--follow"});
  plan.cwd = repository_.path();
  plan.pipes_output = true;
  Process follower(plan);
  std::string seen;
  const auto shows = [&](const std::string& text) {
    char bytes[4096];
    pollfd entry{follower.output(), POLLIN, 0};
    while (seen.find(text) == std::string::npos && ::poll(&entry, 1, 60'000) == 1) {
      const ssize_t count = ::read(follower.output(), bytes, sizeof bytes);
      if (count <= 0) break;
      seen.append(bytes, static_cast<std::size_t>(count));
    }
    return seen.find(text) != std::string::npos;
  };
  EXPECT_TRUE(shows("run blocked: waiting_approval")) << seen << follower.errors();
  EXPECT_THAT(seen, testing::HasSubstr("cycle 1  orient  done\n    The greeting is wrong."));
  kill_daemon();
  EXPECT_EQ(at_terminal({"mandates", "reject", wait_for_proposal()}, "yes").exit_code, 0);
  EXPECT_TRUE(shows("step edit  failed\n    denied: denied")) << seen << follower.errors();
  EXPECT_TRUE(shows("step keep  skipped")) << seen;
  EXPECT_TRUE(shows("run ended, succeeded: goal reached")) << seen << follower.errors();
  EXPECT_EQ(follower.wait(seconds(30)).exit_code, 0);
  EXPECT_EQ(seen.find("orient"), seen.rfind("orient")) << "told once: " << seen;
  EXPECT_THAT(hearth({"mandates", "logs", run_id}).out, testing::HasSubstr("run ended, succeeded"));
}

// `hearth attach` at a terminal that a test types into.
class Attached final {
 public:
  Attached(const TempHome& home, const std::string& run, const std::string& cwd)
      : process_(plan_of(home, run, cwd)) {}
  bool shows(const std::string& text) {
    char bytes[4096];
    pollfd entry{process_.output(), POLLIN, 0};
    while (seen_.find(text, told_) == std::string::npos && ::poll(&entry, 1, 60'000) == 1) {
      const ssize_t count = ::read(process_.output(), bytes, sizeof bytes);
      if (count <= 0) break;
      seen_.append(bytes, static_cast<std::size_t>(count));
    }
    const auto found = seen_.find(text, told_);
    if (found == std::string::npos) return false;
    told_ = found + text.size();
    return true;
  }
  void type(std::string_view text) {
    EXPECT_EQ(::write(process_.input(), text.data(), text.size()), std::ssize(text));
  }
  Outcome wait() { return process_.wait(seconds(30)); }
  [[nodiscard]] const std::string& seen() const { return seen_; }

 private:
  static Plan plan_of(const TempHome& home, const std::string& run, const std::string& cwd) {
    Plan plan = home.plan({"attach", run});
    plan.words = {"/usr/bin/script", "-qec", plan.words.front() + " attach " + run, "/dev/null"};
    plan.cwd = cwd;
    plan.has_input = plan.pipes_output = true;
    return plan;
  }
  Process process_;
  std::string seen_;
  std::size_t told_ = 0;  // up to here it was asked for
};

TEST_F(Mandates, ARunIsFollowedAndDecidedInPlace) {
  const json::Value made = mandates({"create", "greeting", "Correct the greeting", "--start"});
  const std::string run_id(json::string_or(made, "run", ""));
  Attached attached(home_, run_id, repository_.path());
  EXPECT_TRUE(attached.shows("The greeting is wrong.")) << attached.seen();
  EXPECT_TRUE(attached.shows("\x1b[31m-helo\x1b[0m\r\n\x1b[32m+hello\x1b[0m")) << attached.seen();
  EXPECT_TRUE(attached.shows("Type approve, reject or leave: ")) << attached.seen();
  attached.type("yes\n");
  EXPECT_TRUE(attached.shows("Type approve, reject or leave: "))
      << "that is none: " << attached.seen();
  EXPECT_EQ(read_file(file("greeting.txt")), "helo\n");
  attached.type("approve\n");
  EXPECT_TRUE(attached.shows("commit to hearth/greeting")) << attached.seen();
  EXPECT_TRUE(attached.shows("Type approve, reject or leave: ")) << attached.seen();
  // Decided elsewhere meanwhile.
  EXPECT_EQ(at_terminal({"mandates", "reject", wait_for_proposal()}, "yes").exit_code, 0);
  EXPECT_TRUE(attached.shows("waits no longer")) << attached.seen();
  EXPECT_TRUE(attached.shows("run ended, succeeded")) << attached.seen();
  EXPECT_EQ(attached.wait().exit_code, 0);
  EXPECT_EQ(read_file(file("greeting.txt")), "hello\n");
}

// Nobody has read then what it would be an answer to.
TEST_F(Mandates, WhatWasTypedBeforeAQuestionIsNoAnswerToIt) {
  serve(correct_greeting, "/wait-1");
  const json::Value made = mandates({"create", "greeting", "Correct the greeting", "--start"});
  const std::string run_id(json::string_or(made, "run", ""));
  Attached attached(home_, run_id, repository_.path());
  EXPECT_TRUE(attached.shows("observe")) << attached.seen();
  attached.type("appro");
  EXPECT_TRUE(attached.shows("appro")) << "the terminal has it";
  EXPECT_TRUE(attached.shows("Type approve, reject or leave: ")) << attached.seen();
  attached.type("ve\n");
  EXPECT_TRUE(attached.shows("Type approve, reject or leave: ")) << attached.seen();
  EXPECT_EQ(read_file(file("greeting.txt")), "helo\n");
  EXPECT_TRUE(eventually(
      [&] { return json::string_or(mandates({"run-show", run_id}), "state", "") == "blocked"; },
      seconds(30)));
  attached.type("reject\n");
  EXPECT_TRUE(attached.shows("run ended, succeeded")) << attached.seen();
  EXPECT_EQ(attached.wait().exit_code, 0);
}

TEST_F(Mandates, ARunIsLeftAloneByWhoFollowedIt) {
  const json::Value made = mandates({"create", "greeting", "Correct the greeting", "--start"});
  const std::string run_id(json::string_or(made, "run", ""));
  for (const char* const key : {"\x03", "\x04"}) {
    Attached attached(home_, run_id, repository_.path());
    EXPECT_TRUE(attached.shows("Type approve, reject or leave: ")) << attached.seen();
    attached.type(key);
    EXPECT_FALSE(attached.wait().is_timed_out);
    EXPECT_EQ(json::string_or(mandates({"run-show", run_id}), "state", ""), "blocked");
  }
  // Over the death of its daemon.
  Attached attached(home_, run_id, repository_.path());
  EXPECT_TRUE(attached.shows("Type approve, reject or leave: ")) << attached.seen();
  attached.type("leave\n");
  kill_daemon();
  EXPECT_EQ(at_terminal({"mandates", "reject", wait_for_proposal()}, "yes").exit_code, 0);
  EXPECT_TRUE(attached.shows("run ended, succeeded")) << attached.seen();
}

TEST_F(Mandates, WhoFollowsARunStartsNoDaemonThatSomebodyStopped) {
  const json::Value made = mandates({"create", "greeting", "Correct the greeting", "--start"});
  const std::string run_id(json::string_or(made, "run", ""));
  Attached attached(home_, run_id, repository_.path());
  EXPECT_TRUE(attached.shows("Type approve, reject or leave: ")) << attached.seen();
  EXPECT_EQ(hearth({"daemon", "stop"}).exit_code, 0);
  EXPECT_TRUE(attached.shows("the daemon was stopped")) << attached.seen();
  EXPECT_FALSE(attached.wait().is_timed_out);
  EXPECT_TRUE(home_.daemons().empty());
}

// In the middle of a question that would take half a minute.
TEST_F(Mandates, StoppingAMandateCutsItsRunsOff) {
  serve(correct_greeting, "/wait-30");
  const json::Value made = mandates({"create", "slow", "Correct the greeting", "--start"});
  const std::string run_id(json::string_or(made, "run", ""));
  ASSERT_TRUE(eventually([&] { return !questions().empty(); }, seconds(30)));
  const auto begun = std::chrono::steady_clock::now();
  mandates({"stop", "slow", "--reason=enough"});
  const json::Value ended = wait_for(run_id, "ended");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(15));
  EXPECT_EQ(json::string_or(ended, "outcome", ""), "stopped");
  EXPECT_EQ(json::string_or(ended, "reason", ""), "the mandate was stopped: enough");
}

// Agents make it smaller; only a person at a terminal makes it larger.
TEST_F(Mandates, ABudgetIsRaisedInPersonOnly) {
  const json::Value made = mandates(
      {"create", "poor", "Correct the greeting", "--start", "--run-calls=1", "--mandate-money=2"});
  const std::string run_id(json::string_or(made, "run", ""));
  EXPECT_EQ(json::string_or(wait_for(run_id, "ended"), "reason", ""), "budget: run: calls");
  const auto limit = [&](std::string_view scope, std::string_view unit) {
    const json::Value budget = mandates({"budget", "--mandate=poor"});
    const json::Value* const found = json::find(budget.at(scope).at("limit"), unit);
    return found == nullptr ? std::string("none") : json::dump(*found);
  };
  EXPECT_NE(hearth({"mandates", "update", "poor", "--run-calls=20"}).exit_code, 0);
  EXPECT_EQ(hearth({"mandates", "update", "poor", "--mandate-money=1"}).exit_code, 0);
  Plan plan = home_.plan({"mandates", "budget-set", "poor", "--run-calls=20"});
  plan.before_exec = [] { (void)::setsid(); };
  EXPECT_NE(run(plan, seconds(30)).exit_code, 0) << "nobody is there";
  // What is refused is asked nobody about.
  for (const char* const wrong : {"--run-calls=-5", "--run-calls=0", "--run-calls=1.5"}) {
    const Outcome refused = at_terminal({"mandates", "budget-set", "poor", wrong}, "yes");
    EXPECT_EQ(refused.exit_code, 2) << refused.describe();
    EXPECT_THAT(refused.out, testing::HasSubstr("--run-calls: expected a whole number above 0"))
        << wrong;
    EXPECT_THAT(refused.out, testing::Not(testing::HasSubstr("Type yes"))) << wrong;
  }
  const Outcome declined = at_terminal({"mandates", "budget-set", "poor", "--run-calls=20"}, "no");
  EXPECT_NE(declined.exit_code, 0);
  EXPECT_EQ(limit("run", "calls"), "1");
  EXPECT_EQ(limit("mandate", "tokens"), "none");
  EXPECT_EQ(limit("day", "calls"), "1000");

  const Outcome raised = at_terminal({"mandates", "budget-set", "poor", "--run-calls=20",
                                      "--mandate-money=none", "--run-seconds=600"},
                                     "yes");
  EXPECT_EQ(raised.exit_code, 0) << raised.describe();
  EXPECT_THAT(raised.out, testing::HasSubstr("The budget of poor, mandate " +
                                             std::string(json::string_or(made, "id", "?"))));
  EXPECT_THAT(raised.out, testing::HasSubstr("run calls: 1 -> 20"));
  EXPECT_THAT(raised.out, testing::HasSubstr("mandate money: 1 -> no limit"));
  EXPECT_EQ(limit("run", "calls"), "20");
  EXPECT_EQ(limit("run", "seconds"), "600");
  EXPECT_EQ(limit("mandate", "money"), "none");
  // It goes on where its budget ended it.
  mandates({"run-retry", run_id});
  EXPECT_EQ(json::string_or(wait_for(run_id, "blocked"), "reason", ""), "waiting_approval");
  EXPECT_TRUE(json::bool_or(mandates({"audit"}), "intact", false));
}

TEST_F(Mandates, TheDoctorNamesWhoseWorkspaceIsRefusedSince) {
  std::filesystem::create_directory(file("place"));
  mandates({"create", "moved", "Look", "--workspace=" + file("place")});
  EXPECT_THAT(json::dump(mandates({"doctor"})), testing::HasSubstr("may work in its own"));
  git({"init", "-q", "--bare", "place"});
  const Outcome sick = hearth({"mandates", "doctor", "--json"});
  EXPECT_THAT(sick.out, testing::HasSubstr(R"("check":"workspaces","good":false)"));
  EXPECT_THAT(sick.out, testing::HasSubstr("moved: "));
}

TEST_F(Mandates, ARunAndTheStatusAreResources) {
  const json::Value made = mandates({"create", "greeting", "Correct the greeting", "--start"});
  const std::string run_id(json::string_or(made, "run", ""));
  (void)wait_for(run_id, "blocked");
  McpStdioClient client(home_);
  ASSERT_TRUE(client.initialize(seconds(30)));
  const auto read = [&](const std::string& uri) {
    const auto found = client.request("resources/read", {{"uri", uri}}, seconds(30));
    return found ? json::dump(*found) : found.error().message;
  };
  EXPECT_THAT(read("hearth://mandates/status"), testing::HasSubstr(R"(\"approvals\":1)"));
  EXPECT_THAT(read("hearth://mandates/runs/" + run_id),
              testing::HasSubstr(R"(\"reason\":\"waiting_approval\")"));
  EXPECT_THAT(read("hearth://mandates/runs/nothing"), testing::HasSubstr("there is no resource"));
  EXPECT_EQ(client.finish().exit_code, 0);
}

// ---- A watch over the tests of a project ------------------------------------------------------

constexpr const char* watch_script = R"({
  "orient": ["It has to be seen whether the tests pass.", "They fail."],
  "decide": [
    {"reasoning": "Run them", "steps": [
      {"id": "test", "kind": "command", "words": ["sh", "run-tests.sh"], "on_failure": "continue"}]},
    {"reasoning": "Say so", "steps": [
      {"id": "file", "kind": "tool", "tool": "issues_create",
       "arguments": "{\"title\":\"greeting_test fails\",\"label\":[\"tests\"]}"}]}],
  "reflect": [{"goal_reached": false, "summary": "The tests fail, and nobody knows yet."},
              {"goal_reached": true, "summary": "There is an issue about it."}]
})";

class MandatesWatch : public MandatesTest {
 protected:
  void SetUp() override {
    write_file(file("run-tests.sh"),
               "echo 'greeting_test: expected hello'\n"
               "echo x > greeting.txt || echo 'and it cannot be written'\n"
               "ls " +
                   home_.path() +
                   " || echo 'and there is no daemon'\n"
                   "grep -q hello greeting.txt\n");
    keep("tests");
  }
  // What a run of a mandate for that directory saw.
  std::string seen_in(const std::string& directory, const std::string& commands) {
    const json::Value made =
        mandates({"create", "look" + std::to_string(++looks_), "Look", "--start",
                  "--workspace=" + directory, R"(--observe={"commands":)" + commands + "}"});
    const std::string run(json::string_or(made, "run", ""));
    (void)wait_for(run, "ended");
    const json::Value logs = mandates({"run-logs", run});
    return std::string(json::string_or(logs.at("phases").as_array().front(), "text", ""));
  }
  void create_watch(const std::string& scope, const std::string& timing) {
    ask({"issues", "init"});
    mandates({"create", "watch", "See to it that failing tests are known",
              R"(--commands={"rule":"sh run-tests.sh","scope":")" + scope + R"("})",
              R"(--tools={"tool":"issues_create","scope":")" + scope + R"("})",
              "--timing=" + timing});
  }
  std::string first_run() {
    std::string id;
    EXPECT_TRUE(eventually(
        [&] {
          const json::Value found = mandates({"runs", "--mandate=watch"});
          const json::Array& runs = found.at("runs").as_array();
          if (!runs.empty()) id = json::string_or(runs.back(), "id", "");
          return !id.empty();
        },
        seconds(30)));
    return id;
  }
  std::int64_t issues() {
    return json::int_or(ask({"issues", "list", "--label=tests"}), "total", -1);
  }

  int looks_ = 0;
};

TEST_F(MandatesWatch, RunsTheTestsInTheSandboxOnAScheduleAndFilesAnIssue) {
  serve(watch_script, "", "agents_may = \"auto\"\n");
  if (!has_sandbox()) GTEST_SKIP() << "no sandbox here";
  create_watch("auto", "every 1s");
  const std::string run_id = first_run();
  const json::Value ended = wait_for(run_id, "ended");
  EXPECT_EQ(json::string_or(ended, "cause", ""), "schedule");
  EXPECT_EQ(json::string_or(ended, "outcome", ""), "succeeded") << json::dump(ended);
  EXPECT_EQ(json::int_or(ended, "cycle", 0), 2);
  const std::string printed = output_of(run_id, "test");
  EXPECT_THAT(printed, testing::HasSubstr("exited with status 1"));
  EXPECT_THAT(printed, testing::HasSubstr("greeting_test: expected hello"));
  EXPECT_THAT(printed, testing::HasSubstr("and it cannot be written"));
  EXPECT_THAT(printed, testing::HasSubstr("and there is no daemon"));
  EXPECT_EQ(read_file(file("greeting.txt")), "helo\n");
  // The model's next question holds what was printed; nothing else decides.
  bool was_told = false;
  for (const json::Value& each : questions())
    was_told |= json::string_or(each, "body", "").find("expected hello") != std::string_view::npos;
  EXPECT_TRUE(was_told);

  mandates({"stop", "watch"});
  std::int64_t succeeded = 0;
  const json::Value all = mandates({"runs", "--mandate=watch"});
  for (const json::Value& each : all.at("runs").as_array())
    succeeded += json::string_or(each, "outcome", "") == "succeeded" ? 1 : 0;
  EXPECT_GE(issues(), succeeded);
  EXPECT_GE(succeeded, 1);
  EXPECT_TRUE(json::bool_or(mandates({"audit"}), "intact", false));
}

// Each waits for the other: one after the other, neither would end.
TEST_F(MandatesWatch, StepsThatDoNotNeedEachOtherRunAtTheSameTime) {
  write_file(file("meet.sh"), "touch $1; until [ -e $2 ]; do sleep 0.05; done; echo met $2\n");
  keep("meet");
  serve(R"({
    "orient": ["Two of them have to meet."],
    "decide": [{"reasoning": "Let them", "steps": [
      {"id": "a", "kind": "command", "words": ["sh", "meet.sh", "a", "b"]},
      {"id": "b", "kind": "command", "words": ["sh", "meet.sh", "b", "a"]},
      {"id": "list", "kind": "tool", "tool": "issues_list"}]}],
    "reflect": [{"goal_reached": true, "summary": "They met."}]})",
        "", "agents_may = \"auto\"\n");
  if (!has_sandbox()) GTEST_SKIP() << "no sandbox here";
  ask({"issues", "init"});
  const json::Value made =
      mandates({"create", "meeting", "Let two commands meet", "--start",
                R"(--commands={"rule":"sh meet.sh ...","scope":"auto","writes":true})",
                R"(--tools={"tool":"issues_list","scope":"auto"})"});
  const std::string run_id(json::string_or(made, "run", ""));
  const json::Value ended = wait_for(run_id, "ended");
  EXPECT_EQ(json::string_or(ended, "outcome", ""), "succeeded") << json::dump(ended);
  EXPECT_THAT(output_of(run_id, "a"), testing::HasSubstr("met b"));
  EXPECT_THAT(output_of(run_id, "b"), testing::HasSubstr("met a"));
  EXPECT_TRUE(json::bool_or(mandates({"audit"}), "intact", false));
}

// What a run looks at, and what it does.
TEST_F(MandatesWatch, CommandsAreChargedByTheirTime) {
  serve(R"({"orient": ["o"], "decide": [{"reasoning": "r", "steps": [
      {"id": "wait", "kind": "command", "words": ["sleep", "1.2"]}]}],
            "reflect": [{"goal_reached": true, "summary": "s"}]})",
        "", "agents_may = \"auto\"\n");
  if (!has_sandbox()) GTEST_SKIP() << "no sandbox here";
  const std::vector<std::string> words{"create",
                                       "slow",
                                       "Wait",
                                       "--start",
                                       R"(--observe={"commands":["sleep 1.1"]})",
                                       R"(--commands={"rule":"sleep ...","scope":"auto"})"};
  std::vector<std::string> poor{"mandates"};
  poor.insert(poor.end(), words.begin(), words.end());
  poor.emplace_back("--run-seconds=1319");
  const Outcome refused = hearth(poor);
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.err,
              testing::HasSubstr("(120, its timeout) and 2 commands (600 each): 1320"));

  const std::string run(json::string_or(mandates(words), "run", ""));
  EXPECT_EQ(json::string_or(wait_for(run, "ended"), "outcome", ""), "succeeded");
  const json::Value budget = mandates({"budget", "--run=" + run});
  for (const char* const scope : {"run", "mandate", "day"}) {
    const json::Value& used = budget.at(scope).at("used").at("seconds");
    EXPECT_GE(used.to_number<double>(), 2) << json::dump(budget);
    EXPECT_LT(used.to_number<double>(), 600) << json::dump(budget);
  }
}

TEST_F(MandatesWatch, LooksWithGitWhereverTheWorkspaceLies) {
  serve(R"({"orient": ["o"], "decide": [{"reasoning": "r", "steps": []}],
            "reflect": [{"goal_reached": true, "summary": "s"}]})");
  if (!has_sandbox()) GTEST_SKIP() << "no sandbox here";
  std::filesystem::create_directories(file("sub"));
  write_file(file("sub/a"), "a\n");
  git({"add", "sub"});
  git({"worktree", "add", "-q", file("tree")});
  write_file(file("tree/new"), "new\n");
  const std::string commands =
      R"(["git status --short", "git log --format=%s", "git branch evil"])";
  const std::string below = seen_in(file("sub"), commands);
  EXPECT_THAT(below, testing::HasSubstr("output:\nA  a\n"));
  EXPECT_THAT(below, testing::HasSubstr("output:\ntests\nbegin\n"));
  EXPECT_THAT(below, testing::HasSubstr("Read-only file system"));
  const std::string beside = seen_in(file("tree"), commands);
  EXPECT_THAT(beside, testing::HasSubstr("output:\n?? new\n"));
  EXPECT_THAT(beside, testing::HasSubstr("output:\ntests\nbegin\n"));
  EXPECT_THAT(beside, testing::HasSubstr("Read-only file system"));
  // A file of git's that leads elsewhere.
  write_file(file("tree/.git"), "gitdir: " + file(".git") + "\n");
  EXPECT_THAT(seen_in(file("tree"), commands),
              testing::HasSubstr("is a submodule's, not a worktree's"));
}

TEST_F(MandatesWatch, AsksAPersonBeforeEachOfItsSteps) {
  serve(watch_script);
  if (!has_sandbox()) GTEST_SKIP() << "no sandbox here";
  create_watch("ask", "at " + format_rfc3339(SystemClock().wall() + seconds(2)));
  const std::string run_id = first_run();
  const std::string command = wait_for_proposal();
  EXPECT_EQ(issues(), 0);
  const Outcome ran = at_terminal({"mandates", "approve", command}, "yes");
  EXPECT_THAT(ran.out, testing::HasSubstr(R"(["sh","run-tests.sh"])")) << ran.describe();
  std::string tool;
  ASSERT_TRUE(eventually([&] { return (tool = wait_for_proposal()) != command; }, seconds(30)));
  EXPECT_EQ(issues(), 0);
  const Outcome filed = at_terminal({"mandates", "approve", tool}, "yes");
  EXPECT_THAT(filed.out, testing::HasSubstr("greeting_test fails")) << filed.describe();
  EXPECT_EQ(json::string_or(wait_for(run_id, "ended"), "outcome", ""), "succeeded");
  EXPECT_EQ(issues(), 1);
}

}  // namespace
}  // namespace hearth::test
