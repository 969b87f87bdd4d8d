#include "store/atomic_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "support/fault_env.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::store {
namespace {

constexpr const char* path = "/d/config";
constexpr std::size_t no_limit = 1U << 20;

TEST(ReplaceFile, WritesTheContentWithTheModeAndLeavesNothingElse) {
  const test::ScratchDirectory directory("atomic");
  ASSERT_TRUE(replace_file(directory / "a", "one"));
  ASSERT_TRUE(replace_file(directory / "a", "two", 0640));
  EXPECT_EQ(system_env().read(directory / "a", no_limit).value(), "two");
  EXPECT_EQ(system_env().list(directory.path()).value(), std::vector<std::string>{"a"});
  struct stat status{};
  ASSERT_EQ(::stat((directory / "a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640U);
}

TEST(ReplaceFile, NamesTheFileThatCannotBeReplaced) {
  const test::ScratchDirectory directory("atomic");
  const auto done = replace_file(directory / "missing/a", "one");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::not_found);
  EXPECT_NE(done.error().message.find(directory / "missing/a"), std::string::npos);
}

TEST(ReplaceFile, KeepsTheOldContentAndNoTemporaryWhateverStepFails) {
  test::FaultEnv probe;
  ASSERT_TRUE(replace_file(probe, path, "old"));
  const int steps = probe.steps();
  ASSERT_EQ(steps, 5);  // create, write, sync, rename, sync of the directory
  for (int failing = 1; failing <= steps; ++failing) {
    test::FaultEnv env;
    ASSERT_TRUE(replace_file(env, path, "old"));
    env.fail_at(failing);
    const auto done = replace_file(env, path, "new");
    env.fail_at(0);
    ASSERT_FALSE(done) << failing;
    EXPECT_EQ(done.error().code, Errc::io);
    EXPECT_EQ(env.list("/d").value(), std::vector<std::string>{"config"}) << failing;
    EXPECT_EQ(env.read(path, no_limit).value(), failing == steps ? "new" : "old") << failing;
  }
}

TEST(ReplaceFile, LeavesTheOldOrTheNewContentWhereverThePowerFails) {
  for (int failing = 1; failing <= 6; ++failing) {
    test::FaultEnv env;
    ASSERT_TRUE(replace_file(env, path, "old"));
    env.fail_at(failing);
    const bool is_done = replace_file(env, path, "new").has_value();
    env.crash();
    EXPECT_EQ(env.read(path, no_limit).value(), is_done ? "new" : "old") << failing;
  }
}

TEST(PosixEnv, ReportsStepAndPath) {
  const test::ScratchDirectory directory("env");
  Env& env = system_env();
  EXPECT_EQ(env.read(directory / "none", no_limit).error().code, Errc::not_found);
  EXPECT_EQ(env.list(directory / "none").error().code, Errc::not_found);
  ASSERT_TRUE(env.create(directory / "a", 0600));
  EXPECT_EQ(env.create(directory / "a", 0600).error().code, Errc::conflict);
}

TEST(PosixEnv, AppendsMapsTruncatesAndRemoves) {
  const test::ScratchDirectory directory("env");
  Env& env = system_env();
  const std::string file = directory / "log";
  {
    auto log = env.open_append(file, 0600).value();
    ASSERT_TRUE(log->append("abc"));
    ASSERT_TRUE(log->sync());
  }
  ASSERT_TRUE(env.open_append(file, 0600).value()->append("def"));
  EXPECT_EQ(env.size(file).value(), 6U);
  const auto mapped = env.map(file).value();
  EXPECT_EQ(mapped->bytes(), "abcdef");
  EXPECT_EQ(env.read(file, 3).error().code, Errc::unsupported);
  ASSERT_TRUE(env.rename(file, directory / "old"));
  EXPECT_EQ(mapped->bytes(), "abcdef");
  ASSERT_TRUE(env.truncate(directory / "old", 2));
  EXPECT_EQ(env.read(directory / "old", no_limit).value(), "ab");
  ASSERT_TRUE(env.unlink(directory / "old"));
  ASSERT_TRUE(env.sync_directory(directory.path()));
  EXPECT_TRUE(env.list(directory.path()).value().empty());
  ASSERT_TRUE(env.create(directory / "empty", 0600));
  EXPECT_EQ(env.map(directory / "empty").value()->bytes(), "");
}

}  // namespace
}  // namespace hearth::store
