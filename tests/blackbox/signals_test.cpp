// Signals, socket activation, and the ends of a daemon's life.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <thread>
#include <vector>

#include "ipc/socket.hpp"
#include "support/listener.hpp"
#include "support/mcp_stdio_client.hpp"
#include "support/sizes.hpp"
#include "support/temp_home.hpp"

namespace hearth::test {
namespace {

using std::chrono::seconds;

// A hearthd that is the test's own child.
class Daemon {
 public:
  explicit Daemon(const TempHome& home, std::vector<std::string> options = {})
      : home_(home), process_(home.daemon_plan(std::move(options))) {
    EXPECT_TRUE(eventually([&] { return SocketClient::connect(home).has_value(); }, patience))
        << home.log_text() << process_.errors();
  }
  [[nodiscard]] Process& process() { return process_; }
  [[nodiscard]] bool logs(std::string_view text) {
    return eventually([&] { return home_.log_text().find(text) != std::string::npos; }, patience);
  }

 private:
  const TempHome& home_;
  Process process_;
};

bool is_socket_there(const TempHome& home) {
  return std::filesystem::exists(home.socket());
}

// Files whose import takes a while.
std::string many_files(const TempHome& home, int count) {
  const std::string folder = home.file("notes");
  std::filesystem::create_directory(folder);
  for (int i = 0; i < count; ++i) {
    std::string text = "# Note " + std::to_string(i) + "\n\n";
    for (int line = 0; line < 300; ++line)
      text += "Line " + std::to_string(line * i) + " of many that tell about kettle" +
              std::to_string(i) + " and its lid.\n";
    write_file(folder + "/" + std::to_string(i) + ".md", text);
  }
  return folder;
}

TEST(Signals, TermFinishesWhatIsInFlightAndExitsCleanly) {
  TempHome home;
  Daemon daemon(home);
  auto client = SocketClient::connect(home);
  ASSERT_TRUE(client);
  std::vector<int> requests;
  for (int i = 0; i < 60; ++i)
    requests.push_back(
        client->send_call("knowledge_remember", {{"text", "t" + std::to_string(i)}}));
  ASSERT_TRUE(client->receive_call(requests.front(), patience));
  daemon.process().signal(SIGTERM);
  std::int64_t acknowledged = 1;
  for (std::size_t i = 1; i < requests.size(); ++i) {
    const auto answer = client->receive_call(requests[i], patience);
    if (answer) ++acknowledged;
    if (answer) continue;
    EXPECT_EQ(answer.error().code, Errc::draining) << i << ": " << answer.error().message;
  }
  const Outcome end = daemon.process().wait(patience);
  EXPECT_EQ(end.exit_code, 0) << end.describe();
  EXPECT_FALSE(is_socket_there(home));
  EXPECT_FALSE(std::filesystem::exists(home.file("run/hearthd.json")));

  const Outcome stats = home.hearth({"knowledge", "list", "--limit=1", "--json"});
  EXPECT_NE(stats.out.find("\"total\":" + std::to_string(acknowledged)), std::string::npos)
      << acknowledged << stats.describe();
}

TEST(Signals, ASecondTermExitsAtOnce) {
  TempHome home;
  Daemon daemon(home, {"--drain-timeout=60s"});
  auto client = SocketClient::connect(home);
  ASSERT_TRUE(client);
  client->send_call("knowledge_import", {{"path", many_files(home, 600)}});
  daemon.process().signal(SIGTERM);
  ASSERT_TRUE(daemon.logs("draining why=SIGTERM in_flight=1")) << home.log_text();
  const auto began = std::chrono::steady_clock::now();
  daemon.process().signal(SIGTERM);
  const Outcome end = daemon.process().wait(patience);
  EXPECT_EQ(end.exit_code, 1) << end.describe();
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(2));
  EXPECT_FALSE(is_socket_there(home));
  EXPECT_EQ(home.hearth({"knowledge", "stats"}).exit_code, 0) << "the store opens again";
}

TEST(Signals, ADrainEndsAtItsDeadlineAndAnswersWhatItCutsShort) {
  TempHome home;
  Daemon daemon(home, {"--drain-timeout=300ms"});
  auto client = SocketClient::connect(home);
  ASSERT_TRUE(client);
  const int import = client->send_call("knowledge_import", {{"path", many_files(home, 600)}});
  daemon.process().signal(SIGINT);
  const auto answer = client->receive_call(import, patience);
  const Outcome end = daemon.process().wait(seconds(10));
  EXPECT_EQ(end.exit_code, 0) << end.describe() << home.log_text();
  if (!answer) {
    EXPECT_EQ(answer.error().code, Errc::draining) << answer.error().message;
  }
  EXPECT_TRUE(daemon.logs("draining why=SIGINT"));
}

TEST(Signals, TermRightAfterExecIsNotLost) {
  TempHome home;
  for (int round = 0; round < sizes().early_terms; ++round) {
    Process daemon(home.daemon_plan({}));
    ::usleep(static_cast<useconds_t>(round % 10 * 1500));
    daemon.signal(SIGTERM);
    const Outcome end = daemon.wait(seconds(20));
    ASSERT_FALSE(end.is_timed_out) << "round " << round << home.log_text();
    // Before main() has begun the default action ends it; afterwards it leaves in order.
    EXPECT_TRUE(end.exit_code == 0 || end.signal == SIGTERM) << end.describe();
    EXPECT_FALSE(is_socket_there(home)) << "round " << round;
  }
}

TEST(Signals, TermDuringAClientsSpawnIsNotLost) {
  TempHome home;
  for (int round = 0; round < sizes().early_terms; ++round) {
    Process command(home.plan({"call", "hearth_status", "{}"}));
    std::vector<pid_t> daemons;
    ASSERT_TRUE(eventually([&] { return !(daemons = home.daemons()).empty(); }, patience));
    ::kill(daemons.front(), SIGTERM);
    EXPECT_TRUE(eventually([&] { return !is_alive(daemons.front()); }, seconds(15)))
        << "round " << round;
    const Outcome outcome = command.wait(patience);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.describe();
    EXPECT_EQ(home.hearth({"daemon", "stop"}).exit_code, 0);
  }
}

TEST(Signals, HupReadsTheConfigurationAndKeepsTheOldOneWhenItIsBad) {
  TempHome home;
  Daemon daemon(home);
  auto client = SocketClient::connect(home);
  ASSERT_TRUE(client);
  const auto config_error = [&] {
    const auto status = client->request("daemon/status", {}, patience);
    return status ? std::string(json::string_or(*status, "config_error", "")) : "no status";
  };
  write_file(home.file("config.toml"),
             "[daemon]\nlog_level = \"debug\"\nidle_timeout = \"soon\"\n");
  daemon.process().signal(SIGHUP);
  ASSERT_TRUE(eventually([&] { return !config_error().empty(); }, patience));
  EXPECT_NE(config_error().find("config.toml:3"), std::string::npos) << config_error();
  EXPECT_TRUE(daemon.logs("the configuration stays as it was"));
  const Outcome reload = home.hearth({"daemon", "reload", "--json"});
  EXPECT_EQ(reload.exit_code, 2) << reload.describe();
  EXPECT_NE(reload.err.find("config.toml:3"), std::string::npos) << reload.describe();

  write_file(home.file("config.toml"), "[daemon]\nidle_timeout = \"300ms\"\n");
  daemon.process().signal(SIGHUP);
  ASSERT_TRUE(eventually([&] { return config_error().empty(); }, patience));
  EXPECT_TRUE(daemon.process().is_running()) << "a connected client keeps it";
  client->close();
  EXPECT_EQ(daemon.process().wait(patience).exit_code, 0) << "the new idle time applies";
}

TEST(Signals, Usr1WritesTheStatusToTheLog) {
  TempHome home;
  Daemon daemon(home);
  daemon.process().signal(SIGUSR1);
  EXPECT_TRUE(daemon.logs(" status json="));
  EXPECT_TRUE(daemon.process().is_running());
}

TEST(Life, AnIdleDaemonLeavesAndABusyOneDoesNot) {
  TempHome home;
  Daemon daemon(home, {"--idle-timeout=400ms"});
  {
    auto client = SocketClient::connect(home);
    ASSERT_TRUE(client);
    EXPECT_FALSE(eventually([&] { return !daemon.process().is_running(); }, milliseconds(1500)))
        << "a connected client that says nothing keeps it";
    EXPECT_TRUE(client->request("ping", {}, patience));
  }
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(daemon.process().wait(patience).exit_code, 0);
  EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds(300));
  EXPECT_FALSE(is_socket_there(home));
  EXPECT_TRUE(daemon.logs("draining why=idle"));
}

