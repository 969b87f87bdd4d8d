// Many clients on one daemon: each gets its own, and none harms the others.
#include "daemon/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/daemon_thread.hpp"

namespace hearth::daemon {
namespace {

using test::DaemonThread;
using test::TestClient;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DaemonSession : public ::testing::Test {
 protected:
  DaemonThread& daemon() {
    if (!daemon_) daemon_ = std::make_unique<DaemonThread>(std::move(options_));
    return *daemon_;
  }
  std::string refusal(const ipc::Greeting& greeting) {
    TestClient client(daemon().socket());
    const auto welcome = client.greet(greeting);
    EXPECT_TRUE(client.is_ended());
    return welcome ? "none" : welcome.error().reason + ": " + welcome.error().error.message;
  }
  json::Value status() { return daemon().client().request("daemon/status").at("result"); }
  // Waits until the daemon has `wanted` sessions besides the one that asks.
  void wait_for_sessions(std::size_t wanted) {
    TestClient client = daemon().client();
    while (!HasFailure()) {
      const json::Value now = client.request("daemon/status").at("result");
      if (now.at("sessions").as_array().size() == wanted + 1) return;
    }
  }

  test::ScratchDirectory scratch_{"session"};
  Options options_ = test::quiet_options(test::paths_below(scratch_.path()));
  std::unique_ptr<DaemonThread> daemon_;
};

TEST_F(DaemonSession, KeepsEqualIdsAndTokensOfTenClientsApart) {
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(std::make_unique<TestClient>(daemon().client()));
    const std::string text = R"({"text":"own )" + std::to_string(i) + "\"}";
    clients.back()->call("1", "echo_hold", text);
    clients.back()->call("2", "echo_slow", R"({"n":5})", "\"token\"");
  }
  TestClient other = daemon().client();
  for (int i = 9; i >= 0; --i) {
    clients[static_cast<std::size_t>(i)]->request("daemon/ping");  // its hold has arrived
    other.ask("echo_release", R"({"text":"own )" + std::to_string(i) + "\"}");
  }
  for (int i = 0; i < 10; ++i) {
    TestClient& client = *clients[static_cast<std::size_t>(i)];
    std::vector<std::string> texts;
    std::size_t progress = 0;
    for (const char* id : {"1", "2"}) {
      // The order is not given: look among what came before, too.
      const auto& before = client.notifications();
      const auto found = std::ranges::find_if(before, [&](const std::string& message) {
        return message.starts_with(R"({"jsonrpc":"2.0","id":)" + std::string(id) + ",");
      });
      const json::Value answer =
          found != before.end() ? json::parse(*found).value() : client.answer(id);
      texts.push_back(json::dump(test::structured(answer)));
    }
    for (const std::string& message : client.notifications()) {
      progress += message.contains("notifications/progress") ? 1U : 0U;
    }
    EXPECT_EQ(texts[0], R"({"text":"own )" + std::to_string(i) + "\"}");
    EXPECT_EQ(texts[1], R"({"n":5})");
    EXPECT_GE(progress, 1U);
    EXPECT_LE(progress, 5U);
  }
  EXPECT_THAT(other.notifications(), ::testing::Each(HasSubstr("notifications/message")));
}

TEST_F(DaemonSession, SpeaksLinesWithAPlainMcpClient) {
  TestClient client(daemon().socket(), ipc::Framing::newline_delimited);
  const json::Value result =
      client.request("initialize", R"({"protocolVersion":"2025-06-18","clientInfo":{"name":"c"}})")
          .at("result");
  EXPECT_EQ(json::string_or(result, "protocolVersion", ""), "2025-06-18");
  client.send_bytes("\r\n  \n");
  EXPECT_EQ(test::echoed_text(client.ask("echo_say", R"({"text":"hi"})")), "hi");
  const json::Value who = test::structured(client.ask("echo_who", "{}"));
  EXPECT_EQ(json::string_or(who, "kind", ""), "raw");
  EXPECT_EQ(json::string_or(who, "name_space", ""), "default");
  EXPECT_EQ(json::string_or(who, "cwd", ""), std::filesystem::current_path().string());
  client.send("[{\"id\":1,\"method\":\"ping\"}]");
  EXPECT_THAT(client.next().value_or(""), HasSubstr("batches are not supported"));
  client.send("{\"id\":5,\"method\":}");
  EXPECT_THAT(client.next().value_or(""), HasSubstr(R"("id":5,"error":{"code":-32700)"));
  EXPECT_EQ(test::echoed_text(client.ask("echo_say", R"({"text":"still"})")), "still");
}

