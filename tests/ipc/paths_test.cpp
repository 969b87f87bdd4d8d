#include "ipc/paths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <string>

#include "support/scratch_directory.hpp"

namespace hearth::ipc {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

Result<Paths> resolve(const std::map<std::string, std::string>& variables) {
  return resolve_paths(
      [&](const char* name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
      },
      1234);
}

mode_t mode_of(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

TEST(Paths, FollowXdg) {
  const auto paths = resolve({{"HOME", "/home/ann"},
                              {"XDG_RUNTIME_DIR", "/run/user/1234/"},
                              {"XDG_DATA_HOME", "/d"},
                              {"XDG_STATE_HOME", "/s"},
                              {"XDG_CONFIG_HOME", "/c"}});
  ASSERT_TRUE(paths.has_value()) << paths.error().message;
  EXPECT_EQ(paths->runtime, "/run/user/1234/hearth");
  EXPECT_EQ(paths->data, "/d/hearth");
  EXPECT_EQ(paths->state, "/s/hearth");
  EXPECT_EQ(paths->config, "/c/hearth/config.toml");
  EXPECT_EQ(paths->socket(), "/run/user/1234/hearth/hearthd.sock");
}

TEST(Paths, HaveTheDefaultsOfXdg) {
  const auto paths = resolve({{"HOME", "/home/ann"}});
  ASSERT_TRUE(paths.has_value()) << paths.error().message;
  EXPECT_EQ(paths->runtime, "/tmp/hearth-1234");
  EXPECT_EQ(paths->data, "/home/ann/.local/share/hearth");
  EXPECT_EQ(paths->state, "/home/ann/.local/state/hearth");
  EXPECT_EQ(paths->config, "/home/ann/.config/hearth/config.toml");
}

TEST(Paths, IgnoreRelativeXdgDirectories) {
  const auto paths =
      resolve({{"HOME", "/home/ann"}, {"XDG_RUNTIME_DIR", "run"}, {"XDG_DATA_HOME", ""}});
  ASSERT_TRUE(paths.has_value()) << paths.error().message;
  EXPECT_EQ(paths->runtime, "/tmp/hearth-1234");
  EXPECT_EQ(paths->data, "/home/ann/.local/share/hearth");
}

TEST(Paths, MoveTogetherWithHearthHome) {
  const auto paths = resolve(
      {{"HEARTH_HOME", "/h/"}, {"HOME", "/home/ann"}, {"XDG_RUNTIME_DIR", "/run/user/1234"}});
  ASSERT_TRUE(paths.has_value()) << paths.error().message;
  EXPECT_EQ(paths->runtime, "/h/run");
  EXPECT_EQ(paths->data, "/h/data");
  EXPECT_EQ(paths->state, "/h/state");
  EXPECT_EQ(paths->config, "/h/config.toml");
  EXPECT_EQ(paths->lock(), "/h/run/hearthd.lock");
  EXPECT_EQ(paths->store_lock(), "/h/data/hearthd.lock");
}

TEST(Paths, RefuseARelativeHearthHome) {
  const auto paths = resolve({{"HEARTH_HOME", "here"}, {"HOME", "/home/ann"}});
  ASSERT_FALSE(paths.has_value());
  EXPECT_EQ(paths.error().code, Errc::invalid_args);
  EXPECT_THAT(paths.error().message, HasSubstr("\"here\""));
}

TEST(Paths, NeedAHome) {
  const auto paths = resolve({});
  ASSERT_FALSE(paths.has_value());
  EXPECT_THAT(paths.error().message, HasSubstr("neither HEARTH_HOME nor HOME"));
  EXPECT_FALSE(paths.error().suggestions.empty());
}

TEST(Paths, RefuseASocketPathThatTheKernelCannotTake) {
  const auto paths = resolve({{"HEARTH_HOME", "/" + std::string(95, 'x')}});
  ASSERT_FALSE(paths.has_value());
  EXPECT_THAT(paths.error().message, HasSubstr("113 bytes; the kernel takes at most 107"));
  EXPECT_TRUE(resolve({{"HEARTH_HOME", "/" + std::string(89, 'x')}}).has_value());
}

TEST(EnsurePrivateDirectory, MakesItAndItsParentsForTheOwnerOnly) {
  const test::ScratchDirectory scratch("paths");
  const mode_t old_mask = ::umask(0);
  const auto made = ensure_private_directory(scratch / "a/b/c");
  ::umask(old_mask);
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_EQ(mode_of(scratch / "a"), 0700U);
  EXPECT_EQ(mode_of(scratch / "a/b/c"), 0700U);
  EXPECT_TRUE(ensure_private_directory(scratch / "a/b/c").has_value());
}

TEST(EnsurePrivateDirectory, NarrowsAWideMode) {
  const test::ScratchDirectory scratch("paths");
  fs::create_directory(scratch / "wide");
  fs::permissions(scratch / "wide", fs::perms::all);
  ASSERT_TRUE(ensure_private_directory(scratch / "wide").has_value());
  EXPECT_EQ(mode_of(scratch / "wide"), 0700U);
}

TEST(EnsurePrivateDirectory, RefusesASymbolicLink) {
  const test::ScratchDirectory scratch("paths");
  fs::create_directory(scratch / "target");
  fs::create_directory_symlink(scratch / "target", scratch / "link");
  EXPECT_FALSE(ensure_private_directory(scratch / "link").has_value());
  fs::create_directory_symlink(scratch / "nowhere", scratch / "dangling");
  EXPECT_FALSE(ensure_private_directory(scratch / "dangling").has_value());
}

TEST(EnsurePrivateDirectory, RefusesAFile) {
  const test::ScratchDirectory scratch("paths");
  fs::create_symlink("/dev/null", scratch / "null");
  EXPECT_FALSE(ensure_private_directory(scratch / "null").has_value());
  EXPECT_FALSE(ensure_private_directory("/dev/null/x").has_value());
}

TEST(EnsurePrivateDirectory, RefusesTheDirectoryOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give a directory away";
  const test::ScratchDirectory scratch("paths");
  fs::create_directory(scratch / "foreign");
  ASSERT_EQ(::chown((scratch / "foreign").c_str(), 65534, 65534), 0);
  const auto made = ensure_private_directory(scratch / "foreign");
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, Errc::permission);
  EXPECT_THAT(made.error().message, HasSubstr("belongs to uid 65534, not to you"));
}

}  // namespace
}  // namespace hearth::ipc
