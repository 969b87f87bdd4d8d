#include "base/project_root.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "support/scratch_directory.hpp"

namespace hearth {
namespace {

namespace fs = std::filesystem;

class ProjectRoot : public ::testing::Test {
 protected:
  ProjectRoot() {
    ::setenv("HOME", (scratch_ / "home").c_str(), 1);
    fs::create_directories(scratch_ / "home/project/src/deep");
    fs::create_directories(scratch_ / "home/plain");
    fs::create_directories(scratch_ / "home/project/.git");
  }
  test::ScratchDirectory scratch_{"root"};
};

TEST_F(ProjectRoot, IsTheGitTopLevel) {
  EXPECT_EQ(project_root_of(scratch_ / "home/project/src/deep"), scratch_ / "home/project");
  EXPECT_EQ(project_root_of(scratch_ / "home/project"), scratch_ / "home/project");
}

TEST_F(ProjectRoot, IsTheDirectoryItselfWithoutGit) {
  EXPECT_EQ(project_root_of(scratch_ / "home/plain"), scratch_ / "home/plain");
}

TEST_F(ProjectRoot, IsNeverTheHomeDirectoryOrTheRoot) {
  fs::create_directory(scratch_ / "home/.git");
  EXPECT_EQ(project_root_of(scratch_ / "home"), "");
  EXPECT_EQ(project_root_of(scratch_ / "home/plain"), scratch_ / "home/plain");
  EXPECT_EQ(project_root_of("/"), "");
}

TEST_F(ProjectRoot, IsNothingForAnUnknownDirectory) {
  EXPECT_EQ(project_root_of(""), "");
  EXPECT_EQ(project_root_of(scratch_ / "missing"), "");
}

TEST_F(ProjectRoot, LooksThroughSymbolicLinks) {
  fs::create_directory_symlink(scratch_ / "home", scratch_ / "link");
  EXPECT_EQ(project_root_of(scratch_ / "link"), "");
  EXPECT_EQ(project_root_of(scratch_ / "link/project/src"), scratch_ / "home/project");
}

TEST_F(ProjectRoot, RootsHoldNothingOfHearth) {
  const std::vector<std::string> roots{scratch_ / "home/plain", scratch_ / "home", "/"};
  EXPECT_EQ(readable_roots(roots, {scratch_ / "home/.local/share/hearth"}),
            std::vector<std::string>{scratch_ / "home/plain"});
}

}  // namespace
}  // namespace hearth