TEST_F(DaemonSession, KnowsItsCaller) {
  ipc::Greeting greeting = TestClient::default_greeting();
  greeting.kind = "bridge";
  greeting.name_space = "work";
  greeting.cwd = scratch_.path();
  greeting.read_only = true;
  TestClient client(daemon().socket());
  const auto welcome = client.greet(greeting);
  ASSERT_TRUE(welcome.has_value());
  EXPECT_EQ(welcome->state, "running");
  EXPECT_EQ(welcome->pid, ::getpid());
  EXPECT_FALSE(welcome->config_id.empty());
  const json::Value who = test::structured(client.ask("echo_who", "{}"));
  EXPECT_EQ(json::string_or(who, "session", ""), welcome->session);
  EXPECT_EQ(json::string_or(who, "name_space", ""), "work");
  EXPECT_EQ(json::string_or(who, "cwd", ""), scratch_.path());
  EXPECT_TRUE(json::bool_or(who, "read_only", false));
}

TEST_F(DaemonSession, KeepsItsIdentityOverAReconnect) {
  ipc::Greeting greeting = TestClient::default_greeting();
  std::string session;
  {
    TestClient client(daemon().socket());
    const auto welcome = client.greet(greeting);
    ASSERT_TRUE(welcome.has_value());
    session = welcome->session;
    greeting.resume = welcome->resume;
    TestClient twin(daemon().socket());
    EXPECT_NE(twin.greet(greeting)->session, session) << "the token is in use";
  }
  wait_for_sessions(0);
  TestClient again(daemon().socket());
  const auto welcome = again.greet(greeting);
  EXPECT_EQ(welcome->session, session);
  EXPECT_EQ(welcome->resume, greeting.resume);
}

TEST_F(DaemonSession, RefusesWhatDoesNotFit) {
  options_.settings.namespaces = {"default", "work"};
  ipc::Greeting greeting = TestClient::default_greeting();
  greeting.name_space = "play";
  EXPECT_THAT(refusal(greeting), HasSubstr("namespace_mismatch: this daemon does not serve"));
  greeting = TestClient::default_greeting();
  greeting.packs = {"echo", "sql"};
  EXPECT_THAT(refusal(greeting), HasSubstr("config_mismatch: the daemon serves no pack \"sql\""));
  greeting = TestClient::default_greeting();
  greeting.data = "/elsewhere";
  EXPECT_THAT(refusal(greeting), HasSubstr("config_mismatch: the daemon serves the stores in"));
  greeting = TestClient::default_greeting();
  greeting.protocol = 0;
  EXPECT_THAT(refusal(greeting), HasSubstr("protocol_mismatch"));
  greeting = TestClient::default_greeting();
  greeting.packs = {"echo"};
  greeting.data = options_.paths.data;
  greeting.data = daemon().paths().data;
  greeting.protocol = 99;  // a newer one is negotiated down
  TestClient client(daemon().socket());
  const auto welcome = client.greet(greeting);
  ASSERT_TRUE(welcome.has_value());
  EXPECT_EQ(welcome->protocol, ipc::protocol_version);
  EXPECT_EQ(json::dump(status().at("refusals")),
            R"({"config_mismatch":2,"namespace_mismatch":1,"protocol_mismatch":1})");
}

