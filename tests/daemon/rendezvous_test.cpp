#include "daemon/rendezvous.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <string>

#include "support/daemon_thread.hpp"

namespace hearth::daemon {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

mode_t mode_of(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777U : 0;
}

class RendezvousTest : public ::testing::Test {
 protected:
  RendezvousTest() { fs::create_directories(paths_.runtime); }

  [[nodiscard]] std::string readiness() const {
    test::DaemonThread daemon(test::quiet_options(paths_));
    return daemon.readiness();
  }
  // A daemon starts and serves.
  void expect_service() const {
    test::DaemonThread daemon(test::quiet_options(paths_));
    ASSERT_EQ(daemon.readiness(), "ready\n");
    EXPECT_EQ(test::tool_code(daemon.client().ask("echo_say", "{}")), "none");
    EXPECT_EQ(daemon.stop(), 0);
  }

  test::ScratchDirectory scratch_{"rendezvous"};
  ipc::Paths paths_ = test::paths_below(scratch_.path());
};

TEST_F(RendezvousTest, MakesItsFilesForTheOwnerOnlyAndTakesThemAway) {
  fs::permissions(paths_.runtime, fs::perms::all);
  test::DaemonThread daemon(test::quiet_options(paths_));
  EXPECT_EQ(mode_of(paths_.runtime), 0700U);
  EXPECT_EQ(mode_of(paths_.socket()), 0600U);
  EXPECT_EQ(mode_of(paths_.discovery()), 0600U);
  EXPECT_EQ(mode_of(paths_.lock()), 0600U);
  const auto record = json::parse(read(paths_.discovery()));
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(json::int_or(*record, "pid", 0), ::getpid());
  EXPECT_EQ(json::string_or(record->at("endpoints"), "socket", ""), paths_.socket());
  EXPECT_EQ(daemon.stop(), 0);
  EXPECT_FALSE(fs::exists(paths_.socket()));
  EXPECT_FALSE(fs::exists(paths_.discovery()));
  EXPECT_TRUE(fs::exists(paths_.lock()));  // unlinking a lock file lets two hold it
}

TEST_F(RendezvousTest, StartsOverWhatADeadDaemonLeft) {
  {
    ASSERT_TRUE(ipc::listen_unix(paths_.socket()).has_value());
  }
  std::ofstream(paths_.lock()) << "pid 1 (hearthd 9.9.9)\n";
  std::ofstream(paths_.discovery()) << std::string("\0\xff garbage", 10);
  fs::create_directories(paths_.data);
  std::ofstream(paths_.store_lock()) << "pid 1\n";
  std::ofstream(paths_.newest()) << "{garbage";
  expect_service();
}

TEST_F(RendezvousTest, LeavesAForeignFileInTheSocketsPlaceAlone) {
  std::ofstream(paths_.socket()) << "precious";
  EXPECT_THAT(readiness(), HasSubstr("exists and is no socket"));
  EXPECT_EQ(read(paths_.socket()), "precious");
}

TEST_F(RendezvousTest, SaysThatItCannotWriteTheDiscoveryFile) {
  fs::create_directories(paths_.discovery() + "/full");
  test::DaemonThread daemon(test::quiet_options(paths_));
  EXPECT_THAT(daemon.readiness(), HasSubstr("hearthd.json"));
  EXPECT_EQ(daemon.join(), 6);
  EXPECT_FALSE(fs::exists(paths_.socket()));
}

TEST_F(RendezvousTest, RefusesALockThatIsASymbolicLink) {
  fs::create_symlink("/dev/null", paths_.lock());
  EXPECT_THAT(readiness(), HasSubstr("symbolic link"));
}

TEST_F(RendezvousTest, RefusesARuntimeDirectoryThatIsAFile) {
  fs::remove_all(paths_.runtime);
  std::ofstream(paths_.runtime) << "x";
  EXPECT_THAT(readiness(), HasSubstr(paths_.runtime));
}

TEST_F(RendezvousTest, RefusesASecondDaemonNamingTheFirst) {
  test::DaemonThread first(test::quiet_options(paths_));
  test::DaemonThread second(test::quiet_options(paths_));
  EXPECT_THAT(second.readiness(), StartsWith("busy another daemon is running: "));
  EXPECT_THAT(second.readiness(), HasSubstr("pid " + std::to_string(::getpid())));
  EXPECT_THAT(second.readiness(), HasSubstr("\n`hearth daemon status` shows it\n"));
  EXPECT_EQ(second.join(), 6);
  EXPECT_EQ(test::tool_code(first.client().ask("echo_say", "{}")), "none");
}

TEST_F(RendezvousTest, RefusesTwoRuntimeDirectoriesOnOneStore) {
  test::DaemonThread first(test::quiet_options(paths_));
  ipc::Paths elsewhere = paths_;
  elsewhere.runtime = scratch_ / "run2";
  test::DaemonThread second(test::quiet_options(elsewhere));
  EXPECT_THAT(second.readiness(), StartsWith("busy the stores in " + paths_.data));
  EXPECT_THAT(second.readiness(), HasSubstr(paths_.runtime));
  EXPECT_EQ(second.join(), 6);
  EXPECT_FALSE(fs::exists(elsewhere.socket()));
}

TEST_F(RendezvousTest, KnowsOneStoreUnderTwoNames) {
  test::DaemonThread first(test::quiet_options(paths_));
  ipc::Paths elsewhere = test::paths_below(scratch_ / "other");
  fs::create_directories(scratch_ / "other");
  fs::create_directory_symlink(scratch_.path(), scratch_ / "alias");
  elsewhere.data = scratch_ / "alias/data";
  test::DaemonThread second(test::quiet_options(elsewhere));
  EXPECT_THAT(second.readiness(), StartsWith("busy "));
}

TEST_F(RendezvousTest, WaitsForAPredecessorThatIsLeaving) {
  auto first = Rendezvous::claim(paths_, std::nullopt, {});
  ASSERT_TRUE(first.has_value()) << first.error().message;
  std::optional<Rendezvous> leaving(std::move(*first));
  leaving->retract();  // it does not serve any more, but still holds the lock
  (void)leaving->take_listener();
  auto second = std::async(std::launch::async, [&] {
    return Rendezvous::claim(paths_, std::nullopt, std::chrono::seconds(20)).has_value();
  });
  leaving.reset();
  EXPECT_TRUE(second.get());
}

TEST_F(RendezvousTest, GivesUpOnAPredecessorThatStays) {
  auto first = Rendezvous::claim(paths_, std::nullopt, {});
  ASSERT_TRUE(first.has_value());
  first->retract();
  const auto second = Rendezvous::claim(paths_, std::nullopt, std::chrono::milliseconds(10));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Errc::busy);
}

