// The engine `hyper` over the real hyperd. Where there is none its tests say skipped.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "packs/sql/engine_calls.hpp"
#include "packs/sql/hyper_home.hpp"
#include "support/process.hpp"

namespace hearth::test {
namespace {

using namespace std::chrono_literals;
using sql::Access;

class Hyper : public testing::Test {
 protected:
  void SetUp() override {
    if (hyperd_program().empty()) GTEST_SKIP() << "there is no hyperd: scripts/setup --hyper";
    std::filesystem::create_directories(home_.directory / "project");
    engine_ = packs::sql::hyper::make_hyper_engine(home_.settings());
    connection_ = open();
  }
  void TearDown() override {
    connection_.reset();
    engine_.reset();
  }

  std::unique_ptr<sql::Connection> open(const std::string& alias = "persistent",
                                        const std::string& location = "",
                                        Access access = Access::read_write) {
    auto connection = engine_->connect({alias, location, access}, home_.session(), patiently());
    EXPECT_TRUE(connection) << connection.error().message;
    return connection ? std::move(*connection) : nullptr;
  }
  std::unique_ptr<sql::Connection> open_eventually() {
    std::unique_ptr<sql::Connection> connection;
    EXPECT_TRUE(eventually(
        [&] {
          auto opened = engine_->connect({"persistent", "", Access::read_write}, home_.session(),
                                         patiently());
          if (opened) connection = std::move(*opened);
          return connection != nullptr;
        },
        patience));
    return connection;
  }
  std::string ask(const std::string& text, std::vector<sql::Parameter> parameters = {}) {
    return test::ask(*connection_, text, std::move(parameters));
  }
  std::string change(const std::vector<std::string>& texts) {
    return test::change(*connection_, texts);
  }
  void kill_hyperd() const { ::kill(static_cast<pid_t>(engine_->status().pid), SIGKILL); }

