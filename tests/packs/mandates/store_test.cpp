// The store against its enemies: edited rows, older copies, lost files, full disks, clocks set
// back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "packs/mandates/store_fixture.hpp"

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
