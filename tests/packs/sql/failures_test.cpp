// What was seen to fail elsewhere (a peer's reproduced failures, by their numbers), where it is not
// a test of its own already: 1, 3, 4, 8, 14 in blackbox/sql_kill_test.cpp; 6 and 11 in
// duckdb_engine_test.cpp; 10 in read_only_test.cpp; 5 and 9 are the daemon's (blackbox/).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "packs/sql/duckdb_fixture.hpp"
#include "packs/sql/runner.hpp"

namespace hearth::packs::sql {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Failures : public DuckDbTest {};

// 2. A failed replacement leaves an empty table.
TEST_F(Failures, AFailedReplacementLeavesTheOldTable) {
  write_file(project_ / "bad.csv", "a\n1\nx\n");
  EXPECT_EQ(execute("CREATE TABLE t AS SELECT 7 AS a"), "1");
  EXPECT_THAT(execute("DROP TABLE t; CREATE TABLE t(a INT); "
                      "INSERT INTO t FROM read_csv('bad.csv', columns = {'a': 'INT'})"),
              HasSubstr("Line: 3"));
  EXPECT_EQ(query("FROM t"), "7");
}

// 7. The idle timer kills a running query.
TEST_F(Failures, NothingRestsWhileAQueryRuns) {
  Databases databases;
  databases.add_engine(make_engine());
  Connections connections(databases);
  const Target target = *databases.resolve("scratch", session(), Access::read_only);
  {
    const auto lease = connections.lease(target, {});
    ASSERT_TRUE(lease);
    EXPECT_FALSE(connections.quiet_since());
  }
  EXPECT_FALSE(connections.quiet_since()) << "it waits for the next call";
  (void)connections.close_idle(std::chrono::steady_clock::now() + std::chrono::hours(1));
  EXPECT_TRUE(connections.quiet_since());
  connections.close();
}

// 12. `2024-01-01 10:00:00` in CSV stays text.
TEST_F(Failures, TimesInCsvAreTimes) {
  write_file(project_ / "x.csv", "d,t\n2024-01-01,2024-01-01 10:00:00\n");
  EXPECT_EQ(query("SELECT typeof(d), typeof(t), t FROM 'x.csv'"),
            "DATE|TIMESTAMP|2024-01-01T10:00:00");
}

// 13. Table names are replaced as plain text in SQL.
TEST_F(Failures, NamesInTextsAreLeftAlone) {
  EXPECT_EQ(execute("CREATE TABLE orders AS SELECT 1 AS id", "persistent"), "1");
  EXPECT_EQ(query("SELECT 'persistent.orders', \"persistent.orders\" FROM (SELECT id AS "
                  "\"persistent.orders\" FROM persistent.orders) -- persistent.orders"),
            "persistent.orders|1");
}

// 15. Write conflicts are reported as syntax errors and not tried again.
TEST_F(Failures, ConflictsAreTriedAgain) {
  EXPECT_EQ(execute("CREATE TABLE t AS SELECT 0 AS n", "persistent"), "1");
  Databases databases;
  databases.add_engine(make_engine());
  Connections connections(databases);
  Cursors cursors;
  Runner runner(connections, cursors);
  engine_->stop();  // one process has the file
  const Target target = *databases.resolve("persistent", session(), Access::read_write);
  // Straight to the engine, without the lane that keeps writers apart.
  std::vector<std::future<Result<Executed>>> writers;
  for (int i = 0; i < 4; ++i) {
    writers.push_back(std::async(std::launch::async, [&, i] {
      return runner.execute(target, {{.sql = "UPDATE t SET n = n + 1"}},
                            {"k" + std::to_string(i), "f"}, false, {});
    }));
  }
  int done = 0;
  for (auto& each : writers) {
    const auto executed = each.get();
    if (executed) ++done;
    if (!executed) EXPECT_EQ(executed.error().code, Errc::conflict) << executed.error().message;
  }
  const auto page = runner.query(target, {.sql = "FROM t"}, {.rows = 1}, false, {});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->rows.at(0, 0).text, std::to_string(done));
  EXPECT_GT(done, 0);
  connections.close();
}

// 16. An unknown database is accepted: RunnerTest.NamesDatabasesWithTheirNearest.

// 17. No gzip, TSV, `;` CSV or Latin-1.
TEST_F(Failures, CsvInItsManyForms) {
  write_file(project_ / "semicolon.csv", "a;b\n1;x\n");
  write_file(project_ / "tab.tsv", "a\tb\n1\tx\n");
  write_file(project_ / "latin.csv", "a,b\n1,caf\xe9\n");
  write_file(project_ / "lines.jsonl", "{\"a\":1,\"b\":\"x\"}\n");
  // gzip of "a,b\n1,x\n", stored.
  write_file(project_ / "x.csv.gz",
             std::string_view("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x01\x08\x00\xf7\xff"
                              "a,b\n1,x\n"
                              "\x00\x00\x00\x00\x08\x00\x00\x00",
                              31));
  for (const std::string file : {"semicolon.csv", "tab.tsv", "lines.jsonl"}) {
    EXPECT_EQ(query("FROM '" + file + "'"), "1|x") << file;
  }
  EXPECT_EQ(query("SELECT b FROM read_csv('latin.csv', encoding = 'latin-1')"), "caf\xc3\xa9");
  EXPECT_EQ(query("FROM 'x.csv.gz'"), "1|x");
}

// 18. Several processes fight for one file's lock.
TEST_F(Failures, SessionsShareOneFile) {
  visible_.push_back({.alias = "mine", .location = project_ / "mine.duckdb"});
  EXPECT_EQ(execute("CREATE TABLE t AS SELECT 1 AS i", "mine"), "1");
  auto other = connect("mine", Access::read_write, "s2");
  ASSERT_TRUE(other);
  const auto executed = (*other)->execute({{.sql = "INSERT INTO t VALUES (2)"}}, {}, {});
  EXPECT_TRUE(executed) << executed.error().message;
  EXPECT_EQ(query("SELECT count(*) FROM mine.t"), "2");
}

}  // namespace
}  // namespace hearth::packs::sql
