// What a client that follows issues hears of changes: those of its repository, and no others.
#include <gtest/gtest.h>

#include <fstream>

#include "support/mcp_stdio_client.hpp"
#include "support/scratch_directory.hpp"
#include "support/sizes.hpp"
#include "support/temp_home.hpp"

namespace hearth::test {
namespace {

const std::string ready = "hearth://issues/ready";

class IssueSubscription : public testing::Test {
 protected:
  IssueSubscription() {
    std::ofstream(home_.file("config.toml")) << "[issues]\nidle = \"200ms\"\n";
  }

  struct Repository {
    explicit Repository(const TempHome& home) {
      EXPECT_EQ(run({.words = {"/usr/bin/git", "init", "-q", directory.path()},
                     .environment = {{"HOME", directory.path()}}},
                    patience)
                    .exit_code,
                0);
      Plan plan = home.plan({"mcp"});
      plan.cwd = directory.path();
      plan.has_input = plan.pipes_output = true;
      client.emplace(plan);
      EXPECT_TRUE(client->initialize(patience));
    }
    void follow() {
      EXPECT_TRUE(client->request("resources/read", {{"uri", ready}}, patience));
      EXPECT_TRUE(client->request("resources/subscribe", {{"uri", ready}}, patience));
    }
    // What the daemon has sent before its answer has come as well.
    bool has_heard() {
      EXPECT_TRUE(client->request("ping", {}, patience));
      return client->hears(ready, milliseconds(0));
    }
    ScratchDirectory directory{"issues"};
    std::optional<McpStdioClient> client;
  };
  // By a process that the daemon knows nothing of.
  void create(const Repository& repository) {
    Plan plan = home_.plan({"issues", "create", "News", "--no-daemon"});
    plan.cwd = repository.directory.path();
    EXPECT_EQ(run(plan, patience).exit_code, 0);
  }
  bool is_open(const Repository& repository) {
    return home_.hearth({"daemon", "status", "--json"})
        .out.contains(repository.directory.path() + "/.git");
  }

  TempHome home_;
};

TEST_F(IssueSubscription, HearsOfItsRepositoryOnly) {
  Repository one(home_);
  Repository other(home_);
  one.follow();
  other.follow();
  create(one);
  EXPECT_TRUE(one.client->hears(ready, patience));
  EXPECT_FALSE(other.has_heard());
  create(other);
  EXPECT_TRUE(other.client->hears(ready, patience));
}

TEST_F(IssueSubscription, HearsWithoutEverHavingAsked) {
  Repository silent(home_);
  EXPECT_TRUE(silent.client->request("resources/subscribe", {{"uri", ready}}, patience));
  ASSERT_TRUE(eventually([&] { return is_open(silent); }, patience));
  create(silent);
  EXPECT_TRUE(silent.client->hears(ready, patience));
}

TEST_F(IssueSubscription, HearsOfAnotherDaemonToo) {
  Repository followed(home_);
  EXPECT_TRUE(followed.client->request("resources/subscribe", {{"uri", ready}}, patience));
  ASSERT_TRUE(eventually([&] { return is_open(followed); }, patience));
  ASSERT_EQ(home_.daemons().size(), 1U);
  ASSERT_EQ(::kill(home_.daemons().front(), SIGKILL), 0);
  // The bridge finds or starts the next one, and tells it what its client follows.
  ASSERT_TRUE(eventually([&] { return is_open(followed); }, patience));
  create(followed);
  EXPECT_TRUE(followed.client->hears(ready, patience));
}

// What it says of a claim and of what waits for it changes without an event of its own.
TEST_F(IssueSubscription, HearsOfClaimsAndOfWhatItWaitsFor) {
  Repository repository(home_);
  const auto hearth = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "issues");
    words.push_back("--json");
    Plan plan = home_.plan(words);
    plan.cwd = repository.directory.path();
    const auto done = run(plan, patience);
    EXPECT_EQ(done.exit_code, 0) << done.describe();
    return json::parse(done.out).value().at("data");
  };
  const auto made = [&](const std::string& title) {
    return std::string(json::string_or(hearth({"create", title}), "issue_id", ""));
  };
  const std::string before = made("Before");
  const std::string after = made("After");
  hearth({"dep-add", after, before});
  const std::string uri = "hearth://issues/" + after;
  EXPECT_TRUE(repository.client->request("resources/subscribe", {{"uri", uri}}, patience));
  hearth({"close", before});
  EXPECT_TRUE(repository.client->hears(uri, patience));
  hearth({"claim", after, "--no-assign", "--ttl", "1"});
  EXPECT_TRUE(repository.client->hears(uri, patience));
  EXPECT_TRUE(repository.client->hears(uri, patience)) << "that the claim is over";
}

TEST_F(IssueSubscription, KeepsItsStoreOpen) {
  Repository followed(home_);
  Repository left(home_);
  followed.follow();
  EXPECT_TRUE(left.client->request("resources/read", {{"uri", ready}}, patience));
  ASSERT_TRUE(eventually([&] { return !is_open(left); }, patience));
  EXPECT_TRUE(is_open(followed));
  create(followed);
  EXPECT_TRUE(followed.client->hears(ready, patience));
  EXPECT_TRUE(followed.client->request("resources/unsubscribe", {{"uri", ready}}, patience));
  EXPECT_TRUE(eventually([&] { return !is_open(followed); }, patience));
}

}  // namespace
}  // namespace hearth::test
