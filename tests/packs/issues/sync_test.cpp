// Exchange of two clones through a remote, one thing at a time.
#include "packs/issues/engine/sync.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "packs/issues/engine/locks.hpp"
#include "packs/issues/engine/maintenance.hpp"
#include "packs/issues/engine/snapshots.hpp"
#include "repositories.hpp"
#include "sample_events.hpp"

namespace hearth::packs::issues {
namespace {

using test::all_issues;
using test::append;
using test::counting_id;
using test::create;
using test::git;
using test::Repositories;

struct Clone {
  Clone(const Repositories& repositories, const std::string& path, const std::string& name)
      : remote_path(repositories.remote()), store(repositories.store(path, "cache-" + name)) {}

  Result<SyncReport> sync(bool pull = true, bool push = true) {
    auto repository = store->open_repository().value();
    auto remote = local_transport(*repository, remote_path, {.is_power_safe = false}).value();
    auto report = sync_with(*repository, *remote,
                            {.pull = pull,
                             .push = push,
                             .actor = store->actors().writer("", 1)->id,
                             .now_ms = [] { return test::vector_time; },
                             .stop = {}});
    if (!report) ADD_FAILURE() << report.error().message;
    return report;
  }

  std::string remote_path;
  std::unique_ptr<IssueStore> store;
};

struct Two {
  Repositories repositories;
  Clone a{repositories, repositories.work(), "a"};
  Clone b{repositories, repositories.clone("b"), "b"};
};

// "What must hold" 2: a fresh clone has every issue (the peer's open bug).
TEST(GriteDefects, D01AFreshCloneHasEveryIssue) {
  Two two;
  const IssueId id = create(*two.a.store, "From a");
  EXPECT_TRUE(two.a.sync()->has_pushed);
  EXPECT_TRUE(two.b.sync()->has_pulled);
  EXPECT_EQ(all_issues(*two.b.store), all_issues(*two.a.store));
  EXPECT_TRUE(all_issues(*two.b.store).contains(id));
  const auto again = two.b.sync();
  EXPECT_FALSE(again->has_pulled || again->has_pushed);
}

TEST(GriteDefects, D02BothWriteAndBothHaveIt) {
  Two two;
  const IssueId id = create(*two.a.store, "Shared");
  (void)two.a.sync();
  (void)two.b.sync();
  ASSERT_TRUE(append(*two.a.store, {{id, CommentAdded{"by a"}}}));
  ASSERT_TRUE(append(*two.b.store, {{id, CommentAdded{"by b"}}, {id, LabelAdded{"b"}}}));
  (void)two.a.sync();
  EXPECT_EQ(two.b.sync()->merges, 1U);
  (void)two.a.sync();
  EXPECT_EQ(all_issues(*two.a.store), all_issues(*two.b.store));
  EXPECT_EQ(all_issues(*two.a.store).at(id).comments.size(), 2U);
  // Whoever follows prev_wal alone sees every event once.
  const auto repository = two.a.store->open_repository().value();
  const auto verified = verify_log(*repository, {});
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->problems.total, 0U);
  EXPECT_EQ(verified->events, 4U);
  git(two.repositories.remote(), {"fsck", "--strict", "--no-dangling"});
}

TEST(IssueSync, HistoriesWithoutACommonCommitAreJoined) {
  Two two;
  create(*two.a.store, "a");
  create(*two.b.store, "b");
  (void)two.a.sync();
  (void)two.b.sync();
  (void)two.a.sync();
  EXPECT_EQ(all_issues(*two.a.store).size(), 2U);
  EXPECT_EQ(all_issues(*two.a.store), all_issues(*two.b.store));
}

TEST(IssueSync, OneDirectionAtATime) {
  Two two;
  create(*two.a.store, "a");
  EXPECT_FALSE(two.a.sync(true, false)->has_pushed);
  EXPECT_FALSE(two.b.sync(true, false)->has_pulled);
  EXPECT_TRUE(two.a.sync(false, true)->has_pushed);
  EXPECT_TRUE(two.b.sync(true, false)->has_pulled);
}

TEST(IssueSync, SnapshotsThatWereRemovedThereDoNotComeBack) {
  Two two;
  create(*two.a.store, "a");
  auto repository = two.a.store->open_repository().value();
  const auto head = *repository->read_reference(wal_reference).value();
  for (std::uint64_t ms : {1'000'000'000'001U, 1'000'000'000'002U}) {
    ASSERT_TRUE(write_snapshot(*repository, {}, head, ms));
  }
  (void)two.a.sync();
  EXPECT_EQ(two.b.sync()->others_pulled, 2U);
  auto there = Repository::open(two.repositories.remote(), {.is_power_safe = false}).value();
  EXPECT_EQ(remove_old_snapshots(*there, 1)->size(), 1U);
  (void)two.b.sync();
  EXPECT_EQ(list_snapshots(*there)->size(), 1U);
}

TEST(IssueLocks, CommitsAreTheObjectsOfTheVectors) {
  const Repositories repositories;
  auto repository = Repository::open(repositories.work(), {.is_power_safe = false}).value();
  const Lock lock{.owner = counting_id<ActorId>(0x10),
                  .nonce = "00000000-0000-4000-8000-000000000000",
                  .expires_ms = 1'700'000'300'000,
                  .resource = "repo:global"};
  EXPECT_EQ(hex_of(write_lock_commit(*repository, lock, std::nullopt, 1'700'000'000, 0).value()),
            "f7693ce8462419255c6022fbb25732d5036f427a");
  EXPECT_EQ(lock_reference("repo:global"), "refs/grite/locks/4fa20104a646a633");
  EXPECT_EQ(make_nonce().size(), 36U);
}

TEST(IssueLocks, ConflictsAreThoseOfTheFormat) {
  EXPECT_TRUE(do_conflict("repo:global", "issue:1"));
  EXPECT_TRUE(do_conflict("path:src/", "path:src/a.cpp"));
  EXPECT_TRUE(do_conflict("path:src/a", "path:src/a"));
  EXPECT_FALSE(do_conflict("path:src/a", "path:src/ab"));
  EXPECT_FALSE(do_conflict("issue:1", "issue:2"));
  EXPECT_FALSE(do_conflict("path:a", "issue:a"));
  EXPECT_TRUE(do_conflict("path:./src//a/", "path:/src/a/b"));
  for (const char* each : {"path:src", "path:./src", "path:/src/", "path:a/../src"})
    EXPECT_EQ(normalized_resource(each), "path:src");
}

// Locks are asked of the remote, and what was given back stays given back.
TEST(GriteDefects, D09TheRemoteArbitrates) {
  Two two;
  auto here = two.a.store->open_repository().value();
  auto there = two.b.store->open_repository().value();
  auto here_remote = local_transport(*here, two.repositories.remote(), {}).value();
  auto there_remote = local_transport(*there, two.repositories.remote(), {}).value();
  Locks ours(*here, here_remote.get());
  Locks theirs(*there, there_remote.get());
  constexpr std::uint64_t began = test::vector_time;
  LockRequest request{.resource = "issue:1", .owner = counting_id<ActorId>(1), .now_ms = began};
  LockRequest other{
      .resource = "issue:1", .owner = counting_id<ActorId>(50), .now_ms = began + 1000};
  const auto taken = ours.acquire(request);
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(theirs.acquire(other).error().code, Errc::conflict);
  EXPECT_EQ(theirs.release(other).error().code, Errc::conflict);
  EXPECT_EQ(ours.acquire(request).error().code, Errc::conflict) << "also for another session";
  request.nonce = taken->nonce;
  EXPECT_TRUE(ours.renew(request));
  ASSERT_TRUE(ours.release(request));
  const auto now = theirs.acquire(other);
  ASSERT_TRUE(now) << now.error().message;
  (void)two.a.sync();
  (void)two.b.sync();
  EXPECT_EQ(theirs.acquire(request).error().code, Errc::conflict);
  // It runs out, and then anybody may have it.
  request.now_ms = other.now_ms + other.ttl_ms;
  EXPECT_TRUE(ours.acquire(request));
}

// Whoever can push can put anything there.
TEST(IssueLocks, AReferenceThatIsNoLockHoldsNothingAndIsReplaced) {
  Two two;
  const std::string name = lock_reference("issue:1");
  hearth::test::write_file(two.repositories.remote() + "/junk", "junk");
  const auto poison = [&] {
    const std::string blob =
        git(two.repositories.remote(), {"hash-object", "-w", "junk"}).substr(0, 40);
    git(two.repositories.remote(), {"update-ref", name, blob});
  };
  create(*two.a.store, "a");
  ASSERT_TRUE(two.a.sync());
  poison();
  ASSERT_TRUE(two.b.sync());
  auto here = two.a.store->open_repository().value();
  auto there = two.b.store->open_repository().value();
  EXPECT_EQ(unreadable_locks(*there)->size(), 1U);
  const auto remote = local_transport(*here, two.repositories.remote(), {}).value();
  Locks ours(*here, remote.get());
  const LockRequest request{
      .resource = "issue:1", .owner = counting_id<ActorId>(1), .now_ms = test::vector_time};
  const auto taken = ours.acquire(request);
  ASSERT_TRUE(taken) << taken.error().message;
  git(two.repositories.remote(), {"fsck", "--strict", "--no-dangling"});
  // Of a lock and of something else the lock stays, on both sides.
  poison();
  ASSERT_TRUE(two.a.sync());
  ASSERT_TRUE(two.b.sync());
  EXPECT_TRUE(unreadable_locks(*there)->empty());
  EXPECT_EQ(list_locks(*there)->size(), 1U);
}

TEST(IssueLocks, OneThatHasBeenOverForAWeekGoesAtTheRemote) {
  Two two;
  create(*two.a.store, "a");
  auto here = two.a.store->open_repository().value();
  const auto remote = local_transport(*here, two.repositories.remote(), {}).value();
  Locks locks(*here, remote.get());
  constexpr std::uint64_t now = test::vector_time;
  constexpr std::uint64_t day_ms = 24ULL * 3600 * 1000;
  for (const std::uint64_t days : {6U, 8U}) {
    ASSERT_TRUE(locks.acquire({.resource = "issue:" + std::to_string(days),
                               .owner = counting_id<ActorId>(1),
                               .now_ms = now - days * day_ms,
                               .ttl_ms = 1}));
  }
  // One that is given back stays until all have heard of it.
  const LockRequest fresh{.resource = "issue:1", .owner = counting_id<ActorId>(1), .now_ms = now};
  ASSERT_TRUE(locks.acquire(fresh));
  ASSERT_TRUE(locks.release(fresh));
  ASSERT_TRUE(two.a.sync());
  EXPECT_EQ(*remove_old_locks(*here, now), 3U);
  ASSERT_TRUE(two.a.sync());
  ASSERT_TRUE(two.b.sync());
  for (const std::string& path : {two.repositories.remote(), two.repositories.work()}) {
    const auto repository = Repository::open(path, {.is_power_safe = false}).value();
    const auto left = list_locks(*repository).value();
    EXPECT_EQ(left.size(), 2U);
    EXPECT_TRUE(std::ranges::none_of(
        left, [](const HeldLock& each) { return each.lock.resource == "issue:8"; }));
  }
}

TEST(IssueSync, AReferenceThatHasNoPlaceHereIsToldOfAndTheRestIsExchanged) {
  Two two;
  create(*two.a.store, "a");
  ASSERT_TRUE(two.a.sync());
  ASSERT_TRUE(two.b.sync());
  auto here = two.a.store->open_repository().value();
  const auto head = *here->read_reference(wal_reference).value();
  ASSERT_TRUE(write_snapshot(*here, {}, head, 1'000'000'000'001U));
  git(two.repositories.remote(), {"update-ref", "refs/grite/snapshots", hex_of(head)});
  const IssueId id = create(*two.b.store, "b");
  ASSERT_TRUE(two.b.sync());
  const auto synced = two.a.sync();
  ASSERT_TRUE(synced) << synced.error().message;
  EXPECT_TRUE(synced->has_pulled);
  EXPECT_EQ(synced->problems.size(), 2U) << "neither here nor there";
  EXPECT_TRUE(all_issues(*two.a.store).contains(id));
}

TEST(IssueLocks, OneOfAClockThatIsWrongIsOver) {
  const Repositories repositories;
  auto repository = Repository::open(repositories.work(), {.is_power_safe = false}).value();
  Locks locks(*repository, nullptr);
  const std::uint64_t now = 1'700'000'000'000;
  LockRequest request{.resource = "issue:1", .owner = counting_id<ActorId>(1), .now_ms = now};
  LockRequest other{.resource = "issue:1", .owner = counting_id<ActorId>(50), .now_ms = now};
  request.ttl_ms = longest_ttl_ms + most_clock_error_ms;
  ASSERT_TRUE(locks.acquire(request));
  EXPECT_EQ(locks.acquire(other).error().code, Errc::conflict);
  other.resource = request.resource = "issue:2";
  request.ttl_ms = std::numeric_limits<std::uint64_t>::max() - now;
  ASSERT_TRUE(locks.acquire(request));
  EXPECT_TRUE(locks.acquire(other));
}

// One whose reference is another resource's holds nothing.
TEST(IssueLocks, OneThatIsNotInItsPlaceIsIgnored) {
  const Repositories repositories;
  auto repository = Repository::open(repositories.work(), {.is_power_safe = false}).value();
  Locks locks(*repository, nullptr);
  const LockRequest request{
      .resource = "repo:global", .owner = counting_id<ActorId>(1), .now_ms = test::vector_time};
  ASSERT_TRUE(locks.acquire(request));
  const LockRequest other{
      .resource = "path:x", .owner = counting_id<ActorId>(50), .now_ms = test::vector_time};
  EXPECT_EQ(locks.acquire(other).error().code, Errc::conflict);
  const std::string name = lock_reference(request.resource);
  git(repositories.work(), {"update-ref", lock_reference("path:y"), name});
  git(repositories.work(), {"update-ref", "-d", name});
  EXPECT_TRUE(locks.acquire(other));
  EXPECT_EQ(unreadable_locks(*repository)->size(), 1U);
}

TEST(IssueLocks, OneThatRanOutIsNotRenewedOverWhatExcludesIt) {
  const Repositories repositories;
  auto repository = Repository::open(repositories.work(), {.is_power_safe = false}).value();
  Locks locks(*repository, nullptr);
  LockRequest request{
      .resource = "path:src", .owner = counting_id<ActorId>(1), .now_ms = test::vector_time};
  ASSERT_TRUE(locks.acquire(request));
  request.now_ms += request.ttl_ms;
  EXPECT_TRUE(locks.renew(request)) << "nobody has taken it";
  request.now_ms += request.ttl_ms;
  const LockRequest other{
      .resource = "path:src/x", .owner = counting_id<ActorId>(50), .now_ms = request.now_ms};
  ASSERT_TRUE(locks.acquire(other));
  EXPECT_EQ(locks.renew(request).error().code, Errc::conflict);
}

// Taken before there was a remote, or where that was restored from a backup.
TEST(IssueLocks, ALiveOneThatTheRemoteDoesNotHaveStaysAndIsPushed) {
  Two two;
  auto here = two.a.store->open_repository().value();
  auto there = two.b.store->open_repository().value();
  const auto here_remote = local_transport(*here, two.repositories.remote(), {}).value();
  const auto there_remote = local_transport(*there, two.repositories.remote(), {}).value();
  const LockRequest request{
      .resource = "issue:1", .owner = counting_id<ActorId>(1), .now_ms = test::vector_time};
  LockRequest other = request;
  other.owner = counting_id<ActorId>(50);
  ASSERT_TRUE(Locks(*here, nullptr).acquire(request));
  EXPECT_EQ(Locks(*here, here_remote.get()).acquire(other).error().code, Errc::conflict);
  EXPECT_EQ(Locks(*there, there_remote.get()).acquire(other).error().code, Errc::conflict);
  EXPECT_TRUE(Locks(*here, here_remote.get()).renew(request));
}

// Of many who take what overlaps at the same moment, at most one gets it; here exactly one.
TEST(IssueLocks, OfThoseThatExcludeEachOtherOneIsGranted) {
  const Repositories repositories;
  for (const bool has_remote : {false, true}) {
    std::atomic<int> granted = 0;
    std::vector<std::jthread> takers;
    for (std::uint8_t i = 0; i < 4; ++i) {
      takers.emplace_back([&, i] {
        auto repository = Repository::open(repositories.work(), {.is_power_safe = false}).value();
        const auto remote = local_transport(*repository, repositories.remote(), {}).value();
        std::string resource = "path:src";
        for (int depth = 0; depth < i; ++depth) resource += "/x";
        const auto taken =
            Locks(*repository, has_remote ? remote.get() : nullptr)
                .acquire({.resource = resource,
                          .owner = counting_id<ActorId>(static_cast<std::uint8_t>(10 * i)),
                          .now_ms = test::vector_time + (has_remote ? longest_ttl_ms : 0)});
        granted += taken ? 1 : 0;
      });
    }
    takers.clear();
    EXPECT_LE(granted, 1);
    if (!has_remote) EXPECT_EQ(granted, 1);
  }
}

TEST(IssueCompaction, AHundredIssuesOfOneBatchTakeFiftyKilobytes) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  std::vector<Draft> drafts;
  for (int i = 0; i < 100; ++i) {
    drafts.push_back({test::new_issue_id(),
                      IssueCreated{"Issue number " + std::to_string(i), "A text of it.", {"bug"}}});
  }
  ASSERT_TRUE(append(*store, drafts));
  const auto before = all_issues(*store);
  auto repository = store->open_repository().value();
  const auto done = compact(*repository, 0);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->packed_objects, 8U);
  const std::string count = git(repositories.work(), {"count-objects", "-v"});
  EXPECT_NE(count.find("count: 0\n"), std::string::npos) << count;
  const std::size_t pack = count.find("size-pack: ");
  EXPECT_LE(std::stoi(count.substr(pack + 11)), 50) << count;
  EXPECT_EQ(all_issues(*repositories.store(repositories.work(), "fresh")), before);
  EXPECT_EQ(compact(*repository, 0)->packed_objects, 0U);
  for (const auto& each :
       std::filesystem::directory_iterator(repositories.work() + "/.git/objects")) {
    EXPECT_FALSE(std::filesystem::is_empty(each) && each.path().filename().string().size() == 2)
        << each.path();
  }
}

TEST(IssueMaintenance, TheDoctorFindsAndMends) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  create(*store, "T");
  const std::string left = repositories.work() + "/.git/refs/grite/wal.lock";
  hearth::test::write_file(left, "");
  std::filesystem::last_write_time(
      left, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  const auto found = examine(*store, false);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(std::ranges::count(*found, Health::error, &Check::health), 1);
  const auto mended = examine(*store, true);
  EXPECT_EQ(std::ranges::count(*mended, true, &Check::is_mended), 1);
  const auto after = examine(*store, false);
  EXPECT_EQ(std::ranges::count(*after, Health::error, &Check::health), 0);
}

TEST(IssueMaintenance, TheDoctorTellsOfACacheThatWasRemoved) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  create(*store, "T");
  EXPECT_TRUE(store->has_its_cache());
  std::filesystem::remove_all(store->cache_directory());
  EXPECT_FALSE(store->has_its_cache());
  const auto found = examine(*store, false);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(std::ranges::find(*found, "store_integrity", &Check::id)->health, Health::warning);
}