  HyperHome home_;
  std::unique_ptr<sql::Engine> engine_;
  std::unique_ptr<sql::Connection> connection_;
};

// Failure 11 of the reference list.
TEST_F(Hyper, KeepsTypesExact) {
  EXPECT_EQ(ask("SELECT CAST(1.5 AS numeric(38,9)), CAST('12345678901234567890123456789' AS"
                " numeric(38,0)), 9223372036854775807, CAST(0.1 AS double precision)"),
            "1.500000000|12345678901234567890123456789|9223372036854775807|0.1");
  EXPECT_EQ(ask("SELECT CAST(0.1 AS double precision) + CAST(0.2 AS double precision),"
                " CAST('NaN' AS double precision)"),
            "0.30000000000000004|NaN");
  EXPECT_EQ(ask("SELECT date '2024-01-31', time '10:00:00.5', timestamp '2024-01-31 10:00:00',"
                " timestamptz '2024-01-31 10:00:00+00'"),
            "2024-01-31|10:00:00.5|2024-01-31T10:00:00|2024-01-31T10:00:00Z");
  EXPECT_EQ(ask("SELECT interval '1 day 2 hours', CAST('ab' AS bytea), true, CAST(NULL AS int)"),
            "P1DT2H|YWI=|true|∅");
  EXPECT_EQ(ask("SELECT ARRAY[1,NULL], ARRAY['a\"b','c'], '{\"a\":  1}'::json"),
            R"([1,null]|["a\"b","c"]|{"a":  1})");
  const auto rows =
      connection_->query({"SELECT CAST(1 AS numeric(38,9)) AS a, 2 AS a"}, {}, patiently());
  ASSERT_TRUE(rows);
  ASSERT_EQ((*rows)->columns().size(), 2U);
  EXPECT_EQ((*rows)->columns()[0].type, "numeric(38,9)");
  EXPECT_EQ((*rows)->columns()[0].name, "a");
  EXPECT_EQ((*rows)->columns()[1].name, "a");
}

TEST_F(Hyper, TakesParametersAndLeavesTextsAlone) {
  EXPECT_EQ(ask("SELECT $1 + $n, '$n', $t", {{"", {sql::CellKind::integer, "40"}},
                                             {"n", {sql::CellKind::integer, "2"}},
                                             {"t", {sql::CellKind::text, "it's $1 -- \\"}}}),
            "42|$n|it's $1 -- \\");
  ASSERT_EQ(change({"CREATE TABLE sales (sales text)", "INSERT INTO sales VALUES ('of sales')"}),
            "0 1");
  EXPECT_EQ(ask("SELECT sales.sales, 'sales' FROM sales AS sales"), "of sales|sales");
}

// Failure 10. hyperd itself takes READ ONLY and ignores it.
TEST_F(Hyper, AQueryCannotWrite) {
  const std::string outside = home_.directory / "outside.csv";
  write_file(outside, "1\n");
  ASSERT_EQ(change({"CREATE TABLE t (i int)"}), "0");
  for (const std::string& attack : std::vector<std::string>{
           "INSERT INTO t VALUES (1)",
           "WITH x AS (SELECT 1 AS i) INSERT INTO t SELECT i FROM x",
           "WITH x AS (INSERT INTO t VALUES (1) RETURNING i) SELECT * FROM x",
           "INSERT INTO t VALUES (1) RETURNING i",
           "UPDATE t SET i = 1",
           "DELETE FROM t",
           "TRUNCATE t",
           "DROP TABLE t",
           "CREATE TABLE u AS SELECT 1 AS i",
           "SELECT 1 AS i INTO u",
           "BEGIN",
           "COMMIT",
           "SET query_timeout = '1s'",
           "FETCH 1 FROM c",
           "DECLARE c CURSOR FOR SELECT 1",
           "ATTACH DATABASE '" + outside + "' AS x",
           "DETACH DATABASE persistent",
           "CREATE DATABASE \"" + home_.directory.path() + "/x.hyper\"",
           "DROP DATABASE persistent",
           "UNLOAD DATABASE persistent",
           "COPY t FROM '" + outside + "' WITH (FORMAT csv)",
           "COPY (SELECT 1) TO '" + outside + ".2' WITH (FORMAT csv)",
           "SELECT * FROM external('" + outside +
               "', COLUMNS => DESCRIPTOR(i int), FORMAT => 'csv')",
           "SELECT * FROM external('/etc/passwd', COLUMNS => DESCRIPTOR(i text), FORMAT => 'csv')",
           "SELECT 1; INSERT INTO t VALUES (1)",
           "",
           "EXPLAIN SELECT 1; DELETE FROM t",
           "PREPARE p AS SELECT 1",
           "EXECUTE p"}) {
    const std::string answer = ask(attack);
    EXPECT_TRUE(answer.starts_with("read_only: ") || answer.starts_with("invalid_args: ") ||
                answer.starts_with("permission_denied: ") || answer.starts_with("unsupported: "))
        << attack << " → " << answer;
  }
  // Whatever these answer, they change nothing.
  (void)ask("EXPLAIN (ANALYZE) INSERT INTO t VALUES (1)");
  (void)ask("/* /* */ SELECT 1 -- */ ; DROP TABLE t");
  EXPECT_EQ(ask("SELECT count(*) FROM t"), "0");
  EXPECT_FALSE(std::filesystem::exists(outside + ".2"));
  EXPECT_TRUE(ask("WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x").starts_with("read_only: "));
}

TEST_F(Hyper, AChangeStaysInItsDatabase) {
  const std::string file = home_.directory / "x.csv";
  for (const std::string& attack : std::vector<std::string>{
           "CREATE DATABASE \"" + home_.directory.path() + "/x.hyper\"", "DROP DATABASE persistent",
           "ATTACH DATABASE \"/tmp/x.hyper\" AS x", "DETACH DATABASE persistent",
           "UNLOAD DATABASE persistent", "COMMIT", "BEGIN", "ROLLBACK", "FETCH 1 FROM c",
           "SET query_timeout = '1ms'", "COPY t TO '" + file + "' WITH (FORMAT csv)",
           "ALTER DATABASE persistent SET x TO y",
           "CREATE EXTERNAL TABLE e (i int) FOR '/etc/passwd'", "CREATE TEMP TABLE u (i int)",
           "CREATE TEMP EXTERNAL TABLE e FOR '/etc/passwd' WITH (FORMAT => 'csv')",
           "CREATE TABLE u AS SELECT * FROM external('/etc/passwd', COLUMNS => DESCRIPTOR(i text),"
           " FORMAT => 'csv')"}) {
    const std::string answer = change({attack});
    EXPECT_TRUE(answer.starts_with("unsupported: ") || answer.starts_with("permission_denied: "))
        << attack << " → " << answer;
  }
  EXPECT_EQ(ask("SELECT 1"), "1");
}

TEST_F(Hyper, AReadOnlyDatabaseTakesNoChange) {
  ASSERT_EQ(change({"CREATE TABLE t (i int)"}), "0");
  const auto reader = open("persistent", "", Access::read_only);
  EXPECT_TRUE(test::change(*reader, {"INSERT INTO t VALUES (1)"}).starts_with("read_only: "));
  EXPECT_EQ(test::ask(*reader, "SELECT count(*) FROM t"), "0");
}

// Failure 2.
TEST_F(Hyper, AFailedReplaceKeepsTheOldTable) {
  ASSERT_EQ(change({"CREATE TABLE t (i int)", "INSERT INTO t VALUES (1)"}), "0 1");
  const std::string failed =
      change({"DROP TABLE t", "CREATE TABLE t (i int)", "INSERT INTO t VALUES ('x')"});
  EXPECT_TRUE(failed.starts_with("invalid_args: statement 3: ")) << failed;
  EXPECT_EQ(ask("SELECT * FROM t"), "1");
}

TEST_F(Hyper, DefinitionsAreAsAtomicAsTheRest) {
  ASSERT_EQ(change({"CREATE TABLE t (i int)", "INSERT INTO t VALUES (1)"}), "0 1");
  const auto reader = open();
  ASSERT_EQ(test::ask(*reader, "SELECT * FROM t"), "1");
  for (const char* definition : {"DROP TABLE t", "ALTER TABLE t ADD COLUMN j int",
                                 "CREATE TABLE u (i int)", "CREATE SCHEMA s"}) {
    EXPECT_TRUE(change({definition, "SELECT 1/0"}).starts_with("invalid_args: statement 2: "));
    EXPECT_EQ(ask("SELECT * FROM t"), "1") << definition;
    EXPECT_TRUE(ask("SELECT * FROM u").starts_with("not_found: ")) << definition;
  }
  ASSERT_EQ(change({"ALTER TABLE t ADD COLUMN j int", "UPDATE t SET j = 2"}), "0 1");
  EXPECT_EQ(test::ask(*reader, "SELECT * FROM t"), "1|2");
  for (const auto& entry : std::filesystem::directory_iterator(home_.directory / "default"))
    EXPECT_NE(entry.path().extension(), ".new") << entry.path();
}

// Failure 1: hyperd alone loses what was committed while anybody is connected.
TEST_F(Hyper, KeepsWhatWasAnsweredOverAKill) {
  const auto other = open();
  const auto third = open();
  ASSERT_EQ(test::ask(*third, "SELECT 1"), "1");
  ASSERT_EQ(change({"CREATE TABLE t (i int)", "INSERT INTO t VALUES (1), (2)"}), "0 2");
  ASSERT_EQ(test::change(*other, {"INSERT INTO t VALUES (3)"}), "1");
  kill_hyperd();
  const auto begun = std::chrono::steady_clock::now();
  connection_ = open_eventually();
  EXPECT_EQ(ask("SELECT i FROM t ORDER BY i"), "1\n2\n3");
  if (!is_sanitized()) EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
  EXPECT_TRUE(test::ask(*third, "SELECT 1").starts_with("engine_restarted: "));
  EXPECT_FALSE(third->is_alive());
}

// Failure 4: the fourth kill within a minute is like the first.
TEST_F(Hyper, ComesBackAfterEachKill) {
  ASSERT_EQ(change({"CREATE TABLE t (i int)"}), "0");
  for (int i = 0; i < 6; ++i) {
    ASSERT_EQ(change({"INSERT INTO t VALUES (1)"}), "1");
    kill_hyperd();
    connection_ = open_eventually();
    ASSERT_EQ(ask("SELECT count(*) FROM t"), std::to_string(i + 1));
  }
}

// Failure 3.
TEST_F(Hyper, TenClientsMakeOneNewDatabase) {
  const std::string path = home_.directory / "project/new.hyper";
  std::atomic<int> done = 0;
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < 10; ++i) {
      clients.emplace_back([&] {
        const auto connection = open("shared", path);
        if (connection && test::change(*connection, {"CREATE TABLE IF NOT EXISTS t (i int)",
                                                     "INSERT INTO t VALUES (1)"}) == "0 1")
          ++done;
      });
    }
  }
  EXPECT_EQ(done, 10);
  EXPECT_EQ(test::ask(*open("shared", path), "SELECT count(*) FROM t"), "10");
}

