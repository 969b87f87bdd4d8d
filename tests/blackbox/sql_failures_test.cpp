// Of a peer's 18 reproduced failures of SQL for agents, those about processes, each with its
// number; the others are in packs/sql/failures_test.cpp.
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <thread>
#include <vector>

#include "ipc/socket.hpp"
#include "support/mcp_stdio_client.hpp"
#include "support/sizes.hpp"
#include "support/temp_home.hpp"

namespace hearth::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using std::chrono::steady_clock;

class SqlFailures : public testing::Test {
 protected:
  void SetUp() override {
    const bool has_duckdb = std::getenv("CI") != nullptr ||
                            fs::exists(binary_directory() + "/../lib/hearth/libduckdb.so");
    if (!has_duckdb) GTEST_SKIP() << "DuckDB is missing";
  }
  // The rows of a query, or "code: message".
  static std::string rows(JsonRpcPeer& peer, const std::string& sql, json::Object more = {}) {
    more["sql"] = sql;
    const auto answer = peer.call("sql_query", more, patience);
    if (answer) return json::dump(*json::find(*answer, "rows"));
    return std::string(errc_name(answer.error().code)) + ": " + answer.error().message;
  }
  static void execute(JsonRpcPeer& peer, const std::string& sql, json::Object more = {}) {
    more["sql"] = sql;
    const auto answer = peer.call("sql_execute", more, patience);
    EXPECT_TRUE(answer) << sql << ": " << answer.error().message;
  }
  // The engine's process, when it is another than `old`.
  pid_t engine(pid_t old = 0) const {
    std::vector<pid_t> found;
    EXPECT_TRUE(eventually(
        [&] {
          found = home_.processes("hearth-duckdb");
          return found.size() == 1 && found.front() != old;
        },
        patience));
    return found.empty() ? 0 : found.front();
  }
  // Scratch databases on the disk; nothing while a directory goes away.
  std::optional<std::size_t> scratches() const {
    std::error_code error;
    std::size_t count = 0;
    fs::recursive_directory_iterator each(home_.file("data"), error);
    for (; !error && each != fs::recursive_directory_iterator(); each.increment(error)) {
      if (each->path().parent_path().filename() == "scratch") ++count;
    }
    if (error) return std::nullopt;
    return count;
  }

  TempHome home_;
};

// First-run race on a new database: 10 of 10 clients hang.
TEST_F(SqlFailures, F03_TenFirstClientsAtOnceAllWork) {
  std::vector<std::jthread> clients;
  for (int i = 0; i < 10; ++i) {
    clients.emplace_back([this, i] {
      McpStdioClient bridge(home_);
      EXPECT_TRUE(bridge.initialize(patience));
      execute(bridge, "CREATE TABLE t" + std::to_string(i) + "(i INT)",
              {{"database", "persistent"}});
      EXPECT_EQ(bridge.finish().exit_code, 0);
    });
  }
  clients.clear();
  EXPECT_EQ(home_.processes("hearth-duckdb").size(), 1U);
  const Outcome listed = home_.hearth({"sql", "query", "--json", "--sql",
                                       "SELECT count(*) FROM duckdb_tables() WHERE NOT internal "
                                       "AND schema_name = 'main'"});
  EXPECT_NE(listed.out.find("[[10]]"), std::string::npos) << listed.describe();
}

// Engine killed: an outage of 5 s, scratch silently gone, and the daemon gives up at the 4th kill
// in a minute.
TEST_F(SqlFailures, F04_TheEngineComesBackAtOnceWithScratchAsOftenAsItIsKilled) {
  McpStdioClient bridge(home_);
  ASSERT_TRUE(bridge.initialize(patience));
  execute(bridge, "CREATE TABLE mine AS FROM range(7)");
  auto longest = steady_clock::duration::zero();
  for (int round = 0; round < 8; ++round) {
    ::kill(engine(), SIGKILL);
    const auto began = steady_clock::now();
    EXPECT_EQ(rows(bridge, "SELECT count(*) FROM mine"), "[[7]]") << "kill " << round;
    longest = std::max(longest, steady_clock::now() - began);
  }
  const auto ms = std::chrono::duration_cast<milliseconds>(longest).count();
  std::printf("longest outage %lld ms\n", static_cast<long long>(ms));
  EXPECT_LT(ms, 3000);
}

