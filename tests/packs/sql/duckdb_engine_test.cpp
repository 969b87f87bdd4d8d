#include "packs/sql/engine/duckdb_engine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <future>
#include <thread>

#include "packs/sql/duckdb_fixture.hpp"
#include "support/process.hpp"
#include "support/sizes.hpp"

namespace hearth::packs::sql {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::StartsWith;

class DuckDbEngine : public DuckDbTest {};

TEST_F(DuckDbEngine, KeepsTypesExactly) {
  struct Case {
    std::string sql;
    std::string type;
    CellKind kind;
    std::string text;
  };
  const std::vector<Case> cases{
      {"1::TINYINT", "TINYINT", CellKind::integer, "1"},
      {"9223372036854775807", "BIGINT", CellKind::integer, "9223372036854775807"},
      {"(-170141183460469231731687303715884105728)::HUGEINT", "HUGEINT", CellKind::integer,
       "-170141183460469231731687303715884105728"},
      {"340282366920938463463374607431768211455::UHUGEINT", "UHUGEINT", CellKind::integer,
       "340282366920938463463374607431768211455"},
      {"'12345678901234567890.123456789'::DECIMAL(38,9)", "DECIMAL(38,9)", CellKind::text,
       "12345678901234567890.123456789"},
      {"(-0.05)::DECIMAL(4,2)", "DECIMAL(4,2)", CellKind::text, "-0.05"},
      {"0.1::DOUBLE", "DOUBLE", CellKind::real, "0.1"},
      {"0.1::FLOAT", "FLOAT", CellKind::real, "0.1"},
      {"'nan'::DOUBLE", "DOUBLE", CellKind::text, "NaN"},
      {"'-inf'::DOUBLE", "DOUBLE", CellKind::text, "-Infinity"},
      {"true", "BOOLEAN", CellKind::boolean, "true"},
      {"DATE '0044-03-15 (BC)'", "DATE", CellKind::text, "-0043-03-15"},
      {"DATE 'infinity'", "DATE", CellKind::text, "infinity"},
      {"TIME '10:00:00.5'", "TIME", CellKind::text, "10:00:00.5"},
      {"TIMESTAMP '2024-02-29 12:00:00.25'", "TIMESTAMP", CellKind::text, "2024-02-29T12:00:00.25"},
      {"TIMESTAMP '1969-12-31 23:59:59'", "TIMESTAMP", CellKind::text, "1969-12-31T23:59:59"},
      {"TIMESTAMPTZ '2024-01-01 10:00:00+01'", "TIMESTAMP WITH TIME ZONE", CellKind::text,
       "2024-01-01T09:00:00Z"},
      {"'2024-01-01 10:00:00.123456789'::TIMESTAMP_NS", "TIMESTAMP_NS", CellKind::text,
       "2024-01-01T10:00:00.123456789"},
      {"TIMETZ '10:00:00+01:30'", "TIME WITH TIME ZONE", CellKind::text, "10:00:00+01:30"},
      {"INTERVAL '14 months 3 days 4 hours 1.5 seconds'", "INTERVAL", CellKind::text,
       "P1Y2M3DT4H1.5S"},
      {"'\\x00\\xFFab'::BLOB", "BLOB", CellKind::text, "AP9hYg=="},
      {"'0101'::BIT", "BIT", CellKind::text, "0101"},
      {"'6c7b5c4e-0000-4000-8000-00000000abcd'::UUID", "UUID", CellKind::text,
       "6c7b5c4e-0000-4000-8000-00000000abcd"},
      {"'b'::ENUM('a','b')", "ENUM('a', 'b')", CellKind::text, "b"},
      {"[1, NULL, 3]", "INTEGER[]", CellKind::json, "[1,null,3]"},
      {"[1,2]::INTEGER[2]", "INTEGER[2]", CellKind::json, "[1,2]"},
      {"{'a': 1, 'b': ['x']}", "STRUCT(\"a\" INTEGER, \"b\" VARCHAR[])", CellKind::json,
       R"({"a":1,"b":["x"]})"},
      {"MAP {'k': 9007199254740993}", "MAP(VARCHAR, BIGINT)", CellKind::json,
       R"({"k":"9007199254740993"})"},
      {"MAP {1: 2}", "MAP(INTEGER, INTEGER)", CellKind::json, "[[1,2]]"},
      {"union_value(n := 5)", "UNION(\"n\" INTEGER)", CellKind::json, R"({"n":5})"},
      {"'{\"a\": 1}'::JSON", "JSON", CellKind::json, R"({"a": 1})"},
      {"'123456789012345678901234567890123456789012'::BIGNUM", "BIGNUM", CellKind::integer,
       "123456789012345678901234567890123456789012"},
      {"(-5)::BIGNUM", "BIGNUM", CellKind::integer, "-5"},
      {"NULL", "INTEGER", CellKind::null, ""},
  };
  auto connection = connect("scratch");
  ASSERT_TRUE(connection);
  for (const Case& each : cases) {
    auto rows = (*connection)->query({.sql = "SELECT " + each.sql}, {.rows = 1}, {});
    ASSERT_TRUE(rows) << each.sql << ": " << rows.error().message;
    const auto batch = (*rows)->next(1, 1 << 20, {});
    ASSERT_TRUE(batch && batch->rows() == 1) << each.sql;
    EXPECT_EQ((*rows)->columns()[0].type, each.type) << each.sql;
    EXPECT_EQ(batch->at(0, 0).kind, each.kind) << each.sql;
    EXPECT_EQ(batch->at(0, 0).text, each.text) << each.sql;
  }
}

// As a process leaves it that is killed while it makes a database.
TEST_F(DuckDbEngine, MakesADatabaseAnewThatWasHalfMade) {
  const std::string file = data_.path() + "/default/persistent/persistent.duckdb";
  for (const unsigned size : {0U, 4096U, 8192U}) {
    EXPECT_EQ(execute("CREATE OR REPLACE TABLE t AS SELECT 1 AS i", "persistent"), "1");
    engine_->stop();
    std::filesystem::remove(file + ".wal");
    std::filesystem::resize_file(file, size);
    engine_ = make_engine();
    EXPECT_TRUE(query("FROM t", "persistent").contains("does not exist")) << size;
  }
  EXPECT_EQ(execute("CREATE TABLE t AS SELECT 1 AS i", "persistent"), "1");
}

// A plan has the range of a column's values in it.
TEST_F(DuckDbEngine, AQueryThatRanBeforeSeesWhatWasCommittedSince) {
  EXPECT_EQ(execute("CREATE TABLE t AS SELECT 1 AS i", "persistent"), "1");
  EXPECT_EQ(execute("CREATE VIEW v AS SELECT count(*) FROM t WHERE i = 5; "
                    "CREATE MACRO m() AS (SELECT count(*) FROM t WHERE i = 5)",
                    "persistent"),
            "0,0");
  const std::vector<std::string> queries{"SELECT count(*) FROM t WHERE i = 5", "FROM v",
                                         "SELECT m()"};
  auto connection = connect("persistent", Access::read_only);
  ASSERT_TRUE(connection);
  for (const int count : {0, 1, 2}) {
    for (const std::string& sql : queries) {
      for (int again = 0; again < 3; ++again) {
        EXPECT_EQ(rows_of(**connection, sql), std::to_string(count)) << sql;
      }
    }
    EXPECT_EQ(execute("INSERT INTO t VALUES (5)", "persistent"), "1");
  }
}

TEST_F(DuckDbEngine, ForgetsATypeThatWasDropped) {
  auto connection = connect("scratch");
  ASSERT_TRUE(connection);
  EXPECT_EQ(execute("CREATE TYPE mood AS ENUM ('sad', 'happy')"), "0");
  for (const std::string sql : {"SELECT 'sad'::mood", "SELECT mood 'sad'"})
    EXPECT_EQ(rows_of(**connection, sql), "sad");
  EXPECT_EQ(execute("DROP TYPE mood"), "0");
  for (const std::string sql : {"SELECT 'sad'::mood", "SELECT mood 'sad'"})
    EXPECT_THAT(rows_of(**connection, sql), StartsWith("not_found")) << sql;
}

TEST_F(DuckDbEngine, KeepsColumnsOfOneNameApart) {
  EXPECT_EQ(query("SELECT 1 AS a, 2 AS a"), "1|2");
}

TEST_F(DuckDbEngine, TakesParametersByPositionAndByName) {
  auto connection = connect("scratch");
  ASSERT_TRUE(connection);
  EXPECT_EQ(rows_of(**connection, "SELECT $1 + 1, $2",
                    {{.name = {}, .value = {CellKind::integer, "41"}},
                     {.name = {}, .value = {CellKind::text, "it's"}}}),
            "42|it's");
  EXPECT_EQ(rows_of(**connection, "SELECT $b, $a",
                    {{.name = "a", .value = {CellKind::null, ""}},
                     {.name = "b", .value = {CellKind::boolean, "true"}}}),
            "true|-");
  EXPECT_THAT(rows_of(**connection, "SELECT $1"), StartsWith("invalid_args"));
}

TEST_F(DuckDbEngine, RunsAListAsOneTransaction) {
  EXPECT_EQ(execute("CREATE TABLE t(i INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2)"), "0,2");
  EXPECT_THAT(execute("INSERT INTO t VALUES (3); INSERT INTO t VALUES (1)"),
              StartsWith("invalid_args"));
  EXPECT_EQ(query("SELECT count(*) FROM t"), "2");
}

TEST_F(DuckDbEngine, AppliesAKeyOnce) {
  EXPECT_EQ(execute("CREATE TABLE t(i INT)", "persistent"), "0");
  const Key key{"k", "f"};
  EXPECT_EQ(execute("INSERT INTO t VALUES (1), (2)", "persistent", key), "2");
  EXPECT_EQ(execute("INSERT INTO t VALUES (1), (2)", "persistent", key), "2 replayed");
  EXPECT_THAT(execute("INSERT INTO t VALUES (9)", "persistent", Key{"k", "other"}),
              StartsWith("conflict"));
  EXPECT_EQ(query("SELECT count(*) FROM t", "persistent"), "2");
  engine_->stop();
  engine_ = make_engine();
  EXPECT_EQ(execute("INSERT INTO t VALUES (1), (2)", "persistent", key), "2 replayed");
}

TEST_F(DuckDbEngine, SeesTablesOfPersistentInScratch) {
  EXPECT_EQ(
      execute("CREATE TABLE orders AS SELECT range AS id, range % 7 AS kind, 'x' || range AS n "
              "FROM range(100000)",
              "persistent"),
      "100000");
  EXPECT_EQ(query("SELECT count(*), sum(id), max(n) FROM persistent.orders"),
            "100000|4999950000|x99999");
  EXPECT_EQ(query("SELECT o.id FROM persistent.main.orders o JOIN range(3) r ON o.id = r.range "
                  "ORDER BY ALL"),
            "0;1;2");
  EXPECT_EQ(execute("CREATE TABLE mine AS SELECT * FROM persistent.orders WHERE kind = 3"),
            "14286");
  EXPECT_EQ(execute("CREATE TABLE orders(id INT)"), "0");
  EXPECT_EQ(query("SELECT count(*) FROM orders"), "0") << "the session's own";
  EXPECT_EQ(query("SELECT count(*) FROM persistent.orders"), "100000");
  EXPECT_THAT(query("SELECT * FROM persistent.nothing"), StartsWith("not_found"));
}

// Wherever a table may stand, and whatever else the statement needs to be bound.
TEST_F(DuckDbEngine, SeesTheNeighboursTablesInEveryPlace) {
  EXPECT_EQ(execute("CREATE TABLE one AS SELECT 1 AS a, 'x' AS b", "persistent"), "1");
  EXPECT_EQ(execute("CREATE TABLE loc AS SELECT 1 AS a"), "1");
  for (const char* sql :
       {"SELECT b FROM loc JOIN persistent.one USING (a)",
        "SELECT b FROM loc NATURAL JOIN persistent.one", "SELECT b FROM persistent.one ORDER BY 1",
        "SELECT COLUMNS('b') FROM \"PERSISTENT\" . \"one\" -- persistent.two"})
    EXPECT_EQ(query(sql), "x") << sql;
  EXPECT_EQ(execute("INSERT INTO loc SELECT a + 1 FROM persistent.one"), "1");
  EXPECT_EQ(execute("UPDATE loc SET a = 7 WHERE a IN (SELECT a FROM persistent.one)"), "1");
  EXPECT_THAT(execute("INSERT INTO loc SELECT a FROM persistent.two"), StartsWith("not_found"));
  EXPECT_THAT(execute("INSERT INTO persistent.one VALUES (2, 'y')"), StartsWith("not_found"));
}

// They are kept without what a session sees.
TEST_F(DuckDbEngine, DefinesNothingUponNamesOfAnotherDatabase) {
  EXPECT_EQ(execute("CREATE TABLE one AS SELECT 1 AS a", "persistent"), "1");
  for (const char* sql : {"CREATE VIEW v AS SELECT * FROM persistent.one",
                          "create or replace view v as select * from range(1) join "
                          "\"Persistent\".one on true",
                          "CREATE MACRO m() AS TABLE SELECT * FROM persistent.one",
                          "CREATE FUNCTION m() AS (SELECT a FROM persistent.one)"})
    EXPECT_THAT(execute(sql), testing::AllOf(StartsWith("unsupported"), HasSubstr("persistent")))
        << sql;
  EXPECT_EQ(execute("CREATE TABLE view AS SELECT * FROM persistent.one"), "1");
  EXPECT_EQ(execute("CREATE VIEW v AS FROM hearth_query('persistent', 'SELECT * FROM one')"), "0");
  EXPECT_EQ(query("SELECT * FROM v"), "1");
}

TEST_F(DuckDbEngine, LooksForTheNamesOfEachStatementByItself) {
  EXPECT_EQ(execute("CREATE TABLE one AS SELECT 1 AS a", "persistent"), "1");
  EXPECT_EQ(execute("CREATE TABLE l AS SELECT * FROM persistent.one"), "1");
  EXPECT_THAT(execute("CREATE TABLE m AS SELECT * FROM one; CREATE TABLE n(a INT)"),
              testing::AllOf(StartsWith("not_found"), HasSubstr("statement 1")));
  EXPECT_THAT(execute("CREATE TABLE m AS SELECT * FROM persistent.one; SELECT * FROM one"),
              StartsWith("not_found"));
  EXPECT_EQ(execute("CREATE TABLE m AS SELECT 2 AS a; "
                    "CREATE TABLE n AS SELECT * FROM persistent.one -- ;"),
            "1,1");
  EXPECT_THAT(query("SELECT 1,\n2\nFROM range(1) WHERE = 1"), HasSubstr(", line 3"));
}

TEST_F(DuckDbEngine, ReadsFilesFromBothDatabases) {
  write_file(project_ / "x.csv", "a,b\n1,2024-01-01 10:00:00\n2,\n");
  for (const std::string alias : {"scratch", "persistent"}) {
    EXPECT_EQ(query("SELECT * FROM 'x.csv'", alias), "1|2024-01-01T10:00:00;2|-") << alias;
    EXPECT_EQ(query("SELECT typeof(b) FROM '" + project_.path() + "/x.csv' LIMIT 1", alias),
              "TIMESTAMP");
  }
  EXPECT_EQ(execute("CREATE TABLE loaded AS FROM 'x.csv'", "persistent"), "2");
  EXPECT_EQ(query("SELECT sum(a) FROM loaded", "persistent"), "3");
  EXPECT_EQ(query("SELECT * FROM hearth_query('scratch', 'SELECT a FROM read_csv(''x.csv'', "
                  "all_varchar = true) ORDER BY a DESC')",
                  "persistent"),
            "2;1");
}

TEST_F(DuckDbEngine, AdvisesNoExtensions) {
  auto connection = connect("scratch");
  ASSERT_TRUE(connection);
  for (const char* sql : {"SELECT * FROM sqlite_scan('x.db', 't')", "FROM 'https://x.y/a.csv'"}) {
    const auto rows = (*connection)->query({.sql = sql}, {.rows = 1}, {});
    ASSERT_FALSE(rows) << sql;
    EXPECT_EQ(rows.error().code, Errc::unsupported) << rows.error().message;
    EXPECT_FALSE(rows.error().message.contains("INSTALL")) << rows.error().message;
    ASSERT_EQ(rows.error().suggestions.size(), 1U) << sql;
    EXPECT_TRUE(rows.error().suggestions[0].contains("sql_load"));
  }
}

TEST_F(DuckDbEngine, TouchesNothingOutsideTheRoots) {
  const test::ScratchDirectory elsewhere("sql-elsewhere");
  write_file(elsewhere / "secret.csv", "a\n1\n");
  std::filesystem::create_symlink(elsewhere.path(), project_ / "link");
  EXPECT_EQ(execute("CREATE TABLE s(i INT); INSERT INTO s VALUES (42)", "scratch"), "0,1");
  auto other = connect("scratch", Access::read_only, "s2");
  ASSERT_TRUE(other);
  ASSERT_EQ(rows_of(**other, "SELECT 1"), "1");
  const std::string base = data_.path() + "/default";
  for (const std::string& path :
       {elsewhere / "secret.csv", project_ / "link/secret.csv", std::string("link/secret.csv"),
        std::string("../") + std::filesystem::path(elsewhere.path()).filename().string() +
            "/secret.csv",
        std::string("/etc/passwd"), std::string("/proc/self/environ"),
        std::string("/proc/self/maps"), base + "/scratch/s1/scratch.duckdb",
        base + "/persistent/persistent.duckdb"}) {
    for (const std::string& sql :
         {"SELECT * FROM read_csv('" + path + "')", "SELECT * FROM read_text('" + path + "')",
          "SELECT * FROM read_blob('" + path + "')"}) {
      EXPECT_THAT(rows_of(**other, sql),
                  testing::AnyOf(StartsWith("permission_denied"), StartsWith("not_found")))
          << sql;
    }
  }
  EXPECT_EQ(rows_of(**other, "SELECT count(*) FROM glob('" + elsewhere.path() + "/*')"), "0");
}

TEST_F(DuckDbEngine, HoldsAPageOfALargeResultOnly) {
  auto connection = connect("scratch", Access::read_only);
  ASSERT_TRUE(connection);
  ASSERT_EQ(rows_of(**connection, "SELECT 1"), "1");
  const auto before = steady_clock::now();
  auto rows = (*connection)
                  ->query({.sql = "SELECT range, 'row ' || range FROM range(10000000)"},
                          {.rows = 1000}, {});
  ASSERT_TRUE(rows);
  auto page = (*rows)->next(1000, 1 << 20, {});
  EXPECT_LT(steady_clock::now() - before, milliseconds(2000)) << "not the whole of it";
  ASSERT_TRUE(page);
  EXPECT_EQ(page->rows(), 1000U);
  EXPECT_FALSE((*rows)->is_at_end());
  page = (*rows)->next(5, 1 << 20, {});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->at(4, 0).text, "1004");
  rows->reset();
  EXPECT_EQ(rows_of(**connection, "SELECT 2"), "2") << "the connection goes on";
}

