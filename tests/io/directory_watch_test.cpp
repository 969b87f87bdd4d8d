#include "io/directory_watch.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <utility>

#include "support/loop_thread.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::io {
namespace {

namespace fs = std::filesystem;

class DirectoryWatchTest : public ::testing::Test {
 public:
  DirectoryWatchTest() {
    fs::create_directory(path_);
    thread_.run([&] {
      auto watch = DirectoryWatch::open(thread_.loop(), path_, [this] {
        fs::create_directory(path_);
        // One loss may be told of in two events.
        if (!std::exchange(is_told_, true)) lost_.set_value();
      });
      if (watch) watch_ = std::move(*watch);
    });
  }
  ~DirectoryWatchTest() override {
    thread_.run([&] { watch_.reset(); });
  }

 protected:
  // Does `what`, which is to be noticed.
  template <typename What>
  void lose(What what) {
    thread_.run([&] {
      lost_ = {};
      is_told_ = false;
    });
    auto noticed = lost_.get_future();
    what();
    noticed.wait();
  }

  test::ScratchDirectory scratch_{"watch"};
  const std::string path_ = scratch_.path() + "/watched";
  test::LoopThread thread_;
  std::promise<void> lost_;
  bool is_told_ = false;  // loop thread
  std::unique_ptr<DirectoryWatch> watch_;
};

TEST_F(DirectoryWatchTest, NoticesWhatIsRemovedOrRenamed) {
  ASSERT_NE(watch_, nullptr);
  std::ofstream(path_ + "/one") << "1";
  std::ofstream(path_ + "/two") << "2";
  lose([&] { fs::remove(path_ + "/one"); });
  lose([&] { fs::rename(path_ + "/two", path_ + "/three"); });
}

TEST_F(DirectoryWatchTest, GoesOnInADirectoryThatWasMadeAgain) {
  ASSERT_NE(watch_, nullptr);
  lose([&] { fs::remove(path_); });
  thread_.run([] {});  // it has made the directory, and looks at it
  std::ofstream(path_ + "/one") << "1";
  lose([&] { fs::remove(path_ + "/one"); });
}

TEST(DirectoryWatch, SaysThatThereIsNothingToWatch) {
  Loop loop;
  EXPECT_EQ(DirectoryWatch::open(loop, "/no/such/place", [] {}).error().code, Errc::not_found);
}

}  // namespace
}  // namespace hearth::io
