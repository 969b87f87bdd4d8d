// The engine `postgres` over the real PostgreSQL.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>

#include "packs/sql/engine/pg/link.hpp"
#include "packs/sql/engine/pg/postgres_engine.hpp"
#include "packs/sql/engine_calls.hpp"
#include "packs/sql/postgres_server.hpp"
#include "support/listener.hpp"

namespace hearth::test {
namespace {

using namespace std::chrono_literals;
using sql::Access;

class Postgres : public testing::Test {
 protected:
  void SetUp() override {
    if (!PostgresServer::is_installed()) GTEST_SKIP() << "there is no PostgreSQL here";
    static std::atomic<int> count = 0;
    name_ = "test" + std::to_string(++count);
    // Not execute(): a database is not made in a transaction.
    const auto admin = packs::sql::pg::Link::connect(
        {{"host", postgres_server().directory()}, {"user", "postgres"}, {"dbname", "postgres"}},
        {});
    ASSERT_TRUE(admin);
    ASSERT_TRUE((*admin)->run_ours("CREATE DATABASE " + name_, {}));
    connection_ = open();
  }

  std::unique_ptr<sql::Connection> open(Access access = Access::read_write) {
    auto connection =
        engine_->connect({"db", postgres_server().location(name_), access}, {}, patiently());
    EXPECT_TRUE(connection) << connection.error().message;
    return connection ? std::move(*connection) : nullptr;
  }
  std::string ask(const std::string& text, std::vector<sql::Parameter> parameters = {}) {
    return test::ask(*connection_, text, std::move(parameters));
  }
  std::string change(const std::vector<std::string>& texts) {
    return test::change(*connection_, texts);
  }

