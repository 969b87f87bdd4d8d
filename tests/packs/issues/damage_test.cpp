// What is damaged, missing, or made by somebody who means harm: the rest is read all the same, and
// nothing that was acknowledged goes out of sight.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <functional>
#include <future>
#include <string>
#include <vector>

#include "packs/issues/engine/attachments.hpp"
#include "packs/issues/engine/chunk.hpp"
#include "packs/issues/engine/crypto.hpp"
#include "packs/issues/engine/key_ring.hpp"
#include "packs/issues/engine/locks.hpp"
#include "packs/issues/engine/maintenance.hpp"
#include "packs/issues/engine/snapshots.hpp"
#include "repositories.hpp"
#include "sample_events.hpp"

namespace hearth::packs::issues {
namespace {

using test::all_issues;
using test::append;
using test::create;
using test::event_of;
using test::git;
using test::Repositories;
using testing::HasSubstr;

std::unique_ptr<Repository> open(const std::string& directory) {
  return Repository::open(directory, {.is_power_safe = false}).value();
}

void set_reference(const std::string& directory, const std::string& name, const ObjectId& to) {
  git(directory, {"update-ref", name, hex_of(to)});
}

// A commit of the log with a tree of somebody's own, on top of what is there.
void push_commit(const std::string& directory, std::vector<TreeEntry> entries) {
  auto repository = open(directory);
  const auto head = repository->read_reference(wal_reference).value();
  const auto tree = repository->write_tree(std::move(entries)).value();
  const auto commit =
      repository->write_commit({.tree = tree,
                                .parents = head ? std::vector{*head} : std::vector<CommitId>(),
                                .author = "a <b>",
                                .message = "m"});
  set_reference(directory, wal_reference, commit.value());
}

// A snapshot whose snapshot.json says something else than it should.
void push_snapshot(const std::string& directory,
                   const Event& event,
                   const std::function<void(SnapshotMeta&)>& change) {
  auto repository = open(directory);
  const auto head = repository->read_reference(wal_reference).value();
  const std::string chunk = encode_chunk(std::vector{event});
  const auto blob = repository->write_blob(chunk).value();
  const auto folder = repository->write_tree({{.name = "0000.bin", .id = blob}}).value();
  SnapshotMeta meta{.created_ms = 1,
                    .wal_head = *head,
                    .events = 1,
                    .chunks = {{"events/0000.bin", chunk_hash(chunk), 1}}};
  change(meta);
  const auto text = repository->write_blob(encode_snapshot(meta)).value();
  const auto tree = repository->write_tree(
      {{.name = "events", .id = folder, .is_tree = true}, {.name = "snapshot.json", .id = text}});
  const auto commit =
      repository->write_commit({.tree = *tree, .parents = {}, .author = "a <b>", .message = "m"});
  set_reference(directory, snapshot_prefix + std::string("1"), commit.value());
}

Verification verified(const std::string& directory) {
  return verify_log(*open(directory), {}).value();
}

Check check_of(IssueStore& store, const std::string& id, bool fix = false) {
  const auto checks = examine(store, fix);
  EXPECT_TRUE(checks) << checks.error().message;
  if (!checks) return {};
  const auto found = std::ranges::find(*checks, id, &Check::id);
  return found == checks->end() ? Check{} : *found;
}

TEST(IssueDamage, ASnapshotThatIsNotWhatItSaysIsOfNoUse) {
  const auto nothing = [](SnapshotMeta&) {};
  const std::vector<std::function<void(SnapshotMeta&)>> lies{
      [](SnapshotMeta& meta) { meta.events = 4611686018427387904; },
      [](SnapshotMeta& meta) { meta.events = 0; },
      [](SnapshotMeta& meta) { meta.chunks[0].hash = {}; },
      [](SnapshotMeta& meta) { meta.chunks[0].events = 99; },
      [](SnapshotMeta& meta) { meta.chunks[0].path = "events/0001.bin"; }};
  for (const auto& lie : lies) {
    const Repositories repositories;
    const IssueId id = create(*repositories.store(repositories.work()), "real");
    push_snapshot(repositories.work(), event_of(IssueCreated{"made up", "", {}}), lie);
    auto store = repositories.store(repositories.work(), "new-cache");
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(all_issues(*store).size(), 1U);
    EXPECT_NE(store->board()->find(id), nullptr);
    EXPECT_EQ(verified(repositories.work()).problems.total, 1U);
  }
  // One that is well made, and lies: the check compares it with the log.
  const Repositories repositories;
  create(*repositories.store(repositories.work()), "real");
  push_snapshot(repositories.work(), event_of(IssueCreated{"made up", "", {}}), nothing);
  EXPECT_EQ(verified(repositories.work()).problems.total, 2U);
  std::promise<void> promise;
  auto store = Repositories::store_with({.directory = repositories.work(),
                                         .cache_directory = repositories.directory("new-cache"),
                                         .is_power_safe = false,
                                         .changed =
                                             [&, calls = 0](const auto&) mutable {
                                               if (++calls == 2) promise.set_value();
                                             },
                                         .when_idle = {}});
  ASSERT_EQ(promise.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
  EXPECT_EQ(check_of(*store, "store_integrity").health, Health::ok);
  EXPECT_EQ(all_issues(*store).begin()->second.summary.title, "real");
}

// An id that is the digest of other bytes for the same would be found false by who writes the event
// anew, into a snapshot or behind a fork: so it is false from the beginning.
TEST(IssueDamage, AnEventIsKnownByWhatItSaysNotByItsBytes) {
  const Event event = event_of(IssueCreated{"T", "B", {"a", "b"}});
  std::string chunk = encode_chunk(std::vector{event});
  const std::size_t id = chunk.find(event.id.view());
  const std::size_t labels = chunk.find(
      "\x82\x61"
      "a");
  ASSERT_NE(id, std::string::npos);
  ASSERT_NE(labels, std::string::npos);
  chunk.replace(labels, 1, "\x98\x02");  // the length of the list in two bytes
  const std::size_t begin = id + EventId::size;
  const std::string content = chunk.substr(begin, chunk.size() - begin - 1);  // but the signature
  const EventId other{blake2b_256("\x87\x01" + content)};
  chunk.replace(id, EventId::size, other.view());
  const auto read = decode_chunk(chunk);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->events.empty());
  EXPECT_EQ(read->problems.size(), 1U);
}

TEST(IssueDamage, ABadCommitHidesNothingButItself) {
  const Repositories repositories;
  const IssueId before = create(*repositories.store(repositories.work()), "before");
  push_commit(repositories.work(), {});  // without meta.json
  auto store = repositories.store(repositories.work());
  ASSERT_NE(store, nullptr);
  const IssueId after = create(*store, "after");
  auto again = repositories.store(repositories.work(), "new-cache");
  ASSERT_NE(again, nullptr);
  EXPECT_TRUE(all_issues(*again).contains(before));
  EXPECT_TRUE(all_issues(*again).contains(after));
  EXPECT_EQ(again->problems().total, 1U);
  EXPECT_THAT(again->problems().texts.at(0), HasSubstr("it has no meta.json"));
  EXPECT_EQ(check_of(*again, "wal_ref").health, Health::error);
  EXPECT_EQ(check_of(*again, "store_integrity").health, Health::ok);
}

TEST(IssueDamage, AMissingObjectHidesNothingButItself) {
  const Repositories repositories;
  std::vector<IssueId> ids;
  std::vector<std::string> commits;
  {
    auto store = repositories.store(repositories.work());
    for (const char* title : {"one", "two", "three"}) {
      ids.push_back(create(*store, title));
      commits.push_back(git(repositories.work(), {"rev-parse", wal_reference}));
    }
  }
  const auto object = [&](const std::string& name) {
    const std::string id = git(repositories.work(), {"rev-parse", name});
    return repositories.work() + "/.git/objects/" + id.substr(0, 2) + "/" + id.substr(2, 38);
  };
  // The second one's meta.json, then the first commit itself, as a shallow fetch leaves it.
  std::filesystem::remove(object(commits[1].substr(0, 40) + ":meta.json"));
  {
    auto store = repositories.store(repositories.work(), "cache-1");
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(all_issues(*store).size(), 3U) << "the events of a commit are beside its meta.json";
    EXPECT_EQ(store->problems().incomplete, 1U);
    store.reset();
    store = repositories.store(repositories.work(), "cache-1");
    EXPECT_EQ(store->problems().incomplete, 1U) << "after a restart";
    EXPECT_EQ(store->problems().texts.size(), 1U);
    EXPECT_EQ(check_of(*store, "wal_ref").health, Health::error);
  }
  std::filesystem::remove(object(commits[0].substr(0, 40)));
  auto store = repositories.store(repositories.work(), "cache-2");
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(all_issues(*store).size(), 2U);
  EXPECT_EQ(store->problems().incomplete, 2U);
  EXPECT_TRUE(append(*store, {{ids[2], CommentAdded{"and on"}}}));
  EXPECT_EQ(verified(repositories.work()).problems.total, 2U);
}

// The cache may have the only copy of what the log has lost: nothing throws it away, and it can be
// written into the log again.
TEST(IssueDamage, WhatOnlyTheCacheHasStaysAndHealsTheLog) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  for (const char* title : {"one", "two", "three"}) create(*store, title);
  const std::string lost = git(repositories.work(), {"rev-parse", "refs/grite/wal~1:events"});
  std::filesystem::remove(repositories.work() + "/.git/objects/" + lost.substr(0, 2) + "/" +
                          lost.substr(2, 38));
  const Error of_git{Errc::damaged, "the repository lacks an object", {}};
  EXPECT_FALSE(store->mend(of_git)) << "the cache is good";
  for (const bool from_snapshot : {true, false}) {
    ASSERT_TRUE(store->run([&](Repository&, Projector& projector) -> Result<void> {
      EXPECT_TRUE(projector.rebuild(from_snapshot));
      return {};
    }));
    EXPECT_EQ(all_issues(*store).size(), 3U);
  }
  EXPECT_EQ(repositories.store(repositories.work(), "new-cache")->board()->issues().size(), 2U);
  EXPECT_EQ(check_of(*store, "store_integrity").health, Health::error);
  EXPECT_GT(store->problems().incomplete, 0U);
  EXPECT_TRUE(check_of(*store, "store_integrity", true).is_mended);
  EXPECT_EQ(store->problems().incomplete, 0U) << "the same chunk is there again";
  EXPECT_EQ(check_of(*store, "store_integrity").health, Health::ok);
  EXPECT_EQ(all_issues(*store).size(), 3U);
  EXPECT_EQ(repositories.store(repositories.work(), "another")->board()->issues().size(), 3U);
}

// A call is answered by its events; without them it was never made.
TEST(IssueDamage, ACallWithoutItsEventsIsNoCall) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  const IssueId id = create(*store, "T");
  auto repository = open(repositories.work());
  const std::vector events{event_of(CommentAdded{"x"})};
  const EventId nowhere{blake2b_256("of no event")};
  const auto head = *store->head();
  const auto commit =
      write_wal_commit(*repository, {.actor = {},
                                     .events = events,
                                     .parents = {head},
                                     .previous = head,
                                     .calls = {{"k", "fingerprint", {nowhere}},
                                               {"half", "fingerprint", {events[0].id, nowhere}},
                                               {"none", "fingerprint", {}}},
                                     .time = {}})
          .value();
  set_reference(repositories.work(), wal_reference, commit);
  for (const char* key : {"k", "half", "none"}) {
    for (const bool is_second : {false, true}) {
      const auto receipt = append(*store, {{id, CommentAdded{key}}}, key);
      ASSERT_TRUE(receipt) << receipt.error().message;
      EXPECT_EQ(receipt->replayed, is_second) << key;
      EXPECT_EQ(receipt->events.size(), 1U) << key;
    }
  }
  EXPECT_EQ(all_issues(*store).at(id).comments.size(), 3U);
}

