#include "store/writer.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "store/readers.hpp"
#include "support/held_clock.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::store {
namespace {

using Outcome = Result<WriteOutcome>;

Result<Database> open_test_database(const std::string& path) {
  auto database = Database::open(path, {});
  if (!database) return database;
  auto made = database->execute("CREATE TABLE IF NOT EXISTS notes(text TEXT NOT NULL UNIQUE)");
  if (!made) return std::unexpected(made.error());
  return database;
}

WriteJob insert(std::string text) {
  WriteJob job;
  job.run = [text](Database& database) -> Result<std::string> {
    if (auto done = database.run("INSERT INTO notes VALUES(?)", text); !done) {
      return std::unexpected(done.error());
    }
    return "stored " + text;
  };
  return job;
}

class WriterTest : public testing::Test {
 protected:
  void start(Writer::Options options = {}) {
    auto database = open_test_database(path_);
    ASSERT_TRUE(database) << database.error().message;
    auto started = Writer::start(std::move(*database), clock_, options);
    ASSERT_TRUE(started);
    writer_ = std::move(*started);
  }
  std::future<Outcome> submit(WriteJob job) {
    auto promise = std::make_shared<std::promise<Outcome>>();
    job.done = [promise](Outcome outcome) { promise->set_value(std::move(outcome)); };
    writer_->submit(std::move(job));
    return promise->get_future();
  }
  Outcome write(WriteJob job) { return submit(std::move(job)).get(); }
  // Keeps the writer busy until the returned promise is set.
  std::shared_ptr<std::promise<void>> hold() {
    auto gate = std::make_shared<std::promise<void>>();
    auto entered = std::make_shared<std::promise<void>>();
    WriteJob job;
    job.run = [gate, entered](Database&) -> Result<std::string> {
      entered->set_value();
      gate->get_future().wait();
      return "";
    };
    job.done = [](const Outcome&) {};
    writer_->submit(std::move(job));
    entered->get_future().wait();
    return gate;
  }
  std::int64_t count() {
    return Database::open(path_, {.mode = OpenMode::read_only})
        .value()
        .integer("SELECT count(*) FROM notes")
        .value()
        .value();
  }

