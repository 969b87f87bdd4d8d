#include "cli/doctor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file_lock.hpp"
#include "support/scratch_directory.hpp"
#include "support/write_below.hpp"

namespace hearth::cli {
namespace {

using testing::HasSubstr;

ipc::Paths paths_below(const std::string& home) {
  return {home + "/run", home + "/data", home + "/state", home + "/config.toml"};
}

TEST(CheckDirectory, TellsWhatIsWrongWithOne) {
  const test::ScratchDirectory home("doctor");
  EXPECT_EQ(check_directory("d", home.path()).health, Health::ok);
  EXPECT_THAT(check_directory("d", home / "later").finding, HasSubstr("is not there yet"));
  ::chmod(home.path().c_str(), 0755);
  const Check open = check_directory("d", home.path());
  EXPECT_EQ(open.health, Health::warning);
  EXPECT_THAT(open.finding, HasSubstr("0755"));
  EXPECT_THAT(open.advice, HasSubstr("chmod 700"));
  const std::string file = test::write_below(home.path(), "file", "");
  EXPECT_EQ(check_directory("d", file).health, Health::error);
}

TEST(CheckDaemonConfig, ShowsThePlaceOfAnError) {
  const test::ScratchDirectory home("doctor");
  const ipc::Paths paths = paths_below(home.path());
  EXPECT_EQ(check_daemon_config(paths).health, Health::ok);
  test::write_below(home.path(), "config.toml", "[daemon]\nidle_timout = \"1m\"\n");
  const Check bad = check_daemon_config(paths);
  EXPECT_EQ(bad.health, Health::error);
  EXPECT_THAT(bad.finding, HasSubstr("config.toml:2:1"));
}

TEST(CheckDiscovery, TellsAStaleFileFromAMissingOne) {
  const test::ScratchDirectory home("doctor");
  const ipc::Paths paths = paths_below(home.path());
  EXPECT_EQ(check_discovery(paths, false).health, Health::ok);
  EXPECT_EQ(check_discovery(paths, true).health, Health::warning);
  test::write_below(home.path(), "run/hearthd.json", R"({"pid": 42})");
  EXPECT_THAT(check_discovery(paths, false).finding, HasSubstr("left by pid 42"));
  EXPECT_EQ(check_discovery(paths, true).health, Health::ok);
  test::write_below(home.path(), "run/hearthd.json", "\x01garbage");
  EXPECT_EQ(check_discovery(paths, true).health, Health::warning);
}

TEST(CheckStoreOwner, NamesAnotherProcess) {
  const test::ScratchDirectory home("doctor");
  const ipc::Paths paths = paths_below(home.path());
  EXPECT_EQ(check_store_owner(paths, false).health, Health::ok);
  test::write_below(home.path(), "data/x", "");
  const auto lock = FileLock::try_acquire(paths.store_lock());
  ASSERT_TRUE(lock);
  lock->describe_holder("pid 7 (elsewhere)");
  const Check owned = check_store_owner(paths, false);
  EXPECT_EQ(owned.health, Health::warning);
  EXPECT_THAT(owned.finding, HasSubstr("pid 7 (elsewhere)"));
}

TEST(CheckFallbacks, CountsThem) {
  const test::ScratchDirectory home("doctor");
  const ipc::Paths paths = paths_below(home.path());
  EXPECT_EQ(check_fallbacks(paths).health, Health::ok);
  test::write_below(home.path(), "state/fallbacks.log",
                    "spawn_failed 2026-11-21T09:00:00Z no\nbusy 2026-11-21T10:00:00Z full\n");
  const Check counted = check_fallbacks(paths);
  EXPECT_EQ(counted.health, Health::warning);
  EXPECT_THAT(counted.finding, HasSubstr("2 times"));
  EXPECT_THAT(counted.finding, HasSubstr("busy 2026-11-21T10:00:00Z full"));
}

TEST(CheckDiskSpace, LooksAtTheNearestDirectoryThatExists) {
  EXPECT_THAT(check_disk_space("/tmp/not/there/yet").finding, HasSubstr("free for"));
}

}  // namespace
}  // namespace hearth::cli
