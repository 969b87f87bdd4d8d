#include "base/program_path.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace hearth {
namespace {

TEST(ProgramPath, NamesThisVeryProgram) {
  const std::filesystem::path path = program_path();
  EXPECT_TRUE(path.is_absolute());
  EXPECT_TRUE(std::filesystem::equivalent(path, "/proc/self/exe"));
}

}  // namespace
}  // namespace hearth