  const std::unique_ptr<sql::Engine> engine_ = packs::sql::pg::make_postgres_engine({});
  std::string name_;
  std::unique_ptr<sql::Connection> connection_;
};

std::string types_of(sql::Connection& connection, const std::string& text) {
  const auto rows = connection.query({text}, {}, patiently());
  if (!rows) return rows.error().message;
  std::string types;
  for (const auto& column : (*rows)->columns())
    types += (types.empty() ? "" : ", ") + column.name + " " + column.type;
  return types;
}

// Failure 11 of the reference list.
TEST_F(Postgres, KeepsTypesExact) {
  EXPECT_EQ(ask("SELECT 1.5::numeric(38,9), '12345678901234567890123456789.123456789'::numeric"),
            "1.500000000|12345678901234567890123456789.123456789");
  EXPECT_EQ(ask("SELECT 9223372036854775807::bigint, 0.1::float8, 'NaN'::float8, 'NaN'::numeric"),
            "9223372036854775807|0.1|NaN|NaN");
  EXPECT_EQ(ask("SELECT date '2024-01-31', time '10:00:00.5', timetz '10:00:00+02',"
                " timestamp '2024-01-31 10:00:00'"),
            "2024-01-31|10:00:00.5|10:00:00+02:00|2024-01-31T10:00:00");
  EXPECT_EQ(ask("SELECT interval '1 day 2 hours', '\\x00ff'::bytea, true, NULL::int"),
            "P1DT2H|AP8=|true|∅");
  EXPECT_EQ(ask("SELECT ARRAY[1,NULL], ARRAY['a\"b'], '{\"a\":  1}'::json, ROW(1,'x')"),
            R"([1,null]|["a\"b"]|{"a":  1}|(1,x))");
  EXPECT_EQ(types_of(*connection_, "SELECT 1::numeric(38,9) AS a, 2 AS a, now() AS t"),
            "a numeric(38,9), a integer, t timestamp with time zone");
}

TEST_F(Postgres, LearnsTypesOfTheDatabase) {
  ASSERT_EQ(change({"CREATE TYPE mood AS ENUM ('sad', 'ok')",
                    "CREATE TYPE spot AS (x int, moods mood[], at numeric(9,2))",
                    "CREATE TABLE t (m mood, s spot, ss spot[])",
                    "INSERT INTO t VALUES ('ok', ROW(1, '{ok,sad}', 1.5),"
                    " ARRAY[ROW(2, NULL, NULL)::spot])"}),
            "0 0 0 1");
  EXPECT_EQ(types_of(*connection_, "SELECT * FROM t"), "m mood, s spot, ss spot[]");
  EXPECT_EQ(ask("SELECT * FROM t"),
            R"(ok|{"x":1,"moods":["ok","sad"],"at":"1.50"}|[{"x":2,"moods":null,"at":null}])");
}

TEST_F(Postgres, ZonedTimesNameTheirZone) {
  ASSERT_EQ(change({"ALTER DATABASE " + name_ + " SET timezone = 'Asia/Kolkata'"}), "0");
  connection_ = open();
  EXPECT_EQ(ask("SELECT timestamptz '2024-01-31 10:00:00+00'"), "2024-01-31T15:30:00+05:30");
}

TEST_F(Postgres, TakesParametersByNumberAndByName) {
  EXPECT_EQ(ask("SELECT $1::int + $n::int, '$n'",
                {{"", {sql::CellKind::integer, "40"}}, {"n", {sql::CellKind::integer, "2"}}}),
            "42|$n");
  EXPECT_EQ(ask("SELECT $1::text IS NULL", {{"", {sql::CellKind::null, ""}}}), "true");
}

// Failure 13: nothing is replaced in a statement as plain text.
TEST_F(Postgres, LeavesNamesInTextsAlone) {
  ASSERT_EQ(change({"CREATE TABLE sales (sales text)",
                    "INSERT INTO sales VALUES ('sales of sales; -- sales')"}),
            "0 1");
  EXPECT_EQ(ask("SELECT sales.sales, 'sales' FROM sales AS sales"),
            "sales of sales; -- sales|sales");
}

// Failure 10.
TEST_F(Postgres, AQueryCannotWrite) {
  ASSERT_EQ(change({"CREATE TABLE t (i int)", "CREATE SEQUENCE s",
                    "CREATE FUNCTION sneak() RETURNS int LANGUAGE plpgsql AS $$ BEGIN"
                    " PERFORM set_config('transaction_read_only', 'off', true);"
                    " INSERT INTO t VALUES (1); RETURN 1; END $$"}),
            "0 0 0");
  const std::string program = postgres_server().directory() + "/data/ran";
  for (const std::string& attack : std::vector<std::string>{
           "INSERT INTO t VALUES (1)",
           "WITH x AS (INSERT INTO t VALUES (1) RETURNING i) SELECT * FROM x",
           "WITH x AS (SELECT 1 AS i) INSERT INTO t SELECT i FROM x",
           "SELECT 1 AS i INTO u",
           "UPDATE t SET i = 1",
           "DELETE FROM t",
           "TRUNCATE t",
           "DROP TABLE t",
           "CREATE TABLE u (i int)",
           "COPY t TO PROGRAM 'touch " + program + "'",
           "COPY (SELECT 1) TO PROGRAM 'touch " + program + "'",
           "COPY t TO '" + program + "'",
           "COPY t FROM PROGRAM 'echo 1'",
           "DO $$ BEGIN SET TRANSACTION READ WRITE; INSERT INTO t VALUES (1); END $$",
           "SET TRANSACTION READ WRITE",
           "SET default_transaction_read_only = off",
           "COMMIT",
           "BEGIN",
           "SELECT 1; INSERT INTO t VALUES (1)",
           "SELECT 1; COMMIT; INSERT INTO t VALUES (1)",
           "SELECT sneak()",
           "SELECT nextval('s')",
           "SELECT * FROM t FOR UPDATE",
           "EXPLAIN ANALYZE INSERT INTO t VALUES (1)",
           "CALL nothing()",
           "VACUUM t",
           "LOCK TABLE t",
           "PREPARE p AS INSERT INTO t VALUES (1)",
           "EXECUTE p",
           "/* SELECT */ DELETE FROM t",
           "SELECT set_config('transaction_read_only', 'off', false)",
           "MERGE INTO t USING t u ON true "
           "WHEN MATCHED THEN DELETE",
           "LISTEN x",
           "",
           ";",
           "SHOW x; DELETE FROM t"}) {
    const std::string answer = ask(attack);
    EXPECT_TRUE(answer.starts_with("read_only: ") || answer.starts_with("invalid_args: ") ||
                answer.starts_with("not_found: ") || answer.starts_with("unsupported: "))
        << attack << " → " << answer;
  }
  EXPECT_EQ(ask("SELECT count(*) FROM t"), "0");
  EXPECT_NE(::access(program.c_str(), F_OK), 0);
  // Those that say what they are.
  EXPECT_TRUE(ask("INSERT INTO t VALUES (1)").starts_with("read_only: "));
  EXPECT_TRUE(
      ask("WITH x AS (DELETE FROM t RETURNING i) SELECT * FROM x").starts_with("read_only: "));
  EXPECT_TRUE(ask("WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x").starts_with("read_only: "));
  EXPECT_TRUE(ask("SELECT nextval('s')").starts_with("read_only: "));
}

TEST_F(Postgres, AReadOnlyDatabaseTakesNoChange) {
  ASSERT_EQ(change({"CREATE TABLE t (i int)"}), "0");
  const auto reader = open(Access::read_only);
  EXPECT_TRUE(test::change(*reader, {"INSERT INTO t VALUES (1)"}).starts_with("read_only: "));
  EXPECT_EQ(test::ask(*reader, "SELECT count(*) FROM t"), "0");
}

TEST_F(Postgres, AllStatementsAreOneTransaction) {
  ASSERT_EQ(change({"CREATE TABLE t (i int PRIMARY KEY)", "INSERT INTO t VALUES (1), (2)"}), "0 2");
  const std::string failed = change({"DELETE FROM t", "INSERT INTO t VALUES (7), (7)"});
  EXPECT_TRUE(failed.starts_with("invalid_args: statement 2: duplicate key")) << failed;
  EXPECT_EQ(ask("SELECT * FROM t ORDER BY i"), "1\n2");
  EXPECT_TRUE(change({"DELETE FROM t", "COMMIT"}).starts_with("invalid_args: COMMIT has no place"));
  EXPECT_TRUE(change({"DELETE FROM t", "/**/ rollback"}).starts_with("invalid_args: "));
  EXPECT_TRUE(change({"COPY t TO PROGRAM 'true'"}).starts_with("unsupported: COPY"));
  EXPECT_EQ(ask("SELECT count(*) FROM t"), "2");
}

// Failure 2: what fails while it replaces leaves what was there.
TEST_F(Postgres, AFailedReplaceKeepsTheOldTable) {
  ASSERT_EQ(change({"CREATE TABLE t (i int)", "INSERT INTO t VALUES (1)"}), "0 1");
  EXPECT_TRUE(change({"DROP TABLE t", "CREATE TABLE t (i int)", "INSERT INTO t VALUES ('x')"})
                  .starts_with("invalid_args: statement 3"));
  EXPECT_EQ(ask("SELECT * FROM t"), "1");
}

// Failure 14.
TEST_F(Postgres, StopsWhenTold) {
  std::stop_source source;
  sql::Work work = patiently();
  work.stop = source.get_token();
  std::jthread later([&] { source.request_stop(); });
  const auto begun = std::chrono::steady_clock::now();
  const auto rows = connection_->query({"SELECT pg_sleep(60)"}, {.rows = 1}, work);
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, Errc::cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
  EXPECT_EQ(ask("SELECT 1"), "1") << "the connection is good for more";
}

TEST_F(Postgres, StopsAtTheDeadline) {
  for (int i = 0; i < 3; ++i) {
    const auto rows = connection_->query({"SELECT pg_sleep(60)"}, {.rows = 1}, within(50ms));
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().code, Errc::timed_out);
    EXPECT_EQ(ask("SELECT 1"), "1");
  }
  const auto changed = connection_->execute({{"SELECT pg_sleep(60)"}}, std::nullopt, within(50ms));
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, Errc::timed_out);
}

