#include "search/index_directory.hpp"

#include <gtest/gtest.h>

#include "support/fault_env.hpp"

namespace hearth::search {
namespace {

void touch(store::Env& env, const std::string& path) {
  ASSERT_TRUE(env.create(path, 0600));
}

std::vector<std::string> names(store::Env& env) {
  return env.list("/i").value();
}

TEST(IndexDirectory, RemovesWhatTheManifestDoesNotName) {
  test::FaultEnv env;
  touch(env, "/i/00000003.gen");
  touch(env, "/i/00000009.tomb");
  touch(env, "/i/.MANIFEST.new-0123");
  touch(env, "/i/notes.txt");
  touch(env, "/i/3.gen");
  const auto opened = IndexDirectory::open(env, "/i", "s");
  ASSERT_TRUE(opened);
  EXPECT_EQ(names(env), (std::vector<std::string>{"3.gen", "notes.txt"}));
  EXPECT_EQ((*opened)->next_number(), 10U);  // even if one of them had stayed
  EXPECT_EQ((*opened)->next_number(), 11U);
}

TEST(IndexDirectory, ReplacesTheManifestAndRemovesWhatWasBefore) {
  test::FaultEnv env;
  auto opened = IndexDirectory::open(env, "/i", "s");
  ASSERT_TRUE(opened);
  touch(env, (*opened)->path_of(1, generation_suffix));
  touch(env, (*opened)->path_of(2, tombstones_suffix));
  ASSERT_TRUE((*opened)->commit({.sequence = 5, .entries = {{1, 2}}}));
  touch(env, (*opened)->path_of(3, generation_suffix));
  ASSERT_TRUE((*opened)->commit({.sequence = 6, .entries = {{1, 0}, {3, 0}}}));
  EXPECT_EQ(names(env), (std::vector<std::string>{"00000001.gen", "00000003.gen", "MANIFEST"}));
  const auto again = IndexDirectory::open(env, "/i", "s");
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->manifest().sequence, 6U);
  EXPECT_EQ((*again)->manifest().entries.size(), 2U);
  EXPECT_EQ(IndexDirectory::open(env, "/i", "other").error().code, Errc::mismatch);
}

TEST(IndexDirectory, MadeAnewItIsEmpty) {
  test::FaultEnv env;
  touch(env, "/i/00000001.gen");
  touch(env, "/i/MANIFEST");
  EXPECT_EQ(IndexDirectory::open(env, "/i", "s").error().code, Errc::damaged);
  const auto made = IndexDirectory::recreate(env, "/i", "s");
  ASSERT_TRUE(made);
  EXPECT_EQ(names(env), std::vector<std::string>{"MANIFEST"});
  EXPECT_TRUE(IndexDirectory::open(env, "/i", "s"));
}

}  // namespace
}  // namespace hearth::search
