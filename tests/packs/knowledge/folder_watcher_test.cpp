#include "packs/knowledge/folder_watcher.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <stop_token>
#include <string>
#include <thread>

#include "base/guarded.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::knowledge {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class Watcher : public testing::Test {
 protected:
  // Waits until so many changes were told.
  bool told(int times) {
    auto told = told_.lock();
    return told.wait_until(std::chrono::steady_clock::now() + 30s,
                           [&](int count) { return count >= times; });
  }
  void write(const std::string& name) { std::ofstream(directory_ / name) << name; }

  const test::ScratchDirectory directory_{"watched"};
  Guarded<int> told_{0};
  FolderWatcher watcher_{[this](const std::string& owner, const std::string& folder) {
    EXPECT_EQ(owner, "me");
    EXPECT_EQ(folder, directory_.path());
    ++*told_.lock();
    told_.notify_all();
  }};
};

TEST_F(Watcher, TellsOnceAtOnceAndThenOfChanges) {
  ASSERT_TRUE(watcher_.add("me", directory_.path()));
  EXPECT_TRUE(told(1));
  write("a.md");
  EXPECT_TRUE(told(2));
  fs::remove(directory_ / "a.md");
  EXPECT_TRUE(told(3));
}

TEST_F(Watcher, FollowsNewFolders) {
  ASSERT_TRUE(watcher_.add("me", directory_.path()));
  ASSERT_TRUE(told(1));
  fs::create_directories(directory_ / "sub/deeper");
  ASSERT_TRUE(told(2));
  write("sub/deeper/a.md");
  EXPECT_TRUE(told(3));
}

TEST_F(Watcher, TellsOfWhatNeverIsQuietAndNotOfWhatIsNeverImported) {
  ASSERT_TRUE(watcher_.add("me", directory_.path()));
  ASSERT_TRUE(told(1));
  const std::jthread ticking([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      write("tick.bin");
      write("busy.md");
      std::this_thread::sleep_for(20ms);
    }
  });
  EXPECT_TRUE(told(2));
}

TEST_F(Watcher, FollowsAFolderThatGoesAndComesBack) {
  ASSERT_TRUE(watcher_.add("me", directory_.path()));
  ASSERT_TRUE(told(1));
  fs::remove_all(directory_.path());
  ASSERT_TRUE(told(2));
  const int before = *told_.lock();
  fs::create_directories(directory_ / "sub");
  ASSERT_TRUE(told(before + 1));
  const int again = *told_.lock();
  write("sub/a.md");
  EXPECT_TRUE(told(again + 1));
}

TEST_F(Watcher, ForgetsWhatNobodyWatches) {
  const auto watches = [] {
    int count = 0;
    for (const auto& each : fs::directory_iterator("/proc/self/fdinfo")) {
      std::ifstream info(each.path());
      for (std::string line; std::getline(info, line);)
        count += line.starts_with("inotify") ? 1 : 0;
    }
    return count;
  };
  fs::create_directories(directory_ / "sub");
  ASSERT_TRUE(watcher_.add("me", directory_.path()));
  ASSERT_TRUE(told(1));
  EXPECT_EQ(watches(), 2);
  watcher_.remove("me", directory_.path());
  const auto until = std::chrono::steady_clock::now() + 30s;
  while (watches() > 0 && std::chrono::steady_clock::now() < until) {
  }
  EXPECT_EQ(watches(), 0);
}

TEST_F(Watcher, IsSilentAfterItsEnd) {
  ASSERT_TRUE(watcher_.add("me", directory_.path()));
  ASSERT_TRUE(told(1));
  EXPECT_FALSE(watcher_.is_empty());
  watcher_.remove("me", directory_.path());
  EXPECT_TRUE(watcher_.is_empty());
  watcher_.close();
  EXPECT_EQ(watcher_.add("me", directory_.path()).error().code, Errc::draining);
}

}  // namespace
}  // namespace hearth::packs::knowledge