TEST(IssueRepository, SparseAndPartialClonesAreOpenedAndOthersAreNamed) {
  const Repositories repositories;
  const auto config = [&](const char* name, const char* value) {
    git(repositories.work(), {"config", "core.repositoryFormatVersion", "1"});
    git(repositories.work(), {"config", name, value});
  };
  for (const char* name :
       {"extensions.worktreeConfig", "extensions.partialClone", "extensions.preciousObjects"}) {
    config(name, "true");
    EXPECT_TRUE(Repository::open(repositories.work(), {.is_power_safe = false})) << name;
  }
  config("extensions.refStorage", "reftable");
  const auto refused = Repository::open(repositories.work(), {.is_power_safe = false});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unsupported);
}

TEST(IssueRepository, OneOfAnotherUserIsNotMissing) {
  const Repositories repositories;
  if (::chown(repositories.work().c_str(), 65534, 65534) != 0) GTEST_SKIP() << "needs root";
  const auto refused = Repository::open(repositories.work(), {.is_power_safe = false});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::permission);
  EXPECT_THAT(refused.error().suggestions.at(0), HasSubstr("safe.directory"));
}

// By another program than ours: nobody may take it away unasked, and nobody waits for it for long.
TEST(IssueRepository, AnOldLockFileOfOthersIsToldOfAtOnce) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  create(*store, "T");
  const std::string path = repositories.work() + "/.git/refs/grite/wal.lock";
  hearth::test::write_file(path, "");
  std::filesystem::last_write_time(
      path, std::filesystem::file_time_type::clock::now() - std::chrono::minutes(5));
  const auto began = std::chrono::steady_clock::now();
  const auto refused = append(*store, {{test::new_issue_id(), IssueCreated{"T", "", {}}}});
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(4));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::busy);
  EXPECT_THAT(refused.error().message, HasSubstr("refs/grite/wal.lock"));
}