TEST(Life, StopReturnsWhenTheProcessIsGone) {
  TempHome home;
  std::vector<double> times;
  for (int round = 0; round < 5; ++round) {
    ASSERT_EQ(home.hearth({"daemon", "start"}).exit_code, 0);
    const auto began = std::chrono::steady_clock::now();
    const Outcome stop = home.hearth({"daemon", "stop", "--json"});
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began)
            .count());
    ASSERT_EQ(stop.exit_code, 0) << stop.describe();
    ASSERT_TRUE(home.daemons().empty());
  }
  std::printf("daemon stop of an idle daemon: %.0f %.0f %.0f %.0f %.0f ms\n", times[0], times[1],
              times[2], times[3], times[4]);
  EXPECT_EQ(home.hearth({"daemon", "stop"}).exit_code, 0) << "no daemon is fine as well";
  EXPECT_EQ(home.hearth({"daemon", "status"}).exit_code, 6);
}

// What cleans up in /tmp may take the socket, or all of the directory.
TEST(Life, ADaemonPutsItsSocketBack) {
  TempHome home;
  ASSERT_EQ(home.hearth({"daemon", "start"}).exit_code, 0);
  const auto pids = home.daemons();
  for (const std::string& lost : {home.socket(), home.file("run")}) {
    std::filesystem::rename(lost, home.file("lost"));
    EXPECT_TRUE(eventually([&] { return std::filesystem::exists(home.socket()); }, patience));
    const Outcome call = home.hearth({"call", "hearth_status", "{}", "--strict"});
    EXPECT_EQ(call.exit_code, 0) << call.describe();
    EXPECT_EQ(home.daemons(), pids);
    std::filesystem::remove_all(home.file("lost"));
  }
  EXPECT_EQ(home.hearth({"daemon", "stop"}).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(home.socket()));
}

