// Remotes that only git itself can reach.
#include "packs/issues/git_transport.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "packs/issues/engine/locks.hpp"
#include "packs/issues/engine/sync.hpp"
#include "repositories.hpp"

namespace hearth::packs::issues {
namespace {

using testing::HasSubstr;
using testing::Not;

using test::all_issues;
using test::append;
using test::create;
using test::git;
using test::Repositories;

const Pushed made{.is_made = true, .refusal = {}};
const Pushed late{};

Result<SyncReport> sync(IssueStore& store) {
  auto repository = store.open_repository().value();
  const auto remote = git_transport({repository->common_directory(), {}, "origin"}, {});
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
  const auto remote = git_transport({repository->common_directory(), {}, "origin"}, {});
  const auto head = *repository->read_reference(wal_reference).value();
  const RefChange first{"refs/hearth/test", std::nullopt, head};
  EXPECT_EQ(remote->push(std::span(&first, 1)).value(), std::vector{made});
  create(*store, "U");
  const auto newer = *repository->read_reference(wal_reference).value();
  const RefChange second{"refs/hearth/test", std::nullopt, newer};
  EXPECT_EQ(remote->push(std::span(&second, 1)).value(), std::vector{late});
  const RefChange gone{"refs/hearth/test", head, std::nullopt};
  EXPECT_EQ(remote->push(std::span(&gone, 1)).value(), std::vector{made});
}

TEST(GitTransport, ManyReferencesArePushedAtOnceAndToldOfOneByOne) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  create(*store, "T");
  auto repository = store->open_repository().value();
  const auto remote = git_transport({repository->common_directory(), {}, "origin"}, {});
  const auto head = *repository->read_reference(wal_reference).value();
  std::vector<RefChange> changes;
  for (const char* name : {"a", "b", "a/below", "c"}) {
    changes.push_back({std::string("refs/hearth/test/") + name, std::nullopt, head});
  }
  changes[1].expected = head;
  const std::string hooks = repositories.remote() + "/hooks/pre-receive";
  hearth::test::write_file(hooks, "#!/bin/sh\necho push >> ../pushes\n");
  std::filesystem::permissions(hooks, std::filesystem::perms::owner_all);
  const auto pushed = remote->push(changes);
  ASSERT_TRUE(pushed) << pushed.error().message;
  EXPECT_EQ((*pushed)[0], made);
  EXPECT_EQ((*pushed)[1], late);
  EXPECT_THAT((*pushed)[2].refusal, HasSubstr("refs/hearth/test/a' exists"));
  EXPECT_EQ((*pushed)[3], made);
  EXPECT_EQ(std::filesystem::file_size(repositories.remote() + "/../pushes"), 5U);
}

TEST(GitTransport, WhatTheServerRefusesIsToldInItsWords) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  create(*store, "T");
  const std::string hooks = repositories.remote() + "/hooks/pre-receive";
  hearth::test::write_file(hooks, "#!/bin/sh\necho not on Sundays >&2\nexit 1\n");
  std::filesystem::permissions(hooks, std::filesystem::perms::owner_all);
  const auto refused = sync(*store);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::permission);
  EXPECT_THAT(refused.error().message, HasSubstr("not on Sundays"));
}

TEST(GitTransport, ABranchThatEndsLikeAnIssueReferenceStaysThere) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  create(*store, "T");
  git(repositories.work(), {"push", "-q", "origin", "refs/grite/wal:refs/heads/evil/refs/grite/a"});
  const auto synced = sync(*store);
  ASSERT_TRUE(synced) << synced.error().message;
  EXPECT_EQ(git(repositories.work(), {"for-each-ref", "refs/heads"}), "");
}

// A line of git's protocol: four digits of its size, and it.
std::string packet(const std::string& line) {
  std::array<char, 5> size{};
  std::snprintf(size.data(), size.size(), "%04zx", line.size() + 4);
  return size.data() + line;
}

