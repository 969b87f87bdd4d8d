// KILL to the server's processes: no acknowledged commit is lost, and none is reported wrongly.
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <random>
#include <set>
#include <string>
#include <thread>

#include "packs/sql/engine/pg/postgres_engine.hpp"
#include "packs/sql/engine_calls.hpp"
#include "packs/sql/postgres_server.hpp"

namespace hearth::test {
namespace {

using namespace std::chrono_literals;
using sql::Access;

class PostgresKilled : public testing::Test {
 protected:
  void SetUp() override {
    if (!PostgresServer::is_installed()) GTEST_SKIP() << "there is no PostgreSQL here";
  }
  Result<std::unique_ptr<sql::Connection>> open() {
    return engine_->connect({"db", postgres_server().location(), Access::read_write}, {},
                            patiently());
  }
  // After a crash the server needs a moment for its recovery.
  std::unique_ptr<sql::Connection> open_eventually() {
    std::unique_ptr<sql::Connection> connection;
    EXPECT_TRUE(eventually(
        [&] {
          auto opened = open();
          if (opened) connection = std::move(*opened);
          return connection != nullptr;
        },
        patience));
    return connection;
  }

  const std::unique_ptr<sql::Engine> engine_ = packs::sql::pg::make_postgres_engine({});
};

pid_t backend_of(sql::Connection& connection) {
  return std::stoi(ask(connection, "SELECT pg_backend_pid()"));
}

TEST_F(PostgresKilled, OneErrorThenANewConnection) {
  const auto connection = open_eventually();
  ::kill(backend_of(*connection), SIGKILL);
  EXPECT_TRUE(ask(*connection, "SELECT 1").starts_with("engine_restarted: "));
  EXPECT_FALSE(connection->is_alive());
  // One that is made before the server has noticed goes down with the others.
  EXPECT_TRUE(eventually([&] { return ask(*open_eventually(), "SELECT 1") == "1"; }, patience));
}

TEST_F(PostgresKilled, ACommitThatDidNotHappenIsSaidNotToHave) {
  const auto connection = open_eventually();
  // The commit itself takes its time: a deferred trigger.
  ASSERT_EQ(change(*connection,
                   {"DROP TABLE IF EXISTS slow", "CREATE TABLE slow (i int)",
                    "CREATE OR REPLACE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS"
                    " $$ BEGIN PERFORM pg_sleep(30); RETURN NULL; END $$",
                    "CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON slow DEFERRABLE INITIALLY"
                    " DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()"}),
            "0 0 0 0");
  const pid_t backend = backend_of(*connection);
  std::string outcome;
  {
    std::jthread writer([&] { outcome = change(*connection, {"INSERT INTO slow VALUES (1)"}); });
    const auto watcher = open_eventually();
    ASSERT_TRUE(eventually(
        [&] {
          return ask(*watcher,
                     "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
                     " AND query LIKE 'COMMIT%'") == "1";
        },
        patience));
    ::kill(backend, SIGKILL);
  }
  EXPECT_TRUE(outcome.starts_with("engine_restarted: ")) << outcome;
  EXPECT_NE(outcome.find("nothing was changed"), std::string::npos) << outcome;
  EXPECT_EQ(ask(*open_eventually(), "SELECT count(*) FROM slow"), "0");
}

// Writers, and a killer that strikes at random moments at a backend or at the server as a whole.
TEST_F(PostgresKilled, LosesNoAcknowledgedCommit) {
  ASSERT_EQ(change(*open_eventually(), {"DROP TABLE IF EXISTS kept", "CREATE TABLE kept (i int)"}),
            "0 0");
  const int kills = is_full_size() ? 200 : 8;
  std::atomic<bool> is_over = false;
  std::atomic<int> next = 0;
  struct Told {
    std::set<int> committed, lost;  // what neither is may be there or not
    std::string surprise;
  };
  Told told[3];
  {
    std::vector<std::jthread> writers;
    for (Told& mine : told) {
      writers.emplace_back([&] {
        std::unique_ptr<sql::Connection> connection;
        while (!is_over) {
          if (!connection || !connection->is_alive()) connection = open_eventually();
          if (!connection) return;
          const int number = ++next;
          const std::string outcome =
              change(*connection, {"INSERT INTO kept VALUES (" + std::to_string(number) + ")"});
          if (outcome == "1") {
            mine.committed.insert(number);
          } else if (outcome.starts_with("engine_restarted: ")) {
            mine.lost.insert(number);
          } else if (!outcome.starts_with("outcome_unknown: ")) {
            mine.surprise = outcome;
          }
        }
      });
    }
    std::mt19937 random(20240131);
    const auto killer = [&] {
      for (int i = 0; i < kills; ++i) {
        const int before = next;
        const auto connection = open_eventually();
        if (!connection) return;
        // At least a few writes lie between two kills.
        (void)eventually([&] { return next >= before + 5 + static_cast<int>(random() % 20); },
                         patience);
        const std::string victim =
            ask(*connection,
                "SELECT pid FROM pg_stat_activity WHERE query LIKE '%kept%' AND pid <>"
                " pg_backend_pid() ORDER BY random() LIMIT 1");
        if (i % 4 == 3) {
          postgres_server().kill_and_restart();
        } else if (!victim.empty() && victim.find(':') == std::string::npos) {
          ::kill(std::stoi(victim), SIGKILL);
        }
      }
    };
    killer();
    is_over = true;
  }
  std::set<int> found;
  const auto connection = open_eventually();
  const auto rows = connection->query({"SELECT i FROM kept"}, {}, patiently());
  ASSERT_TRUE(rows) << rows.error().message;
  for (auto batch = (*rows)->next(1'000, 1 << 20, patiently()); batch && batch->rows() > 0;
       batch = (*rows)->next(1'000, 1 << 20, patiently())) {
    for (std::size_t row = 0; row < batch->rows(); ++row)
      EXPECT_TRUE(found.insert(std::stoi(std::string(batch->at(row, 0).text))).second) << "twice";
  }
  for (const Told& mine : told) {
    EXPECT_EQ(mine.surprise, "");
    for (const int number : mine.committed) EXPECT_TRUE(found.contains(number)) << number;
    for (const int number : mine.lost) EXPECT_FALSE(found.contains(number)) << number;
  }
}

}  // namespace
}  // namespace hearth::test