TEST(Life, StopEndsADaemonThatHasLostItsSocket) {
  TempHome home;
  ASSERT_EQ(home.hearth({"daemon", "start"}).exit_code, 0);
  std::filesystem::remove(home.socket());
  const Outcome stop = home.hearth({"daemon", "stop"});
  EXPECT_EQ(stop.exit_code, 0) << stop.describe();
  EXPECT_TRUE(home.daemons().empty());
  EXPECT_EQ(home.hearth({"daemon", "start"}).exit_code, 0);
}

// How often the threads of a process have woken up.
long wakeups(pid_t pid) {
  long count = 0;
  std::error_code ignored;
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", ignored)) {
    std::istringstream status(read_file(task.path() / "status"));
    for (std::string line; std::getline(status, line);) {
      const auto tab = line.find('\t');
      if (line.starts_with("voluntary_ctxt_switches:")) count += std::stol(line.substr(tab));
    }
  }
  return count;
}

TEST(Life, AnIdleDaemonAndItsBridgesSleep) {
  TempHome home;
  McpStdioClient bridge(home);
  ASSERT_TRUE(bridge.initialize(patience));
  ASSERT_TRUE(bridge.call("knowledge_remember", {{"text", "awake"}}, patience));
  const pid_t daemon = home.daemons().front();
  // Warming up and cleaning up may follow the last call; then there is nothing to wake up for.
  const auto sleeps_a_second = [&] {
    const long before = wakeups(daemon) + wakeups(bridge.process().pid());
    std::this_thread::sleep_for(seconds(1));
    return wakeups(daemon) + wakeups(bridge.process().pid()) == before;
  };
  EXPECT_TRUE(eventually(sleeps_a_second, patience));
  std::printf("idle: daemon %.1f MB, bridge %.1f MB resident\n",
              static_cast<double>(resident_bytes(daemon)) / 1e6,
              static_cast<double>(resident_bytes(bridge.process().pid())) / 1e6);
}

