// Start, reload, idleness and end of a daemon, over its real socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>

#include "ipc/socket.hpp"
#include "support/daemon_thread.hpp"

namespace hearth::daemon {
namespace {

using std::chrono::milliseconds;
using test::DaemonThread;
using test::TestClient;
using ::testing::HasSubstr;

class LifeCycle : public ::testing::Test {
 protected:
  [[nodiscard]] Options options() const {
    return test::quiet_options(test::paths_below(scratch_.path()));
  }
  test::ScratchDirectory scratch_{"life"};
};

TEST_F(LifeCycle, FinishesWhatIsInFlightBeforeItLeaves) {
  DaemonThread daemon(options());
  TestClient client = daemon.client();
  TestClient idle = daemon.client();
  client.call("1", "echo_slow", R"({"n":150})", "7");
  EXPECT_THAT(client.next().value_or(""), HasSubstr("notifications/progress"));  // it runs
  daemon.daemon().stop("test");
  EXPECT_TRUE(idle.is_ended());
  ASSERT_EQ(idle.notifications().size(), 1U);
  EXPECT_EQ(idle.notifications().front(),
            R"({"jsonrpc":"2.0","method":"daemon/draining","params":{"reason":"test"}})");
  client.call("2", "echo_say", "{}");
  EXPECT_EQ(test::error_code(client.answer("2")), "draining");
  EXPECT_EQ(test::tool_code(client.answer("1")), "none");
  EXPECT_TRUE(client.is_ended());
  EXPECT_EQ(daemon.join(), 0);
}

TEST_F(LifeCycle, AnswersWhatItCutsShort) {
  Options given = options();
  given.settings.drain_timeout = milliseconds(20);
  DaemonThread daemon(std::move(given));
  TestClient client = daemon.client();
  client.call("1", "echo_hold", R"({"text":"a"})");
  client.call("2", "echo_slow", R"({"n":1000000})");
  client.request("daemon/ping");
  daemon.daemon().stop("test");
  EXPECT_EQ(test::error_code(client.answer("1")), "draining");
  EXPECT_EQ(test::error_code(client.answer("2")), "draining");
  EXPECT_TRUE(client.is_ended());
  EXPECT_EQ(daemon.join(), 0);
}

TEST_F(LifeCycle, EndsInOrderWithoutAnyTimeToDrain) {
  Options given = options();
  given.settings.drain_timeout = milliseconds(0);
  DaemonThread daemon(std::move(given));
  TestClient client = daemon.client();
  client.call("1", "echo_slow", R"({"n":1000000})");
  client.request("daemon/ping");
  daemon.daemon().stop("test");
  EXPECT_EQ(test::error_code(client.answer("1")), "draining");
  EXPECT_EQ(daemon.join(), 0);
}

TEST_F(LifeCycle, DeliversALargeAnswerBeforeItLeaves) {
  DaemonThread daemon(options());
  TestClient client = daemon.client();
  client.call("1", "echo_big", R"({"n":3000000})");  // more than a socket holds
  TestClient other = daemon.client();
  other.request("daemon/stop");
  EXPECT_TRUE(other.is_ended());
  const json::Value answer = client.answer("1");
  EXPECT_EQ(json::string_or(test::structured(answer), "text", "").size(), 3'000'000U);
  EXPECT_TRUE(client.is_ended());
  EXPECT_EQ(daemon.join(), 0);
}

TEST_F(LifeCycle, StopsWhenAClientAsks) {
  DaemonThread daemon(options());
  TestClient client = daemon.client();
  const json::Value refused = client.request("daemon/stop", R"({"reason":"boredom"})");
  EXPECT_EQ(test::error_code(refused), "invalid_args");
  const json::Value answer = client.request("daemon/stop", R"({"reason":"retire"})");
  EXPECT_EQ(json::dump(answer.at("result")), R"({"draining":true})");
  EXPECT_TRUE(client.is_ended());
  EXPECT_THAT(client.notifications().back(), HasSubstr(R"({"reason":"retire"})"));
  EXPECT_EQ(daemon.join(), 0);
}

TEST_F(LifeCycle, TakesASecondStopForTheFirst) {
  DaemonThread daemon(options());
  TestClient client = daemon.client();
  client.call("1", "echo_slow", R"({"n":30})");
  client.request("daemon/ping");
  daemon.daemon().stop("once");
  daemon.daemon().stop("twice");
  EXPECT_EQ(test::tool_code(client.answer("1")), "none");
  EXPECT_EQ(daemon.join(), 0);
}

TEST_F(LifeCycle, DrainsOnATerminationSignal) {
  DaemonThread daemon(options());
  TestClient client = daemon.client();
  ASSERT_EQ(::kill(::getpid(), SIGTERM), 0);
  EXPECT_TRUE(client.is_ended());
  EXPECT_THAT(client.notifications().back(), HasSubstr(R"({"reason":"SIGTERM"})"));
  EXPECT_EQ(daemon.join(), 0);
}

TEST_F(LifeCycle, LeavesWhenItIsIdle) {
  Options given = options();
  given.settings.idle_timeout = milliseconds(0);
  given.reload_settings = [settings = given.settings]() mutable {
    settings.idle_timeout = milliseconds(20);
    return Result<config::Settings>(settings);
  };
  DaemonThread daemon(std::move(given));
  {
    TestClient client = daemon.client();
    client.request("daemon/reload");
    EXPECT_EQ(test::tool_code(client.ask("echo_slow", R"({"n":60})")), "none");  // is not idle
    client.request("daemon/ping");                                               // nor is a client
  }
  EXPECT_EQ(daemon.join(), 0);
  EXPECT_FALSE(std::filesystem::exists(daemon.socket()));
}

TEST_F(LifeCycle, LeavesWhenNobodyEverComes) {
  Options given = options();
  given.settings.idle_timeout = milliseconds(5);
  DaemonThread daemon(std::move(given));
  EXPECT_EQ(daemon.join(), 0);
}

TEST_F(LifeCycle, EndsWithItsOneClientInPrivateMode) {
  auto ends = ipc::socket_pair();
  ASSERT_TRUE(ends.has_value());
  Options given = options();
  given.private_connection = std::move(ends->second);
  DaemonThread daemon(std::move(given));
  ASSERT_EQ(daemon.readiness(), "ready\n");
  TestClient client(std::move(ends->first));
  ASSERT_TRUE(client.greet().has_value());
  EXPECT_EQ(json::string_or(client.request("daemon/status").at("result"), "mode", ""), "private");
  EXPECT_FALSE(std::filesystem::exists(daemon.socket()));
  client.close();
  EXPECT_EQ(daemon.join(), 0);
}

TEST_F(LifeCycle, ReadsOnlyInPrivateModeWhereAnotherOwnsTheStores) {
  DaemonThread owner(options());
  auto ends = ipc::socket_pair();
  ASSERT_TRUE(ends.has_value());
  Options given = options();
  given.private_connection = std::move(ends->second);
  DaemonThread daemon(std::move(given));
  TestClient client(std::move(ends->first));
  const auto welcome = client.greet();
  ASSERT_TRUE(welcome.has_value());
  EXPECT_THAT(welcome->store_owner, HasSubstr("pid " + std::to_string(::getpid())));
}

TEST_F(LifeCycle, KeepsTheOldSettingsWhenTheNewOnesAreBad) {
  Options given = options();
  given.settings.limits.max_sessions = 1;
  given.reload_settings = [] {
    return Result<config::Settings>(fail(Errc::invalid_args, "config.toml:3: no such thing"));
  };
  DaemonThread daemon(std::move(given));
  TestClient client = daemon.client();
  const json::Value answer = client.request("daemon/reload");
  EXPECT_EQ(test::error_code(answer), "invalid_args");
  EXPECT_THAT(json::dump(answer), HasSubstr("config.toml:3: no such thing"));
  const json::Value status = client.request("daemon/status").at("result");
  EXPECT_EQ(json::string_or(status, "config_error", ""), "config.toml:3: no such thing");
  TestClient second(daemon.socket());
  EXPECT_FALSE(second.greet().has_value()) << "the old limit holds";
}

TEST_F(LifeCycle, AppliesWhatItCanAndNamesWhatNeedsARestart) {
  Options given = options();
  given.settings.limits.max_sessions = 1;
  given.reload_settings = [settings = given.settings]() mutable {
    settings.limits.max_sessions = 10;
    settings.packs = {"echo"};
    settings.pack_settings["echo"]["volume"] = "11";
    return Result<config::Settings>(settings);
  };
  DaemonThread daemon(std::move(given));
  TestClient client = daemon.client();
  const json::Value answer = client.request("daemon/reload");
  EXPECT_EQ(json::dump(answer.at("result")),
            R"({"reloaded":true,"needs_restart":["packs","echo.volume"]})");
  TestClient second(daemon.socket());
  EXPECT_TRUE(second.greet().has_value());
}

TEST_F(LifeCycle, ReloadsOnAHangUpSignal) {
  Options given = options();
  given.reload_settings = [] {
    return Result<config::Settings>(fail(Errc::invalid_args, "seen by SIGHUP"));
  };
  DaemonThread daemon(std::move(given));
  TestClient client = daemon.client();
  ASSERT_EQ(::kill(::getpid(), SIGHUP), 0);
  std::string error;
  while (error.empty()) {
    error = json::string_or(client.request("daemon/status").at("result"), "config_error", "");
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_EQ(error, "seen by SIGHUP");
}

TEST_F(LifeCycle, RefusesToReloadWithoutAFile) {
  DaemonThread daemon(options());
  EXPECT_EQ(test::error_code(daemon.client().request("daemon/reload")), "unsupported");
}

TEST_F(LifeCycle, ServesAgainAfterItsEnd) {
  for (int round = 0; round < 3; ++round) {
    DaemonThread daemon(options());
    ASSERT_EQ(daemon.readiness(), "ready\n");
    EXPECT_EQ(test::tool_code(daemon.client().ask("echo_say", "{}")), "none");
    EXPECT_EQ(daemon.stop(), 0);
  }
}

}  // namespace
}  // namespace hearth::daemon
