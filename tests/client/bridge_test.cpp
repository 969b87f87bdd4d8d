// The bridge over pipes, as an AI client has it, while its daemons come and go.
#include "client/bridge.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include "daemon_home.hpp"
#include "ipc/socket.hpp"
#include "json/envelope.hpp"

namespace hearth::client {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Bridge : public ::testing::Test {
 protected:
  Bridge() { std::signal(SIGPIPE, SIG_IGN); }  // a bridge may leave while we write to it
  void start(std::vector<std::string> more = {}, int gate = -1) {
    test::Plan plan;
    plan.words = {test::DaemonHome::binary("test_bridge"), test::DaemonHome::binary("test_daemon")};
    for (std::string& word : more) plan.words.push_back(std::move(word));
    plan.environment["HEARTH_HOME"] = home_.path();
    plan.has_input = true;
    plan.pipes_output = true;
    plan.gate = gate;
    process_.emplace(plan);
  }
  // The bridge finds `line` in its input, and the end.
  void start_with_input(std::string_view line) {
    const UniqueFd gate(::eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE));
    start({}, gate.get());
    if (!line.empty()) say(line);
    process_->close_input();
    const std::uint64_t one = 1;
    ASSERT_EQ(::write(gate.get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
  }
  void say(std::string_view line) {
    std::string bytes(line);
    bytes.push_back('\n');
    for (std::string_view rest = bytes; !rest.empty();) {
      const ssize_t sent = ::write(process_->input(), rest.data(), rest.size());
      if (sent <= 0) return;
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // The next line of the bridge; empty at its end.
  std::string next() {
    const auto deadline = std::chrono::steady_clock::now() + seconds(30);
    for (;;) {
      const auto line = reader_.next();
      if (!line) return line.error().message;
      if (*line) return std::string(**line);
      pollfd entry{process_->output(), POLLIN, 0};
      if (::poll(&entry, 1, ipc::poll_timeout(deadline)) == 0) return "no line in time";
      char chunk[4096];
      const ssize_t got = ::read(process_->output(), chunk, sizeof chunk);
      if (got <= 0) return {};
      reader_.feed(std::string_view(chunk, static_cast<std::size_t>(got)));
    }
  }
  // The answer of `id`, past notifications.
  std::string answer(std::string_view id) {
    for (;;) {
      std::string line = next();
      const auto envelope = json::scan_envelope(line);
      if (!envelope || envelope->id == id) return line;
    }
  }
  void shake_hands() {
    say(R"({"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-06-18","clientInfo":{"name":"editor"}}})");
    EXPECT_THAT(answer("\"i\""), HasSubstr("\"protocolVersion\":\"2025-06-18\""));
    say(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  }
  void call(std::string_view id, std::string_view tool, std::string_view arguments) {
    say(R"({"jsonrpc":"2.0","id":)" + std::string(id) +
        R"(,"method":"tools/call","params":{"name":")" + std::string(tool) + R"(","arguments":)" +
        std::string(arguments) + "}}");
  }
  // Another client of the daemon, once there is one.
  test::TestClient onlooker() {
    for (;;) {
      auto fd = ipc::connect_unix(home_.paths().socket(), std::chrono::steady_clock::now());
      if (!fd) continue;
      test::TestClient client(std::move(*fd));
      if (client.greet()) return client;
    }
  }
  // Waits until some daemon holds a call under `text`, and has it answered.
  void release(const std::string& text) {
    const std::string arguments = R"({"text":")" + text + "\"}";
    EXPECT_TRUE(test::eventually(
        [&] {
          auto client = onlooker();
          return test::tool_code(client.ask("echo_release", arguments)) == "none";
        },
        seconds(30)));
  }
  void cancel(std::string_view id) {
    say(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" +
        std::string(id) + "}}");
  }
  // Has the daemon leave; a call that it holds for the bridge, "keeps", keeps it from being gone.
  void begin_drain() {
    call("\"keeps\"", "echo_hold", R"({"text":"keeps"})");
    wait_for_call();
    auto client = onlooker();
    client.request("daemon/stop");
    EXPECT_TRUE(client.is_ended());
  }
  // Waits until the daemon works on a call of the bridge.
  void wait_for_call() {
    auto client = onlooker();
    while (json::int_or(client.request("daemon/status").at("result"), "requests_in_flight", 0) ==
           0) {
      ASSERT_FALSE(HasFailure());
    }
  }
  test::Outcome finish() {
    process_->close_input();
    return process_->wait(seconds(30));
  }

  test::DaemonHome home_;
  std::optional<test::Process> process_;
  ipc::FrameReader reader_{ipc::Framing::newline_delimited};
};

TEST_F(Bridge, ForwardsAndEndsWithItsInput) {
  start();
  shake_hands();
  say(R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})");
  EXPECT_THAT(answer("1"), HasSubstr("echo_say"));
  call("2", "echo_say", R"({"text":"hi"})");
  EXPECT_THAT(answer("2"), HasSubstr(R"("structuredContent":{"text":"hi"})"));
  const test::Outcome outcome = finish();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.describe();
  EXPECT_LT(outcome.took, seconds(20));
  EXPECT_EQ(next(), "");
}

TEST_F(Bridge, AnswersWhatWasAskedBeforeTheEndOfInput) {
  start();
  shake_hands();
  for (int i = 1; i <= 50; ++i) call(std::to_string(i), "echo_say", R"({"text":"x"})");
  process_->close_input();
  for (int i = 1; i <= 50; ++i) EXPECT_THAT(answer(std::to_string(i)), HasSubstr("\"result\""));
  EXPECT_EQ(process_->wait(seconds(30)).exit_code, 0);
}

TEST_F(Bridge, AnswersWhatWasAskedBeforeTheEndOfInputThoughItMustStartTheDaemon) {
  start_with_input(R"({"jsonrpc":"2.0","id":7,"method":"ping"})");
  EXPECT_THAT(answer("7"), HasSubstr("\"result\""));
  const test::Outcome outcome = process_->wait(seconds(30));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.describe();
  EXPECT_EQ(outcome.err, "");
}

TEST_F(Bridge, SaysNothingWhenItsInputIsAtAnEnd) {
  start_with_input("");
  const test::Outcome outcome = process_->wait(seconds(30));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.describe();
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(next(), "");
}

TEST_F(Bridge, GoesOnWhenTheDaemonIsKilled) {
  start();
  shake_hands();
  call("1", "echo_hold", R"({"text":"long"})");
  wait_for_call();
  home_.kill_daemon();
  release("long");
  EXPECT_THAT(answer("1"), HasSubstr(R"("structuredContent":{"text":"long"})"));
  auto client = onlooker();
  const std::string status = json::dump(client.request("daemon/status"));
  EXPECT_THAT(status, HasSubstr(R"("client":"editor")")) << "the handshake was replayed";
  EXPECT_EQ(finish().exit_code, 0);
}

TEST_F(Bridge, MarksWhatItSendsAgain) {
  start();
  shake_hands();
  call("1", "echo_who", "{}");
  const std::string first = answer("1");
  EXPECT_THAT(first, HasSubstr(R"("is_resend":false)"));
  call("2", "echo_crash", "{}");  // takes its daemon along
  EXPECT_THAT(answer("2"), HasSubstr("outcome_unknown"));
  call("3", "echo_say", R"({"text":"alive"})");
  EXPECT_THAT(answer("3"), HasSubstr("alive"));
}

TEST_F(Bridge, SendsAgainWhatADrainingDaemonDidNotFinish) {
  home_.configure("[daemon]\ndrain_timeout = \"20ms\"\n");
  start();
  shake_hands();
  call("1", "echo_hold", R"({"text":"moved"})");
  wait_for_call();
  const pid_t before = home_.daemon_pid();
  onlooker().request("daemon/stop");
  ASSERT_TRUE(test::eventually([&] { return !test::is_alive(before); }, seconds(20)));
  release("moved");
  EXPECT_THAT(answer("1"), HasSubstr(R"("structuredContent":{"text":"moved"})"));
}

TEST_F(Bridge, DoesNotTakeARefusalForAnAttempt) {
  start();
  shake_hands();
  begin_drain();
  call("1", "echo_count", "{}");  // may not be repeated, and has not been done
  cancel("\"keeps\"");
  EXPECT_THAT(answer("1"), HasSubstr(R"("structuredContent":{"n":1})"));
}

TEST_F(Bridge, SendsNothingAgainThatWasCancelled) {
  start();
  shake_hands();
  begin_drain();
  call("1", "echo_count", "{}");
  say(R"({"jsonrpc":"2.0","id":2,"method":"ping"})");
  EXPECT_THAT(answer("2"), HasSubstr("\"result\"")) << "the refusal of 1 has come before";
  cancel("1");
  const pid_t before = home_.daemon_pid();
  cancel("\"keeps\"");  // in flight until now
  ASSERT_TRUE(test::eventually([&] { return !test::is_alive(before); }, seconds(20)));
  call("3", "echo_count", "{}");
  EXPECT_THAT(answer("3"), HasSubstr(R"("structuredContent":{"n":1})"));
  auto client = onlooker();
  const json::Value status = client.request("daemon/status").at("result");
  EXPECT_EQ(json::int_or(status, "requests_in_flight", -1), 0);
}

TEST_F(Bridge, StartsAnotherDaemonForTheNextCallOnly) {
  start();
  shake_hands();
  home_.kill_daemon();
  EXPECT_EQ(home_.daemon_pid(), 0);
  call("1", "echo_say", R"({"text":"again"})");
  EXPECT_THAT(answer("1"), HasSubstr("again"));
  EXPECT_GT(home_.daemon_pid(), 0);
}

TEST_F(Bridge, PassesTasksThrough) {
  start();
  say(R"({"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-11-25",)"
      R"("capabilities":{"elicitation":{}}}})");
  EXPECT_THAT(answer("\"i\""), HasSubstr(R"("tasks":{)"));
  say(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"task_ask",)"
      R"("arguments":{"text":"x"},"task":{"ttl":60000}}})");
  const std::string begun = answer("1");
  const std::string id = begun.substr(begun.find(R"("taskId":)") + 10, 41);
  EXPECT_THAT(next(), AllOf(HasSubstr("notifications/tasks/status"), HasSubstr("input_required")));
  const std::string named = R"("params":{"taskId":")" + id + "\"}}";
  say(R"({"jsonrpc":"2.0","id":2,"method":"tasks/result",)" + named);
  const std::string question = next();
  EXPECT_THAT(question, AllOf(HasSubstr("elicitation/create"), HasSubstr(id)));
  say(R"({"jsonrpc":"2.0","id":)" + std::string(json::scan_envelope(question)->id) +
      R"(,"result":{"action":"decline"}})");
  EXPECT_THAT(answer("2"), HasSubstr("decline"));
  auto client = onlooker();
  client.request("daemon/stop");
  EXPECT_TRUE(client.is_ended());
  say(R"({"jsonrpc":"2.0","id":3,"method":"tasks/get",)" + named);
  EXPECT_THAT(answer("3"), AllOf(HasSubstr("-32602"), HasSubstr("ended with the daemon process")));
  EXPECT_EQ(finish().exit_code, 0);
}

TEST_F(Bridge, AnswersGarbageWithAParseErrorAndGoesOn) {
  start();
  say("this is no JSON");
  EXPECT_THAT(next(), StartsWith(R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700)"));
  say(R"({"id":7,"method":3})");
  EXPECT_THAT(next(), StartsWith(R"({"jsonrpc":"2.0","id":7,"error":{"code":-32700)"));
  call("8", "echo_say", R"({"text":"on"})");
  EXPECT_THAT(answer("8"), HasSubstr("\"on\""));
}

TEST_F(Bridge, AnswersACallWhoseAnswerCannotBeRead) {
  start();
  shake_hands();
  call("1", "echo_deep", R"({"n":100})");
  EXPECT_THAT(answer("1"), AllOf(HasSubstr("\"error\""), HasSubstr("64 levels deep")));
  call("2", "echo_say", R"({"text":"still here"})");
  EXPECT_THAT(answer("2"), HasSubstr("still here"));
}

TEST_F(Bridge, RefusesALongLineAndGoesOn) {
  start();
  shake_hands();
  const std::string chunk(1 << 20, 'x');
  for (int i = 0; i < 9; ++i) {
    for (std::string_view rest = chunk; !rest.empty();) {
      const ssize_t sent = ::write(process_->input(), rest.data(), rest.size());
      if (sent <= 0) break;  // it has left
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  EXPECT_THAT(next(), HasSubstr("exceeds the cap of 8388608 bytes"));
  say("the end of it");
  call("8", "echo_say", R"({"text":"on"})");
  EXPECT_THAT(answer("8"), HasSubstr("\"on\""));
}

TEST_F(Bridge, AnswersALastLineWithoutItsEnd) {
  start();
  const std::string ping = R"({"jsonrpc":"2.0","id":9,"method":"ping"})";
  ASSERT_EQ(::write(process_->input(), ping.data(), ping.size()),
            static_cast<ssize_t>(ping.size()));
  process_->close_input();
  EXPECT_THAT(answer("9"), HasSubstr("\"result\":{}"));
}

TEST_F(Bridge, KeepsTheDaemonsOwnMethodsFromItsClient) {
  start();
  say(R"({"jsonrpc":"2.0","id":9,"method":"daemon/stop"})");
  EXPECT_THAT(answer("9"), HasSubstr("-32601"));
  call("10", "echo_say", R"({"text":"on"})");
  EXPECT_THAT(answer("10"), HasSubstr("\"on\""));
}

TEST_F(Bridge, LeavesWhenNobodyReadsItsAnswers) {
  start();
  shake_hands();
  process_->close_output();
  call("1", "echo_say", R"({"text":"x"})");
  EXPECT_EQ(process_->wait(seconds(30)).exit_code, 0);
}

TEST_F(Bridge, LeavesAtTheEndOfInputThoughTheDaemonIsPaused) {
  start();
  shake_hands();
  const pid_t pid = home_.daemon_pid();
  ASSERT_EQ(finish().exit_code, 0);
  ASSERT_EQ(::kill(pid, SIGSTOP), 0);
  start();  // waits for the greeting of a daemon that does not answer
  process_->close_input();
  const test::Outcome outcome = process_->wait(seconds(10));
  ::kill(pid, SIGCONT);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.describe();
}

TEST_F(Bridge, SaysWhyThereIsNoDaemon) {
  home_.configure("[daemon]\nmax_sessions = 1\n");
  const auto only = connect(home_.options());
  ASSERT_TRUE(only.has_value()) << only.error().message;
  start();
  say(R"({"jsonrpc":"2.0","id":1,"method":"ping"})");
  EXPECT_THAT(answer("1"), HasSubstr("hearth: 1 sessions are open"));
  EXPECT_EQ(finish().exit_code, 0);
}

}  // namespace
}  // namespace hearth::client