// Daemon paused (SIGSTOP): a second daemon and engine start.
TEST_F(SqlFailures, F05_APausedDaemonGetsNoSecond) {
  McpStdioClient bridge(home_);
  ASSERT_TRUE(bridge.initialize(patience));
  execute(bridge, "CREATE TABLE t AS SELECT 1 AS i", {{"database", "persistent"}});
  const auto daemons = home_.daemons();
  ASSERT_EQ(daemons.size(), 1U);
  const pid_t duckdb = engine();
  ::kill(daemons.front(), SIGSTOP);
  const Outcome refused =
      home_.hearth({"sql", "query", "SELECT 1", "--timeout=1s"}, std::chrono::seconds(20));
  EXPECT_EQ(refused.exit_code, 5) << refused.describe();
  EXPECT_EQ(home_.daemons(), daemons);
  EXPECT_EQ(engine(), duckdb);
  ::kill(daemons.front(), SIGCONT);
  EXPECT_EQ(rows(bridge, "FROM persistent.t"), "[[1]]");
  EXPECT_EQ(home_.daemons(), daemons);
  EXPECT_EQ(engine(), duckdb);
}

// Engine hung: initialize never answers.
TEST_F(SqlFailures, F06_AHungEngineKeepsNoClientFromStartingAndIsReplaced) {
  McpStdioClient first(home_);
  ASSERT_TRUE(first.initialize(patience));
  execute(first, "CREATE TABLE t AS SELECT 1 AS i", {{"database", "persistent"}});
  const pid_t hung = engine();
  ::kill(hung, SIGSTOP);
  McpStdioClient second(home_);
  EXPECT_TRUE(second.initialize(seconds(5)));
  EXPECT_TRUE(second.call("hearth_status", {}, seconds(5)));
  EXPECT_TRUE(rows(first, "SELECT 2", {{"timeout", 1}}).starts_with("timed_out: "));
  EXPECT_EQ(rows(second, "FROM persistent.t"), "[[1]]");
  EXPECT_NE(engine(), hung);
}

// Scratch left behind by killed clients is never swept.
TEST_F(SqlFailures, F08_TheScratchOfKilledClientsIsSwept) {
  write_file(home_.file("config.toml"), "[sql]\nscratch_kept = \"500ms\"\n");
  McpStdioClient stays(home_);
  ASSERT_TRUE(stays.initialize(patience));
  execute(stays, "CREATE TABLE mine AS FROM range(7)");
  {
    McpStdioClient killed(home_);
    ASSERT_TRUE(killed.initialize(patience));
    execute(killed, "CREATE TABLE mine AS FROM range(9)");
    EXPECT_EQ(scratches(), 2U);
    killed.process().signal(SIGKILL);
  }
  EXPECT_TRUE(eventually([&] { return scratches() == 1; }, patience));
  EXPECT_EQ(rows(stays, "SELECT count(*) FROM mine"), "[[7]]")
      << "a connected client keeps its own";
  // Of a client that goes together with the daemon as well.
  stays.process().signal(SIGKILL);
  for (const pid_t daemon : home_.daemons()) ::kill(daemon, SIGKILL);
  EXPECT_TRUE(eventually([&] { return home_.daemons().empty(); }, patience));
  EXPECT_EQ(scratches(), 1U);
  EXPECT_EQ(home_.hearth({"sql", "query", "SELECT 1"}).exit_code, 0);
  EXPECT_TRUE(eventually([&] { return scratches() == 0; }, patience));
}