TEST_F(Postgres, ReadsLargeResultsInPages) {
  const auto begun = std::chrono::steady_clock::now();
  const auto rows =
      connection_->query({"SELECT i, repeat('x', 100) FROM generate_series(1, 1000000) i"},
                         {.rows = 100}, patiently());
  ASSERT_TRUE(rows) << rows.error().message;
  const auto first = (*rows)->next(100, 1 << 20, patiently());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->rows(), 100U);
  EXPECT_FALSE((*rows)->is_at_end());
  if (!is_sanitized()) EXPECT_LT(std::chrono::steady_clock::now() - begun, 1s);
  const auto by_bytes = (*rows)->next(10'000, 1'000, patiently());
  ASSERT_TRUE(by_bytes);
  EXPECT_EQ(by_bytes->at(0, 0).text, "101");
  EXPECT_LT(by_bytes->rows(), 20U);
  EXPECT_EQ((*rows)->next(1, 1, patiently())->at(0, 0).text,
            std::to_string(101 + by_bytes->rows()));
}

TEST_F(Postgres, AnAbandonedResultFreesTheConnection) {
  for (int i = 0; i < 20; ++i) {
    auto rows =
        connection_->query({"SELECT i, repeat('x', 1000) FROM generate_series(1, 100000) i"},
                           {.rows = 10'000, .bytes = 5'000}, patiently());
    ASSERT_TRUE(rows);
    rows->reset();
    ASSERT_EQ(ask("SELECT 1"), "1");
  }
}

