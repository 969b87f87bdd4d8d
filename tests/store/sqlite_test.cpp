#include "store/sqlite.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "store/migration.hpp"
#include "store/readers.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::store {
namespace {

class SqliteTest : public testing::Test {
 protected:
  Database open(OpenMode mode = OpenMode::read_write) {
    auto opened = Database::open(path_, {.mode = mode});
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }

  const test::ScratchDirectory directory_{"sqlite"};
  const std::string path_ = directory_ / "test.db";
};

// A query that takes minutes unless somebody ends it.
constexpr const char* endless =
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 10000000000) "
    "SELECT max(n) FROM t";

TEST_F(SqliteTest, BindsAndReadsEveryType) {
  Database database = open();
  ASSERT_TRUE(database.execute("CREATE TABLE t(i, r, s, b, n)"));
  const std::string with_nul("a\0b", 3);
  ASSERT_TRUE(database.run("INSERT INTO t VALUES(?, ?, ?, ?, ?)", 7, 2.5, with_nul,
                           Blob{std::string_view("\0\1", 2)}, std::optional<std::string>()));
  auto rows = database.query("SELECT i, r, s, b, n FROM t WHERE i = ?", 7);
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.integer(0), 7);
  EXPECT_EQ(rows.real(1), 2.5);
  EXPECT_EQ(rows.text(2), with_nul);
  EXPECT_EQ(rows.blob(3), std::string_view("\0\1", 2));
  EXPECT_TRUE(rows.is_null(4));
  EXPECT_FALSE(rows.next());
  EXPECT_TRUE(rows.ok());
}

TEST_F(SqliteTest, RunsOneQueryWhileTheSameIsOpen) {
  Database database = open();
  constexpr const char* sql = "SELECT 1 UNION SELECT 2";
  auto outer = database.query(sql);
  int seen = 0;
  while (outer.next()) {
    auto inner = database.query(sql);
    while (inner.next()) ++seen;
  }
  EXPECT_EQ(seen, 4);
}

TEST_F(SqliteTest, CreatesTheFileForItsOwnerOnly) {
  Database database = open();
  ASSERT_TRUE(database.execute("CREATE TABLE t(a)"));
  for (const std::string& path : {path_, path_ + "-wal", path_ + "-shm"}) {
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0) << path;
    EXPECT_EQ(status.st_mode & 0777, 0600U) << path;
  }
}