TEST_F(DuckDbEngine, IsInterruptedByItsCallerAndItsDeadline) {
  const std::string endless =
      "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b";
  auto connection = connect("scratch", Access::read_only);
  ASSERT_TRUE(connection);
  std::stop_source stop;
  const Work work{.stop = stop.get_token(),
                  .deadline = steady_clock::now() + std::chrono::seconds(20)};
  auto asked = std::async(std::launch::async, [&] {
    return (*connection)->query({.sql = endless}, {.rows = 1}, work);
  });
  stop.request_stop();  // whether it has begun or not
  const auto cancelled = asked.get();
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code, Errc::cancelled);
  const auto late = (*connection)
                        ->query({.sql = endless}, {.rows = 1},
                                {.deadline = steady_clock::now() + milliseconds(100)});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::timed_out);
  EXPECT_EQ(rows_of(**connection, "SELECT 3"), "3") << "the connection goes on";
}

// It is sent again and again until the answer comes, and must not hit what follows.
TEST_F(DuckDbEngine, AnInterruptEndsOnlyWhatItIsMeantFor) {
  auto connection = connect("scratch", Access::read_only);
  ASSERT_TRUE(connection);
  for (int i = 0; i < 40; ++i) {
    (void)(*connection)
        ->query({.sql = "SELECT sum(a.range * b.range) FROM range(3000) a, range(3000) b"},
                {.rows = 1}, {.deadline = steady_clock::now() + milliseconds(1 + i % 5)});
    if (!(*connection)->is_alive()) connection = connect("scratch", Access::read_only);
    ASSERT_TRUE(connection);
    ASSERT_EQ(rows_of(**connection, "SELECT max(range) FROM range(4)"), "3") << i;
  }
}

