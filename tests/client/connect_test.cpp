// Finding a daemon, starting one, replacing one, doing without.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <latch>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/version.hpp"
#include "client/client.hpp"
#include "client/spawn.hpp"
#include "daemon_home.hpp"
#include "ipc/socket.hpp"
#include "support/listener.hpp"

namespace hearth::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A daemon's end of a connection.
class Frames {
 public:
  explicit Frames(int fd) : fd_(fd) {}
  std::string next() {
    std::string bytes;
    for (;;) {
      if (const auto frame = reader_.next(); frame && *frame) return std::string(**frame);
      bytes.clear();
      const auto got =
          ipc::receive_some(fd_, bytes, std::chrono::steady_clock::now() + seconds(30));
      if (!got || *got == 0) return "{}";
      reader_.feed(bytes);
    }
  }
  void send(std::string_view message) {
    std::string frame;
    ipc::append_frame(frame, message);
    (void)ipc::send_all(fd_, frame, std::chrono::steady_clock::now() + seconds(30));
  }

 private:
  int fd_;
  ipc::FrameReader reader_{ipc::Framing::length_prefixed};
};

class Connect : public ::testing::Test {
 protected:
  // A program in the daemon's place.
  std::string script(const std::string& text) const {
    const std::string path = home_.path() + "/script";
    test::write_file(path, "#!/bin/sh\n" + text + "\n");
    EXPECT_EQ(::chmod(path.c_str(), 0700), 0);
    return path;
  }
  static std::string say(Connection& connection, const std::string& text) {
    const auto answer = connection.call_tool("echo_say", {{"text", text}}, seconds(30));
    return answer ? std::string(json::string_or(*answer, "text", "")) : answer.error().message;
  }

  test::DaemonHome home_;
};

TEST_F(Connect, StartsADaemonAndFindsItAgain) {
  auto first = connect(home_.options());
  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_EQ(first->welcome().pid, home_.daemon_pid());
  EXPECT_EQ(first->welcome().version, version());
  EXPECT_FALSE(first->fallback().has_value());
  EXPECT_EQ(say(*first, "hi"), "hi");
  const auto second = connect(home_.options(Mode::shared_only));
  ASSERT_TRUE(second.has_value()) << second.error().message;
  EXPECT_EQ(second->welcome().pid, first->welcome().pid);
}

TEST_F(Connect, StartsOneDaemonForManyAtOnce) {
  constexpr int clients = 12;
  std::latch start(clients);
  std::vector<std::int64_t> pids(clients);
  std::vector<std::thread> threads;
  for (int i = 0; i < clients; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      const auto connection = connect(home_.options());
      pids[static_cast<std::size_t>(i)] = connection ? connection->welcome().pid : -1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set(pids.begin(), pids.end()).size(), 1U);
  EXPECT_EQ(pids.front(), home_.daemon_pid());
}

TEST_F(Connect, StartsNoneWhereItMayNot) {
  const auto connection = connect(home_.options(Mode::shared_only));
  ASSERT_FALSE(connection.has_value());
  EXPECT_EQ(connection.error().code, Errc::unavailable);
  EXPECT_EQ(connection.error().message, "no daemon is running");
  EXPECT_EQ(home_.daemon_pid(), 0);
}

TEST_F(Connect, ServesOneClientInPrivateMode) {
  std::int64_t pid = 0;
  {
    auto connection = connect(home_.options(Mode::private_only));
    ASSERT_TRUE(connection.has_value()) << connection.error().message;
    pid = connection->welcome().pid;
    EXPECT_EQ(say(*connection, "alone"), "alone");
    EXPECT_FALSE(std::filesystem::exists(home_.paths().socket()));
  }
  EXPECT_TRUE(
      test::eventually([&] { return !test::is_alive(static_cast<pid_t>(pid)); }, seconds(20)));
}