// A program may be writing: it is not taken away yet, but told of.
TEST(IssueMaintenance, TheDoctorTellsOfALockFileThatMayBeInUse) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  create(*store, "T");
  const std::string young = repositories.work() + "/.git/refs/grite/wal.lock";
  hearth::test::write_file(young, "");
  for (const bool fix : {false, true}) {
    const auto found = examine(*store, fix);
    ASSERT_TRUE(found) << found.error().message;
    const auto check = std::ranges::find(*found, "lock_files", &Check::id);
    ASSERT_NE(check, found->end());
    EXPECT_EQ(check->health, Health::warning);
    EXPECT_FALSE(check->is_mended);
    EXPECT_TRUE(check->message.starts_with("1 lock file, ")) << check->message;
    EXPECT_TRUE(check->message.ends_with(" s old; removed when older than 60 s"));
    EXPECT_EQ(check->plan.size(), 1U);
  }
  EXPECT_TRUE(std::filesystem::exists(young));
}

// From now on, under a key that all may know.
void write_signed(IssueStore& store) {
  auto repository = store.open_repository().value();
  auto held = repository->lock().value();
  const auto actor = store.actors().create("signer", true, 1).value();
  ASSERT_TRUE(store.actors().set_default(actor.id));
  ASSERT_TRUE(publish_key(*repository, held, actor.id, actor.public_key));
}

