// The store against its enemies: edited rows, older copies, lost files, full disks, clocks set
// back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "packs/mandates/engine/schema.hpp"
#include "packs/mandates/store_fixture.hpp"
#include "store/migration.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::hours;
using testing::HasSubstr;

TEST_F(StoreTest, AnswersOnlyWhatTheJournalHas) {
  const auto before = engine_->store->audit().value().head.sequence;
  ASSERT_TRUE(engine_->runs().create(mandate_.n, "test"));
  EXPECT_EQ(engine_->store->audit().value().head.sequence, before + 1);
}

TEST_F(StoreTest, CountsChangesBeforeTheyAreAnswered) {
  const auto before = engine_->store->changes();
  (void)engine_->number("SELECT count(*) FROM mandates");
  EXPECT_EQ(engine_->store->changes(), before) << "looking is none";
  ASSERT_TRUE(engine_->runs().create(mandate_.n, "test"));
  EXPECT_GT(engine_->store->changes(), before);
}

TEST_F(StoreTest, RefusesToOpenWithoutItsJournalOrKey) {
  open();
  std::filesystem::rename(state_ + "/journal", state_ + "/elsewhere");
  // The last records are in the outbox only, those before are gone.
  ASSERT_TRUE(create_mandate(*engine_->store, "n", "spec"));
  EXPECT_THAT(try_open().error().message, HasSubstr("the journal is gone"));
  std::filesystem::rename(state_ + "/elsewhere", state_ + "/journal");
  std::filesystem::rename(state_ + "/key", state_ + "/elsewhere");
  EXPECT_THAT(try_open().error().message, HasSubstr("key"));
}