// Failure 15.
TEST_F(Postgres, AConflictIsCalledOne) {
  ASSERT_EQ(change({"CREATE TABLE t (i int)", "INSERT INTO t VALUES (1), (2)"}), "0 2");
  const auto other = open();
  std::string outcomes[2];
  {
    std::jthread a([&] {
      outcomes[0] =
          test::change(*connection_, {"UPDATE t SET i = i WHERE i = 1", "SELECT pg_sleep(0.3)",
                                      "UPDATE t SET i = i WHERE i = 2"});
    });
    std::jthread b([&] {
      outcomes[1] = test::change(*other, {"UPDATE t SET i = i WHERE i = 2", "SELECT pg_sleep(0.3)",
                                          "UPDATE t SET i = i WHERE i = 1"});
    });
  }
  if (outcomes[0] == "1 0 1") std::swap(outcomes[0], outcomes[1]);
  EXPECT_TRUE(outcomes[0].starts_with("conflict: statement 3: deadlock detected")) << outcomes[0];
  EXPECT_EQ(outcomes[1], "1 0 1");
}

// Failure 16.
TEST_F(Postgres, NothingUnknownIsAccepted) {
  const auto missing =
      engine_->connect({"gone", postgres_server().location("no_such_database"), Access::read_write},
                       {}, patiently());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
  ASSERT_EQ(change({"CREATE TABLE customers (name text)"}), "0");
  const auto table = connection_->query({"SELECT * FROM custmers"}, {}, patiently());
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code, Errc::not_found);
  EXPECT_EQ(table.error().suggestions, std::vector<std::string>{"did you mean customers?"});
  const auto column = connection_->query({"SELECT nmae FROM customers"}, {}, patiently());
  ASSERT_FALSE(column);
  EXPECT_EQ(column.error().code, Errc::not_found);
  ASSERT_FALSE(column.error().suggestions.empty());
  EXPECT_NE(column.error().suggestions.front().find("customers.name"), std::string::npos);
}