// What `git ls-remote` prints of it would be an instruction to `git fetch`.
TEST(GitTransport, ANameThatAServerInventsChangesNothingHere) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  create(*store, "T");
  ASSERT_TRUE(sync(*store));
  git(repositories.work(), {"commit", "-q", "--allow-empty", "-m", "mine"});
  git(repositories.work(), {"branch", "kept"});
  const std::string before = git(repositories.work(), {"for-each-ref", "refs/heads"});
  const std::string other = repositories.clone("other");
  git(other, {"commit", "-q", "--allow-empty", "-m", "theirs"});
  git(other, {"push", "-q", "origin", "HEAD:refs/heads/evil/refs/grite/a"});
  const std::string theirs = git(other, {"rev-parse", "HEAD"}).substr(0, 40);
  const std::string log = git(repositories.remote(), {"rev-parse", "refs/grite/wal"}).substr(0, 40);
  // Announces it once, and is itself from then on.
  const std::string folder = repositories.directory("server");
  std::ofstream(folder + "/announced", std::ios::binary)
      << packet(log + " refs/grite/wal" + std::string("\0multi_ack agent=x\n", 19))
      << packet(theirs + " +refs/heads/evil/refs/grite/a:refs/heads/kept\n") << "0000";
  std::ofstream(folder + "/upload-pack") << "#!/bin/sh\ncd " << folder << "\n"
                                         << "[ -e announced ] || exec git-upload-pack \"$@\"\n"
                                         << "cat announced; mv announced told; cat >/dev/null\n";
  std::filesystem::permissions(folder + "/upload-pack", std::filesystem::perms::owner_all);
  git(repositories.work(), {"config", "remote.origin.uploadpack", folder + "/upload-pack"});
  const auto synced = sync(*store);
  EXPECT_TRUE(synced) << synced.error().message;
  EXPECT_TRUE(std::filesystem::exists(folder + "/told"));
  EXPECT_EQ(git(repositories.work(), {"for-each-ref", "refs/heads"}), before);
}

// Reaches the remote as over SSH, with a shell of this machine in the place of the other one's.
void reach_by_ssh(const Repositories& repositories) {
  const std::string shell = repositories.directory("ssh") + "/ssh";
  hearth::test::write_file(
      shell, "#!/bin/sh\nwhile [ $# -gt 1 ]; do shift; done\nexec /bin/sh -c \"$1\"\n");
  std::filesystem::permissions(shell, std::filesystem::perms::owner_all);
  git(repositories.work(), {"config", "core.sshCommand", shell});
  git(repositories.work(), {"remote", "set-url", "origin", "ssh://host" + repositories.remote()});
}

TEST(GitTransport, OldLocksOfDifferentAgesDoNotStopASync) {
  const Repositories repositories;
  reach_by_ssh(repositories);
  auto store = repositories.store(repositories.work());
  create(*store, "T");
  ASSERT_TRUE(sync(*store));
  auto here = store->open_repository().value();
  auto there = Repository::open(repositories.remote(), {.is_power_safe = false}).value();
  const auto put = [](Repository& repository, const std::string& resource, const ObjectId& target) {
    auto held = repository.lock().value();
    const std::string name = lock_reference(resource);
    const auto before = repository.read_reference(name).value();
    ASSERT_TRUE(repository.update_reference(held, name, before, target).value());
  };
  constexpr std::int64_t day = 24LL * 3600;
  const std::int64_t now = static_cast<std::int64_t>(store->now_ms()) / 1000;
  const auto made_at = [&](Repository& repository, const std::string& resource,
                           const std::optional<ObjectId>& previous, std::int64_t seconds) {
    const Lock lock{.owner = {},
                    .nonce = "n",
                    .expires_ms = static_cast<std::uint64_t>(seconds) * 1000,
                    .resource = resource};
    return write_lock_commit(repository, lock, previous, seconds, 0).value();
  };
  for (Repository* each : {here.get(), there.get()}) {
    const ObjectId first = made_at(*each, "path:old", std::nullopt, now - 21 * day);
    put(*each, "path:old",
        each == here.get() ? first : made_at(*each, "path:old", first, now - 20 * day));
    const ObjectId over = made_at(*each, "path:renewed", std::nullopt, now - 20 * day);
    put(*each, "path:renewed",
        each == here.get() ? made_at(*each, "path:renewed", over, now + day) : over);
  }
  const auto synced = sync(*store);
  ASSERT_TRUE(synced) << synced.error().message;
  EXPECT_EQ(there->read_reference(lock_reference("path:old")).value(), std::nullopt);
  EXPECT_EQ(there->read_reference(lock_reference("path:renewed")).value(),
            here->read_reference(lock_reference("path:renewed")).value());
  const auto again = sync(*store);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->tries, 1);
}

TEST(GitTransport, APushGoesToTheUrlForPushing) {
  const Repositories repositories;
  git(repositories.directory("other"), {"init", "-q", "--bare"});
  git(repositories.work(),
      {"remote", "set-url", "--push", "origin", repositories.directory("other")});
  auto store = repositories.store(repositories.work());
  create(*store, "T");
  auto repository = store->open_repository().value();
  const auto remote = open_remote(*repository, "origin", {.is_power_safe = false}, {}).value();
  const RefChange change{wal_reference, std::nullopt, *store->head()};
  EXPECT_EQ(remote->push(std::span(&change, 1)).value(), std::vector{made});
  EXPECT_EQ(git(repositories.remote(), {"for-each-ref"}), "");
  EXPECT_NE(git(repositories.directory("other"), {"for-each-ref"}), "");
}