TEST_F(Connect, FallsBackToPrivateModeWithTheReason) {
  const auto shared = connect(home_.options());
  ASSERT_TRUE(shared.has_value()) << shared.error().message;
  Options options = home_.options(Mode::with_fallback);
  options.greeting.data = home_.path() + "/elsewhere";
  options.daemon_arguments = {"--data", options.greeting.data};
  auto connection = connect(options);
  ASSERT_TRUE(connection.has_value()) << connection.error().message;
  ASSERT_TRUE(connection->fallback().has_value());
  EXPECT_EQ(connection->fallback()->reason, "config_mismatch");
  EXPECT_NE(connection->welcome().pid, shared->welcome().pid);
  EXPECT_EQ(say(*connection, "private"), "private");
  EXPECT_THAT(test::read_file(home_.paths().fallbacks()), StartsWith("config_mismatch "));

  options.mode = Mode::shared;
  const auto refused = connect(options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::mismatch);
}

TEST_F(Connect, ReportsABusyDaemonInsteadOfStartingMore) {
  home_.configure("[daemon]\nmax_sessions = 1\n");
  const auto first = connect(home_.options());
  ASSERT_TRUE(first.has_value()) << first.error().message;
  const auto second = connect(home_.options(Mode::with_fallback));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Errc::busy);
  EXPECT_FALSE(std::filesystem::exists(home_.paths().fallbacks()));
}

TEST_F(Connect, PassesOnWhyADaemonDidNotStart) {
  Options options = home_.options(Mode::with_fallback);
  options.daemon_binary =
      script("echo 'io_error the disk is full' >&3; echo 'free some' >&3; exit 6");
  const auto connection = connect(options);
  ASSERT_FALSE(connection.has_value());
  EXPECT_EQ(connection.error().code, Errc::io);
  EXPECT_EQ(connection.error().message, "hearthd: the disk is full");
  EXPECT_THAT(connection.error().suggestions, ::testing::ElementsAre("free some"));
}

TEST_F(Connect, SaysThatADaemonEndedWithoutAWord) {
  Options options = home_.options();
  options.daemon_binary = script("exit 3");
  const auto connection = connect(options);
  ASSERT_FALSE(connection.has_value());
  EXPECT_EQ(connection.error().code, Errc::unavailable);
  EXPECT_THAT(connection.error().message, HasSubstr("ended before it could serve"));
}

// What connect() says to a user who is not root; root may connect to any socket.
std::string error_for_another_user(const Options& options) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return "no pipe";
  const UniqueFd said(ends[0]);
  UniqueFd words(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) ::_exit(2);
    const auto connection = connect(options);
    std::string text = "connected";
    if (!connection) text = std::string(errc_name(connection.error().code));
    if (!connection) text += ": " + connection.error().message;
    if (!connection && !connection.error().suggestions.empty()) text += " (with advice)";
    ::_exit(::write(words.get(), text.data(), text.size()) > 0 ? 0 : 1);
  }
  words.reset();
  char chunk[1024];
  const ssize_t got = ::read(said.get(), chunk, sizeof chunk);
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  return {chunk, static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
}

TEST_F(Connect, SaysThatTheSocketIsNotForThisUser) {
  for (const std::string& folder : {home_.path(), home_.paths().runtime}) {
    std::filesystem::create_directory(folder);
    ASSERT_EQ(::chmod(folder.c_str(), 0755), 0);
  }
  const UniqueFd listener = test::listener_at(home_.paths().socket());
  ASSERT_EQ(::chmod(home_.paths().socket().c_str(), 0), 0);
  for (const Mode mode : {Mode::shared, Mode::with_fallback}) {
    EXPECT_EQ(
        error_for_another_user(home_.options(mode)),
        "permission_denied: you may not connect to " + home_.paths().socket() + " (with advice)");
  }
  EXPECT_EQ(home_.daemon_pid(), 0) << "none was started beside it";
}

