#include "base/regular_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "support/scratch_directory.hpp"
#include "support/write_below.hpp"

namespace hearth {
namespace {

using ::testing::HasSubstr;

class RegularFile : public ::testing::Test {
 protected:
  test::ScratchDirectory directory_{"regular"};
  const std::string path_ = directory_ / "file";
};

TEST_F(RegularFile, IsOpenedAsOpenWould) {
  EXPECT_EQ(open_regular(path_, O_RDONLY).error().code, Errc::not_found);
  EXPECT_TRUE(open_regular(path_, O_WRONLY | O_CREAT).has_value());
  struct stat info{};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
}

TEST_F(RegularFile, IsReadUpToAMeasure) {
  test::write_below(directory_.path(), "file", "0123456789");
  EXPECT_EQ(read_head(path_, 4).value(), "0123");
  EXPECT_EQ(read_head(path_, 100).value(), "0123456789");
  EXPECT_EQ(read_head(directory_ / "none", 4).error().code, Errc::not_found);
}

TEST_F(RegularFile, IsNoFifoAndNobodyWaits) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  for (const int flags : {O_RDONLY, O_WRONLY | O_CREAT | O_APPEND, O_RDWR}) {
    EXPECT_EQ(open_regular(path_, flags).error().message, path_ + ": not a regular file");
  }
  EXPECT_FALSE(read_head(path_, 4).has_value());
}

TEST_F(RegularFile, IsNeitherADirectoryNorADevice) {
  EXPECT_FALSE(open_regular(directory_.path(), O_RDONLY).has_value());
  EXPECT_FALSE(open_regular("/dev/null", O_RDONLY).has_value());
}

TEST_F(RegularFile, IsFoundBehindALinkUnlessThatIsNotWanted) {
  test::write_below(directory_.path(), "real", "x");
  std::filesystem::create_symlink(directory_ / "real", path_);
  EXPECT_TRUE(open_regular(path_, O_RDONLY).has_value());
  EXPECT_THAT(open_regular(path_, O_RDONLY | O_NOFOLLOW).error().message,
              HasSubstr("symbolic link"));
}

}  // namespace
}  // namespace hearth