// Failures 5 and 6: a hyperd that hangs is ended; nobody waits for it without a limit, and there
// is never a second one.
TEST_F(Hyper, AHungServerIsReplaced) {
  ASSERT_EQ(change({"CREATE TABLE t (i int)", "INSERT INTO t VALUES (1)"}), "0 1");
  const auto pid = static_cast<pid_t>(engine_->status().pid);
  ::kill(pid, SIGSTOP);
  const auto rows = connection_->query({"SELECT * FROM t"}, {}, within(100ms));
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, Errc::timed_out);
  connection_ = open_eventually();
  EXPECT_EQ(ask("SELECT * FROM t"), "1");
  EXPECT_NE(engine_->status().pid, pid);
  EXPECT_FALSE(is_alive(pid));
}

// Failure 9.
TEST_F(Hyper, OnlyItsOwnerReachesItsSocket) {
  struct stat status{};
  const std::string run = home_.directory / "run";
  ASSERT_EQ(::stat(run.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  for (const auto& entry : std::filesystem::directory_iterator(run)) {
    if (entry.path().filename() == "log") continue;
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700U) << entry.path();
  }
  const std::string sockets =
      read_file("/proc/" + std::to_string(engine_->status().pid) + "/net/tcp");
  (void)sockets;  // of the whole machine: what hyperd listens on is told by its command line
  const std::string words =
      read_file("/proc/" + std::to_string(engine_->status().pid) + "/cmdline");
  EXPECT_EQ(words.find("tab.tcp"), std::string::npos);
  const auto elsewhere = engine_->connect({"x", "/tmp/elsewhere.hyper", Access::read_write},
                                          home_.session(), patiently());
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().code, Errc::permission);
}