TEST_F(DuckDbEngine, ComesBackAfterItsEnd) {
  EXPECT_EQ(execute("CREATE TABLE t(i INT); INSERT INTO t VALUES (7)", "persistent"), "0,1");
  EXPECT_EQ(execute("CREATE TABLE mine AS SELECT 8 AS i"), "1");
  auto connection = connect("persistent");
  ASSERT_TRUE(connection);
  ASSERT_EQ(rows_of(**connection, "SELECT i FROM t"), "7");
  ASSERT_EQ(::kill(static_cast<pid_t>(engine_->status().pid), SIGKILL), 0);
  EXPECT_THAT(rows_of(**connection, "SELECT i FROM t"), StartsWith("engine_restarted"));
  EXPECT_FALSE((*connection)->is_alive());
  EXPECT_EQ(query("SELECT i FROM t", "persistent"), "7");
  EXPECT_EQ(query("SELECT i FROM mine"), "8") << "the scratch database is a file";
}

// A log that was found is put into the file soon, which waits for the tables, as writers do for it.
TEST_F(DuckDbEngine, LetsOthersWriteWhileAResultIsRead) {
  EXPECT_EQ(execute("CREATE TABLE k(i INT)", "persistent"), "0");
  EXPECT_EQ(execute("CREATE TABLE r AS FROM range(1000000)", "persistent"), "1000000");
  ASSERT_EQ(::kill(static_cast<pid_t>(engine_->status().pid), SIGKILL), 0);
  EXPECT_THAT(query("SELECT 1", "persistent"), testing::AnyOf("1", StartsWith("engine_restarted")));
  const std::string log = data_.path() + "/default/persistent/persistent.duckdb.wal";
  const auto log_bytes = [&] {
    std::error_code none;
    const auto size = std::filesystem::file_size(log, none);
    return none ? 0 : size;
  };
  EXPECT_GT(log_bytes(), 0);
  auto reader = connect("persistent", Access::read_only);
  ASSERT_TRUE(reader);
  auto rows = (*reader)->query({.sql = "FROM r"}, {.rows = 10}, {});
  ASSERT_TRUE(rows) << rows.error().message;
  auto writer = connect("persistent");
  ASSERT_TRUE(writer);
  for (int i = 0; i < 3; ++i) {
    const auto written =
        (*writer)->execute({{.sql = "INSERT INTO k VALUES (7)"}}, {},
                           {.deadline = steady_clock::now() + std::chrono::seconds(20)});
    ASSERT_TRUE(written) << written.error().message;
  }
  EXPECT_GT(log_bytes(), 0);
  rows->reset();
  EXPECT_TRUE(hearth::test::eventually(
      [&] {
        EXPECT_EQ(rows_of(**writer, "SELECT count(*) FROM k"), "3");
        return log_bytes() == 0;
      },
      hearth::test::patience));
}