TEST_F(DaemonSession, RefusesWhoDoesNotGreet) {
  TestClient client(daemon().socket());
  client.send(R"({"id":1,"method":"tools/list"})");
  const auto refused = ipc::decode_welcome(client.next().value_or(""));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().reason, "protocol_mismatch");
  EXPECT_TRUE(client.is_ended());
}

TEST_F(DaemonSession, TakesNoMoreSessionsThanItMay) {
  options_.settings.limits.max_sessions = 2;
  TestClient first = daemon().client();
  {
    TestClient second = daemon().client();
    EXPECT_THAT(refusal(TestClient::default_greeting()), HasSubstr("busy: 2 sessions are open"));
  }
  while (first.request("daemon/status").at("result").at("sessions").as_array().size() > 1) {
  }
  EXPECT_EQ(test::echoed_text(daemon().client().ask("echo_say", R"({"text":"in"})")), "in");
}

TEST_F(DaemonSession, RefusesAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  const std::string socket = daemon().socket();
  for (const std::string& path : {scratch_.path(), daemon().paths().runtime, socket}) {
    ASSERT_EQ(::chmod(path.c_str(), 0777), 0);  // as if the modes did not protect it
  }
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setuid(65534) != 0) ::_exit(2);
    TestClient client(socket);
    const auto refused = ipc::decode_welcome(client.next().value_or(""));
    const bool is_right = !refused && refused.error().reason == "wrong_user" &&
                          refused.error().error.message.contains("you are uid 65534");
    ::_exit(is_right ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(test::echoed_text(daemon().client().ask("echo_say", R"({"text":"mine"})")), "mine");
}

TEST_F(DaemonSession, DisconnectsWhoNeverReads) {
  options_.settings.limits.session_queue = 256 << 10;
  TestClient other = daemon().client();
  TestClient deaf = daemon().client();
  for (int i = 0; i < 40; ++i) deaf.call(std::to_string(i), "echo_big", R"({"n":100000})");
  wait_for_sessions(1);
  EXPECT_EQ(test::echoed_text(other.ask("echo_say", R"({"text":"fine"})")), "fine");
  EXPECT_TRUE(deaf.is_ended());
  EXPECT_LT(deaf.notifications().size(), 40U);
}

TEST_F(DaemonSession, WaitsForTheRestOfAFrameWithoutHoldingOthersUp) {
  TestClient slow(daemon().socket());
  std::string hello;
  ipc::append_frame(hello, ipc::encode_greeting(TestClient::default_greeting()));
  slow.send_bytes(hello.substr(0, hello.size() / 2));
  TestClient half = daemon().client();
  half.send_bytes(std::string("\0\0\0\x50{\"id\"", 9));
  EXPECT_EQ(test::echoed_text(daemon().client().ask("echo_say", R"({"text":"fine"})")), "fine");
  for (const char c : hello.substr(hello.size() / 2)) slow.send_bytes({&c, 1});
  EXPECT_TRUE(ipc::decode_welcome(slow.next().value_or("")).has_value());
  half.close();
  wait_for_sessions(1);
}

TEST_F(DaemonSession, EndsWithWhoStallsInTheMiddle) {
  options_.settings.limits.stall = std::chrono::milliseconds(400);
  TestClient idle = daemon().client();
  TestClient mute(daemon().socket());
  TestClient half = daemon().client();
  half.send_bytes(std::string("\0\0\0\x50{\"id\"", 9));
  TestClient deaf = daemon().client();
  deaf.call("1", "echo_big", R"({"n":4000000})");  // more than the kernel keeps for it
  EXPECT_TRUE(mute.is_ended());
  EXPECT_TRUE(half.is_ended());
  wait_for_sessions(1);  // deaf has left without having read
  EXPECT_EQ(test::echoed_text(idle.ask("echo_say", R"({"text":"fine"})")), "fine")
      << "idle is not stalled";
  EXPECT_TRUE(deaf.is_ended());
}