// Failure 7.
TEST_F(Hyper, AConnectionKeepsItFromBeingIdle) {
  connection_.reset();
  auto settings = home_.settings();
  settings.idle = 100ms;
  engine_ = packs::sql::hyper::make_hyper_engine(settings);
  connection_ = open();
  const auto pid = static_cast<pid_t>(engine_->status().pid);
  // Ten times as long as it may be idle.
  EXPECT_FALSE(eventually([&] { return !is_alive(pid); }, 1s));
  EXPECT_EQ(ask("SELECT 1"), "1");
  connection_.reset();
  EXPECT_TRUE(eventually([&] { return !is_alive(pid); }, patience));
  connection_ = open();
  EXPECT_EQ(ask("SELECT 1"), "1");
  connection_.reset();
  const auto second = static_cast<pid_t>(engine_->status().pid);
  engine_->rest();
  EXPECT_TRUE(eventually([&] { return !is_alive(second); }, patience));
}

// Failure 8.
TEST_F(Hyper, ScratchGoesWithItsSession) {
  const std::string path = home_.directory / "default/scratch-s1.hyper";
  auto scratch = open("scratch");
  ASSERT_EQ(test::change(*scratch, {"CREATE TABLE mine (i int)"}), "0");
  scratch.reset();
  EXPECT_EQ(test::ask(*open("scratch"), "SELECT count(*) FROM mine"), "0") << "it came back";
  const std::string old = home_.directory / "default/scratch-gone.hyper";
  write_file(old, "");
  std::filesystem::last_write_time(old, std::filesystem::file_time_type::clock::now() - 11min);
  EXPECT_EQ(test::ask(*open("scratch"), "SELECT 1"), "1");
  EXPECT_FALSE(std::filesystem::exists(old));
  EXPECT_TRUE(std::filesystem::exists(path));
  engine_->forget(home_.session());
  EXPECT_FALSE(std::filesystem::exists(path));
}