// Who comes back while its scratch is being swept finds a new one, never half of the old.
TEST_F(SqlFailures, F08_AReturnInTheMomentOfTheSweepLosesNothing) {
  write_file(home_.file("config.toml"), "[sql]\nscratch_kept = \"1ms\"\n");
  const std::string sql =
      "CREATE OR REPLACE TABLE mine AS SELECT 7 AS i; CREATE OR REPLACE TABLE other AS FROM mine";
  for (int i = 0; i < 40; ++i) {
    const auto made = home_.hearth({"sql", "execute", sql, "--database", "scratch"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
  }
}

// Any local user connects, reads and writes the owner's files, stops the daemon, or poses as it.
// That a stranger's daemon is not believed: hostile_test.cpp.
TEST_F(SqlFailures, F09_AnotherUserReachesNeitherSocketNorFiles) {
  McpStdioClient bridge(home_);
  ASSERT_TRUE(bridge.initialize(patience));
  execute(bridge, "CREATE TABLE t AS SELECT 1 AS i", {{"database", "persistent"}});
  const auto mode_of = [](const std::string& path) {
    struct ::stat info{};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0777U;
  };
  EXPECT_EQ(mode_of(home_.file("run")), 0700U);
  EXPECT_EQ(mode_of(home_.socket()), 0600U);
  EXPECT_EQ(mode_of(home_.file("data")), 0700U);
  if (::geteuid() != 0) return;  // nobody else to be
  // The test's own directories stand open, so that hearth's are what keeps others out.
  for (const auto& path : {home_.file(".."), home_.path()}) fs::permissions(path, fs::perms::all);
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t nobody = 65534;
    const bool is_other =
        ::setgroups(0, nullptr) == 0 && ::setgid(nobody) == 0 && ::setuid(nobody) == 0;
    const auto socket = ipc::connect_unix(home_.socket(), steady_clock::now() + seconds(5));
    std::error_code refused;
    (void)fs::directory_iterator(home_.file("data"), refused);
    ::_exit(is_other && !socket && refused ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

// Cancel is ignored, there is no timeout, and a slow query delays status.
TEST_F(SqlFailures, F14_ASlowQueryDelaysNobodyAndEndsWhenItShall) {
  const std::string endless =
      "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b";
  McpStdioClient other(home_);
  ASSERT_TRUE(other.initialize(patience));
  EXPECT_EQ(rows(other, "SELECT 1"), "[[1]]");
  EXPECT_TRUE(rows(other, endless, {{"timeout", 1}}).starts_with("timed_out: "));
  {
    McpStdioClient slow(home_);
    ASSERT_TRUE(slow.initialize(patience));
    const int cancelled = slow.send_call("sql_query", {{"sql", endless}, {"timeout", 600}});
    EXPECT_TRUE(other.call("hearth_status", {}, patience));
    EXPECT_EQ(rows(other, "SELECT 2"), "[[2]]");
    const std::string cancel = R"({"jsonrpc":"2.0","method":"notifications/cancelled",)"
                               R"("params":{"requestId":)" +
                               std::to_string(cancelled) + "}}\n";
    EXPECT_TRUE(write_all(slow.process().input(), cancel));
    EXPECT_EQ(rows(slow, "SELECT 3"), "[[3]]") << "the session goes on";
    slow.send_call("sql_query", {{"sql", endless}, {"timeout", 600}});
    EXPECT_EQ(rows(other, "SELECT 4"), "[[4]]");
    ::kill(slow.process().pid(), SIGKILL);
  }
  // The daemon leaves at once when nothing runs any more.
  const Outcome stopped = home_.hearth({"daemon", "stop"}, seconds(20));
  EXPECT_EQ(stopped.exit_code, 0) << stopped.describe();
  EXPECT_TRUE(eventually([&] { return home_.processes("hearth-duckdb").empty(); }, patience));
}

}  // namespace
}  // namespace hearth::test
