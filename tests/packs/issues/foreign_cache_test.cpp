// A cache lies under the path of its repository, where another one may come to lie.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "packs/issues/engine/maintenance.hpp"
#include "repositories.hpp"

namespace hearth::packs::issues {
namespace {

using test::all_issues;
using test::append;
using test::create;
using test::git;
using test::Repositories;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::string> titles(IssueStore& store) {
  std::vector<std::string> found;
  for (const auto& [id, issue] : all_issues(store)) found.push_back(issue.summary.title);
  return found;
}

// Whether the store was open all the time.
class OtherRepositoryAtThePath : public testing::TestWithParam<bool> {
 protected:
  OtherRepositoryAtThePath() {
    create(*store_, "ours 1");
    create(*store_, "ours 2");
    if (!GetParam()) store_.reset();
    std::filesystem::remove_all(repositories_.work());
    git(home(), {"init", "-q", "work"});
  }
  IssueStore& store() {
    if (!store_) store_ = repositories_.store(repositories_.work());
    return *store_;
  }
  [[nodiscard]] std::string home() const { return repositories_.directory("."); }

  const Repositories repositories_;
  std::unique_ptr<IssueStore> store_ = repositories_.store(repositories_.work());
};

// A shallow clone lacks what its log names: the cache is asked for that.
TEST_P(OtherRepositoryAtThePath, HasNothingOfTheFirst) {
  const std::string other = repositories_.directory("other");
  git(other, {"init", "-q"});
  {
    auto theirs = repositories_.store(other, "cache-other");
    create(*theirs, "theirs 1");
    create(*theirs, "theirs 2");
  }
  const std::string name = wal_reference;
  git(repositories_.work(), {"fetch", "-q", "--depth=1", "file://" + other, name + ":" + name});
  const std::string head = git(repositories_.work(), {"rev-parse", name});
  EXPECT_THAT(titles(store()), ElementsAre("theirs 2"));
  ASSERT_TRUE(examine(store(), true));
  EXPECT_EQ(git(repositories_.work(), {"rev-parse", name}), head) << "nothing was published";
  EXPECT_THAT(titles(store()), ElementsAre("theirs 2"));
  create(store(), "theirs 3");
  EXPECT_THAT(titles(*repositories_.store(repositories_.work(), "new-cache")),
              UnorderedElementsAre("theirs 2", "theirs 3"));
}

TEST_P(OtherRepositoryAtThePath, TheDoctorMendsItWithoutTheFirst) {
  const std::string reference = repositories_.work() + "/.git/" + wal_reference;
  std::filesystem::create_directories(std::filesystem::path(reference).parent_path());
  hearth::test::write_file(reference, "");
  const auto mended = examine(store(), true);
  ASSERT_TRUE(mended) << mended.error().message;
  EXPECT_THAT(titles(store()), IsEmpty());
  EXPECT_FALSE(store().head());
}

INSTANTIATE_TEST_SUITE_P(Stores, OtherRepositoryAtThePath, testing::Bool());

TEST(IssueCache, OfAnotherRepositoryIsNoExample) {
  const Repositories repositories;
  const std::string other = repositories.directory("other");
  git(other, {"init", "-q"});
  create(*repositories.store(other, "example"), "of the other one");
  create(*repositories.store(repositories.work()), "ours");
  const std::string lost = git(repositories.work(), {"rev-parse", "refs/grite/wal:events"});
  std::filesystem::remove(repositories.work() + "/.git/objects/" + lost.substr(0, 2) + "/" +
                          lost.substr(2, 38));
  const auto store =
      Repositories::store_with({.directory = repositories.work(),
                                .cache_directory = repositories.directory("new"),
                                .other_cache_directory = repositories.directory("example"),
                                .is_power_safe = false,
                                .changed = {},
                                .when_idle = {}});
  EXPECT_THAT(titles(*store), IsEmpty());
}

// What only the cache has must not be lost by that.
TEST(IssueCache, StaysTheRepositorysThatWasCopiedAndMovedBack) {
  const Repositories repositories;
  {
    auto store = repositories.store(repositories.work());
    for (const char* title : {"one", "two", "three"}) create(*store, title);
  }
  const std::string lost = git(repositories.work(), {"rev-parse", "refs/grite/wal~1:events"});
  std::filesystem::remove(repositories.work() + "/.git/objects/" + lost.substr(0, 2) + "/" +
                          lost.substr(2, 38));
  const std::string copy = repositories.directory(".") + "/copy";
  std::filesystem::copy(repositories.work(), copy, std::filesystem::copy_options::recursive);
  std::filesystem::remove_all(repositories.work());
  std::filesystem::rename(copy, repositories.work());
  auto store = repositories.store(repositories.work());
  ASSERT_TRUE(store->run([](Repository&, Projector& projector) -> Result<void> {
    EXPECT_TRUE(projector.rebuild(false));
    return {};
  }));
  EXPECT_THAT(titles(*store), UnorderedElementsAre("one", "two", "three"));
}

// As an older program has left it.
TEST(IssueCache, ThatNotesNoRepositoryIsTheOnesThatHasItsHead) {
  const Repositories repositories;
  create(*repositories.store(repositories.work()), "ours");
  const std::string path = repositories.directory("cache") + "/cache.db";
  const auto forget = [&] {
    auto cache = store::Database::open(path, {});
    ASSERT_TRUE(cache);
    ASSERT_TRUE(cache->execute("DELETE FROM state WHERE name = 'repository'"));
  };
  const auto epoch = [&] {
    auto cache = store::Database::open(path, {});
    return Cache::epoch(*cache).value();
  };
  const std::string before = epoch();
  forget();
  std::filesystem::remove(repositories.work() + "/.git/hearth/id");
  create(*repositories.store(repositories.work()), "ours, too");
  EXPECT_EQ(epoch(), before) << "made anew";
  forget();
  std::filesystem::remove_all(repositories.work());
  git(repositories.directory("."), {"init", "-q", "work"});
  EXPECT_THAT(titles(*repositories.store(repositories.work())), IsEmpty());
  EXPECT_NE(epoch(), before);
}

}  // namespace
}  // namespace hearth::packs::issues