// As git finds it: from the work tree.
TEST(GitTransport, UrlsMayBeRelative) {
  const Repositories repositories;
  const std::string url =
      std::filesystem::relative(repositories.remote(), repositories.work()).string();
  git(repositories.work(), {"remote", "set-url", "origin", url});
  git(repositories.work(), {"remote", "set-url", "--push", "origin", "./" + url});
  auto store = repositories.store(repositories.work());
  create(*store, "T");
  auto repository = store->open_repository().value();
  const auto remote = open_remote(*repository, "origin", {.is_power_safe = false}, {}).value();
  const RefChange change{wal_reference, std::nullopt, *store->head()};
  EXPECT_EQ(remote->push(std::span(&change, 1)).value(), std::vector{made});
  EXPECT_EQ(remote->list().value().size(), 1U);
}

// git fetches from the first and pushes to all; who was first is for one of them to say.
TEST(GitTransport, OfSeveralUrlsTheFirstCounts) {
  const Repositories repositories;
  const std::string mirror = repositories.directory("mirror");
  git(mirror, {"init", "-q", "--bare"});
  auto store = repositories.store(repositories.work());
  create(*store, "T");
  const auto push = [&](std::optional<ObjectId> from) {
    auto repository = store->open_repository().value();
    const auto remote = open_remote(*repository, "origin", {.is_power_safe = false}, {}).value();
    const RefChange change{wal_reference, from, *store->head()};
    EXPECT_EQ(remote->push(std::span(&change, 1)).value(), std::vector{made});
  };
  git(repositories.work(), {"remote", "set-url", "--add", "origin", mirror});
  push(std::nullopt);
  const auto first = store->head();
  create(*store, "U");
  git(repositories.work(), {"remote", "set-url", "--push", "origin", repositories.remote()});
  git(repositories.work(), {"remote", "set-url", "--add", "--push", "origin", mirror});
  push(first);
  EXPECT_NE(git(repositories.remote(), {"for-each-ref"}), "");
  EXPECT_EQ(git(mirror, {"for-each-ref"}), "");
}

TEST(GitTransport, ASyncThatPushesIntoAnotherLogTellsSo) {
  const Repositories repositories;
  const std::string elsewhere = repositories.directory("elsewhere");
  git(elsewhere, {"init", "-q", "--bare"});
  auto other = repositories.store(repositories.clone("other"), "cache-other");
  create(*other, "theirs");
  git(repositories.directory("other"), {"push", "-q", elsewhere, "refs/grite/wal"});
  auto store = repositories.store(repositories.work());
  create(*store, "ours");
  ASSERT_TRUE(sync(*store));
  create(*store, "more");
  git(repositories.work(), {"remote", "set-url", "--push", "origin", elsewhere});
  auto repository = store->open_repository().value();
  const auto remote = open_remote(*repository, "origin", {.is_power_safe = false}, {}).value();
  const auto synced = sync_with(*repository, *remote,
                                {.actor = store->actors().writer("", 1)->id,
                                 .now_ms = [&] { return store->now_ms(); },
                                 .stop = {}});
  ASSERT_FALSE(synced);
  EXPECT_EQ(synced.error().code, Errc::conflict);
  EXPECT_THAT(synced.error().message, HasSubstr("remote.origin.pushurl"));
}

TEST(GitTransport, GitHasTheSettingsOfTheEnvironmentButNoOtherRepository) {
  const Repositories repositories;
  const std::string told = repositories.directory("server") + "/environment";
  const std::string server = repositories.directory("server") + "/upload-pack";
  hearth::test::write_file(server, "#!/bin/sh\nenv > " + told + "\nexec git-upload-pack \"$@\"\n");
  std::filesystem::permissions(server, std::filesystem::perms::owner_all);
  git(repositories.work(), {"config", "remote.origin.uploadpack", server});
  ::setenv("GIT_SSL_CAINFO", "/some/file", 1);
  ::setenv("GIT_OBJECT_DIRECTORY", "/nowhere", 1);
  const auto list = git_transport({repositories.work() + "/.git", {}, "origin"}, {})->list();
  ::unsetenv("GIT_SSL_CAINFO");
  ::unsetenv("GIT_OBJECT_DIRECTORY");
  ASSERT_TRUE(list) << list.error().message;
  std::ifstream file(told);
  const std::string environment(std::istreambuf_iterator<char>(file), {});
  EXPECT_THAT(environment, HasSubstr("GIT_SSL_CAINFO=/some/file\n"));
  EXPECT_THAT(environment, Not(HasSubstr("GIT_OBJECT_DIRECTORY")));
  EXPECT_THAT(environment, Not(HasSubstr("GIT_CONFIG_NOSYSTEM")));
}

TEST(GitTransport, ARemoteThatIsNotThereIsAnError) {
  const Repositories repositories;
  auto repository = Repository::open(repositories.work(), {.is_power_safe = false}).value();
  EXPECT_EQ(open_remote(*repository, "nowhere", {}, {}).error().code, Errc::not_found);
  EXPECT_FALSE(git_transport({repository->common_directory(), {}, "/does/not/exist"}, {})->list());
}

}  // namespace
}  // namespace hearth::packs::issues
