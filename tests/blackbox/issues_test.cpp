// Issues with the real programs: beside a running daemon, after kill -9, in little room.
#include <gtest/gtest.h>

#include <csignal>
#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include "json/json.hpp"
#include "support/mcp_stdio_client.hpp"
#include "support/process.hpp"
#include "support/scratch_directory.hpp"
#include "support/temp_home.hpp"

namespace hearth::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

class Issues : public testing::Test {
 protected:
  Issues() {
    const Outcome made = run({.words = {"/usr/bin/git", "init", "-q", repository_.path()},
                              .environment = {{"HOME", repository_.path()}}},
                             seconds(30));
    EXPECT_EQ(made.exit_code, 0) << made.describe();
  }
  json::Value ask(std::vector<std::string> words) {
    words.insert(words.begin(), "issues");
    words.emplace_back("--json");
    Plan plan = home_.plan(std::move(words));
    plan.cwd = repository_.path();
    const Outcome outcome = run(plan, seconds(60));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.describe();
    const auto envelope = json::parse(outcome.out);
    return envelope ? envelope->at("data") : json::Value();
  }
  std::int64_t total() { return json::int_or(ask({"list"}), "total", -1); }

  TempHome home_;
  ScratchDirectory repository_{"issues"};
};

// What the peer gets wrong with its daemon (docs/adr/0020-git-is-the-truth.md).
using GriteDefects = Issues;

// The same members, whoever answers; and the same exit codes.
TEST_F(GriteDefects, D06TheDaemonChangesNothingInAnswersAndExitCodes) {
  const std::string id(json::string_or(ask({"create", "One"}), "issue_id", ""));
  EXPECT_EQ(json::dump(ask({"show", id})), json::dump(ask({"show", id, "--no-daemon"})));
  EXPECT_EQ(json::dump(ask({"list"})), json::dump(ask({"list", "--no-daemon"})));
  for (const bool is_private : {false, true}) {
    std::vector<std::string> words{"issues", "show", "ffffffff", "--json"};
    if (is_private) words.emplace_back("--no-daemon");
    Plan plan = home_.plan(std::move(words));
    plan.cwd = repository_.path();
    const Outcome outcome = run(plan, seconds(60));
    EXPECT_EQ(outcome.exit_code, 3) << outcome.describe();
    EXPECT_NE((outcome.out + outcome.err).find("not_found"), std::string::npos);
  }
}

