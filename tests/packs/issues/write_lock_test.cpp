// The one writer of a repository, and what one that died has left.
#include "packs/issues/engine/git/write_lock.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "repositories.hpp"
#include "support/write_below.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::chrono::milliseconds no_patience{0};

class LeftByTheDead : public testing::Test {
 protected:
  // The lock file of a writer that died with this note, and whether the next one takes `path` away.
  [[nodiscard]] bool takes_away(const std::string& note, const std::string& path) const {
    const std::string git = repositories_.work() + "/.git";
    const std::string file = hearth::test::write_below(git, path, "");
    const std::string lock = hearth::test::write_below(git, "hearth/write.lock", note);
    auto repository = Repository::open(repositories_.work(), {.is_power_safe = false}).value();
    EXPECT_TRUE(repository->lock());
    EXPECT_EQ(std::filesystem::file_size(lock), 0U);
    return !std::filesystem::exists(file);
  }
  const test::Repositories repositories_;
};

TEST_F(LeftByTheDead, ItsLockFilesAreTakenAway) {
  EXPECT_TRUE(takes_away("refs/grite/wal", "refs/grite/wal.lock"));
  EXPECT_TRUE(takes_away("refs/grite/old\npacked-refs", "packed-refs.lock"));
}

TEST_F(LeftByTheDead, NothingElseIsWhateverTheNoteSays) {
  EXPECT_FALSE(takes_away("refs/grite/wal", "packed-refs.lock"));
  EXPECT_FALSE(takes_away("../../victim\npacked-refs", "packed-refs.lock"));
  EXPECT_FALSE(takes_away("../victim", "../victim.lock"));
  EXPECT_FALSE(takes_away("refs/grite/../../../victim", "../victim.lock"));
  EXPECT_FALSE(takes_away("refs/heads/main", "refs/heads/main.lock"));
}

// core.sharedRepository lets git's own directory be written by the group.
TEST(WriteLock, IsTheGroupsWhereTheRepositoryIs) {
  namespace fs = std::filesystem;
  const test::Repositories repositories;
  const std::string git = repositories.work() + "/.git";
  fs::permissions(git, fs::perms::group_all, fs::perm_options::add);
  WriteLock lock(git + "/hearth");
  ASSERT_TRUE(lock.take(no_patience));
  EXPECT_NE(fs::status(git + "/hearth").permissions() & fs::perms::group_write, fs::perms::none);
  EXPECT_NE(fs::status(git + "/hearth/write.lock").permissions() & fs::perms::group_write,
            fs::perms::none);
}

TEST(WriteLock, IsMadeAgainWhereItWasRemoved) {
  const test::Repositories repositories;
  const std::string folder = repositories.work() + "/.git/hearth";
  WriteLock first(folder);
  WriteLock second(folder);
  ASSERT_TRUE(first.take(no_patience));
  std::filesystem::remove_all(folder);
  const auto held = first.take(no_patience);
  ASSERT_TRUE(held) << held.error().message;
  EXPECT_EQ(second.take(no_patience).error().code, Errc::busy);
}

}  // namespace
}  // namespace hearth::packs::issues