// DuckDB's own, within a COMMIT, would wait as well.
TEST_F(DuckDbEngine, WritesALongLogWhileAResultIsRead) {
  EXPECT_EQ(execute("CREATE TABLE r AS SELECT range AS i FROM range(1000000)", "persistent"),
            "1000000");
  auto reader = connect("persistent", Access::read_only);
  ASSERT_TRUE(reader);
  auto rows = (*reader)->query({.sql = "FROM r"}, {.rows = 10}, {});
  ASSERT_TRUE(rows) << rows.error().message;
  auto writer = connect("persistent");
  ASSERT_TRUE(writer);
  for (int i = 0; i < 40; ++i) {  // less each time than DuckDB writes past the log
    const auto written =
        (*writer)->execute({{.sql = "INSERT INTO r SELECT range FROM range(100000)"}}, {},
                           {.deadline = steady_clock::now() + std::chrono::seconds(20)});
    ASSERT_TRUE(written) << written.error().message;
  }
}

// A kill is no reason to give up; what ends the process by itself is not tried for ever.
TEST_F(DuckDbEngine, TellsWhatEndsItFromWhoKillsIt) {
  const std::string endless =
      "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b";
  const auto end_by = [&](int signal) {
    auto connection = connect("scratch", Access::read_only);
    EXPECT_TRUE(connection);
    EXPECT_EQ(rows_of(**connection, "SELECT 1"), "1");
    auto asked = std::async(std::launch::async, [&] {
      return (*connection)->query({.sql = endless}, {.rows = 1}, {});
    });
    EXPECT_EQ(asked.wait_for(milliseconds(50)), std::future_status::timeout);
    ::kill(static_cast<pid_t>(engine_->status().pid), signal);
    const auto answer = asked.get();
    EXPECT_FALSE(answer);
    return answer ? Errc::internal : answer.error().code;
  };
  EXPECT_EQ(end_by(SIGKILL), Errc::engine_restarted);
  EXPECT_EQ(end_by(SIGKILL), Errc::engine_restarted);
  EXPECT_EQ(end_by(SIGSEGV), Errc::engine_restarted);
  EXPECT_EQ(end_by(SIGSEGV), Errc::internal);
}