// A reader that is there already learns of a key and of what it has signed by one sync.
TEST(IssueSignatures, AKeyThatArrivesCounts) {
  Two two;
  write_signed(*two.a.store);
  const IssueId id = create(*two.a.store, "signed");
  (void)two.a.sync();
  for (const SignaturePolicy policy : {SignaturePolicy::require, SignaturePolicy::warn}) {
    const std::string name(name_of(policy));
    const std::string path = two.repositories.clone(name);
    auto reader =
        Repositories::store_with({.directory = path,
                                  .cache_directory = two.repositories.directory("c" + name),
                                  .is_power_safe = false,
                                  .signatures = policy,
                                  .changed = {},
                                  .when_idle = {}});
    EXPECT_TRUE(all_issues(*reader).empty());
    Clone clone(two.repositories, path, "plain-" + name);
    (void)clone.sync();
    EXPECT_TRUE(all_issues(*reader).contains(id)) << name;
    EXPECT_EQ(reader->problems().unsigned_events, 0U) << name;
    // Whatever the order in which they came.
    const std::string key = key_prefix + hex_of(two.a.store->actors().list().front().id);
    const std::string target = git(path, {"rev-parse", key});
    git(path, {"update-ref", "-d", key});
    EXPECT_EQ(all_issues(*reader).contains(id), policy == SignaturePolicy::warn);
    EXPECT_EQ(reader->problems().unsigned_events, 1U) << name;
    git(path, {"update-ref", key, target.substr(0, 40)});
    EXPECT_TRUE(all_issues(*reader).contains(id)) << name;
    EXPECT_EQ(reader->problems().unsigned_events, 0U) << name;
  }
}

