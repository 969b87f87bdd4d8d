// kill -9 of the daemon and of DuckDB's process at any moment: no acknowledged commit is lost, none
// is applied twice, scratch databases live on, and every client goes on.
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <random>
#include <thread>
#include <vector>

#include "support/mcp_stdio_client.hpp"
#include "support/sizes.hpp"
#include "support/temp_home.hpp"

namespace hearth::test {
namespace {

bool has_duckdb() {
  return std::getenv("CI") != nullptr ||
         std::filesystem::exists(binary_directory() + "/../lib/hearth/libduckdb.so");
}

// One kill is one repetition at most that a client has to make itself; more happens when it is
// killed again and again while it starts.
bool is_restart(const Error& error) {
  return error.code == Errc::engine_restarted;
}

// One client's account of what was acknowledged. Used by one thread.
struct Account {
  int number = 0;
  int sent = 0;
  std::vector<int> acknowledged;
  std::vector<std::string> complaints;
  milliseconds longest{0};
  int restarts = 0;  // heard of
  std::size_t unknown = 0;

  Result<json::Value> execute(JsonRpcPeer& peer, const std::string& sql) const {
    return peer.call("sql_execute", {{"sql", sql}, {"database", "persistent"}}, patience);
  }
  void insert(JsonRpcPeer& peer) {
    const int value = ++sent;
    const auto began = std::chrono::steady_clock::now();
    const auto answer = execute(peer, "INSERT INTO t VALUES (" + std::to_string(number) + ", " +
                                          std::to_string(value) + ")");
    longest = std::max(longest, std::chrono::duration_cast<milliseconds>(
                                    std::chrono::steady_clock::now() - began));
    if (answer) {
      acknowledged.push_back(value);
    } else if (answer.error().code == Errc::outcome_unknown) {
      ++unknown;
    } else if (is_restart(answer.error())) {
      --sent;  // it says that nothing was changed
      ++restarts;
    } else {
      complaints.push_back(std::string(errc_name(answer.error().code)) + ": " +
                           answer.error().message);
    }
  }
  // Its own scratch has what it put there, or it is told that nothing is.
  void count_scratch(JsonRpcPeer& peer, int expected) {
    const auto answer = peer.call("sql_query", {{"sql", "SELECT count(*) FROM mine"}}, patience);
    const std::string rows = answer ? json::dump(*json::find(*answer, "rows")) : "";
    if (!answer && is_restart(answer.error())) {
      ++restarts;
    } else if (rows != "[[" + std::to_string(expected) + "]]") {
      complaints.push_back("scratch: " + (answer ? rows : answer.error().message));
    }
  }
};

void kill_at_random(const TempHome& home, int count, unsigned seed) {
  std::mt19937 random(seed);
  for (int i = 0; i < count; ++i) {
    const char* victim = random() % 3 == 0 ? "hearthd" : "hearth-duckdb";
    std::vector<pid_t> found;
    if (!eventually([&] { return !(found = home.processes(victim)).empty(); }, patience)) return;
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 150'000));
    ::kill(found.front(), SIGKILL);
    if (!eventually([&] { return !is_alive(found.front()); }, patience)) return;
  }
}

TEST(SqlKill, LosesNoAcknowledgedCommitAndAppliesNoneTwice) {
  if (!has_duckdb()) GTEST_SKIP() << "DuckDB is missing";
  TempHome home;
  McpStdioClient auditor(home);
  ASSERT_TRUE(auditor.initialize(patience));
  ASSERT_TRUE(Account{}.execute(auditor, "CREATE TABLE t(client INTEGER, n INTEGER)"));
  std::vector<Account> accounts(4);
  std::atomic<bool> is_over{false};
  std::vector<std::jthread> clients;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    accounts[i].number = static_cast<int>(i);
    clients.emplace_back([&home, &account = accounts[i], &is_over] {
      McpStdioClient bridge(home);
      EXPECT_TRUE(bridge.initialize(patience)) << bridge.process().errors();
      // A call survives six ends of the engine, and may meet more here.
      EXPECT_TRUE(eventually(
          [&] {
            return bridge
                .call("sql_execute", {{"sql", "CREATE OR REPLACE TABLE mine AS FROM range(7)"}},
                      patience)
                .has_value();
          },
          patience));
      while (!is_over && account.complaints.size() < 10) {
        account.insert(bridge);
        account.count_scratch(bridge, 7);
      }
      for (int more = 0; more < 3; ++more) account.insert(bridge);
      EXPECT_EQ(bridge.finish().exit_code, 0);
    });
  }
  kill_at_random(home, sizes().kills, 1);
  is_over = true;
  clients.clear();
  std::size_t acknowledged = 0;
  std::size_t unknown = 0;
  milliseconds longest{0};
  for (const Account& each : accounts) {
    for (const std::string& complaint : each.complaints) ADD_FAILURE() << complaint;
    acknowledged += each.acknowledged.size();
    longest = std::max(longest, each.longest);
    const auto found =
        auditor.call("sql_query",
                     {{"sql", "SELECT count(*), count(DISTINCT n) FROM t WHERE client = " +
                                  std::to_string(each.number)},
                      {"database", "persistent"}},
                     patience);
    ASSERT_TRUE(found) << found.error().message;
    const json::Array& row = json::find(*found, "rows")->as_array().at(0).as_array();
    EXPECT_EQ(row.at(0), row.at(1)) << "applied twice";
    const auto there = static_cast<std::size_t>(row.at(0).as_int64());
    EXPECT_GE(there, each.acknowledged.size()) << "lost";
    EXPECT_LE(there, each.acknowledged.size() + each.unknown);
    unknown += each.unknown;
  }
  EXPECT_GT(acknowledged, 0U);
  std::printf("%d kills, %zu commits acknowledged, %zu unknown, longest call %lld ms\n",
              sizes().kills, acknowledged, unknown, static_cast<long long>(longest.count()));
}

}  // namespace
}  // namespace hearth::test
