#include "store/private_directory.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace hearth::store {
namespace {

namespace fs = std::filesystem;

TEST(PrivateDirectory, GoesWithItsOwnerAndTakesWhatTheKilledHaveLeft) {
  const std::string prefix = "hearth-test-" + std::to_string(::getpid()) + "-";
  const fs::path left = fs::temp_directory_path() / (prefix + "left");
  fs::create_directories(left / "text");
  std::ofstream(left / "lock") << "of a process that was killed";
  std::optional first = PrivateDirectory::make(prefix).value();
  EXPECT_TRUE(fs::is_directory(first->path()));
  EXPECT_FALSE(fs::exists(left));
  const std::string path = first->path();
  {
    const PrivateDirectory second = PrivateDirectory::make(prefix).value();
    EXPECT_NE(second.path(), path);
    EXPECT_TRUE(fs::is_directory(path)) << "its owner lives";
  }
  first.reset();
  EXPECT_FALSE(fs::exists(path));
}

TEST(PrivateDirectory, LeavesWhatOthersCallAlike) {
  const std::string prefix = "hearth-test-" + std::to_string(::getpid()) + "-";
  const fs::path others = fs::temp_directory_path() / (prefix + "others");
  fs::create_directories(others / "work");
  (void)PrivateDirectory::make(prefix).value();
  EXPECT_TRUE(fs::exists(others / "work"));
  fs::remove_all(others);
}

}  // namespace
}  // namespace hearth::store
