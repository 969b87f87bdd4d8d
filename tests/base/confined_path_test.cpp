#include "base/confined_path.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/scratch_directory.hpp"

namespace hearth {
namespace {

using test::ScratchDirectory;

TEST(ConfineNew, TakesAFileThatIsNotThereInAFolderThatIs) {
  const ScratchDirectory home;
  const std::string root = std::filesystem::canonical(home.path()).string();
  EXPECT_EQ(*confine_new("new.db", root, {root}), root + "/new.db");
  EXPECT_EQ(confine_new("../new.db", root, {root}).error().code, Errc::permission);
  EXPECT_EQ(confine_new("sub/..", root, {root}).error().code, Errc::invalid_args);
}

TEST(ConfineNew, RefusesASymbolicLink) {
  const ScratchDirectory home;
  const std::string root = std::filesystem::canonical(home.path()).string();
  std::filesystem::create_symlink("/etc/passwd", root + "/link");
  EXPECT_EQ(confine_new("link", root, {root}).error().code, Errc::conflict);
}

}  // namespace
}  // namespace hearth