  const test::ScratchDirectory directory_{"writer"};
  const std::string path_ = directory_ / "test.db";
  test::HeldClock clock_;
  std::unique_ptr<Writer> writer_;
};

WriteJob keyed(WriteJob job, std::string key, std::string fingerprint) {
  job.key = WriteKey{std::move(key), std::move(fingerprint)};
  return job;
}

TEST_F(WriterTest, AnswersInOrderOnceTheWritesAreVisibleToReaders) {
  start();
  auto gate = hold();
  std::vector<int> order;
  std::vector<std::int64_t> visible;
  std::promise<void> all;
  for (int i = 0; i < 10; ++i) {
    WriteJob job = insert("n" + std::to_string(i));
    job.done = [&, i](const Outcome& outcome) {
      EXPECT_TRUE(outcome);
      order.push_back(i);
      visible.push_back(count());
      if (i == 9) all.set_value();
    };
    writer_->submit(std::move(job));
  }
  gate->set_value();
  all.get_future().wait();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  // All ten were committed together before the first was answered.
  EXPECT_EQ(visible, std::vector<std::int64_t>(10, 10));
}

TEST_F(WriterTest, AFailingJobUndoesItselfAlone) {
  start();
  auto gate = hold();
  auto first = submit(insert("a"));
  WriteJob failing = insert("b");
  failing.run = [](Database& database) -> Result<std::string> {
    EXPECT_TRUE(database.run("INSERT INTO notes VALUES('half')"));
    return fail(Errc::conflict, "changed my mind");
  };
  auto second = submit(std::move(failing));
  WriteJob throwing;
  throwing.run = [](Database& database) -> Result<std::string> {
    EXPECT_TRUE(database.run("INSERT INTO notes VALUES('thrown')"));
    throw std::runtime_error("a bug");
  };
  auto third = submit(std::move(throwing));
  auto fourth = submit(insert("c"));
  gate->set_value();
  EXPECT_EQ(first.get().value().reply, "stored a");
  EXPECT_EQ(second.get().error().code, Errc::conflict);
  EXPECT_EQ(third.get().error().code, Errc::internal);
  EXPECT_TRUE(fourth.get());
  EXPECT_EQ(count(), 2);
}

TEST_F(WriterTest, ReplaysTheReplyOfAKeyAlsoAfterARestart) {
  start();
  ASSERT_FALSE(write(keyed(insert("a"), "k", "f")).value().replayed);
  for (int round = 0; round < 2; ++round) {
    const Outcome again = write(keyed(insert("a"), "k", "f"));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_TRUE(again->replayed);
    EXPECT_EQ(again->reply, "stored a");
    writer_.reset();
    start();
  }
  EXPECT_EQ(count(), 1);
}

TEST_F(WriterTest, ReplaysAKeyThatCameTwiceInOneBatch) {
  start();
  auto gate = hold();
  auto first = submit(keyed(insert("a"), "k", "f"));
  auto second = submit(keyed(insert("a"), "k", "f"));
  gate->set_value();
  EXPECT_FALSE(first.get().value().replayed);
  EXPECT_TRUE(second.get().value().replayed);
  EXPECT_EQ(count(), 1);
}

TEST_F(WriterTest, RefusesAKeyThatWasUsedForSomethingElse) {
  start();
  ASSERT_TRUE(write(keyed(insert("a"), "k", "f")));
  EXPECT_EQ(write(keyed(insert("b"), "k", "g")).error().code, Errc::conflict);
  EXPECT_EQ(count(), 1);
}

TEST_F(WriterTest, KeepsNoKeyForAJobThatFailed) {
  start();
  WriteJob failing = insert("a");
  failing.run = [](Database&) -> Result<std::string> { return fail(Errc::not_found, "no"); };
  EXPECT_FALSE(write(keyed(std::move(failing), "k", "f")));
  EXPECT_FALSE(write(keyed(insert("a"), "k", "f")).value().replayed);
}

TEST_F(WriterTest, ForgetsKeysAfterADay) {
  start();
  ASSERT_TRUE(write(keyed(insert("a"), "k", "f")));
  clock_.advance(std::chrono::hours(23));
  EXPECT_TRUE(write(keyed(insert("a"), "k", "f")).value().replayed);
  clock_.advance(std::chrono::hours(2));
  EXPECT_EQ(write(keyed(insert("a"), "k", "f")).error().code, Errc::conflict);  // UNIQUE: it ran
}

TEST_F(WriterTest, SkipsAJobThatWasCancelledBeforeItBegan) {
  start();
  auto gate = hold();
  std::stop_source source;
  WriteJob job = insert("a");
  job.stop = source.get_token();
  auto outcome = submit(std::move(job));
  source.request_stop();
  gate->set_value();
  EXPECT_EQ(outcome.get().error().code, Errc::cancelled);
  EXPECT_EQ(count(), 0);
}

TEST_F(WriterTest, ReportsTheOutcomeOfAJobThatWasCancelledWhileItRan) {
  start();
  std::stop_source source;
  WriteJob job = insert("a");
  job.stop = source.get_token();
  job.run = [&source, run = std::move(job.run)](Database& database) mutable {
    source.request_stop();
    return run(database);
  };
  EXPECT_TRUE(write(std::move(job)));
  EXPECT_EQ(count(), 1);
}

TEST_F(WriterTest, RefusesWhatItsQueueCannotHold) {
  start({.most_waiting = 2});
  auto gate = hold();
  auto first = submit(insert("a"));
  auto second = submit(insert("b"));
  EXPECT_EQ(submit(insert("c")).get().error().code, Errc::busy);
  gate->set_value();
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(second.get());
}

TEST_F(WriterTest, CloseFinishesWhatWaitsAndRefusesWhatComes) {
  start();
  auto gate = hold();
  auto waiting = submit(insert("a"));
  gate->set_value();
  writer_->close();
  EXPECT_TRUE(waiting.get());
  EXPECT_EQ(submit(insert("b")).get().error().code, Errc::draining);
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
}

TEST_F(WriterTest, TheJournalStaysBounded) {
  start(
      {.checkpoint_pages = 50, .long_wal_pages = 100, .checkpoint_wait = std::chrono::seconds(5)});
  Readers readers(path_, 1, 512);
  const std::string padding(4000, 'x');
  std::uintmax_t largest = 0;
  for (int i = 0; i < 400; ++i) {
    ASSERT_TRUE(write(insert(std::to_string(i) + padding)));
    ASSERT_TRUE(readers.take().value()->integer("SELECT count(*) FROM notes"));
    largest = std::max(largest, std::filesystem::file_size(path_ + "-wal"));
  }
  EXPECT_LT(largest, std::uintmax_t{4096} * 250);
}

TEST_F(WriterTest, AReaderThatPinsTheJournalHoldsWritesUpAndNotTheDisk) {
  start({.checkpoint_pages = 20,
         .long_wal_pages = 60,
         .most_wal_pages = 100,
         .checkpoint_wait = std::chrono::milliseconds(1)});
  const std::string padding(4000, 'x');
  ASSERT_TRUE(write(insert("first")));
  auto foreign = Database::open(path_, {.mode = OpenMode::read_only}).value();
  auto pinned = Transaction::begin(foreign, Transaction::Kind::deferred);
  ASSERT_TRUE(foreign.integer("SELECT count(*) FROM notes"));
  int written = 0;
  std::optional<Error> refusal;
  for (int i = 0; i < 500 && !refusal; ++i) {
    const Outcome outcome = write(insert(std::to_string(i) + padding));
    if (outcome) {
      ++written;
    } else {
      refusal = outcome.error();
    }
  }
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, Errc::busy);
  EXPECT_NE(refusal->message.find("journal"), std::string::npos) << refusal->message;
  EXPECT_LT(std::filesystem::file_size(path_ + "-wal"), std::uintmax_t{4096} * 150);