// MCP refuses answers of more than 8 MB, and each has its content twice.
TEST_F(Issues, ALongOneIsReadOverMcp) {
  const std::string id(json::string_or(ask({"create", "Long"}), "issue_id", ""));
  Plan plan = home_.plan({"mcp"});
  plan.cwd = repository_.path();
  plan.has_input = plan.pipes_output = true;
  McpStdioClient client(plan);
  ASSERT_TRUE(client.initialize(seconds(60)));
  const std::string quotes(900'000, '"');
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(client.call("issues_comment", {{"id", id}, {"body", quotes}}, seconds(60)));
  ASSERT_TRUE(client.call("issues_note", {{"key_name", "n"}, {"value", quotes}}, seconds(60)));
  const json::Object most{{"id", id}, {"bytes", 2'500'000}};
  for (const char* tool : {"issues_show", "issues_history"}) {
    const auto answer = client.call(tool, most, seconds(60));
    EXPECT_TRUE(answer) << tool << ": " << answer.error().message;
  }
  const auto note = client.call("issues_notes", {{"key", "n"}}, seconds(60));
  ASSERT_TRUE(note) << note.error().message;
  EXPECT_EQ(json::string_or(note->at("entries").as_array().front(), "value", ""), quotes);
  const auto read =
      client.request("resources/read", {{"uri", "hearth://issues/" + id}}, seconds(60));
  EXPECT_TRUE(read) << read.error().message;
}

// JSON has no place for other bytes, and what replaces them would be in the log for ever.
TEST_F(Issues, WordsThatAreNotUtf8AreRefused) {
  const auto refused = [](Plan plan, const std::string& directory) {
    plan.cwd = directory;
    const Outcome outcome = run(plan, seconds(60));
    EXPECT_NE(outcome.exit_code, 0) << outcome.describe();
    return outcome.out + outcome.err;
  };
  const std::string title = "caf\xe9";
  EXPECT_NE(refused(home_.plan({"issues", "create", title}), repository_.path()).find("not UTF-8"),
            std::string::npos);
  EXPECT_EQ(total(), 0);
  const std::string id(json::string_or(ask({"create", "One"}), "issue_id", ""));
  Plan piped = home_.plan({"issues", "comment", id, "-"});
  piped.words.insert(piped.words.begin(), {"/bin/sh", "-c", "printf 'caf\\351' | \"$0\" \"$@\""});
  EXPECT_NE(refused(piped, repository_.path()).find("standard input is not UTF-8"),
            std::string::npos);
  const std::string directory = repository_ / title;
  fs::create_directory(directory);
  EXPECT_NE(refused(home_.plan({"issues", "list"}), directory).find("not UTF-8"),
            std::string::npos);
}

// A daemon that lives keeps nobody from writing …
TEST_F(GriteDefects, D07PrivateProcessesWriteBesideADaemon) {
  (void)ask({"create", "By the daemon"});
  (void)ask({"create", "By a private process", "--no-daemon"});
  EXPECT_EQ(total(), 2) << "the daemon sees it in its next answer";
  (void)ask({"verify", "--no-daemon"});
  (void)ask({"context-index", "--no-daemon"});
}

// … and one that was killed neither.
TEST_F(GriteDefects, D08AKilledDaemonHindersNobody) {
  (void)ask({"create", "Before"});
  EXPECT_EQ(total(), 1);
  const Outcome status = home_.hearth({"daemon", "status", "--json"});
  const auto pid = json::parse(status.out)->at("data").at("pid").as_int64();
  ::kill(static_cast<pid_t>(pid), SIGKILL);
  (void)ask({"create", "After a kill"});
  EXPECT_EQ(total(), 2);
  EXPECT_EQ(json::int_or(ask({"list", "--no-daemon"}), "total", -1), 2);
}

// Whoever wants room removes it, and asks nobody first.
TEST_F(Issues, TheCacheMayBeRemovedBesideARunningDaemon) {
  const auto found = [&](const std::string& word) {
    return json::int_or(ask({"search", word}), "total", -1);
  };
  const std::string id(json::string_or(ask({"create", "Before"}), "issue_id", ""));
  (void)ask({"show", id});  // which reads it from the cache
  const fs::path caches = home_.file("data") + "/default/issues";
  ASSERT_FALSE(fs::is_empty(caches));
  for (const auto& each : fs::directory_iterator(caches)) fs::remove_all(each);
  (void)ask({"create", "After"});
  EXPECT_EQ(found("after"), 1);
  EXPECT_EQ(found("before"), 1);
  fs::remove_all(home_.file("data") + "/default");
  EXPECT_EQ(found("after"), 1);
  EXPECT_EQ(total(), 2);
  (void)ask({"doctor"});
  EXPECT_EQ(home_.starts(), 1);
}

// Some 3.5 characters a token: 1,500 tokens are 5,250.
// Two people's daemons and a remote between them; nobody calls `sync`.
TEST(BackgroundSync, CarriesIssuesBetweenClonesAndTellsOfFailures) {
  const ScratchDirectory directory{"issues"};
  const auto git = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "/usr/bin/git");
    const Outcome done = run({.words = std::move(words),
                              .environment = {{"HOME", directory.path()}},
                              .cwd = directory.path()},
                             seconds(30));
    EXPECT_EQ(done.exit_code, 0) << done.describe();
  };
  git({"init", "-q", "--bare", "remote.git"});
  std::deque<TempHome> homes(2);
  const auto ask = [&](std::size_t who, std::vector<std::string> words) {
    words.emplace_back("--json");
    Plan plan = homes[who].plan(std::move(words));
    plan.cwd = directory.path() + "/clone" + std::to_string(who);
    const Outcome outcome = run(plan, seconds(60));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.describe();
    return json::parse(outcome.out).value_or(json::Value());
  };
  for (std::size_t who = 0; who < homes.size(); ++who) {
    const std::string clone = "clone" + std::to_string(who);
    git({"init", "-q", clone});
    git({"-C", clone, "remote", "add", "origin", "../remote.git"});
    write_file(homes[who].file("config.toml"), "[issues]\nsync_every = \"100ms\"\n");
    (void)ask(who, {"issues", "create", "By " + clone});
  }
  const auto has_all = [&](std::size_t who) {
    return json::int_or(ask(who, {"issues", "list"}).at("data"), "total", -1) == 2;
  };
  EXPECT_TRUE(eventually([&] { return has_all(0) && has_all(1); }, seconds(60)));

  const std::string moved = directory.path() + "/moved.git";
  fs::rename(directory.path() + "/remote.git", moved);
  const auto tells = [&](const std::string& words) {
    return json::dump(ask(0, {"daemon", "status"})).contains(words);
  };
  EXPECT_TRUE(eventually([&] { return tells("in vain: "); }, seconds(60)));
  (void)ask(0, {"issues", "create", "Meanwhile"});
  fs::rename(moved, directory.path() + "/remote.git");
  EXPECT_TRUE(eventually([&] { return !tells("in vain: "); }, seconds(60)));
  EXPECT_TRUE(eventually(
      [&] { return json::int_or(ask(1, {"issues", "list"}).at("data"), "total", -1) == 3; },
      seconds(60)));
}

TEST_F(Issues, TwentyReadyIssuesAreFewTokens) {
  std::string list = "[";
  for (int i = 0; i < 25; ++i) {
    list += std::string(i == 0 ? "" : ",") +
            R"({"title":"Teach the parser of settings to name line )" + std::to_string(i) +
            R"( in its errors","label":["parser","core"],"type":"bug"})";
  }
  (void)ask({"create", "--issues=" + list + "]"});
  const json::Value ready = ask({"ready"});
  EXPECT_EQ(ready.at("issues").as_array().size(), 20U);
  EXPECT_TRUE(json::bool_or(ready, "truncated", false));
  EXPECT_LT(json::dump(ready).size(), 5'250U);
}

}  // namespace
}  // namespace hearth::test