// A merge repeats what one side had.
TEST(IssueSignatures, AnUnsignedEventCountsOnceHoweverOftenItIsInTheLog) {
  Two two;
  const std::string path = two.repositories.clone("reader");
  std::map<SignaturePolicy, std::unique_ptr<IssueStore>> readers;
  for (const SignaturePolicy policy : {SignaturePolicy::warn, SignaturePolicy::require}) {
    const std::string cache = two.repositories.directory("c" + std::string(name_of(policy)));
    readers[policy] = Repositories::store_with({.directory = path,
                                                .cache_directory = cache,
                                                .is_power_safe = false,
                                                .signatures = policy,
                                                .changed = {},
                                                .when_idle = {}});
  }
  constexpr int rounds = 3;
  for (int i = 0; i < rounds; ++i) {
    create(*two.a.store, "a");
    create(*two.b.store, "b");
    (void)two.a.sync();
    EXPECT_EQ(two.b.sync()->merges, 1U);
    git(path, {"fetch", "-q", two.repositories.remote(), "+refs/grite/wal:refs/grite/wal"});
    for (auto& [policy, reader] : readers) ASSERT_TRUE(reader->catch_up());
  }
  for (auto& [policy, reader] : readers) {
    EXPECT_EQ(reader->problems().unsigned_events, 2U * rounds) << name_of(policy);
    ASSERT_TRUE(reader->run([](Repository&, Projector& projector) -> Result<void> {
      const auto rebuilt = projector.rebuild(false);
      return rebuilt ? Result<void>() : std::unexpected(rebuilt.error());
    }));
    EXPECT_EQ(reader->problems().unsigned_events, 2U * rounds) << name_of(policy);
  }
}