  ASSERT_TRUE(pinned->commit());
  EXPECT_TRUE(write(insert("after")));
  EXPECT_EQ(foreign.integer("SELECT count(*) FROM notes").value(), written + 2);
}

// ---- Crash and full disk ----------------------------------------------------------------------

// A child that writes 0, 1, 2 … in batches and reports each acknowledged number on the pipe.
[[noreturn]] void write_until_killed(const std::string& path, int report, int first) {
  const SystemClock clock;
  auto database = open_test_database(path);
  if (!database) ::_exit(1);
  auto writer = Writer::start(std::move(*database), clock);
  if (!writer) ::_exit(1);
  for (int i = first;; ++i) {
    WriteJob job = keyed(insert(std::to_string(i)), "key " + std::to_string(i), "f");
    job.done = [report, i](const Outcome& outcome) {
      if (!outcome && outcome.error().code == Errc::busy) return;
      if (!outcome || ::write(report, &i, sizeof i) != sizeof i) ::_exit(1);
    };
    (*writer)->submit(std::move(job));
    if (i % 64 == 0) ::usleep(500);  // many commits rather than a few large ones
  }
}

TEST_F(WriterTest, AKilledWriterLosesNoAcknowledgedWriteAndAppliesNoneTwice) {
  int next = 0;
  std::vector<int> acknowledged;
  for (int round = 0; round < 10; ++round) {
    int pipe[2] = {};
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(pipe[0]);
      write_until_killed(path_, pipe[1], next);
    }
    ::close(pipe[1]);
    // The kill falls at another point of a commit in each round.
    const int enough = 100 + round * 37;
    int number = 0;
    int seen = 0;
    while (::read(pipe[0], &number, sizeof number) == sizeof number) {
      acknowledged.push_back(number);
      if (++seen == enough) ::kill(child, SIGKILL);
    }
    ::close(pipe[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    next = acknowledged.back() + 10'000;
  }
  start();
  for (const int number : acknowledged) {
    const std::string text = std::to_string(number);
    const Outcome again = write(keyed(insert(text), "key " + text, "f"));
    ASSERT_TRUE(again) << text << ": " << again.error().message;
    ASSERT_TRUE(again->replayed) << text;
  }
}

// In a child, so that the limit is its own. Its exit status says what went wrong.
[[noreturn]] void fill_the_disk(const std::string& path) {
  ::signal(SIGXFSZ, SIG_IGN);
  const SystemClock clock;
  auto database = open_test_database(path);
  if (!database) ::_exit(1);
  auto writer = Writer::start(std::move(*database), clock).value();
  const auto write = [&](std::string text) {
    std::promise<Outcome> promise;
    WriteJob job = insert(std::move(text));
    job.done = [&](Outcome outcome) { promise.set_value(std::move(outcome)); };
    writer->submit(std::move(job));
    return promise.get_future().get();
  };
  if (!write("before")) ::_exit(2);
  const rlimit limit{200'000, RLIM_INFINITY};
  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(3);
  const Outcome failed = write(std::string(1'000'000, 'x'));
  if (failed) ::_exit(4);
  if (failed.error().code != Errc::io) ::_exit(5);
  if (failed.error().message.find("the disk is full") == std::string::npos) ::_exit(6);
  if (failed.error().message.find(path) == std::string::npos) ::_exit(7);
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  if (::setrlimit(RLIMIT_FSIZE, &unlimited) != 0) ::_exit(8);
  if (!write("after")) ::_exit(9);
  writer.reset();
  ::_exit(0);
}

TEST_F(WriterTest, AFullDiskIsSaidPlainlyKeepsTheDataAndIsGotOver) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) fill_the_disk(path_);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  Database database = Database::open(path_, {.mode = OpenMode::read_only}).value();
  EXPECT_EQ(
      database.integer("SELECT count(*) FROM notes WHERE text IN ('before', 'after')").value(), 2);
  EXPECT_EQ(database.integer("SELECT count(*) FROM notes").value(), 2);
}

}  // namespace
}  // namespace hearth::store