TEST_F(DaemonSession, EndsWithALengthThatNobodyMeans) {
  for (const bool is_greeted : {false, true}) {
    TestClient client(daemon().socket());
    if (is_greeted) ASSERT_TRUE(client.greet().has_value());
    client.send_bytes("\xff\xff\xff\xff");
    EXPECT_THAT(client.next().value_or(""), HasSubstr("a frame of 4294967295 bytes exceeds"));
    EXPECT_TRUE(client.is_ended());
  }
  EXPECT_EQ(test::echoed_text(daemon().client().ask("echo_say", R"({"text":"fine"})")), "fine");
}

TEST_F(DaemonSession, GivesOthersTheirTurnWhileOneFloods) {
  TestClient blocker = daemon().client();
  TestClient flood = daemon().client();
  TestClient other = daemon().client();
  constexpr int flooded = 150;            // what fits into the kernel's buffer while nobody reads
  blocker.call("1", "echo_block", "{}");  // both requests below wait before the loop sees either
  std::string frames;
  for (int i = 0; i < flooded; ++i) {
    ipc::append_frame(frames, TestClient::call_text(std::to_string(i), "echo_count", "{}"));
  }
  flood.send_bytes(frames);  // at once: the kernel's buffers take few small pieces
  other.call("1", "echo_count", "{}");
  daemon().pack().open_gate();
  const auto before = json::int_or(test::structured(other.answer("1")), "n", 0);
  EXPECT_LE(before, 64) << "of " << flooded << " that came first; 16 is one turn";
  for (int i = 0; i < flooded; ++i) {
    ASSERT_EQ(test::tool_code(flood.answer(std::to_string(i))), "none");
  }
}