TEST_F(RendezvousTest, DoesNotTakeAwayTheSocketOfANewerDaemon) {
  auto old = Rendezvous::claim(paths_, std::nullopt, {});
  ASSERT_TRUE(old.has_value());
  ASSERT_TRUE(old->announce({}).has_value());
  const auto newer = ipc::listen_unix(paths_.socket());
  ASSERT_TRUE(newer.has_value());
  fs::rename(paths_.discovery(), paths_.discovery() + ".old");  // keeps its inode in use
  std::ofstream(paths_.discovery()) << "{}";
  old->retract();
  EXPECT_TRUE(fs::exists(paths_.socket()));
  EXPECT_TRUE(fs::exists(paths_.discovery()));
}

TEST_F(RendezvousTest, PutsBackWhatIsTakenAway) {
  auto rendezvous = Rendezvous::claim(paths_, std::nullopt, {});
  ASSERT_TRUE(rendezvous.has_value());
  ASSERT_TRUE(rendezvous->announce({.version = "7"}).has_value());
  EXPECT_EQ(rendezvous->restore()->has_value(), false) << "nothing is missing";
  fs::remove_all(paths_.runtime);
  const auto listener = rendezvous->restore();
  ASSERT_TRUE(listener.has_value()) << listener.error().message;
  EXPECT_TRUE(listener->has_value());
  EXPECT_TRUE(ipc::connect_unix(paths_.socket(), MonotonicTime::max()).has_value());
  EXPECT_THAT(read(paths_.discovery()), HasSubstr(R"("version":"7")"));
  EXPECT_EQ(FileLock::try_acquire(paths_.lock()).error().code, Errc::busy);
  rendezvous->retract();
  EXPECT_EQ(rendezvous->restore()->has_value(), false) << "it has left";
  EXPECT_FALSE(fs::exists(paths_.socket()));
}

TEST_F(RendezvousTest, GivesWayToADaemonThatHasItsPlace) {
  auto rendezvous = Rendezvous::claim(paths_, std::nullopt, {});
  ASSERT_TRUE(rendezvous.has_value());
  ASSERT_TRUE(rendezvous->announce({}).has_value());
  fs::remove(paths_.lock());
  const auto successor = FileLock::try_acquire(paths_.lock());
  ASSERT_TRUE(successor.has_value());
  const auto restored = rendezvous->restore();
  ASSERT_FALSE(restored.has_value());
  EXPECT_EQ(restored.error().code, Errc::busy);
}

TEST_F(RendezvousTest, LeavesAHandedOverSocketAlone) {
  auto handed = ipc::listen_unix(paths_.socket());
  ASSERT_TRUE(handed.has_value());
  daemon::Options options = test::quiet_options(paths_);
  options.listener = std::move(*handed);
  test::DaemonThread daemon(std::move(options));
  ASSERT_EQ(daemon.readiness(), "ready\n");
  EXPECT_EQ(test::tool_code(daemon.client().ask("echo_say", "{}")), "none");
  EXPECT_EQ(daemon.stop(), 0);
  EXPECT_TRUE(fs::exists(paths_.socket()));
}

TEST_F(RendezvousTest, RecordsTheNewestVersionThatIsStillThere) {
  fs::create_directories(paths_.data);
  const auto recorded = [&] {
    const auto record = json::parse(read(paths_.newest()));
    return record ? std::string(json::string_or(*record, "version", "")) : "nothing";
  };
  record_newest(paths_, "0.2.0", "/bin/true");
  EXPECT_EQ(recorded(), "0.2.0");
  record_newest(paths_, "0.1.0", "/bin/sh");
  EXPECT_EQ(recorded(), "0.2.0");
  record_newest(paths_, "0.3.0", "/nonexistent/hearthd");
  EXPECT_EQ(recorded(), "0.3.0");
  record_newest(paths_, "0.1.0", "/bin/sh");  // the newer one has been removed
  EXPECT_EQ(recorded(), "0.1.0");
}

}  // namespace
}  // namespace hearth::daemon
