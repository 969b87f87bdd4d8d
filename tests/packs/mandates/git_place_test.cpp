#include "packs/mandates/workspace/git_place.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "support/process.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

// A repository with one commit, a directory in it, and a worktree beside it.
class GitPlaceTest : public testing::Test {
 protected:
  GitPlaceTest() {
    const auto made = test::run(
        {.words = {"/bin/sh", "-c",
                   "git init -q -b main r && cd r && mkdir sub && "
                   "git -c user.name=t -c user.email=t@example.org commit -q --allow-empty -m one "
                   "&& git worktree add -q ../tree"},
         .environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", scratch_.path()}},
         .cwd = scratch_.path()},
        std::chrono::seconds(60));
    EXPECT_EQ(made.exit_code, 0) << made.describe();
  }
  [[nodiscard]] Result<GitPlace> at(const std::string& directory) const {
    return at(scratch_ / directory, scratch_.path());
  }
  static Result<GitPlace> at(const std::string& directory, const std::string& top) {
    return find_git(*Root::open(directory, top));
  }
  [[nodiscard]] Errc refused(const std::string& directory) const {
    const auto place = at(directory);
    return place ? Errc::internal : place.error().code;
  }

  test::ScratchDirectory scratch_{"git-place"};
};

TEST_F(GitPlaceTest, InTheWorkspaceAroundItOrElsewhere) {
  const auto whole = at("r");
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->directory, scratch_ / "r/.git");
  EXPECT_EQ(whole->common, scratch_ / "r/.git");
  EXPECT_EQ(whole->prefix, "");
  const auto part = at("r/sub");
  ASSERT_TRUE(part) << part.error().message;
  EXPECT_EQ(part->common, scratch_ / "r/.git");
  EXPECT_EQ(part->prefix, "sub/");
  const auto tree = at("tree");
  ASSERT_TRUE(tree) << tree.error().message;
  EXPECT_EQ(tree->directory, scratch_ / "r/.git/worktrees/tree");
  EXPECT_EQ(tree->common, scratch_ / "r/.git");
  EXPECT_EQ(tree->prefix, "");
}

// Who keeps a whole home under version control did not allow its history with one directory.
TEST_F(GitPlaceTest, NotInTheHomeAround) {
  const std::string before = ::getenv("HOME") == nullptr ? "" : ::getenv("HOME");
  ASSERT_TRUE(at("r/sub"));
  ASSERT_EQ(::setenv("HOME", (scratch_ / "r").c_str(), 1), 0);
  EXPECT_EQ(refused("r/sub"), Errc::not_found);
  EXPECT_TRUE(at("r")) << "it was named itself";
  ASSERT_EQ(::setenv("HOME", (scratch_ / "r/sub/deeper").c_str(), 1), 0);
  EXPECT_EQ(refused("r/sub"), Errc::not_found) << "above it";
  ASSERT_EQ(::setenv("HOME", before.c_str(), 1), 0);
}

// What somebody was allowed is one directory: the repository around it has the others' history.
TEST_F(GitPlaceTest, NotAboveWhatAllowedTheWorkspace) {
  const std::string sub = scratch_ / "r/sub";
  EXPECT_TRUE(at(sub, scratch_ / "r"));
  for (const std::string& top : {sub, std::string(), scratch_ / "r/su", scratch_ / "tree"})
    EXPECT_EQ(at(sub, top).error().code, Errc::not_found) << top;
  EXPECT_TRUE(at(scratch_ / "r", "")) << "it was named itself";
}

// What a file names is bound writable: a repository that does not know of it is not.
TEST_F(GitPlaceTest, AttackAFileThatNamesAnothersRepository) {
  std::filesystem::create_directories(scratch_ / "evil");
  test::write_file(scratch_ / "evil/.git", "gitdir: ../r/.git/worktrees/tree\n");
  EXPECT_EQ(refused("evil"), Errc::permission);
  test::write_file(scratch_ / "evil/.git", "gitdir: ../r/.git\n");
  EXPECT_EQ(refused("evil"), Errc::unsupported) << "as of a submodule";
  test::write_file(scratch_ / "evil/.git", "gitdir: nowhere\n");
  EXPECT_EQ(refused("evil"), Errc::not_found);
  test::write_file(scratch_ / "evil/.git", "x");
  EXPECT_EQ(refused("evil"), Errc::unsupported);
  std::filesystem::remove(scratch_ / "evil/.git");
  EXPECT_EQ(refused("evil"), Errc::not_found);
  std::filesystem::create_directory_symlink(scratch_ / "r/.git", scratch_ / "evil/.git");
  EXPECT_EQ(refused("evil"), Errc::unsupported);
}

TEST_F(GitPlaceTest, AttackARepositoryOfSomebodyElse) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  ASSERT_EQ(::chown((scratch_ / "r/.git").c_str(), 12'345, 12'345), 0);
  EXPECT_EQ(refused("r/sub"), Errc::permission);
}

}  // namespace
}  // namespace hearth::packs::mandates::workspace