TEST_F(DuckDbEngine, IsReplacedWhenItHangs) {
  auto connection = connect("persistent");
  ASSERT_TRUE(connection);
  ASSERT_EQ(rows_of(**connection, "SELECT 1"), "1");
  const auto pid = static_cast<pid_t>(engine_->status().pid);
  ASSERT_EQ(::kill(pid, SIGSTOP), 0);
  ::siginfo_t stopped{};  // it may still answer until then
  ASSERT_EQ(::waitid(P_PID, static_cast<::id_t>(pid), &stopped, WSTOPPED | WNOWAIT), 0);
  const auto stuck = (*connection)
                         ->query({.sql = "SELECT 1"}, {.rows = 1},
                                 {.deadline = steady_clock::now() + milliseconds(50)});
  ASSERT_FALSE(stuck);
  EXPECT_EQ(stuck.error().code, Errc::timed_out);
  EXPECT_EQ(query("SELECT 2", "persistent"), "2");
  EXPECT_NE(engine_->status().pid, pid);
}

TEST_F(DuckDbEngine, WritesFilesOfItsOwnIntoItsExchange) {
  for (const std::string alias : {"scratch", "persistent"}) {
    auto connection = connect(alias);
    ASSERT_TRUE(connection);
    const auto directory = engine_->exchange_directory({.alias = alias, .location = {}}, session());
    ASSERT_TRUE(directory);
    const auto copy_to = [&](const std::string& path) {
      return (*connection)
          ->execute({{.sql = "COPY (SELECT 1 AS a) TO '" + path + "'", .is_trusted = true}}, {},
                    {});
    };
    const auto copied = copy_to(*directory + "/x.csv");
    EXPECT_TRUE(copied) << copied.error().message;
    EXPECT_TRUE(std::filesystem::exists(*directory + "/x.csv")) << alias;
    EXPECT_FALSE(copy_to(project_.path() + "/x.csv"));
  }
}