// Failure 14.
TEST_F(Hyper, StopsWhenToldAndAtTheDeadline) {
  const std::string slow =
      "SELECT count(*) FROM generate_series(1, 1000000000) a(i),"
      " generate_series(1, 10) b(j) WHERE i * j % 7 = 3";
  std::stop_source source;
  sql::Work work = patiently();
  work.stop = source.get_token();
  std::jthread later([&] { source.request_stop(); });
  const auto stopped = connection_->query({slow}, {.rows = 1}, work);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, Errc::cancelled);
  EXPECT_EQ(ask("SELECT 1"), "1");
  const auto late = connection_->query({slow}, {.rows = 1}, within(50ms));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::timed_out);
  EXPECT_EQ(ask("SELECT 1"), "1");
}

TEST_F(Hyper, ReadsInPagesBesideAWriter) {
  ASSERT_EQ(change({"CREATE TABLE t (i int)",
                    "INSERT INTO t SELECT i FROM generate_series(1, 2000) g(i)"}),
            "0 2000");
  const auto reader = open();
  auto rows = reader->query({"SELECT i FROM t ORDER BY i"}, {.rows = 10}, patiently());
  ASSERT_TRUE(rows);
  ASSERT_EQ((*rows)->next(10, 1 << 20, patiently())->rows(), 10U);
  // The writer takes the rest over and does not wait for it.
  ASSERT_EQ(change({"DELETE FROM t"}), "2000");
  EXPECT_EQ(ask("SELECT count(*) FROM t"), "0");
  const std::string rest = rows_text(**rows);
  EXPECT_TRUE(rest.starts_with("11\n12\n")) << rest.substr(0, 20);
  EXPECT_TRUE(rest.ends_with("\n2000"));
}

TEST_F(Hyper, AWriterDoesNotWaitForALargeResult) {
  ASSERT_EQ(change({"CREATE TABLE t (i int)"}), "0");
  const auto reader = open();
  auto rows = reader->query(
      {"SELECT i, 'some text to make it large' FROM generate_series(1, 50000000) g(i)"},
      {.rows = 10}, patiently());
  ASSERT_TRUE(rows);
  ASSERT_EQ((*rows)->next(10, 1 << 20, patiently())->rows(), 10U);
  ASSERT_EQ(change({"INSERT INTO t VALUES (1)"}), "1");
  const std::string rest = rows_text(**rows);
  EXPECT_NE(rest.find("conflict: the database was written to"), std::string::npos) << rest.size();
  rows->reset();
  EXPECT_EQ(test::ask(*reader, "SELECT count(*) FROM t"), "1");
}

// Failure 15: writers take turns.
TEST_F(Hyper, WritersDoNotConflict) {
  ASSERT_EQ(change({"CREATE TABLE t (i int)", "INSERT INTO t VALUES (0)"}), "0 1");
  std::atomic<int> done = 0;
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < 4; ++i) {
      writers.emplace_back([&] {
        const auto connection = open();
        for (int j = 0; connection && j < 5; ++j)
          done += test::change(*connection, {"UPDATE t SET i = i + 1"}) == "1" ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(done, 20);
  EXPECT_EQ(ask("SELECT i FROM t"), "20");
}

TEST_F(Hyper, AKeyIsKeptWithItsCommit) {
  ASSERT_EQ(change({"CREATE TABLE t (i int)"}), "0");
  const std::vector<sql::Statement> statements{{"INSERT INTO t VALUES (1), (2)"},
                                               {"DELETE FROM t WHERE i = 2"}};
  const sql::Key key{"k'1", "f1"};
  const auto first = connection_->execute(statements, key, patiently());
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_FALSE(first->replayed);
  kill_hyperd();
  connection_ = open_eventually();
  const auto again = connection_->execute(statements, key, patiently());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->rows_affected, (std::vector<std::int64_t>{2, 1}));
  EXPECT_EQ(ask("SELECT count(*) FROM t"), "1");
  const auto other = connection_->execute(statements, sql::Key{"k'1", "f2"}, patiently());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::conflict);
}

