// Many clients and no daemon; a daemon that does not answer; two daemons for one store.
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <memory>
#include <vector>

#include "support/mcp_stdio_client.hpp"
#include "support/sizes.hpp"
#include "support/temp_home.hpp"

namespace hearth::test {
namespace {

using std::chrono::seconds;

const std::vector<std::string> status_call{"call", "hearth_status", "{}", "--json"};

std::int64_t pid_in_envelope(const std::string& text) {
  const auto envelope = json::parse(text);
  const json::Value* data = envelope ? json::find(*envelope, "data") : nullptr;
  return data == nullptr ? 0 : json::int_or(*data, "pid", 0);
}

// Half of the clients are bridges and half are commands; all pass the gate at the same instant.
void expect_one_daemon_for(std::size_t count) {
  TempHome home;
  const UniqueFd gate(::eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC));
  std::vector<std::unique_ptr<McpStdioClient>> bridges;
  std::vector<Process> commands;
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_bridge = i % 2 == 0;
    Plan plan = home.plan(is_bridge ? std::vector<std::string>{"mcp"} : status_call);
    plan.gate = gate.get();
    plan.has_input = plan.pipes_output = is_bridge;
    if (is_bridge) {
      bridges.push_back(std::make_unique<McpStdioClient>(plan));
    } else {
      commands.emplace_back(plan);
    }
  }
  const std::uint64_t all = count;
  ASSERT_EQ(::write(gate.get(), &all, sizeof all), static_cast<ssize_t>(sizeof all));

  std::set<std::int64_t> pids;
  for (auto& bridge : bridges) {
    ASSERT_TRUE(bridge->initialize(patience)) << bridge->process().errors();
    const auto status = bridge->call("hearth_status", {}, patience);
    ASSERT_TRUE(status) << status.error().message << bridge->process().errors();
    pids.insert(json::int_or(*status, "pid", 0));
  }
  for (Process& command : commands) {
    const Outcome outcome = command.wait(patience);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.describe();
    pids.insert(pid_in_envelope(outcome.out));
  }
  EXPECT_EQ(pids.size(), 1U) << home.log_text();
  EXPECT_EQ(home.daemons().size(), 1U);
  EXPECT_EQ(home.starts(), 1) << home.log_text();
  EXPECT_EQ(read_file(home.file("state/fallbacks.log")), "");
  for (auto& bridge : bridges) EXPECT_EQ(bridge->finish().exit_code, 0);
}

TEST(Start, ManyClientsAtTheSameInstantShareOneDaemon) {
  for (int round = 0; round < sizes().start_rounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    ASSERT_NO_FATAL_FAILURE(expect_one_daemon_for(sizes().start_clients));
    if (HasFailure()) return;
  }
}

TEST(Start, ADaemonHoldsNoneOfItsFirstClientsStreams) {
  TempHome home;
  Plan plan = home.plan(status_call);
  plan.has_input = plan.pipes_output = true;
  Process command(plan);
  std::string out;
  char chunk[4096];
  // The pipe ends with the command, although the daemon it started lives on.
  const auto began = std::chrono::steady_clock::now();
  for (ssize_t got = 0; (got = ::read(command.output(), chunk, sizeof chunk)) > 0;)
    out.append(chunk, static_cast<std::size_t>(got));
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(20));
  EXPECT_EQ(command.wait(patience).exit_code, 0) << out;
  EXPECT_EQ(home.daemons().size(), 1U);
}