// What one session has brought for a load is nobody else's: names are secret.
TEST_F(DuckDbEngine, ListsNoExchange) {
  for (const std::string alias : {"scratch", "persistent"}) {
    const auto directory = engine_->exchange_directory({.alias = alias, .location = {}}, session());
    ASSERT_TRUE(directory);
    write_file(*directory + "/secret.csv", "a\n1\n");
    for (const std::string pattern : {"/*", "/*.csv", "/s?cret.csv", "/../**"}) {
      EXPECT_THAT(query("SELECT file FROM system.main.glob('" + *directory + pattern + "')", alias),
                  testing::Not(HasSubstr("secret")))
          << alias << pattern;
    }
    EXPECT_EQ(query("SELECT a FROM system.main.read_csv('" + *directory + "/secret.csv')", alias),
              "1");
  }
}

// A time limit may pass at any moment of a change, also while it is committed.
TEST_F(DuckDbEngine, SaysOfWhatTookTooLongWhetherItWasDone) {
  ASSERT_EQ(execute("CREATE TABLE t AS SELECT 0 AS n, repeat('x', 100) AS s FROM range(100000)",
                    "persistent"),
            "100000");
  auto connection = connect("persistent");
  ASSERT_TRUE(connection);
  const auto change = [&](std::chrono::microseconds limit, int round) {
    return (*connection)
        ->execute({{.sql = "UPDATE t SET n = n + 1, s = s || 'y'"}},
                  Key{"round" + std::to_string(round), "f"},
                  {.deadline = steady_clock::now() + limit});
  };
  const auto start = steady_clock::now();
  ASSERT_TRUE(change(std::chrono::minutes(1), -1));
  const auto whole =
      std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - start);
  std::string expected = "1";
  for (int round = 0; round < 24; ++round) {
    const auto done = change(whole * (60 + 3 * round) / 100, round);
    if (!done && !(*connection)->is_alive()) connection = connect("persistent");
    ASSERT_TRUE(connection);
    const std::string found = query("SELECT min(n) FROM t", "persistent");
    if (done) expected = std::to_string(std::stoi(expected) + 1);
    if (!done && done.error().code == Errc::outcome_unknown) expected = found;
    ASSERT_EQ(found, expected) << round << (done ? "" : ": " + done.error().message);
  }
}