TEST_F(DaemonSession, CancelsTheCallsOfAClientThatGoes) {
  TestClient other = daemon().client();
  {
    TestClient client = daemon().client();
    client.call("1", "echo_hold", R"({"text":"orphan"})");
    client.call("2", "echo_slow", R"({"n":1000000})");
    client.request("daemon/ping");
  }
  while (json::int_or(other.request("daemon/status").at("result"), "requests_in_flight", 0) != 0) {
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_EQ(test::tool_code(other.ask("echo_release", R"({"text":"orphan"})")), "not_found");
}

TEST_F(DaemonSession, SurvivesAToolThatThrows) {
  TestClient other = daemon().client();
  TestClient client = daemon().client();
  EXPECT_EQ(test::tool_code(client.ask("echo_throw", "{}")), "internal_error");
  EXPECT_EQ(test::echoed_text(client.ask("echo_say", R"({"text":"on"})")), "on");
  EXPECT_EQ(test::tool_code(client.ask("echo_throw_on_loop", "{}")), "internal_error");
  EXPECT_EQ(test::echoed_text(client.ask("echo_say", R"({"text":"still on"})")), "still on");
  EXPECT_EQ(test::echoed_text(other.ask("echo_say", R"({"text":"undisturbed"})")), "undisturbed");
}

TEST_F(DaemonSession, AnswersWithAnErrorWhatIsLongerThanAFrame) {
  TestClient client = daemon().client();
  client.call("7", "echo_hold", R"({"text":"other"})");
  const json::Value answer =
      client.request("tools/call", R"({"name":"echo_big","arguments":{"n":10000000}})");
  ASSERT_NE(json::find(answer, "error"), nullptr);
  EXPECT_EQ(answer.at("error").at("data").at("code"), "unsupported");
  TestClient releasing = daemon().client();
  releasing.ask("echo_release", R"({"text":"other"})");
  EXPECT_EQ(test::echoed_text(client.answer("7")), "other");  // the session and its calls live on
}

TEST_F(DaemonSession, NamesControlMethodsItDoesNotKnow) {
  TestClient client = daemon().client();
  EXPECT_EQ(json::dump(client.request("daemon/ping").at("result")), "{}");
  EXPECT_EQ(json::dump(client.request("daemon/heartbeat").at("result")), "{}");
  const json::Value error = client.request("daemon/explode").at("error");
  EXPECT_EQ(json::int_or(error, "code", 0), -32601);
}

TEST_F(DaemonSession, TellsItsStatus) {
  TestClient client = daemon().client();
  client.ask("echo_say", "{}");
  client.ask("echo_big", R"({"n":"x"})");
  client.call("1", "echo_hold", R"({"text":"a"})");
  const json::Value now = client.request("daemon/status").at("result");
  EXPECT_EQ(json::string_or(now, "state", ""), "running");
  EXPECT_EQ(json::int_or(now, "requests_in_flight", 0), 1);
  EXPECT_EQ(json::int_or(now.at("tools").at("echo_say"), "calls", 0), 1);
  EXPECT_EQ(json::int_or(now.at("tools").at("echo_big"), "errors", 0), 1);
  EXPECT_EQ(json::int_or(now.at("tools").at("echo_hold"), "in_flight", 0), 1);
  EXPECT_EQ(json::string_or(now.at("sessions").at(0), "client", ""), "test");
  EXPECT_EQ(json::string_or(now.at("packs").at("echo"), "warmth", ""), "warm");
  EXPECT_GT(json::int_or(now, "resident_bytes", 0), 0);
}

// Pushes `bytes` from all clients as far as the daemon takes them; true when all has gone.
class Pushing {
 public:
  Pushing(std::vector<std::unique_ptr<TestClient>>& clients, std::string_view bytes)
      : clients_(clients), bytes_(bytes), sent_(clients.size()) {}

  // One round; false when no client could send.
  bool push() {
    std::size_t progress = 0;
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      const std::size_t now = clients_[i]->push(bytes_.substr(sent_[i]));
      sent_[i] += now;
      progress += now;
    }
    return progress != 0;
  }
  [[nodiscard]] std::size_t total() const {
    std::size_t sum = 0;
    for (const std::size_t each : sent_) sum += each;
    return sum;
  }
  [[nodiscard]] bool is_done() const { return total() == bytes_.size() * clients_.size(); }
  // Pushes until all has gone, or the daemon has taken nothing during 50 round trips of `other`.
  void push_until_quiet(TestClient& other) {
    for (int quiet = 0; quiet < 50 && !is_done(); ++quiet) {
      if (push()) quiet = 0;
      other.request("daemon/ping");
    }
  }

 private:
  std::vector<std::unique_ptr<TestClient>>& clients_;
  std::string_view bytes_;
  std::vector<std::size_t> sent_;
};

TEST_F(DaemonSession, BoundsTheBytesOfManyHalfReadMessagesAndReadsThemAll) {
  constexpr std::size_t mib = std::size_t{1} << 20;
  options_.settings.limits.bytes_in_flight = mib;
  TestClient other = daemon().client();
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 16; ++i) clients.push_back(std::make_unique<TestClient>(daemon().client()));
  std::string frame;
  ipc::append_frame(
      frame,
      R"({"id":1,"method":"tools/call","params":{"name":"echo_count","arguments":{"text":")" +
          std::string(4 * mib, 'x') + "\"}}}");
  Pushing halves(clients, std::string_view(frame).substr(0, 2 * mib));
  halves.push_until_quiet(other);
  EXPECT_FALSE(halves.is_done());
  // The cap, one message read under the turn, and for each client a small share and what the
  // kernel's socket buffers hold.
  EXPECT_LT(halves.total(), mib + 4 * mib + clients.size() * (mib / 2));

  clients.clear();  // given up in the middle; the next ones send all
  for (int i = 0; i < 6; ++i) clients.push_back(std::make_unique<TestClient>(daemon().client()));
  Pushing whole(clients, frame);
  while (!whole.is_done()) {
    whole.push();
    other.request("daemon/ping");
    ASSERT_FALSE(HasFailure());
  }
  for (auto& client : clients) EXPECT_EQ(test::tool_code(client->answer("1")), "none");
}