TEST_F(StoreTest, RefusesAnOlderCopyOfTheDatabase) {
  engine_.reset();
  std::filesystem::copy(state_ + "/mandates.db", directory_ / "copy");
  open();
  ASSERT_TRUE(engine_->runs().create(mandate_.n, "test"));
  engine_.reset();
  std::filesystem::copy(directory_ / "copy", state_ + "/mandates.db",
                        std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(try_open().error().message, HasSubstr("the journal has"));
}

TEST_F(StoreTest, JournalsLaterWhatAKillKeptFromIt) {
  const auto head = engine_->store->audit().value().head.sequence;
  // As if the kill came after the commit: the record is in the outbox only.
  edit(
      "UPDATE journal_state SET written = written + 1;"
      "INSERT INTO outbox SELECT written, 0, 'late', 'text' FROM journal_state;");
  open();
  EXPECT_EQ(engine_->store->audit().value().head.sequence, head + 1);
  open();
  EXPECT_EQ(engine_->store->audit().value().head.sequence, head + 1);
}

TEST_F(StoreTest, MissesARecordThatWasTakenOutOfTheOutbox) {
  edit("UPDATE journal_state SET written = written + 1");
  EXPECT_EQ(try_open().error().code, Errc::damaged);
}

TEST_F(StoreTest, FindsAChangedJournal) {
  ASSERT_TRUE(create_mandate(*engine_->store, "n", "spec"));  // anchors the record of the first
  engine_.reset();
  {
    std::fstream file(state_ + "/journal", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(60);
    file.put('!');
  }
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::damaged);
  EXPECT_THAT(opened.error().message, HasSubstr("journal, offset 16"));
}

// An env whose files fail to append from some moment on, with half of it written.
class FullDisk final : public store::Env {
 public:
  bool is_full = false;
  Result<std::unique_ptr<store::WritableFile>> create(const std::string& path,
                                                      mode_t mode) override {
    return env_.create(path, mode);
  }
  Result<std::unique_ptr<store::WritableFile>> open_append(const std::string& path,
                                                           mode_t mode) override {
    auto file = env_.open_append(path, mode);
    if (!file) return file;
    return std::make_unique<File>(*this, std::move(*file));
  }
  Result<std::string> read(const std::string& path, std::size_t limit) override {
    return env_.read(path, limit);
  }
  Result<std::unique_ptr<store::MappedFile>> map(const std::string& path) override {
    return env_.map(path);
  }
  Result<std::uint64_t> size(const std::string& path) override { return env_.size(path); }
  Result<void> truncate(const std::string& path, std::uint64_t size) override {
    return env_.truncate(path, size);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return env_.rename(from, to);
  }
  Result<void> unlink(const std::string& path) override { return env_.unlink(path); }
  Result<void> sync_directory(const std::string& directory) override {
    return env_.sync_directory(directory);
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    return env_.list(directory);
  }

 private:
  class File final : public store::WritableFile {
   public:
    File(FullDisk& disk, std::unique_ptr<store::WritableFile> file)
        : disk_(disk), file_(std::move(file)) {}
    Result<void> append(std::string_view bytes) override {
      if (!disk_.is_full) return file_->append(bytes);
      (void)file_->append(bytes.substr(0, bytes.size() / 2));
      return fail(Errc::io, "the disk is full");
    }
    Result<void> sync() override { return file_->sync(); }

   private:
    FullDisk& disk_;
    std::unique_ptr<store::WritableFile> file_;
  };
  store::Env& env_ = store::system_env();
};

TEST_F(StoreTest, DoesNothingThatTheJournalCannotSee) {
  engine_.reset();
  FullDisk disk;
  std::uint64_t head = 0;
  {
    auto store = MandateStore::open(disk, clock_, {.directory = state_}).value();
    head = store->audit().value().head.sequence;
    disk.is_full = true;
    EXPECT_EQ(create_mandate(*store, "n", "spec").error().code, Errc::io);
    disk.is_full = false;
    EXPECT_EQ(create_mandate(*store, "o", "spec").error().code, Errc::io);
  }
  open();
  // The first was committed and is journaled now, whole; the second was refused.
  EXPECT_EQ(engine_->number("SELECT count(*) FROM mandates"), 2);
  EXPECT_EQ(engine_->store->audit().value().head.sequence, head + 1);
}

// As the version before numbers were kept had it: with schedules that are gone, and what they left.
TEST_F(StoreTest, AnOlderOneKeepsItsRowsAndGivesNoNumberAgain) {
  engine_.reset();
  const std::string old = directory_ / "old";
  std::filesystem::create_directories(old);
  {
    auto database = store::Database::open(old + "/mandates.db", {}).value();
    const store::Schema& now = mandates_schema();
    ASSERT_TRUE(store::migrate(
        database,
        {.name = now.name, .application_id = now.application_id, .steps = now.steps.first(3)}));
    const auto filled = database.execute(R"sql(
INSERT INTO mandates VALUES(2, 'man_2', 'kept', 'spec', 'active', '', 1, 1);
INSERT INTO schedules VALUES(3, 'sch_3', 2, 'every 1h', 'UTC', 0, 60000, 'skip', 1, 0, 0, 'skip', 1, 1, 0, 0,
  'active', '', 1000, 1);
INSERT INTO occurrences VALUES(3, 1000, 1000, 5, ''), (9, 1000, 1000, 6, ''), (9, 2000, 2000, NULL, 'skip');
INSERT INTO missed VALUES(1, 3, 1, 2, 2, 1, 3, 'late'), (2, 9, 1, 2, 2, 1, 3, 'late');
INSERT INTO runs(n, id, mandate_n, schedule_n, cause, state, not_before_ms, created_ms) VALUES
  (5, 'run_5', 2, 3, 'schedule', 'ended', 1, 1), (6, 'run_6', 4, 9, 'schedule', 'ended', 1, 1);
INSERT INTO phases(run_n, cycle, phase, is_done, begun, begun_ms, output) VALUES(5, 1, 0, 1, 1, 1, 'seen');
INSERT INTO effects VALUES('run_5/1/a', 5, 'review', 'command', 'make', '', '', '', 0, 1, NULL, '{}', 'cut off');
INSERT INTO watches VALUES(3, 1, 1000);
INSERT INTO sightings VALUES(3, 'a', 'm');
)sql");
    ASSERT_TRUE(filled) << filled.error().message;
  }
  auto opened = test::Engine::open(old, clock_, world_);
  ASSERT_TRUE(opened) << opened.error().message;
  engine_ = std::move(*opened);
  EXPECT_EQ(engine_->number("PRAGMA user_version"),
            static_cast<std::int64_t>(mandates_schema().steps.size()));
  EXPECT_EQ(engine_->number("SELECT group_concat(schedule_n) FROM occurrences"), 3);
  EXPECT_EQ(engine_->number("SELECT group_concat(schedule_n) FROM missed"), 3);
  EXPECT_EQ(engine_->run(5).id, "run_5");
  EXPECT_EQ(engine_->number("SELECT count(*) FROM phases WHERE output = 'seen'"), 1);
  EXPECT_EQ(engine_->number("SELECT count(*) FROM sightings"), 1);
  EXPECT_EQ(engine_->effects().for_review().value(), std::vector<std::string>{"run_5/1/a"});
  // The highest that anything still names.
  const auto mandate = create_mandate(*engine_->store, "new", "spec").value();
  EXPECT_EQ(mandate.n, 5);
  EXPECT_EQ(engine_->schedules().create(2, {.timing = "every 1h"}).value(), 10);
  EXPECT_EQ(engine_->runs().create(2, "test").value(), 7);
  EXPECT_TRUE(engine_->store->audit());
}

TEST_F(StoreTest, AClockSetBackStandsStill) {
  ASSERT_TRUE(engine_->runs().create(mandate_.n, "test"));
  const WallTime before = engine_->store->now();
  clock_.advance(-hours(48));
  EXPECT_EQ(engine_->store->now(), before);
  open();
  EXPECT_EQ(engine_->store->now(), before);
  EXPECT_EQ(engine_->store->clock_lag(), hours(48));
}

// The last record is behind the anchor, and only the database knows that it was there.
TEST_F(StoreTest, AttackTheLastRecordIsCut) {
  ASSERT_TRUE(engine_->store->audit());
  const std::string journal = state_ + "/journal";
  const auto before = std::filesystem::file_size(journal);
  ASSERT_TRUE(create_mandate(*engine_->store, "other", "spec"));
  std::filesystem::resize_file(journal, before);
  const auto checked = engine_->store->audit();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Errc::damaged);
}

}  // namespace
}  // namespace hearth::packs::mandates
