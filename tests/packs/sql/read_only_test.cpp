// What nobody may do through a query, and nobody at all: a list of attacks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "packs/sql/duckdb_fixture.hpp"

namespace hearth::packs::sql {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ReadOnly : public DuckDbTest {
 protected:
  void SetUp() override {
    DuckDbTest::SetUp();
    if (IsSkipped()) return;
    write_file(project_ / "x.csv", "a\n1\n");
    for (const std::string alias : {"persistent", "scratch"}) {
      ASSERT_EQ(execute("CREATE TABLE t(i INT); INSERT INTO t VALUES (1); CREATE SEQUENCE sq; "
                        "CREATE MACRO sneaky() AS nextval('sq'); "
                        "CREATE VIEW sneaky_view AS SELECT nextval('sq') AS n",
                        alias),
                "0,1,0,0,0");
    }
  }
  std::string state(const std::string& alias) {
    return query(
        "SELECT (SELECT string_agg(i, ',') FROM t), (SELECT last_value FROM "
        "duckdb_sequences()), (SELECT count(*) FROM duckdb_tables() WHERE NOT internal), "
        "(SELECT count(*) FROM duckdb_databases() WHERE NOT internal), "
        "current_setting('threads'), current_setting('memory_limit')",
        alias);
  }
};

const std::vector<std::string>& attacks() {
  static const std::vector<std::string> list{
      // Changes rows, however it begins.
      "INSERT INTO t VALUES (2)",
      "  /* a */ -- b\n INSERT INTO t VALUES (2)",
      "WITH x AS (SELECT 2) INSERT INTO t SELECT * FROM x",
      "WITH RECURSIVE x AS (SELECT 2) INSERT INTO t SELECT * FROM x",
      "FROM (VALUES (2)) v INSERT INTO t SELECT *",
      "INSERT INTO t VALUES (2) RETURNING i",
      "INSERT OR REPLACE INTO t VALUES (2)",
      "INSERT INTO t BY NAME SELECT 2 AS i",
      "UPDATE t SET i = 3",
      "WITH x AS (SELECT 1) UPDATE t SET i = 3 FROM x",
      "DELETE FROM t",
      "WITH x AS (SELECT 1) DELETE FROM t USING x",
      "TRUNCATE t",
      "MERGE INTO t USING (SELECT 2 AS i) s ON t.i = s.i WHEN NOT MATCHED THEN INSERT VALUES (s.i)",
      "EXPLAIN ANALYZE INSERT INTO t VALUES (2)",
      "EXPLAIN ANALYZE DELETE FROM t",
      // Does what it explains.
      "EXPLAIN ANALYZE COPY t TO 'out.csv'",
      "EXPLAIN ANALYZE COPY (SELECT 1) TO 'out.csv' (FORMAT csv, USE_TMP_FILE false)",
      "explain /* a */ analyze -- b\n COPY t TO 'out.csv'",
      "EXPLAIN (ANALYZE) COPY t TO 'out.csv'",
      "EXPLAIN (ANALYZE, FORMAT json) SELECT 1",
      "EXPLAIN ANALYZE SET GLOBAL memory_limit = '1MB'",
      "EXPLAIN ANALYZE SET GLOBAL threads = 1",
      "EXPLAIN ANALYZE RESET threads",
      "EXPLAIN ANALYZE PRAGMA threads = 1",
      "EXPLAIN ANALYZE CALL pragma_version()",
      "EXPLAIN ANALYZE CHECKPOINT",
      "EXPLAIN ANALYZE VACUUM",
      "EXPLAIN ANALYZE ANALYZE",
      "EXPLAIN ANALYZE LOAD 'x.csv'",
      "EXPLAIN ANALYZE INSTALL httpfs",
      "EXPLAIN ANALYZE PREPARE p AS SELECT 1",
      "EXPLAIN ANALYZE CREATE TEMP TABLE u(i INT)",
      "EXPLAIN ANALYZE CREATE TABLE u(i INT)",
      "EXPLAIN ANALYZE EXPLAIN ANALYZE COPY t TO 'out.csv'",
      "EXPLAIN EXPLAIN ANALYZE COPY t TO 'out.csv'",
      "EXPLAIN ANALYZE ATTACH ':memory:' AS other",
      // Changes the process by what a SELECT calls.
      "FROM enable_logging('QueryLog', storage='file', storage_path='out')",
      "FROM system.main.enable_logging('QueryLog')",
      "SELECT * FROM \"Enable_Logging\" /* a */ ('QueryLog')",
      "EXPLAIN ANALYZE FROM enable_logging('QueryLog')",
      "SELECT * FROM query('FROM enable_logging(''QueryLog'')')",
      "SELECT * FROM query('FROM enable_' || 'logging(''QueryLog'')')",
      "SELECT * FROM hearth_query('persistent', 'FROM enable_logging(''QueryLog'')')",
      "FROM enable_logging\u00a0('QueryLog')",
      "FROM query\u3000('SELECT 1')",
      "SELECT 1\u00a0FROM\u00a0query('SELECT 1')",
      "SELECT c.*,1\u00a0FROM\u00a0hearth_internal.calls\u00a0c",
      "SELECT * FROM query_table('hearth_internal.calls')",
      // Becomes what a file holds.
      "IMPORT DATABASE 'x'",
      " /* a */ import DATABASE 'x'",
      "EXPLAIN (ANALYZE) IMPORT DATABASE 'x'",
      "EXPLAIN ANALYZE PRAGMA database_list",
      "FROM\u00a0query\u200b(\u2003'SELECT 1')",
      "FROM disable_logging()",
      "FROM truncate_duckdb_logs()",
      "SELECT write_log('x')",
      "FROM checkpoint()",
      "FROM force_checkpoint()",
      "FROM U&\"enable_logging\"('QueryLog')",
      "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('FROM checkpoint()'))",
      "SELECT * FROM arrow_scan(1, 2, 3)",
      // Redefines names.
      "CREATE TABLE u(i INT)",
      "CREATE OR REPLACE TABLE t AS SELECT 9 AS i",
      "CREATE TEMP TABLE u(i INT)",
      "CREATE VIEW u AS SELECT 1",
      "CREATE MACRO m() AS 1",
      "CREATE SCHEMA u",
      "CREATE TYPE u AS ENUM ('a')",
      "CREATE INDEX u ON t(i)",
      "CREATE SEQUENCE u",
      "CREATE SECRET u (TYPE http, EXTRA_HTTP_HEADERS MAP {'a': 'b'})",
      "DROP TABLE t",
      "DROP VIEW sneaky_view",
      "ALTER TABLE t ADD COLUMN j INT",
      "ALTER TABLE t RENAME TO u",
      "COMMENT ON TABLE t IS 'x'",
      // Writes by what a SELECT calls.
      "SELECT nextval('sq')",
      "SELECT \"nextval\"('sq')",
      "SELECT sneaky()",
      "SELECT * FROM sneaky_view",
      "SELECT i, nextval('sq') FROM t",
      "SELECT (SELECT nextval('sq'))",
      "EXPLAIN ANALYZE SELECT nextval('sq')",
      "SELECT * FROM query('INSERT INTO t VALUES (2)')",
      "SELECT * FROM query('SELECT nextval(''sq'')')",
      "SELECT * FROM hearth_query('persistent', 'INSERT INTO t VALUES (2)')",
      "SELECT * FROM hearth_query('persistent', 'SELECT nextval(''sq'')')",
      "SELECT * FROM hearth_query('persistent', 'SELECT 1) AS q(c0); DROP TABLE t; --')",
      "SELECT * FROM hearth_query('persistent', 'SELECT 1; DROP TABLE t')",
      // Ends the process that others work in.
      "SELECT * FROM hearth_query('persistent', NULL)",
      "SELECT * FROM hearth_query(NULL, 'SELECT 1')",
      "SELECT * FROM hearth_query('persistent', NULL::VARCHAR)",
      "FROM repeat_row(NULL, num_rows = NULL)",
      // Leaves the database.
      "COPY t TO 'out.csv'",
      "COPY (SELECT 1) TO 'out.csv'",
      "COPY t FROM 'x.csv'",
      "COPY FROM DATABASE main TO other",
      "EXPORT DATABASE 'out'",
      "IMPORT DATABASE 'out'",
      "ATTACH 'other.db'",
      "ATTACH ':memory:' AS other",
      "ATTACH 'x.csv' AS other (READ_ONLY)",
      "DETACH main",
      "USE other",
      "CALL pragma_version()",
      "CALL checkpoint()",
      "CHECKPOINT",
      "FORCE CHECKPOINT",
      "VACUUM",
      "ANALYZE",
      "INSTALL httpfs",
      "LOAD httpfs",
      "LOAD 'x.csv'",
      "UPDATE EXTENSIONS",
      // Changes settings.
      "SET threads = 1",
      "SET GLOBAL enable_external_access = true",
      "SET memory_limit = '1GB'",
      "RESET threads",
      "SET VARIABLE x = 1",
      "SET schema = 'main'",
      "PRAGMA threads = 1",
      "PRAGMA enable_profiling",
      "PRAGMA disable_checkpoint_on_shutdown",
      "PRAGMA enable_object_cache",
      // Takes the transaction, or more than one statement.
      "BEGIN TRANSACTION",
      "COMMIT",
      "ROLLBACK",
      "COMMIT; DROP TABLE t",
      "SELECT 1; DROP TABLE t",
      "SELECT 1; SELECT 2",
      "PREPARE p AS INSERT INTO t VALUES (2)",
      "EXECUTE p",
      "DEALLOCATE p",
      "",
      ";",
      "-- nothing",
  };
  return list;
}

TEST_F(ReadOnly, RefusesEveryAttack) {
  EXPECT_GE(attacks().size(), 60U);
  for (const std::string alias : {"persistent", "scratch"}) {
    auto connection = connect(alias, Access::read_only);
    ASSERT_TRUE(connection);
    const std::string before = state(alias);
    for (const std::string& attack : attacks()) {
      for (int round = 0; round < 2; ++round) {  // as new, and as one that is known
        auto rows = (*connection)->query({.sql = attack}, {.rows = 10}, {});
        EXPECT_FALSE(rows) << alias << ": " << attack;
        ASSERT_TRUE((*connection)->is_alive()) << attack;
      }
      ASSERT_EQ(state(alias), before) << attack;
    }
    EXPECT_EQ(rows_of(**connection, "SELECT i FROM t"), "1") << "and goes on";
  }
  EXPECT_FALSE(std::filesystem::exists(project_ / "out.csv"));
  EXPECT_FALSE(std::filesystem::exists(project_ / "out"));
}

TEST_F(ReadOnly, RefusesWritesOnAReadOnlyConnection) {
  auto connection = connect("persistent", Access::read_only);
  ASSERT_TRUE(connection);
  const auto executed = (*connection)->execute({{.sql = "INSERT INTO t VALUES (2)"}}, {}, {});
  ASSERT_FALSE(executed);
  EXPECT_EQ(executed.error().code, Errc::read_only);
}

// What leaves the database is refused to writers, too, with what to do instead.
TEST_F(ReadOnly, RefusesWritersWhatLeavesTheDatabase) {
  for (const std::string sql :
       {"COPY t TO 'out.csv'", "EXPORT DATABASE 'out'", "ATTACH 'other.db'", "INSTALL httpfs",
        "LOAD 'x.csv'", "SET threads = 1", "PRAGMA threads = 1", "BEGIN TRANSACTION", "COMMIT",
        "CALL pragma_version()", "PREPARE p AS SELECT 1", "COMMIT; BEGIN TRANSACTION"}) {
    EXPECT_THAT(execute(sql, "scratch"),
                testing::AnyOf(HasSubstr("unsupported"), HasSubstr("permission_denied")))
        << sql;
  }
  // Where the file may not be touched either, too.
  EXPECT_THAT(execute("COPY t TO 'out.csv'", "persistent"), HasSubstr("unsupported: COPY"));
  EXPECT_FALSE(std::filesystem::exists(project_ / "out.csv"));
  EXPECT_EQ(query("SELECT i FROM t"), "1");
}

TEST_F(ReadOnly, RefusesWritersWhatWouldNotLast) {
  for (const std::string sql :
       {"CREATE TEMP TABLE u(i INT)", "CREATE OR REPLACE TEMPORARY VIEW u AS SELECT 1",
        "SELECT 1; CREATE TEMP TABLE u(i INT)", "CREATE LOCAL TEMP TABLE u(i INT)",
        "CREATE TABLE IF NOT EXISTS temp.u(i INT)", "CREATE MACRO \"temp\".m() AS 1"}) {
    EXPECT_THAT(execute(sql, "scratch"), HasSubstr("unsupported: CREATE TEMP")) << sql;
  }
  EXPECT_EQ(execute("CREATE TABLE temp(i INT); DROP TABLE temp", "scratch"), "0,0");
}

TEST_F(ReadOnly, RefusesWritersWhatBecomesAnotherText) {
  fs::create_directory(project_ / "x");
  write_file(project_ / "x/schema.sql", "CREATE TABLE u(i INT); SELECT * FROM query('SELECT 1')");
  write_file(project_ / "x/load.sql", "");
  for (const std::string sql : {"IMPORT DATABASE 'x'", "SELECT 1; IMPORT DATABASE 'x'",
                                "PRAGMA import_database('x')", "EXPORT DATABASE 'y'"}) {
    EXPECT_THAT(execute(sql, "scratch"), HasSubstr("unsupported")) << sql;
  }
  EXPECT_THAT(execute("CREATE SECRET u (TYPE http)"), HasSubstr("unsupported: SECRET"));
  for (const std::string name : {"hearth_query(a, b)", "main.\"Read_csv\"(a)", "duckdb_tables()"})
    EXPECT_THAT(execute("CREATE OR REPLACE MACRO " + name + " AS TABLE SELECT 1"),
                HasSubstr("unsupported: a macro in place"))
        << name;
  EXPECT_EQ(execute("CREATE MACRO reads(a) AS a + 1"), "0");
  EXPECT_EQ(query("SELECT 1"), "1");
}

// Made elsewhere, where no gate was.
TEST_F(ReadOnly, RefusesAFileWhoseMacrosCallWhatNobodyMay) {
  const std::string macro = "CREATE MACRO lg() AS TABLE SELECT * FROM enable_logging('QueryLog')";
  ASSERT_TRUE((*connect("persistent"))->execute({{.sql = macro, .is_trusted = true}}, {}, {}));
  engine_->rest();
  for (const std::string part : {"", ".wal"}) {
    fs::copy_file(data_ / ("default/persistent/persistent.duckdb" + part),
                  project_ / ("evil.duckdb" + part));
  }
  const DatabaseRef evil{.alias = "evil", .location = project_ / "evil.duckdb"};
  auto attached = engine_->connect(evil, session(), {});
  ASSERT_TRUE(attached);
  EXPECT_THAT(rows_of(**attached, "SELECT 1 FROM t"),
              testing::AllOf(HasSubstr("its view or macro lg"), HasSubstr("enable_logging()")));
}

// What RETURNING gives may be named as DuckDB names its own count, and be anything.
TEST_F(ReadOnly, CountsWhatReturningGives) {
  EXPECT_EQ(execute("INSERT INTO t VALUES (2), (3) RETURNING {'a': 1} AS \"Count\"", "scratch"),
            "2");
  EXPECT_EQ(execute("UPDATE t SET i = 9 RETURNING 1::TINYINT AS \"Count\"", "scratch"), "3");
  EXPECT_EQ(execute("DELETE FROM t RETURNING 'text' AS \"Count\"", "scratch"), "3");
  EXPECT_EQ(execute("CREATE TABLE c AS SELECT 1 AS \"Count\"", "scratch"), "1");
}

TEST_F(ReadOnly, RefusesATextThatIsCutByANul) {
  const std::string sql("SELECT 1 \0 no SQL", 17);
  EXPECT_THAT(query(sql), HasSubstr("invalid_args: the statement holds a NUL"));
  EXPECT_THAT(execute(sql), HasSubstr("invalid_args: the statement holds a NUL"));
}

TEST_F(ReadOnly, SaysWhereToChangeAnotherDatabasesTables) {
  const auto executed =
      (*connect("scratch"))->execute({{.sql = "INSERT INTO persistent.u VALUES (1)"}}, {}, {});
  ASSERT_FALSE(executed);
  EXPECT_THAT(executed.error().suggestions,
              testing::Contains(HasSubstr("give \"persistent\" as the database")));
}

// A name that is redefined is looked at again.
TEST_F(ReadOnly, LooksAgainAtWhatWasRedefined) {
  EXPECT_EQ(execute("CREATE OR REPLACE VIEW v AS SELECT 1 AS n", "persistent"), "0");
  auto connection = connect("persistent", Access::read_only);
  ASSERT_TRUE(connection);
  EXPECT_EQ(rows_of(**connection, "SELECT n FROM v"), "1");
  EXPECT_EQ(rows_of(**connection, "SELECT n FROM v"), "1");
  EXPECT_EQ(execute("CREATE OR REPLACE VIEW v AS SELECT nextval('sq') + 100 AS n", "persistent"),
            "0");
  EXPECT_THAT(rows_of(**connection, "SELECT n FROM v"), HasSubstr("read_only"));
}

}  // namespace
}  // namespace hearth::packs::sql
