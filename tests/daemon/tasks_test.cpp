// Tasks, as clients of a daemon see them: whose they are, and what becomes of them when it leaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "support/daemon_thread.hpp"
#include "support/task_pack.hpp"

namespace hearth::daemon {
namespace {

using test::DaemonThread;
using test::TestClient;
using ::testing::AllOf;
using ::testing::HasSubstr;

class TaskClients : public ::testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<DaemonThread> start() const {
    return std::make_unique<DaemonThread>(test::quiet_options(test::paths_below(home_.path())),
                                          nullptr, std::make_unique<test::TaskPack>());
  }
  // The id of a task that waits.
  static std::string begin(TestClient& client, const std::string& text) {
    const json::Value answer = client.request(
        "tools/call", R"({"name":"task_hold","arguments":{"text":")" + text + R"("},"task":{}})");
    return std::string(json::string_or(answer.at("result").at("task"), "taskId", ""));
  }
  static json::Value ask(TestClient& client, const std::string& method, const std::string& id) {
    return client.request(method, R"({"taskId":")" + id + "\"}");
  }
  static std::string status(const json::Value& answer) {
    return std::string(json::string_or(answer.at("result"), "status", ""));
  }
  static void release(TestClient& client, const std::string& text) {
    client.ask("task_release", R"({"text":")" + text + "\"}");
  }

  test::ScratchDirectory home_;
};

TEST_F(TaskClients, SeeTheirOwnOnly) {
  const auto daemon = start();
  TestClient one = daemon->client();
  TestClient other = daemon->client();
  const std::string id = begin(one, "x");
  const std::string others = begin(other, "y");
  for (const auto* method : {"tasks/get", "tasks/cancel", "tasks/result"})
    EXPECT_EQ(json::int_or(ask(other, method, id).at("error"), "code", 0), -32602) << method;
  EXPECT_THAT(json::dump(other.request("tasks/list")),
              AllOf(HasSubstr(others), ::testing::Not(HasSubstr(id))));
  release(other, "x");
  EXPECT_EQ(status(ask(one, "tasks/get", id)), "completed");
  EXPECT_EQ(status(ask(other, "tasks/get", others)), "working");
  EXPECT_THAT(one.notifications(), ::testing::ElementsAre(HasSubstr(id)));
  EXPECT_TRUE(other.notifications().empty());
}

TEST_F(TaskClients, FindTheirTasksWhenTheyComeBack) {
  const auto daemon = start();
  std::string id;
  ipc::Greeting again = TestClient::default_greeting();
  {
    TestClient client(daemon->socket());
    const auto welcome = client.greet();
    ASSERT_TRUE(welcome.has_value());
    again.resume = welcome->resume;
    id = begin(client, "x");
  }
  TestClient onlooker = daemon->client();
  while (
      json::find(onlooker.request("daemon/status").at("result"), "sessions")->as_array().size() !=
      1) {
    ASSERT_FALSE(HasFailure());
  }
  TestClient client(daemon->socket());
  ASSERT_TRUE(client.greet(again).has_value());
  EXPECT_EQ(status(ask(client, "tasks/get", id)), "working");
  release(client, "x");
  EXPECT_EQ(status(ask(client, "tasks/get", id)), "completed");
}

TEST_F(TaskClients, AreToldWhenTheDaemonLeavesAndWhatBecameOfTheirTasks) {
  auto daemon = start();
  std::string id;
  {
    TestClient client = daemon->client();
    id = begin(client, "x");
    client.send(R"({"jsonrpc":"2.0","id":1,"method":"tasks/result","params":{"taskId":")" + id +
                "\"}}");
    client.request("daemon/ping");
    daemon->daemon().stop("test");
    EXPECT_EQ(test::error_code(client.answer("1")), "draining");
    ASSERT_FALSE(client.notifications().empty());
    EXPECT_THAT(client.notifications().front(), AllOf(HasSubstr(id), HasSubstr("failed")));
  }
  EXPECT_EQ(daemon->join(), 0);
  daemon = start();
  TestClient client = daemon->client();
  EXPECT_THAT(json::dump(ask(client, "tasks/get", id)),
              AllOf(HasSubstr("-32602"), HasSubstr("ended with the daemon process")));
}

}  // namespace
}  // namespace hearth::daemon