TEST_F(Connect, SaysThatThereIsNoDaemonToStart) {
  Options options = home_.options();
  options.daemon_binary = home_.path() + "/none";
  const auto connection = connect(options);
  ASSERT_FALSE(connection.has_value());
  EXPECT_THAT(connection.error().message,
              HasSubstr("there is no hearthd at " + options.daemon_binary));
  options.daemon_binary = script("");
  test::write_file(options.daemon_binary, "#!/no/such/interpreter\n");
  EXPECT_THAT(connect(options).error().message, HasSubstr("cannot execute"));
}

TEST_F(Connect, StartsADaemonWithFewDescriptors) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{.rlim_cur = 32, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  for (const Mode mode : {Mode::shared, Mode::private_only}) {
    auto connection = connect(home_.options(mode));
    EXPECT_TRUE(connection.has_value()) << connection.error().message;
    if (connection) EXPECT_EQ(say(*connection, "hi"), "hi");
  }
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST_F(Connect, GivesUpOnADaemonThatNeverBecomesReady) {
  Options options = home_.options();
  options.timeout = milliseconds(150);
  options.daemon_binary = script("exec sleep 1");
  const auto connection = connect(options);
  ASSERT_FALSE(connection.has_value());
  EXPECT_EQ(connection.error().code, Errc::timed_out);
}

TEST_F(Connect, ReplacesAnOlderDaemon) {
  Options options = home_.options();
  options.daemon_binary = test::DaemonHome::binary("test_daemon_older");
  ASSERT_TRUE(spawn_shared(options, std::chrono::steady_clock::now() + seconds(30)).has_value());
  const pid_t older = home_.daemon_pid();
  ASSERT_GT(older, 0);
  test::TestClient bystander(home_.paths().socket());
  ASSERT_EQ(bystander.greet()->version, "0.0.9");

  auto connection = connect(home_.options());
  ASSERT_TRUE(connection.has_value()) << connection.error().message;
  EXPECT_EQ(connection->welcome().version, version());
  EXPECT_TRUE(test::eventually([&] { return !test::is_alive(older); }, seconds(20)));
  EXPECT_TRUE(bystander.is_ended());
  EXPECT_EQ(say(*connection, "new"), "new");
}

TEST_F(Connect, StartsTheNewestDaemonThatHasOpenedTheStores) {
  const std::string newer = script("");
  std::filesystem::create_directories(home_.paths().data);
  test::write_file(home_.paths().newest(), R"({"version":"9.0.0","binary":")" + newer + "\"}");
  EXPECT_EQ(find_daemon_binary(home_.options()).value(), newer);
  test::write_file(home_.paths().newest(), R"({"version":"0.0.1","binary":")" + newer + "\"}");
  EXPECT_EQ(find_daemon_binary(home_.options()).value(), test::DaemonHome::binary("test_daemon"));
  test::write_file(home_.paths().newest(), R"({"version":"9.0.0","binary":"/gone"})");
  EXPECT_EQ(find_daemon_binary(home_.options()).value(), test::DaemonHome::binary("test_daemon"));
  test::write_file(home_.paths().newest(), "garbage");
  EXPECT_EQ(find_daemon_binary(home_.options()).value(), test::DaemonHome::binary("test_daemon"));
}

TEST_F(Connect, WaitsBoundedForAPausedDaemonAndStartsNoSecond) {
  const auto first = connect(home_.options());
  ASSERT_TRUE(first.has_value()) << first.error().message;
  const auto pid = static_cast<pid_t>(first->welcome().pid);
  ASSERT_EQ(::kill(pid, SIGSTOP), 0);
  Options options = home_.options(Mode::with_fallback);
  options.timeout = milliseconds(150);
  const auto late = connect(options);
  options.timeout = seconds(30);
  options.is_abandoned = [] { return true; };
  const auto abandoned = connect(options);
  ASSERT_EQ(::kill(pid, SIGCONT), 0);
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, Errc::timed_out);
  EXPECT_THAT(late.error().message, HasSubstr("(pid " + std::to_string(pid) + ") does not answer"));
  ASSERT_FALSE(abandoned.has_value());
  EXPECT_EQ(abandoned.error().code, Errc::cancelled);
  EXPECT_EQ(home_.daemon_pid(), pid);
}