TEST_F(DuckDbEngine, MergesAndRefusesWhatWouldSurprise) {
  EXPECT_EQ(execute("CREATE TABLE t AS SELECT 1 AS i, 'a' AS s; MERGE INTO t USING (SELECT 1 AS i, "
                    "'b' AS s UNION ALL SELECT 2, 'c') AS n ON t.i = n.i WHEN MATCHED THEN UPDATE "
                    "SET s = n.s WHEN NOT MATCHED THEN INSERT VALUES (n.i, n.s)"),
            "unsupported: such a statement is not run here");
  EXPECT_EQ(execute("CREATE TABLE t AS SELECT 1 AS i, 'a' AS s"), "1");
  EXPECT_EQ(execute("MERGE INTO t USING (SELECT 1 AS i, 'b' AS s UNION ALL SELECT 2, 'c') AS n ON "
                    "t.i = n.i WHEN MATCHED THEN UPDATE SET s = n.s WHEN NOT MATCHED THEN INSERT "
                    "VALUES (n.i, n.s)"),
            "2");
  EXPECT_EQ(query("SELECT i, s FROM t ORDER BY i"), "1|b;2|c");
  for (const std::string text :
       {"CREATE TEMP TABLE u(i INT)", "create /**/ or replace Temporary view u AS SELECT 1"})
    EXPECT_THAT(execute(text), StartsWith("unsupported: CREATE TEMP")) << text;
  EXPECT_THAT(execute("DELETE FROM \"Hearth_Internal\".calls", "persistent"),
              StartsWith("unsupported: "));
  EXPECT_THAT(query("PIVOT t ON s USING sum(i)"), HasSubstr("has to name its values"));
  EXPECT_EQ(query("PIVOT t ON s IN ('b', 'c') USING sum(i)"), "1|2");
}

