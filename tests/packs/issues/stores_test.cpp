#include "packs/issues/stores.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "packs/issues/issues_pack.hpp"

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

// Whoever wants room may remove it, also while a daemon has it open.
class RemovedCache : public test::IssuesPack {
 protected:
  [[nodiscard]] std::filesystem::path caches() const {
    return harness_->context().directory.path() + "/default";
  }
  // The folders below it whose names begin so are removed.
  void remove_below(const std::filesystem::path& folder, std::string_view prefix) {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      const bool is_one =
          entry.is_directory() && entry.path().filename().string().starts_with(prefix);
      if (is_one) found.push_back(entry.path());
    }
    EXPECT_FALSE(found.empty());
    for (const auto& each : found) std::filesystem::remove_all(each);
  }
  std::vector<std::string> found(const std::string& words) {
    return each(good("search", R"({"query":")" + words + R"("})"), "issues", "title");
  }
};

TEST_F(RemovedCache, IsMadeAgainAtTheNextUse) {
  create("before");
  EXPECT_THAT(found("before"), testing::ElementsAre("before"));
  for (const char* title : {"first", "second"}) {
    remove_below(caches(), "");
    create(title);
    EXPECT_THAT(found(title), testing::ElementsAre(title));
    EXPECT_THAT(found("before"), testing::ElementsAre("before"));
    EXPECT_TRUE(json::bool_or(good("doctor", "{}"), "good", false));
  }
  std::filesystem::remove_all(caches());
  EXPECT_EQ(number(good("list", "{}"), "total"), 3);
  EXPECT_THAT(found("second"), testing::ElementsAre("second"));
}

TEST_F(RemovedCache, AnswersAlsoToManyAtOnce) {
  create("before");
  std::filesystem::remove_all(caches());
  std::vector<std::future<Result<pack::Reply>>> answers;
  for (int i = 0; i < 20; ++i) {
    answers.push_back(harness_->send("create", R"({"title":"T"})", options_));
    answers.push_back(harness_->send("search", R"({"query":"before"})", options_));
  }
  for (auto& each : answers) {
    const auto reply = each.get();
    EXPECT_TRUE(reply) << reply.error().message;
  }
  EXPECT_EQ(number(good("list", "{}"), "total"), 21);
}

TEST_F(RemovedCache, TheTextIndexIsMadeAgainAlone) {
  create("before");
  EXPECT_THAT(found("before"), testing::ElementsAre("before"));
  for (const char* title : {"first", "second"}) {
    remove_below(caches(), "text-");
    create(title);
    EXPECT_THAT(found(title), testing::ElementsAre(title));
    EXPECT_THAT(found("before"), testing::ElementsAre("before"));
  }
}

}  // namespace
}  // namespace hearth::packs::issues