TEST(IssueDamage, AnAttachmentThatIsSomethingElseIsFoundAndReplaced) {
  const Repositories repositories;
  create(*repositories.store(repositories.work()), "T");
  auto repository = open(repositories.work());
  const Sha256 digest = keep_attachment(*repository, "bytes").value();
  EXPECT_EQ(verified(repositories.work()).problems.total, 0U);
  set_reference(repositories.work(), attachment_prefix + hex_of(digest),
                repository->write_blob("others").value());
  EXPECT_FALSE(read_attachment(*repository, digest));
  EXPECT_EQ(verified(repositories.work()).problems.total, 1U);
  EXPECT_EQ(keep_attachment(*repository, "bytes").value(), digest);
  EXPECT_EQ(read_attachment(*repository, digest).value(), "bytes");
}

// Few bytes that stand for many: each tree and chunk is read once, and only so many.
TEST(IssueDamage, ABombOfTreesIsReadOnce) {
  const Repositories repositories;
  const IssueId id = create(*repositories.store(repositories.work()), "real");
  auto repository = open(repositories.work());
  const auto blob = repository->write_blob("no chunk").value();
  std::vector<TreeEntry> entries{{.name = "a.bin", .id = blob}, {.name = "b.bin", .id = blob}};
  for (int level = 0; level < 15; ++level) {
    const auto tree = repository->write_tree(entries).value();
    entries.clear();
    for (char name = 'a'; name <= 'p'; ++name)
      entries.push_back({.name = std::string(1, name), .id = tree, .is_tree = true});
  }
  push_commit(repositories.work(), entries);
  auto store = repositories.store(repositories.work(), "new-cache");
  ASSERT_NE(store, nullptr);
  EXPECT_NE(store->board()->find(id), nullptr);
}