TEST_F(DuckDbEngine, ForgetsASessionsScratch) {
  EXPECT_EQ(execute("CREATE TABLE mine(i INT)"), "0");
  const std::string directory = data_.path() + "/default/scratch/s1";
  ASSERT_TRUE(std::filesystem::exists(directory));
  engine_->forget(session());
  EXPECT_FALSE(std::filesystem::exists(directory));
  EXPECT_THAT(query("SELECT * FROM mine"), StartsWith("not_found"));
}

TEST_F(DuckDbEngine, DescribesWhatThereIs) {
  EXPECT_EQ(
      execute("CREATE TABLE people(id INTEGER PRIMARY KEY, name VARCHAR NOT NULL DEFAULT 'x'); "
              "CREATE VIEW names AS SELECT name FROM people; "
              "CREATE INDEX by_name ON people(name)"),
      "0,0,0");
  auto connection = connect("scratch");
  ASSERT_TRUE(connection);
  const auto tables = (*connection)->tables({});
  ASSERT_TRUE(tables);
  ASSERT_EQ(tables->size(), 2U) << "not what hearth keeps there";
  EXPECT_EQ((*tables)[0].kind, "view");
  EXPECT_EQ((*tables)[1].name, "people");
  const auto detail = (*connection)->describe("People", {});
  ASSERT_TRUE(detail) << detail.error().message;
  ASSERT_EQ(detail->columns.size(), 2U);
  EXPECT_EQ(detail->columns[0].key, "primary");
  EXPECT_EQ(detail->columns[1].default_value, "'x'");
  EXPECT_FALSE(detail->columns[1].is_nullable);
  EXPECT_EQ(detail->indexes.size(), 1U);
  const auto none = (*connection)->describe("poeple", {});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().suggestions, testing::ElementsAre("people"));
}

}  // namespace
}  // namespace hearth::packs::sql