// What another program that opens it would run into: 0 if nothing.
int locks_seen_by_others(const std::string& path) {
  const pid_t child = ::fork();
  if (child == 0) {
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_start = 0x40000002;  // SQLite's SHARED_FIRST
    lock.l_len = 510;
    const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    ::_exit(file >= 0 && ::fcntl(file, F_GETLK, &lock) == 0 && lock.l_type == F_UNLCK ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

// Without them the next program that reads it would take its journal for nobody's, and away.
TEST_F(SqliteTest, KeepsItsLocksWhenTheSameFileIsOpenedAgain) {
  Database database = open();
  ASSERT_TRUE(database.execute("CREATE TABLE t(i)"));
  EXPECT_EQ(locks_seen_by_others(path_), 1);
  open(OpenMode::read_only);
  open();
  EXPECT_EQ(locks_seen_by_others(path_), 1);
}

TEST_F(SqliteTest, TellsFailuresApart) {
  EXPECT_EQ(Database::open(path_, {.mode = OpenMode::read_only}).error().code, Errc::not_found);
  EXPECT_EQ(Database::open(directory_ / "none/x", {}).error().code, Errc::not_found);
  {
    Database database = open();
    ASSERT_TRUE(database.execute("CREATE TABLE t(a UNIQUE)"));
    ASSERT_TRUE(database.run("INSERT INTO t VALUES(1)"));
    EXPECT_EQ(database.run("INSERT INTO t VALUES(1)").error().code, Errc::conflict);
    EXPECT_EQ(database.run("SELEKT 1").error().code, Errc::internal);
    Database reader = open(OpenMode::read_only);
    EXPECT_EQ(reader.run("INSERT INTO t VALUES(2)").error().code, Errc::read_only);
  }
  std::ofstream(directory_ / "garbage") << std::string(8192, 'x');
  const auto garbage = Database::open(directory_ / "garbage", {});
  ASSERT_FALSE(garbage);
  EXPECT_EQ(garbage.error().code, Errc::damaged);
  EXPECT_NE(garbage.error().message.find("garbage"), std::string::npos);
  EXPECT_FALSE(garbage.error().suggestions.empty());
}

TEST_F(SqliteTest, WaitsForALockAndThenSaysBusy) {
  Database first = open();
  Database second = open();
  second.set_busy_timeout(std::chrono::milliseconds(1));
  auto held = Transaction::begin(first, Transaction::Kind::immediate);
  ASSERT_TRUE(held);
  const auto refused = Transaction::begin(second, Transaction::Kind::immediate);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::busy);
}

TEST_F(SqliteTest, RollsBackATransactionThatIsNotCommitted) {
  Database database = open();
  ASSERT_TRUE(database.execute("CREATE TABLE t(a)"));
  {
    auto transaction = Transaction::begin(database, Transaction::Kind::immediate);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(database.run("INSERT INTO t VALUES(1)"));
  }
  EXPECT_EQ(database.integer("SELECT count(*) FROM t").value(), 0);
}

TEST_F(SqliteTest, EndsAQueryWhenItsStopTokenFires) {
  Database database = open();
  std::stop_source source;
  const StopScope scope(database, source.get_token());
  std::jthread canceller([&] { source.request_stop(); });
  EXPECT_EQ(database.integer(endless).error().code, Errc::cancelled);
  EXPECT_EQ(database.integer(endless).error().code, Errc::cancelled);  // also one that starts later
}

TEST_F(SqliteTest, QueriesAgainAfterTheStopScope) {
  Database database = open();
  std::stop_source source;
  source.request_stop();
  {
    const StopScope scope(database, source.get_token());
    EXPECT_EQ(database.integer(endless).error().code, Errc::cancelled);
  }
  EXPECT_EQ(database.integer("SELECT 3").value(), 3);
}

// ---- Readers ----------------------------------------------------------------------------------

TEST_F(SqliteTest, ReadersSeeWhatWasCommittedBeforeAndNeverWaitForTheWriter) {
  Database writer = open();
  ASSERT_TRUE(writer.execute("CREATE TABLE t(a); INSERT INTO t VALUES(1)"));
  Readers readers(path_, 2, 512);
  auto transaction = Transaction::begin(writer, Transaction::Kind::immediate);
  ASSERT_TRUE(transaction);
  ASSERT_TRUE(writer.run("INSERT INTO t VALUES(2)"));
  {
    auto reader = readers.take();
    ASSERT_TRUE(reader);
    EXPECT_EQ((*reader)->integer("SELECT count(*) FROM t").value(), 1);
    ASSERT_TRUE(transaction->commit());
    EXPECT_EQ((*reader)->integer("SELECT count(*) FROM t").value(), 2);
  }
  readers.shrink();
  EXPECT_EQ(readers.take().value()->integer("SELECT count(*) FROM t").value(), 2);
}

// The stop is asked about every 2,000 instructions of a statement, counted over its whole life: in
// the end it also cuts a ROLLBACK short.
TEST_F(SqliteTest, AReaderThatWasStoppedLeavesNoTransactionToTheNext) {
  Database writer = open();
  ASSERT_TRUE(writer.execute("CREATE TABLE t(a)"));
  Readers readers(path_, 1, 512);
  for (std::int64_t round = 1; round <= 3000; ++round) {
    {
      std::stop_source source;
      auto reader = readers.take(source.get_token());
      ASSERT_TRUE(reader);
      const auto transaction = Transaction::begin(**reader, Transaction::Kind::deferred);
      ASSERT_TRUE(transaction) << "round " << round << ": " << transaction.error().message;
      EXPECT_TRUE((*reader)->integer("SELECT count(*) FROM t"));
      source.request_stop();
    }
    ASSERT_TRUE(writer.run("INSERT INTO t VALUES(?)", round));
    const auto reader = readers.take();
    ASSERT_TRUE(reader);
    ASSERT_FALSE((*reader)->in_transaction()) << "round " << round;
    ASSERT_EQ((*reader)->integer("SELECT count(*) FROM t").value(), round);
  }
}

TEST_F(SqliteTest, AReaderThatWaitsForAConnectionCanBeCancelled) {
  Database writer = open();
  Readers readers(path_, 1, 512);
  auto only = readers.take();
  ASSERT_TRUE(only);
  std::stop_source source;
  std::jthread canceller([&] { source.request_stop(); });
  EXPECT_EQ(readers.take(source.get_token()).error().code, Errc::cancelled);
}

TEST_F(SqliteTest, AWaitingReaderGetsTheConnectionThatIsGivenBack) {
  Database writer = open();
  Readers readers(path_, 1, 512);
  auto only = std::make_unique<Reader>(readers.take().value());
  std::jthread returner([&] { only.reset(); });
  EXPECT_TRUE(readers.take());
}

// ---- Migrations -------------------------------------------------------------------------------

constexpr const char* two_steps[] = {"CREATE TABLE a(x);", "ALTER TABLE a ADD COLUMN y;"};
constexpr Schema version_1{"test store", 0x54455354, std::span(two_steps).first(1)};
constexpr Schema version_2{"test store", 0x54455354, two_steps};

TEST_F(SqliteTest, MigratesStepByStepAndKeepsTheData) {
  Database database = open();
  ASSERT_TRUE(migrate(database, version_1));
  ASSERT_TRUE(database.run("INSERT INTO a(x) VALUES(1)"));
  EXPECT_EQ(check_version(database, version_2).error().code, Errc::unavailable);
  ASSERT_TRUE(migrate(database, version_2));
  ASSERT_TRUE(migrate(database, version_2));
  ASSERT_TRUE(check_version(database, version_2));
  EXPECT_EQ(database.integer("SELECT count(*) FROM a WHERE y IS NULL").value(), 1);
  EXPECT_EQ(database.integer("PRAGMA user_version").value(), 2);
}

TEST_F(SqliteTest, RefusesANewerVersionAndNamesFileAndVersions) {
  Database database = open();
  ASSERT_TRUE(migrate(database, version_2));
  const auto refused = migrate(database, version_1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unsupported);
  EXPECT_NE(refused.error().message.find(path_), std::string::npos);
  EXPECT_NE(refused.error().message.find("version 2"), std::string::npos);
  EXPECT_NE(refused.error().message.find("up to 1"), std::string::npos);
}

TEST_F(SqliteTest, RefusesADatabaseOfAnotherKind) {
  Database database = open();
  ASSERT_TRUE(database.execute("CREATE TABLE theirs(x)"));
  EXPECT_EQ(migrate(database, version_1).error().code, Errc::unsupported);
  EXPECT_EQ(database.integer("SELECT count(*) FROM sqlite_schema").value(), 1);
}

TEST_F(SqliteTest, UndoesAStepThatFails) {
  constexpr const char* bad_steps[] = {"CREATE TABLE a(x);",
                                       "CREATE TABLE b(y); CREATE TABLE a(z);"};
  Database database = open();
  EXPECT_FALSE(migrate(database, Schema{"test store", 0x54455354, bad_steps}));
  EXPECT_EQ(database.integer("PRAGMA user_version").value(), 1);
  EXPECT_EQ(database.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'b'").value(), 0);
}

}  // namespace
}  // namespace hearth::store
