#include "packs/issues/stores.hpp"

#include <gtest/gtest.h>

#include "packs/issues/repositories.hpp"

namespace hearth::packs::issues {
namespace {

TEST(IssueStores, KeepsOnlySoManyOpen) {
  const hearth::test::ScratchDirectory home("issues");
  static const SystemClock clock;
  constexpr std::size_t most = 3;
  const auto open = [&](const Stores::Place& place, const std::string&) {
    const std::string cache = place.directory + "/cache";
    std::filesystem::create_directories(cache);
    return IssueStore::open({.directory = place.directory,
                             .cache_directory = cache,
                             .is_power_safe = false,
                             .changed = {},
                             .when_idle = {}},
                            clock);
  };
  Stores stores(open, most);
  const auto get = [&](std::size_t number) {
    const std::string directory = home / std::to_string(number);
    if (std::filesystem::create_directories(directory)) test::git(directory, {"init", "-q"});
    auto store = stores.get({"default", directory}, false);
    EXPECT_TRUE(store) << store.error().message;
    return store ? *store : nullptr;
  };
  const Stores::Shared in_use = get(0);
  const std::weak_ptr<IssueStore> first_at_rest = get(1);
  for (std::size_t i = 2; i < most + 2; ++i) get(i);
  EXPECT_EQ(stores.all().size(), most);
  EXPECT_TRUE(first_at_rest.expired());
  EXPECT_EQ(get(0), in_use);
  EXPECT_NE(get(1), nullptr) << "opened again";
  stores.close();
}

// Of callers that have asked for nothing yet.
TEST(IssueStores, KnowWhichRepositoryADirectoryIsPlainlyIn) {
  const test::Repositories repositories;
  Stores stores([](const Stores::Place&, const std::string&) {
    return Result<std::unique_ptr<IssueStore>>(fail(Errc::internal, "is not opened"));
  });
  const std::string common = std::filesystem::canonical(repositories.work()).string() + "/.git";
  const auto may_be = [&](const std::string& directory) {
    return stores.may_be_in({"default", directory}, common);
  };
  EXPECT_TRUE(may_be(repositories.directory("work/folder")));
  EXPECT_FALSE(may_be(repositories.remote()));
  EXPECT_FALSE(may_be(repositories.directory("none")));
  test::git(repositories.work(), {"commit", "-q", "--allow-empty", "-m", "c"});
  test::git(repositories.work(), {"worktree", "add", "-q", "../tree"});
  EXPECT_TRUE(may_be(repositories.work() + "/../tree")) << "only git knows";
}

}  // namespace
}  // namespace hearth::packs::issues