// A few compressed bytes may stand for many. What is too large is not read, and told of.
TEST(IssueDamage, WhatIsFarTooLargeIsNoLockNoKeyAndNoSnapshot) {
  const Repositories repositories;
  create(*repositories.store(repositories.work()), "real");
  auto repository = open(repositories.work());
  const std::string lock = encode_lock({.owner = {},
                                        .nonce = make_nonce(),
                                        .expires_ms = test::vector_time + 1,
                                        .resource = "issue:1"});
  const std::string key = "ed25519 " + std::string(64, '0') + "\n";
  const std::string snapshot = encode_snapshot({.created_ms = 1, .wal_head = {}});
  const auto push = [&](bool is_large) {
    const auto blob = [&](const std::string& text, std::size_t limit) {
      return repository->write_blob(text + std::string(is_large ? limit : 0, ' ')).value();
    };
    const auto commit = [&](const std::string& name, const ObjectId& file) {
      const auto tree = repository->write_tree({{.name = name, .id = file}}).value();
      return repository
          ->write_commit({.tree = tree, .parents = {}, .author = "a <b>", .message = "m"})
          .value();
    };
    set_reference(repositories.work(), lock_reference("issue:1"),
                  commit("lock.json", blob(lock, std::size_t{64} << 10)));
    set_reference(repositories.work(), key_prefix + std::string(32, '1'), blob(key, 1024));
    set_reference(repositories.work(), snapshot_prefix + std::string("1"),
                  commit("snapshot.json", blob(snapshot, std::size_t{16} << 20)));
  };
  push(false);
  EXPECT_EQ(list_locks(*repository)->size(), 1U);
  EXPECT_EQ(KeyRing::read(*repository)->keys().size(), 1U);
  EXPECT_EQ(list_snapshots(*repository)->size(), 1U);
  push(true);
  const std::string why = "more than is read";
  EXPECT_TRUE(list_locks(*repository)->empty());
  EXPECT_THAT(*unreadable_locks(*repository), testing::ElementsAre(HasSubstr(why)));
  EXPECT_TRUE(KeyRing::read(*repository)->keys().empty());
  EXPECT_TRUE(list_snapshots(*repository)->empty());
  EXPECT_THAT(
      verified(repositories.work()).problems.texts,
      testing::UnorderedElementsAre(testing::AllOf(HasSubstr(key_prefix), HasSubstr(why)),
                                    testing::AllOf(HasSubstr(snapshot_prefix), HasSubstr(why))));
}