TEST_F(Hyper, TakesRowsInBulk) {
  const auto copied = connection_->insert(
      some_rows({"DROP TABLE IF EXISTS t", "CREATE TABLE t (i bigint, s text, b bytea)"}, 20'000),
      patiently());
  ASSERT_TRUE(copied) << copied.error().message;
  EXPECT_EQ(copied->rows_affected, (std::vector<std::int64_t>{0, 0, 20'002}));
  EXPECT_EQ(ask("SELECT count(*), sum(i) FROM t"), "20002|199989999");
  EXPECT_EQ(ask("SELECT s, b FROM t WHERE i = -1"), "a \"b\", \\.\n\tc|AP8Q");
  EXPECT_EQ(ask("SELECT i, s, b FROM t WHERE i IS NULL"), "∅||");
  // What fails on its way leaves the table as it was.
  auto broken = some_rows({"DELETE FROM t"}, 5'000);
  broken.next = [calls = 0, next = broken.next]() mutable -> Result<sql::Batch> {
    if (++calls == 3) return fail(Errc::invalid_args, "line 7 is no row");
    return next();
  };
  const auto refused = connection_->insert(broken, patiently());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "line 7 is no row");
  auto wrong = some_rows({}, 5'000);
  wrong.columns = {"s", "i", "b"};
  EXPECT_EQ(connection_->insert(wrong, patiently()).error().code, Errc::invalid_args);
  EXPECT_EQ(ask("SELECT count(*) FROM t"), "20002");
}

TEST_F(Hyper, DescribesTables) {
  ASSERT_EQ(
      change({"CREATE SCHEMA shop",
              "CREATE TABLE shop.orders (id bigint NOT NULL, price numeric(12,2), note text)",
              "CREATE TABLE customers (name text)", "INSERT INTO customers VALUES ('a'), ('b')"}),
      "0 0 0 2");
  const auto tables = connection_->tables(patiently());
  ASSERT_TRUE(tables) << tables.error().message;
  ASSERT_EQ(tables->size(), 2U);
  EXPECT_EQ((*tables)[0].name, "customers");
  EXPECT_EQ((*tables)[0].rows, 2);
  EXPECT_EQ((*tables)[1].schema, "shop");
  const auto detail = connection_->describe("shop.orders", patiently());
  ASSERT_TRUE(detail) << detail.error().message;
  ASSERT_EQ(detail->columns.size(), 3U);
  EXPECT_FALSE(detail->columns[0].is_nullable);
  EXPECT_EQ(detail->columns[1].type, "numeric(12,2)");
  EXPECT_EQ(connection_->describe("custmers", patiently()).error().suggestions,
            std::vector<std::string>{"did you mean customers?"});
  const auto missing = connection_->query({"SELECT * FROM custmers"}, {}, patiently());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
  EXPECT_EQ(missing.error().suggestions, std::vector<std::string>{"did you mean customers?"});
  const auto column = connection_->query({"SELECT nmae FROM customers"}, {}, patiently());
  ASSERT_FALSE(column);
  EXPECT_EQ(column.error().code, Errc::not_found);
  EXPECT_EQ(column.error().suggestions.front(), "did you mean name?");
  EXPECT_FALSE(connection_->explain({"SELECT * FROM customers"}, false, patiently())->empty());
}

TEST_F(Hyper, SaysWhatIsMissing) {
  auto settings = home_.settings();
  settings.program = home_.directory / "no-hyperd";
  const auto engine = packs::sql::hyper::make_hyper_engine(settings);
  const auto connection =
      engine->connect({"persistent", "", Access::read_write}, {"s", "other", {}}, patiently());
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().suggestions.front(), "set HYPERD_PATH, or path in [sql.hyper]");
  EXPECT_FALSE(engine->status().problem.empty());
}

}  // namespace
}  // namespace hearth::test
