// Remotes that only git itself can reach.
#include "packs/issues/git_transport.hpp"

#include <gtest/gtest.h>

#include <string>

#include "packs/issues/engine/locks.hpp"
#include "packs/issues/engine/sync.hpp"
#include "repositories.hpp"

namespace hearth::packs::issues {
namespace {

using test::all_issues;
using test::append;
using test::create;
using test::Repositories;

Result<SyncReport> sync(IssueStore& store) {
  auto repository = store.open_repository().value();
  const auto remote = git_transport(repository->common_directory(), "origin", {});
  return sync_with(*repository, *remote,
                   {.actor = store.actors().writer("", 1)->id,
                    .now_ms = [&] { return store.now_ms(); },
                    .stop = {}});
}

TEST(GriteDefects, D15TwoClonesExchangeThroughGit) {
  const Repositories repositories;
  auto a = repositories.store(repositories.work(), "a");
  auto b = repositories.store(repositories.clone("b"), "cache-b");
  const IssueId id = create(*a, "Shared");
  const auto pushed = sync(*a);
  ASSERT_TRUE(pushed) << pushed.error().message;
  EXPECT_TRUE(pushed->has_pushed);
  ASSERT_TRUE(sync(*b));
  ASSERT_TRUE(b->catch_up());
  ASSERT_TRUE(append(*a, {{id, CommentAdded{"a"}}}));
  ASSERT_TRUE(append(*b, {{id, CommentAdded{"b"}}}));
  ASSERT_TRUE(sync(*a));
  const auto joined = sync(*b);
  ASSERT_TRUE(joined) << joined.error().message;
  EXPECT_EQ(joined->merges, 1U);
  ASSERT_TRUE(sync(*a));
  EXPECT_EQ(all_issues(*a), all_issues(*b));
  EXPECT_EQ(all_issues(*a).at(id).comments.size(), 2U);
}

TEST(GitTransport, APushOnTopOfSomethingElseIsRefused) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  create(*store, "T");
  auto repository = store->open_repository().value();
  const auto remote = git_transport(repository->common_directory(), "origin", {});
  const auto head = *repository->read_reference(wal_reference).value();
  const RefChange first{"refs/hearth/test", std::nullopt, head};
  EXPECT_EQ(remote->push(std::span(&first, 1)).value(), std::vector{true});
  create(*store, "U");
  const auto newer = *repository->read_reference(wal_reference).value();
  const RefChange second{"refs/hearth/test", std::nullopt, newer};
  EXPECT_EQ(remote->push(std::span(&second, 1)).value(), std::vector{false});
  const RefChange gone{"refs/hearth/test", head, std::nullopt};
  EXPECT_EQ(remote->push(std::span(&gone, 1)).value(), std::vector{true});
}

TEST(GitTransport, ARemoteThatIsNotThereIsAnError) {
  const Repositories repositories;
  auto repository = Repository::open(repositories.work(), {.is_power_safe = false}).value();
  EXPECT_EQ(open_remote(*repository, "nowhere", {}, {}).error().code, Errc::not_found);
  EXPECT_FALSE(git_transport(repository->common_directory(), "/does/not/exist", {})->list());
}

}  // namespace
}  // namespace hearth::packs::issues