TEST_F(DaemonSession, HoldsLittleOfEachBeyondTheCap) {
  constexpr std::size_t kib = 1024;
  options_.settings.limits.bytes_in_flight = 64 * kib;
  TestClient other = daemon().client();
  TestClient large = daemon().client();
  large.call("1", "echo_hold", R"({"text":")" + std::string(100 * kib, 'x') + "\"}");
  while (json::int_or(other.request("daemon/status").at("result"), "requests_in_flight", 0) == 0) {
    ASSERT_FALSE(HasFailure());
  }
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<TestClient>(daemon().client()));
    const int least = 1;  // the kernel holds some 8 KiB then
    ::setsockopt(clients.back()->fd(), SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
  }
  std::string frame;
  ipc::append_frame(frame, TestClient::call_text("1", "echo_say", std::string(kib * kib, ' ')));
  Pushing halves(clients, frame);
  halves.push_until_quiet(other);
  EXPECT_LT(halves.total(), clients.size() * 40 * kib);
}

TEST_F(DaemonSession, HoldsRequestsWhileTooMuchIsUnread) {
  constexpr std::size_t kib = 1024;
  options_.settings.limits.bytes_in_flight = 1024 * kib;
  constexpr int calls = 30;
  TestClient other = daemon().client();
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<TestClient>(daemon().client()));
    std::string frames;
    for (int id = 0; id < calls; ++id)
      ipc::append_frame(frames,
                        TestClient::call_text(std::to_string(id), "echo_big", R"({"n":100000})"));
    clients.back()->send_bytes(frames);
  }
  std::size_t most = 0;
  for (int round = 0; round < 200; ++round) {
    std::size_t unread = 0;
    const json::Value now = other.request("daemon/status").at("result");
    for (const json::Value& session : now.at("sessions").as_array())
      unread += static_cast<std::size_t>(json::int_or(session, "queued_bytes", 0));
    most = std::max(most, unread);
  }
  EXPECT_GT(most, 256 * kib) << "nothing was left unread";
  // The cap, and for each client the answer that went beyond it (twice: as text and structured).
  EXPECT_LT(most, 1024 * kib + clients.size() * 256 * kib);
  for (auto& client : clients) {  // all of it comes to those who read on
    for (int id = 0; id < calls; ++id)
      EXPECT_EQ(test::echoed_text(client->answer(std::to_string(id))).size(), 100000U);
  }
}

TEST_F(DaemonSession, FreesTheBytesOfARequestWithItsAnswer) {
  constexpr std::size_t kib = 1024;
  options_.settings.limits.bytes_in_flight = 1024 * kib;
  TestClient other = daemon().client();
  std::vector<std::unique_ptr<TestClient>> idle;
  for (int i = 0; i < 2; ++i) {
    idle.push_back(std::make_unique<TestClient>(daemon().client()));
    const std::string text =
        std::string(1, static_cast<char>('a' + i)) + std::string(600 * kib, 'x');
    idle.back()->call("1", "echo_hold", "{\"text\":\"" + text + "\"}");
    while (json::int_or(other.request("daemon/status").at("result"), "requests_in_flight", 0) <=
           i) {
      ASSERT_FALSE(HasFailure());
    }
  }
  for (int i = 0; i < 2; ++i) {
    idle[static_cast<std::size_t>(i)]->send(
        R"({"method":"notifications/cancelled","params":{"requestId":1}})");
  }
  // They are idle now and hold nothing: two large messages at once find room.
  TestClient first = daemon().client();
  const std::string large = R"({"text":")" + std::string(900 * kib, 'y') + "\"}";
  EXPECT_EQ(test::echoed_text(first.ask("echo_say", large)).size(), 900 * kib);
  EXPECT_EQ(test::echoed_text(other.ask("echo_say", large)).size(), 900 * kib);
}

}  // namespace
}  // namespace hearth::daemon
