#include "packs/mandates/workspace/root.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <optional>
#include <thread>

#include "packs/mandates/workspace/content_hash.hpp"
#include "support/process.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

using ::testing::HasSubstr;

class RootTest : public testing::Test {
 protected:
  RootTest() {
    std::filesystem::create_directories(scratch_ / "w/sub");
    test::write_file(scratch_ / "w/file", "inside");
    test::write_file(scratch_ / "w/sub/file", "inside");
    test::write_file(scratch_ / "outside", "secret");
    root_.emplace(*Root::open(scratch_ / "w"));
  }
  [[nodiscard]] Errc code_of(const std::string& path) const {
    const auto file = root_->read(path);
    return file ? Errc::internal : file.error().code;
  }

  test::ScratchDirectory scratch_{"root"};
  std::optional<Root> root_;
};

TEST(NormalPath, KnowsPathsBelowAndNoOthers) {
  EXPECT_EQ(*normal_path("a"), "a");
  EXPECT_EQ(*normal_path("./a//b/./c/"), "a/b/c");
  EXPECT_EQ(*normal_path("..."), "...");
  const std::string zero("a\0b", 3);
  for (const std::string& path :
       {std::string(), std::string("/a"), std::string(".."), std::string("a/../b"),
        std::string("a/.."), std::string("."), zero, std::string("a\nb"), std::string(5'000, 'a')})
    EXPECT_FALSE(normal_path(path)) << path;
}

TEST_F(RootTest, ReadsFilesWithTheirHash) {
  const auto file = root_->read("sub/../sub/file");
  EXPECT_FALSE(file);
  const auto read = root_->read("sub/file");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->content, "inside");
  EXPECT_EQ(read->hash, content_hash("inside"));
  EXPECT_EQ(content_hash("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(code_of("nosuch"), Errc::not_found);
  EXPECT_EQ(code_of("sub"), Errc::invalid_args);
  EXPECT_EQ(root_->read("file", 3).error().code, Errc::unsupported);
  ASSERT_EQ(::mkfifo((scratch_ / "w/fifo").c_str(), 0600), 0);
  EXPECT_EQ(code_of("fifo"), Errc::invalid_args) << "and does not wait";
}

// What was allowed is a directory by its real path.
TEST_F(RootTest, AttackALinkInThePlaceOfTheWorkspace) {
  std::filesystem::create_directories(scratch_ / "secret/sub");
  std::filesystem::rename(scratch_ / "w/sub", scratch_ / "w/sub0");
  std::filesystem::create_directory_symlink(scratch_ / "secret", scratch_ / "w/sub");
  EXPECT_EQ(Root::open(scratch_ / "w/sub").error().code, Errc::permission);
  EXPECT_EQ(Root::open(scratch_ / "w/sub/sub").error().code, Errc::permission);
  EXPECT_EQ(Root::open(scratch_ / "nowhere").error().code, Errc::not_found);
  EXPECT_EQ(root_->path(), (scratch_ / "w"));
}

TEST_F(RootTest, AttackSymbolicLinks) {
  std::filesystem::create_symlink(scratch_ / "outside", scratch_ / "w/absolute");
  std::filesystem::create_symlink("../outside", scratch_ / "w/relative");
  std::filesystem::create_symlink("file", scratch_ / "w/harmless");
  std::filesystem::create_directory_symlink(scratch_.path(), scratch_ / "w/up");
  std::filesystem::create_symlink("/proc/self/root", scratch_ / "w/magic");
  for (const char* const path :
       {"absolute", "relative", "harmless", "up/outside", "magic/etc/passwd"}) {
    EXPECT_EQ(code_of(path), Errc::permission) << path;
    EXPECT_FALSE(root_->place_of(std::string(path) + "/new", true)) << path;
  }
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "new"));
}

TEST_F(RootTest, AttackHardLinks) {
  std::filesystem::create_hard_link(scratch_ / "outside", scratch_ / "w/linked");
  const auto file = root_->read("linked");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Errc::permission);
  EXPECT_THAT(file.error().message, HasSubstr("other names"));
}

// Swaps a directory for a link to the outside, as fast as it can, while we read and make places.
TEST_F(RootTest, AttackPathRace) {
  std::filesystem::create_directory(scratch_ / "away");
  test::write_file(scratch_ / "away/file", "secret");
  std::filesystem::create_directory_symlink(scratch_ / "away", scratch_ / "w/link");
  std::atomic<bool> is_over = false;
  std::jthread swapper([&] {
    while (!is_over)
      (void)::renameat2(AT_FDCWD, (scratch_ / "w/sub").c_str(), AT_FDCWD,
                        (scratch_ / "w/link").c_str(), RENAME_EXCHANGE);
  });
  int seen = 0;
  int refused = 0;
  for (int i = 0; i < 5'000 && (seen < 20 || refused < 20 || i < 500); ++i) {
    const auto file = root_->read("sub/file");
    if (file) {
      ++seen;
      ASSERT_EQ(file->content, "inside");
    } else {
      ++refused;
      ASSERT_EQ(file.error().code, Errc::permission) << file.error().message;
    }
    (void)root_->place_of("sub/made/deep/x", true);
  }
  is_over = true;
  swapper.join();
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "away/made"));
}

TEST_F(RootTest, MakesDirectoriesOnTheWay) {
  const auto place = root_->place_of("a/b/c", true);
  ASSERT_TRUE(place) << place.error().message;
  EXPECT_EQ(place->name, "c");
  EXPECT_TRUE(std::filesystem::is_directory(scratch_ / "w/a/b"));
  EXPECT_EQ(root_->place_of("x/y").error().code, Errc::not_found);
}

}  // namespace
}  // namespace hearth::packs::mandates::workspace