TEST(IssueSync, WhatIsNoLogIsNotTakenOver) {
  Two two;
  create(*two.a.store, "a");
  const std::string blob =
      git(two.repositories.remote(), {"hash-object", "-w", "HEAD"}).substr(0, 40);
  git(two.repositories.remote(), {"update-ref", wal_reference, blob});
  for (Clone* clone : {&two.a, &two.b}) {
    auto repository = clone->store->open_repository().value();
    auto remote =
        local_transport(*repository, clone->remote_path, {.is_power_safe = false}).value();
    const auto report = sync_with(
        *repository, *remote,
        {.actor = counting_id<ActorId>(1), .now_ms = [] { return test::vector_time; }, .stop = {}});
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, Errc::damaged);
    EXPECT_FALSE(report.error().suggestions.empty());
  }
  EXPECT_EQ(git(two.repositories.remote(), {"rev-parse", wal_reference}).substr(0, 40), blob);
  EXPECT_EQ(all_issues(*two.a.store).size(), 1U);
  EXPECT_TRUE(all_issues(*two.b.store).empty());
  git(two.repositories.remote(), {"update-ref", "-d", wal_reference});
  (void)two.a.sync();
  (void)two.b.sync();
  EXPECT_EQ(all_issues(*two.b.store).size(), 1U);
}