TEST(Start, ClientsOfAStoppedDaemonReportItAndStartNone) {
  TempHome home;
  ASSERT_EQ(home.hearth(status_call).exit_code, 0);
  const auto daemons = home.daemons();
  ASSERT_EQ(daemons.size(), 1U);
  ::kill(daemons.front(), SIGSTOP);

  std::vector<Process> commands;
  auto words = status_call;
  words.emplace_back("--timeout=1s");
  for (int i = 0; i < 8; ++i) commands.emplace_back(home.plan(words));
  McpStdioClient bridge(home, {"--timeout=1s"});
  const auto answer = bridge.initialize(seconds(10));
  ASSERT_FALSE(answer);
  const std::string pid = std::to_string(daemons.front());
  EXPECT_NE(answer.error().message.find(pid), std::string::npos) << answer.error().message;
  for (Process& command : commands) {
    const Outcome outcome = command.wait(seconds(10));
    EXPECT_EQ(outcome.exit_code, 5) << outcome.describe();
    EXPECT_NE(outcome.err.find("timed_out"), std::string::npos) << outcome.describe();
    EXPECT_NE(outcome.err.find(pid), std::string::npos) << outcome.describe();
  }
  EXPECT_EQ(home.daemons(), daemons);

  ::kill(daemons.front(), SIGCONT);
  EXPECT_TRUE(bridge.initialize(patience)) << "the bridge's next request reaches it again";
  EXPECT_EQ(home.hearth(status_call).exit_code, 0);
  EXPECT_EQ(home.daemons(), daemons);
  EXPECT_EQ(home.starts(), 1);
}

class TwoRuntimeDirectories : public testing::Test {
 protected:
  TwoRuntimeDirectories() {
    use_runtime("one");
    home_.environment().erase("HEARTH_HOME");
    for (const std::string name : {"XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"})
      home_.environment()[name] = home_.file(name);
  }
  void use_runtime(const std::string& name) {
    home_.environment()["XDG_RUNTIME_DIR"] = home_.file(name);
  }
  TempHome home_;
};

TEST_F(TwoRuntimeDirectories, TheSecondDaemonRefusesNamingTheOwner) {
  ASSERT_EQ(home_.hearth(status_call).exit_code, 0);
  const auto owner = home_.daemons();
  ASSERT_EQ(owner.size(), 1U);
  use_runtime("two");
  const Outcome second = home_.hearth({"daemon", "start", "--json"});
  EXPECT_EQ(second.exit_code, 5) << second.describe();
  EXPECT_NE(second.err.find("pid " + std::to_string(owner.front())), std::string::npos)
      << second.describe();
  EXPECT_TRUE(eventually([&] { return home_.daemons() == owner; }, patience));
}

TEST_F(TwoRuntimeDirectories, ABridgeThereReadsOnlyAndNamesTheOwner) {
  McpStdioClient first(home_);
  ASSERT_TRUE(first.initialize(patience));
  const auto note = first.call("knowledge_remember", {{"text", "one owner writes"}}, patience);
  ASSERT_TRUE(note) << note.error().message;
  const auto owner = home_.daemons();
  ASSERT_EQ(owner.size(), 1U);

  use_runtime("two");
  McpStdioClient second(home_);
  ASSERT_TRUE(second.initialize(patience)) << second.process().errors();
  const auto hits = second.call("knowledge_search", {{"query", "owner"}}, patience);
  ASSERT_TRUE(hits) << hits.error().message;
  EXPECT_EQ(json::int_or(*hits, "total", 0), 1) << json::dump(*hits);
  const auto write = second.call("knowledge_remember", {{"text", "nobody else"}}, patience);
  ASSERT_FALSE(write);
  EXPECT_EQ(write.error().code, Errc::read_only) << write.error().message;
  EXPECT_NE(write.error().message.find("pid " + std::to_string(owner.front())), std::string::npos)
      << write.error().message;

  McpStdioClient strict(home_, {"--strict"});
  const auto refused = strict.initialize(patience);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("pid " + std::to_string(owner.front())), std::string::npos)
      << refused.error().message;

  EXPECT_EQ(second.finish().exit_code, 0);
  EXPECT_TRUE(eventually([&] { return home_.daemons() == owner; }, patience));
  use_runtime("one");
  const Outcome status = home_.hearth({"daemon", "status", "--json"});
  EXPECT_NE(status.out.find(R"("fallbacks":{"store_owned":1})"), std::string::npos)
      << status.describe();
}

}  // namespace
}  // namespace hearth::test