// ---- Socket activation ------------------------------------------------------------------------

// Exec in the child itself, so that LISTEN_PID is its pid.
Plan activated_plan(const TempHome& home, int listener) {
  Plan plan = home.daemon_plan({});
  std::string script = "LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" --idle-timeout=400ms";
  plan.words = {"/bin/sh", "-c", std::move(script), home.binary("hearthd")};
  plan.before_exec = [listener] {
    ::dup2(listener, 3);
    ::fcntl(3, F_SETFD, 0);  // it may have been 3 before
  };
  return plan;
}

TEST(SocketActivation, ServesTheSocketItIsHandedAndLeavesItThere) {
  TempHome home;
  std::filesystem::create_directory(home.file("run"));
  std::filesystem::permissions(home.file("run"), std::filesystem::perms::owner_all);
  const UniqueFd listener = listener_at(home.socket());
  for (int round = 0; round < 2; ++round) {
    // A client that comes before the daemon waits in the queue, as systemd has it.
    auto early = ipc::connect_unix(home.socket(), std::chrono::steady_clock::now() + seconds(1));
    ASSERT_TRUE(early);
    early->reset();
    Process daemon(activated_plan(home, listener.get()));
    auto client = SocketClient::connect(home, patience);
    ASSERT_TRUE(client) << client.error().message << home.log_text() << daemon.errors();
    const auto status = client->request("daemon/status", {}, patience);
    ASSERT_TRUE(status);
    EXPECT_EQ(json::int_or(*status, "pid", 0), daemon.pid());
    EXPECT_EQ(home.hearth({"call", "hearth_status", "{}"}).exit_code, 0);
    EXPECT_EQ(home.daemons().size(), 1U);
    client->close();
    EXPECT_EQ(daemon.wait(patience).exit_code, 0);  // idle
    EXPECT_TRUE(is_socket_there(home)) << "the service manager's socket stays";
  }
}

TEST(SocketActivation, WorksUnderSystemdSocketActivate) {
  const std::string launcher = "/usr/bin/systemd-socket-activate";
  if (::access(launcher.c_str(), X_OK) != 0) GTEST_SKIP() << "no systemd-socket-activate";
  TempHome home;
  std::filesystem::create_directory(home.file("run"));
  std::filesystem::permissions(home.file("run"), std::filesystem::perms::owner_all);
  Plan plan = home.daemon_plan({});
  plan.words = {launcher, "--listen=" + home.socket(), "--setenv=HEARTH_HOME=" + home.path(),
                "--setenv=HOME", home.binary("hearthd")};
  Process service(plan);
  std::optional<SocketClient> client;
  ASSERT_TRUE(eventually(
      [&] {
        if (auto connected = SocketClient::connect(home, patience))
          client.emplace(std::move(*connected));
        return client.has_value();
      },
      patience))
      << service.errors() << home.log_text();
  const auto status = client->request("daemon/status", {}, patience);
  ASSERT_TRUE(status);
  EXPECT_EQ(json::int_or(*status, "pid", 0), service.pid());
  service.signal(SIGTERM);
  EXPECT_EQ(service.wait(patience).exit_code, 0);
}

TEST(SocketActivation, RefusesWhatIsNoListeningUnixSocket) {
  TempHome home;
  const UniqueFd file(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const Outcome end = run(activated_plan(home, file.get()), patience);
  EXPECT_EQ(end.exit_code, 2) << end.describe();
  EXPECT_NE(end.err.find("socket activation"), std::string::npos) << end.describe();
}

}  // namespace
}  // namespace hearth::test