TEST_F(Postgres, TakesRowsInBulk) {
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

TEST_F(Postgres, DescribesTables) {
  ASSERT_EQ(
      change(
          {"CREATE SCHEMA shop",
           "CREATE TABLE shop.orders (id bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(),"
           " price numeric(12,2), CHECK (price > 0))",
           "COMMENT ON COLUMN shop.orders.price IS 'in euros'",
           "CREATE VIEW cheap AS SELECT * FROM shop.orders WHERE price < 1",
           "INSERT INTO shop.orders SELECT i, now(), i FROM generate_series(1, 100) i",
           "ANALYZE shop.orders"}),
      "0 0 0 0 100 0");
  const auto tables = connection_->tables(patiently());
  ASSERT_TRUE(tables);
  ASSERT_EQ(tables->size(), 2U);
  EXPECT_EQ((*tables)[0].name, "cheap");
  EXPECT_EQ((*tables)[0].kind, "view");
  EXPECT_EQ((*tables)[1].schema, "shop");
  EXPECT_EQ((*tables)[1].rows, 100);
  EXPECT_TRUE((*tables)[1].is_estimate);
  const auto detail = connection_->describe("shop.orders", patiently());
  ASSERT_TRUE(detail) << detail.error().message;
  ASSERT_EQ(detail->columns.size(), 3U);
  EXPECT_EQ(detail->columns[0].key, "primary");
  EXPECT_EQ(detail->columns[1].default_value, "now()");
  EXPECT_FALSE(detail->columns[1].is_nullable);
  EXPECT_EQ(detail->columns[2].type, "numeric(12,2)");
  EXPECT_EQ(detail->columns[2].comment, "in euros");
  EXPECT_EQ(detail->constraints.size(), 2U);
  EXPECT_EQ(detail->indexes.size(), 1U);
  EXPECT_NE(connection_->describe("cheap", patiently())->definition.find("SELECT"),
            std::string::npos);
  const auto missing = connection_->describe("ordres", patiently());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
  EXPECT_FALSE(missing.error().suggestions.empty());
}

TEST_F(Postgres, ExplainsWithoutRunning) {
  ASSERT_EQ(change({"CREATE TABLE t (i int)"}), "0");
  const auto plan = connection_->explain({"INSERT INTO t VALUES (1)"}, false, patiently());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_NE(plan->find("Insert on t"), std::string::npos);
  EXPECT_NE(connection_->explain({"SELECT * FROM t"}, true, patiently())->find("actual"),
            std::string::npos);
  EXPECT_EQ(connection_->explain({"INSERT INTO t VALUES (1)"}, true, patiently()).error().code,
            Errc::read_only);
  EXPECT_EQ(ask("SELECT count(*) FROM t"), "0");
}

// Takes connections, and closes each: at once, or when it has asked for the password and got it.
class ClosingServer final {
 public:
  explicit ClosingServer(bool takes_password) : takes_password_(takes_password) {}
  ~ClosingServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  [[nodiscard]] int connections() const { return connections_; }
  Error refusal(std::chrono::milliseconds time) {
    auto engine = packs::sql::pg::make_postgres_engine(
        {.password = {.passfile = {}, .command = {"/bin/echo", "hunter2"}}});
    const auto opened = engine->connect(
        {"db", "host=" + directory_.path() + " user=me dbname=d", Access::read_only}, {},
        within(time));
    EXPECT_FALSE(opened);
    return opened ? Error{} : opened.error();
  }

 private:
  void serve() {
    for (;;) {
      const UniqueFd connection(::accept(listener_.get(), nullptr, nullptr));
      if (!connection.valid()) return;
      ++connections_;
      std::array<char, 1024> heard{};
      (void)!::read(connection.get(), heard.data(), heard.size());
      if (!takes_password_) continue;
      constexpr std::array<char, 9> in_clear{'R', 0, 0, 0, 8, 0, 0, 0, 3};
      (void)!::write(connection.get(), in_clear.data(), in_clear.size());
      (void)!::read(connection.get(), heard.data(), heard.size());
    }
  }

  const bool takes_password_;
  const ScratchDirectory directory_{"closing"};
  const UniqueFd listener_ = listener_at(directory_ / ".s.PGSQL.5432");
  std::atomic<int> connections_ = 0;
  std::thread thread_{[this] { serve(); }};
};

TEST(PostgresThatCloses, GetsThePasswordOnce) {
  ClosingServer server(true);
  EXPECT_EQ(server.refusal(patience).code, Errc::unavailable);
  EXPECT_EQ(server.connections(), 1);
}

TEST(PostgresThatCloses, IsAskedLessAndLessOften) {
  ClosingServer server(false);
  (void)server.refusal(500ms);
  EXPECT_GT(server.connections(), 1);
  EXPECT_LE(server.connections(), 10);  // every 20 ms it would be some 25 times, and 500 in all
}

TEST_F(Postgres, PasswordsComeFromTheFileOrTheCommand) {
  ASSERT_EQ(change({"CREATE ROLE clerk LOGIN PASSWORD 'hunter2'"}), "0");
  postgres_server().allow("local all clerk scram-sha-256");
  const std::string location =
      "host=" + postgres_server().directory() + " user=clerk dbname=" + name_;
  const auto connect = [&](packs::sql::pg::PasswordSource source) {
    return packs::sql::pg::make_postgres_engine({std::move(source)})
        ->connect({"db", location, Access::read_write}, {}, patiently());
  };
  const ScratchDirectory directory("pgpass");
  const std::string passfile = directory / "pgpass";
  write_file(passfile, "*:*:*:clerk:wrong\n");
  ASSERT_EQ(::chmod(passfile.c_str(), 0600), 0);
  // The server reads its file again a moment after it was told to.
  ASSERT_TRUE(
      eventually([&] { return !connect({.passfile = passfile, .command = {}}); }, patience));
  EXPECT_EQ(connect({.passfile = passfile, .command = {}}).error().code, Errc::permission);
  write_file(passfile, "*:*:*:clerk:hunter2\n");
  EXPECT_TRUE(connect({.passfile = passfile, .command = {}}));
  EXPECT_TRUE(connect({.passfile = {}, .command = {"/bin/echo", "hunter2"}}));
  EXPECT_EQ(connect({.passfile = {}, .command = {"/bin/echo", "no"}}).error().code,
            Errc::permission);
}

// Connections are used again, and one call must not find what another has set.
TEST_F(Postgres, LeavesNothingOfACallInItsSession) {
  EXPECT_EQ(change({"SET work_mem = '123kB'", "SET datestyle = 'German'"}), "0 0");
  EXPECT_EQ(ask("SELECT current_setting('work_mem'), date '2024-01-31'"), "4MB|2024-01-31");
  EXPECT_EQ(change({"SELECT set_config('work_mem', '123kB', false)"}), "0");
  EXPECT_EQ(ask("SHOW work_mem"), "4MB");
  const auto other = open();
  EXPECT_EQ(ask("SELECT pg_advisory_lock(7)"), "");
  EXPECT_EQ(test::ask(*other, "SELECT pg_try_advisory_lock(7)"), "true");
  EXPECT_EQ(change({"CREATE TEMP TABLE few AS SELECT 1 AS i", "INSERT INTO few VALUES (2)",
                    "CREATE TABLE kept AS SELECT * FROM few"}),
            "0 1 0");
  EXPECT_TRUE(ask("SELECT * FROM few").starts_with("not_found"));
  EXPECT_EQ(ask("SELECT count(*) FROM kept"), "2");
  for (const std::string text :
       {"CREATE OR REPLACE TEMP VIEW few AS SELECT 1", "SELECT 1 AS a INTO TEMP few",
        "EXPLAIN ANALYZE CREATE TEMP TABLE few AS SELECT 1"}) {
    (void)change({text});
    EXPECT_TRUE(ask("SELECT * FROM few").starts_with("not_found")) << text;
  }
  (void)change({"SELECT U&\"set\\005fconfig\"('work_mem', '123kB', false)"});
  EXPECT_EQ(ask("SHOW work_mem"), "4MB");
  EXPECT_TRUE(connection_->is_alive());
}

// A server with a certificate that nobody but the test vouches for.
TEST(PostgresTls, TrustsWhoTheUserTrusts) {
  if (!PostgresServer::is_installed()) GTEST_SKIP() << "there is no PostgreSQL here";
  const PostgresServer server(PostgresServer::Tls::yes);
  const auto engine = [](const std::string& mode) {
    return packs::sql::pg::make_postgres_engine({.ssl_mode = mode});
  };
  const std::string location =
      "postgresql://postgres@localhost:" + std::to_string(server.port()) + "/postgres";
  const std::string question = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
  const auto answer = [&](const std::string& mode, const std::string& more = "") {
    auto connection = engine(mode)->connect({"db", location + more}, {}, patiently());
    if (connection) return ask(**connection, question);
    return std::string(errc_name(connection.error().code)) + ": " + connection.error().message;
  };
  EXPECT_EQ(answer("disable"), "false|∅");
  EXPECT_EQ(answer("require"), "true|TLSv1.3");
  EXPECT_TRUE(answer("require", "?sslmode=disable").starts_with("permission_denied: sslmode"));
  ::setenv("PGSSLROOTCERT", "/dev/null", 1);
  EXPECT_TRUE(answer("verify-full").contains("certificate")) << answer("verify-full");
  EXPECT_TRUE(answer("verify-full").starts_with("permission_denied: ")) << answer("verify-full");
  ::setenv("PGSSLROOTCERT", server.certificate().c_str(), 1);
  EXPECT_EQ(answer("verify-full"), "true|TLSv1.3");
  EXPECT_EQ(answer("", "?sslmode=verify-full"), "true|TLSv1.3");
  ::unsetenv("PGSSLROOTCERT");
}

}  // namespace
}  // namespace hearth::test
