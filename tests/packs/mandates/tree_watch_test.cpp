#include "packs/mandates/workspace/tree_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>
#include <stop_token>
#include <thread>

#include "packs/mandates/workspace/find_files.hpp"
#include "support/process.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class TreeWatchTest : public testing::Test {
 protected:
  TreeWatchTest() {
    std::filesystem::create_directories(root_ + "/docs/deep");
    std::filesystem::create_directories(root_ + "/.git");
  }
  // What is told until `path` is.
  bool tells(const std::string& path) {
    pollfd entry{watch_.descriptor(), POLLIN, 0};
    while (::poll(&entry, 1, 10'000) == 1) {
      for (const auto& change : watch_.take()) {
        EXPECT_EQ(change.root, root_);
        told_.push_back(change.path);
        if (change.path == path) return true;
      }
    }
    return false;
  }

  const test::ScratchDirectory scratch_{"tree-watch"};
  const std::string root_ = scratch_ / "w";
  TreeWatch watch_ = TreeWatch::open().value();
  std::vector<std::string> told_;
};

TEST_F(TreeWatchTest, TellsNamesInAllDirectoriesButGits) {
  ASSERT_TRUE(watch_.add(root_));
  EXPECT_EQ(watch_.size(), 3U);
  test::write_file(root_ + "/.git/index", "x");
  test::write_file(root_ + "/docs/deep/a.md", "x");
  EXPECT_TRUE(tells("docs/deep/a.md"));
  std::filesystem::rename(root_ + "/docs/deep/a.md", root_ + "/b.md");
  EXPECT_TRUE(tells("b.md"));
  for (const std::string& each : told_) EXPECT_FALSE(each.starts_with(".git")) << each;
}

TEST_F(TreeWatchTest, ANewDirectoryIsWatchedOnceItIsAdded) {
  ASSERT_TRUE(watch_.add(root_));
  std::filesystem::create_directory(root_ + "/new");
  ASSERT_TRUE(tells("")) << "whatever is in it";
  ASSERT_TRUE(watch_.add(root_));
  test::write_file(root_ + "/new/c.md", "x");
  EXPECT_TRUE(tells("new/c.md"));
}

TEST_F(TreeWatchTest, ARemovedTreeIsNotTold) {
  ASSERT_TRUE(watch_.add(root_));
  watch_.remove(root_);
  EXPECT_EQ(watch_.size(), 0U);
  test::write_file(root_ + "/a.md", "x");
  EXPECT_THAT(watch_.take(), IsEmpty());
}

TEST_F(TreeWatchTest, FindsFilesByPatterns) {
  test::write_file(root_ + "/docs/deep/a.md", "x");
  test::write_file(root_ + "/b.md", "x");
  test::write_file(root_ + "/.git/c.md", "x");
  std::filesystem::create_symlink(root_ + "/docs", root_ + "/link");
  const auto root = Root::open(root_).value();
  EXPECT_THAT(find_files(root, {"**/*.md", "*.md", "b.md"}).value(),
              ElementsAre("b.md", "docs/deep/a.md"));
  EXPECT_THAT(find_files(root, {"not/there"}).value(), ElementsAre("not/there"));
  EXPECT_THAT(find_files(root, {}).value(), IsEmpty());
}

// What is found in part would be compared as if the rest were gone.
TEST_F(TreeWatchTest, FindsAllThatStaysWhateverVanishesMeanwhile) {
  std::vector<std::string> staying;
  for (int i = 0; i < 40; ++i) {
    staying.push_back("docs/d" + std::to_string(10 + i) + "/a.md");
    std::filesystem::create_directory(root_ + "/docs/d" + std::to_string(10 + i));
    test::write_file(root_ + "/" + staying.back(), "x");
  }
  const auto root = Root::open(root_).value();
  const std::jthread coming_and_going([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      for (int i = 0; i < 40; ++i)
        std::filesystem::create_directories(root_ + "/docs/e" + std::to_string(i) + "/deep/er");
      for (int i = 0; i < 40; ++i)
        std::filesystem::remove_all(root_ + "/docs/e" + std::to_string(i));
    }
  });
  for (int i = 0; i < 300; ++i) {
    const auto found = find_files(root, {"**/*.md"});
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(*found, staying) << i;
  }
}

TEST_F(TreeWatchTest, EntersOnlyWhatAPatternReachesAndSaysWhereThatIsTooMuch) {
  for (int i = 0; i < 20; ++i) test::write_file(root_ + "/docs/deep/" + std::to_string(i), "x");
  test::write_file(root_ + "/docs/a.md", "x");
  const auto root = Root::open(root_).value();
  EXPECT_THAT(find_files(root, {"docs/*.md"}, 10).value(), ElementsAre("docs/a.md"));
  const auto refused = find_files(root, {"**/*.md"}, 10);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unsupported);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("more than 10 names"));
}

}  // namespace
}  // namespace hearth::packs::mandates::workspace