TEST(IssueSignatures, KeysTravelAndWhatIsNotSignedIsLeftOut) {
  Two two;
  write_signed(*two.a.store);
  const IssueId by_signer = create(*two.a.store, "signed");
  (void)two.a.sync();
  (void)two.b.sync();
  const IssueId unsigned_one = create(*two.b.store, "not signed");
  auto strict = Repositories::store_with({.directory = two.repositories.work() + "/../b",
                                          .cache_directory = two.repositories.directory("strict"),
                                          .is_power_safe = false,
                                          .signatures = SignaturePolicy::require,
                                          .changed = {},
                                          .when_idle = {}});
  const auto all = all_issues(*strict);
  EXPECT_TRUE(all.contains(by_signer));
  EXPECT_FALSE(all.contains(unsigned_one));
  EXPECT_EQ(append(*strict, {{by_signer, CommentAdded{"x"}}}).error().code, Errc::permission);
  const auto verified = verify_log(*two.b.store->open_repository().value(), {});
  EXPECT_EQ(verified->signed_events, 1U);
  EXPECT_EQ(verified->bad_signatures, 0U);
  git(two.repositories.work() + "/../b",
      {"update-ref", "-d", key_prefix + hex_of(two.a.store->actors().list().front().id)});
  const auto unknown = verify_log(*two.b.store->open_repository().value(), {});
  EXPECT_EQ(unknown->signed_events, 0U) << "nobody can check them";
  EXPECT_EQ(unknown->signatures_of_unknown, 1U);
}

}  // namespace
}  // namespace hearth::packs::issues
