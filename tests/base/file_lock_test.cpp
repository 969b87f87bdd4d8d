#include "base/file_lock.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "support/scratch_directory.hpp"

namespace hearth {
namespace {

// A process that holds the lock at `path` until it is killed.
class HoldingProcess {
 public:
  explicit HoldingProcess(const std::string& path) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) std::abort();
    pid_ = ::fork();
    if (pid_ == 0) hold(path, ends[1]);
    ::close(ends[1]);
    const UniqueFd ready(ends[0]);
    char word = 0;
    held_ = ::read(ready.get(), &word, 1) == 1 && word == 'y';
  }
  HoldingProcess(const HoldingProcess&) = delete;
  HoldingProcess& operator=(const HoldingProcess&) = delete;
  ~HoldingProcess() { kill_hard(); }

  void kill_hard() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  [[nodiscard]] bool held() const { return held_; }

 private:
  [[noreturn]] static void hold(const std::string& path, int ready) {
    const auto lock = FileLock::try_acquire(path);
    if (lock) lock->describe_holder("process of the test");
    (void)!::write(ready, lock ? "y" : "n", 1);
    for (;;) ::pause();
  }
  pid_t pid_ = -1;
  bool held_ = false;
};

class FileLockTest : public ::testing::Test {
 protected:
  test::ScratchDirectory directory_;
  std::string path_ = directory_ / "a.lock";
};

TEST_F(FileLockTest, IsRefusedToASecondProcessWithTheHoldersLine) {
  const HoldingProcess other(path_);
  ASSERT_TRUE(other.held());
  const auto lock = FileLock::try_acquire(path_);
  ASSERT_FALSE(lock.has_value());
  EXPECT_EQ(lock.error().code, Errc::busy);
  EXPECT_EQ(lock.error().message, path_ + " is held by process of the test");
}

TEST_F(FileLockTest, IsRefusedToASecondHolderInTheSameProcess) {
  const auto first = FileLock::try_acquire(path_);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(FileLock::try_acquire(path_).error().code, Errc::busy);
}

TEST_F(FileLockTest, IsFreeAsSoonAsItsHolderIsKilled) {
  HoldingProcess other(path_);
  ASSERT_TRUE(other.held());
  other.kill_hard();
  EXPECT_TRUE(FileLock::try_acquire(path_).has_value());
}

TEST_F(FileLockTest, DoesNotBlameADeadHolder) {
  HoldingProcess other(path_);
  other.kill_hard();
  const auto lock = FileLock::try_acquire(path_);
  ASSERT_TRUE(lock.has_value());
  EXPECT_EQ(FileLock::try_acquire(path_).error().message, path_ + " is held by another process");
}

TEST_F(FileLockTest, IsReleasedWithItsObject) {
  EXPECT_TRUE(FileLock::try_acquire(path_).has_value());
  EXPECT_TRUE(FileLock::try_acquire(path_).has_value());
}

TEST_F(FileLockTest, ReplacesALongerDescription) {
  const auto lock = FileLock::try_acquire(path_);
  ASSERT_TRUE(lock.has_value());
  lock->describe_holder("a rather long description");
  lock->describe_holder("short");
  EXPECT_EQ(lock_holder(path_), "short");
}

TEST_F(FileLockTest, ShowsNoControlCharactersOfTheFile) {
  const auto lock = FileLock::try_acquire(path_);
  ASSERT_TRUE(lock.has_value());
  lock->describe_holder("a\x1b[31mb");
  EXPECT_EQ(lock_holder(path_), "a?[31mb");
}

TEST_F(FileLockTest, HasNoHolderWhileFree) {
  EXPECT_EQ(lock_holder(path_), std::nullopt);
  {
    const auto lock = FileLock::try_acquire(path_);
  }
  EXPECT_EQ(lock_holder(path_), std::nullopt);
}

TEST_F(FileLockTest, IsOnlyForItsOwner) {
  const auto lock = FileLock::try_acquire(path_);
  struct stat info{};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(FileLockTest, IsTakenDespiteThoseWhoAskForTheHolder) {
  std::jthread asking([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) (void)lock_holder(path_);
  });
  for (int i = 0; i < 2000; ++i) {
    const auto lock = FileLock::try_acquire(path_);
    ASSERT_TRUE(lock.has_value()) << "round " << i << ": " << lock.error().message;
  }
}

TEST_F(FileLockTest, IsTakenByExactlyOneOfManyThreads) {
  for (int round = 0; round < 50; ++round) {
    std::vector<std::optional<FileLock>> locks(8);
    {
      std::vector<std::jthread> threads;
      for (auto& slot : locks) {
        threads.emplace_back([this, &slot] {
          if (auto lock = FileLock::try_acquire(path_)) slot.emplace(std::move(*lock));
        });
      }
    }
    EXPECT_EQ(std::ranges::count_if(locks, [](const auto& lock) { return lock.has_value(); }), 1);
  }
}

TEST_F(FileLockTest, RefusesASymbolicLink) {
  std::filesystem::create_symlink(directory_ / "elsewhere", path_);
  const auto lock = FileLock::try_acquire(path_);
  ASSERT_FALSE(lock.has_value());
  EXPECT_NE(lock.error().message.find("symbolic link"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(directory_ / "elsewhere"));
  EXPECT_EQ(lock_holder(path_), std::nullopt);
}

TEST_F(FileLockTest, RefusesWhatIsNoRegularFileWithoutWaiting) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(FileLock::try_acquire(path_).error().message,
            "lock: " + path_ + ": not a regular file");
  EXPECT_EQ(lock_holder(path_), std::nullopt);
  EXPECT_FALSE(FileLock::try_acquire(directory_.path()).has_value());
}

TEST_F(FileLockTest, NamesAMissingDirectory) {
  const auto lock = FileLock::try_acquire(directory_ / "none/a.lock");
  ASSERT_FALSE(lock.has_value());
  EXPECT_EQ(lock.error().code, Errc::not_found);
  EXPECT_NE(lock.error().message.find("none/a.lock"), std::string::npos);
}

TEST_F(FileLockTest, TakesAFileFullOfGarbage) {
  std::ofstream(path_) << std::string(100'000, '\xff');
  EXPECT_TRUE(FileLock::try_acquire(path_).has_value());
}

}  // namespace
}  // namespace hearth