// Trees and commits can be as large as anything.
TEST(IssueDamage, ALockWhoseTreeIsFarTooLargeIsNone) {
  const Repositories repositories;
  auto repository = open(repositories.work());
  const auto blob = repository->write_blob("x").value();
  std::vector<TreeEntry> entries;
  for (int i = 10'000; i < 13'000; ++i) entries.push_back({.name = std::to_string(i), .id = blob});
  entries.push_back({.name = "lock.json",
                     .id = repository
                               ->write_blob(encode_lock({.owner = {},
                                                         .nonce = make_nonce(),
                                                         .expires_ms = test::vector_time + 1,
                                                         .resource = "issue:1"}))
                               .value()});
  const auto tree = repository->write_tree(std::move(entries)).value();
  const auto commit =
      repository->write_commit({.tree = tree, .parents = {}, .author = "a <b>", .message = "m"});
  set_reference(repositories.work(), lock_reference("issue:1"), *commit);
  EXPECT_TRUE(list_locks(*repository)->empty());
}

TEST(IssueDamage, ADamagedRowIsComputedAgain) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  const IssueId id = create(*store, "T");
  const auto break_cache = [&](const std::string& sql) {
    auto cache = store::Database::open(store->cache_directory() + "/cache.db", {});
    ASSERT_TRUE(cache);
    ASSERT_TRUE(cache->execute(sql));
  };
  break_cache("UPDATE rows SET summary = (SELECT summary FROM rows) || x'00'");
  EXPECT_EQ(check_of(*store, "store_integrity", true).health, Health::error);
  EXPECT_EQ(check_of(*store, "store_integrity").health, Health::ok);
  break_cache("UPDATE events SET bytes = x'ff'");
  EXPECT_EQ(append(*store, {{id, CommentAdded{"x"}}}).has_value(), true);
  EXPECT_EQ(all_issues(*store).at(id).comments.size(), 1U);
}

// Files of the process may not grow beyond a size, as on a disk that is full.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) : before_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit now{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;
  ~FileLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, before_);
  }

 private:
  void (*before_)(int);
  rlimit old_{};
};

// What was written is in git, and must be seen as soon as there is room.
TEST(IssueDamage, WhatTheCacheCouldNotTakeIsReadLater) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  create(*store, "first");
  {
    const FileLimit full(std::filesystem::file_size(store->cache_directory() + "/cache.db-wal"));
    const std::string body(200'000, 'x');  // little in git, where it is compressed
    EXPECT_TRUE(append(*store, {{test::new_issue_id(), IssueCreated{"second", body, {}}}}));
    EXPECT_EQ(store->board()->issues().size(), 1U);
    EXPECT_FALSE(store->catch_up()) << "a list that lacks something is no answer";
  }
  ASSERT_TRUE(store->catch_up());
  EXPECT_EQ(store->board()->issues().size(), 2U);
  create(*store, "third");
  EXPECT_EQ(all_issues(*store).size(), 3U);
}

}  // namespace
}  // namespace hearth::packs::issues
