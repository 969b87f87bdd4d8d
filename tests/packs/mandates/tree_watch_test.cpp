#include "packs/mandates/workspace/tree_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>

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
  EXPECT_THAT(find_files(root, {"**/*.md", "*.md", "b.md"}), ElementsAre("b.md", "docs/deep/a.md"));
  EXPECT_THAT(find_files(root, {"not/there"}), ElementsAre("not/there"));
  EXPECT_THAT(find_files(root, {}), IsEmpty());
}

}  // namespace
}  // namespace hearth::packs::mandates::workspace