TEST_F(Connect, SendsACallAgainWhenTheDaemonDies) {
  auto connection = connect(home_.options());
  ASSERT_TRUE(connection.has_value()) << connection.error().message;
  const auto before = connection->welcome();
  home_.kill_daemon();
  EXPECT_EQ(say(*connection, "after"), "after");
  EXPECT_NE(connection->welcome().pid, before.pid);
  EXPECT_EQ(connection->welcome().session, before.session) << "resumed";
}

TEST_F(Connect, SaysThatAnOutcomeIsUnknown) {
  auto connection = connect(home_.options());
  ASSERT_TRUE(connection.has_value()) << connection.error().message;
  const auto answer = connection->call_tool("echo_crash", json::Object(), seconds(30));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, Errc::outcome_unknown);
  EXPECT_EQ(say(*connection, "alive"), "alive");
}

TEST_F(Connect, DoesNotTakeARefusalForAnAttempt) {
  std::filesystem::create_directory(home_.paths().runtime);
  const UniqueFd listener = test::listener_at(home_.paths().socket());
  std::vector<std::int64_t> attempts;
  // Gives a call back, then loses one, then answers.
  std::thread daemon([&] {
    for (int i = 0; i < 3; ++i) {
      const UniqueFd client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client.valid()) return;
      Frames frames(client.get());
      frames.next();
      frames.send(ipc::encode_welcome({.version = std::string(version()), .config_id = "c"}));
      const json::Value call = json::parse(frames.next()).value();
      attempts.push_back(json::int_or(call.at("hearth"), "attempt", 0));
      const std::string head = R"({"jsonrpc":"2.0","id":)" + json::dump(call.at("id"));
      if (i == 0)
        frames.send(head + R"(,"error":{"code":-32000,"message":"","data":{"code":"draining"}}})");
      if (i == 2) frames.send(head + R"(,"result":{"structuredContent":{"n":1}}})");
    }
  });
  auto connection = connect(home_.options(Mode::shared_only));
  ASSERT_TRUE(connection.has_value()) << connection.error().message;
  const auto answer = connection->call_tool("echo_count", json::Object(), seconds(30));
  ::shutdown(listener.get(), SHUT_RDWR);
  daemon.join();
  EXPECT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_THAT(attempts, ::testing::ElementsAre(1, 1, 2));
}

TEST_F(Connect, GivesToolErrorsTheirCode) {
  auto connection = connect(home_.options());
  ASSERT_TRUE(connection.has_value()) << connection.error().message;
  const auto missing = connection->call_tool("echo_release", {{"text", "x"}}, seconds(30));
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, Errc::not_found);
  const auto unknown = connection->call_tool("echo_nothing", json::Object(), seconds(30));
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, Errc::invalid_args);
  const auto late = connection->call_tool("echo_hold", {{"text", "x"}}, milliseconds(20));
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, Errc::timed_out);
  EXPECT_EQ(say(*connection, "next"), "next") << "an answer to another call is not ours";
  EXPECT_GT(connection->list_tools(seconds(30)).value().size(), 5U);
}

TEST_F(Connect, HandsOnProgress) {
  auto connection = connect(home_.options());
  ASSERT_TRUE(connection.has_value()) << connection.error().message;
  std::vector<std::string> methods;
  const auto answer = connection->call_tool(
      "echo_slow", {{"n", 20}}, seconds(30), [&](const json::Value& notification) {
        methods.emplace_back(json::string_or(notification, "method", ""));
      });
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_FALSE(methods.empty());
  EXPECT_THAT(methods, ::testing::Each("notifications/progress"));
}

}  // namespace
}  // namespace hearth::client
