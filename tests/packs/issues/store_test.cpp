#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <fstream>
#include <future>
#include <limits>
#include <string>
#include <vector>

#include "packs/issues/engine/chunk.hpp"
#include "packs/issues/engine/issue_search.hpp"
#include "packs/issues/engine/issue_store.hpp"
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
using test::event_of;
using test::git;
using test::new_issue_id;
using test::Repositories;

std::string new_name() {
  return "cache-" + hex_of(random_bytes(4));
}

TEST(IssueWal, CommitsAreTheObjectsOfTheVectors) {
  const Repositories repositories;
  auto repository = Repository::open(repositories.work(), {.is_power_safe = false}).value();
  const std::vector events{event_of(IssueCreated{"Test", "Body", {"bug", "p0"}})};
  const auto commit = write_wal_commit(*repository, {.actor = counting_id<ActorId>(0x10),
                                                     .events = events,
                                                     .parents = {},
                                                     .previous = std::nullopt,
                                                     .calls = {},
                                                     .time = {.seconds = 1'700'000'000}});
  ASSERT_TRUE(commit) << commit.error().message;
  EXPECT_EQ(hex_of(*commit), "7fecce287168ba907892565c93f439bf3685ce33");
  EXPECT_EQ(git(repositories.work(), {"ls-tree", "-rt", hex_of(*commit)}),
            "040000 tree df0f8ee1808467e0fe1f943ce22fe8795b78437a\tevents\n"
            "040000 tree 6656b20f17320d868d7dee606e6dda1d14c867af\tevents/2023\n"
            "040000 tree 62d00a82a2fd0aa78218d6d1eb27353f81e4626a\tevents/2023/11\n"
            "040000 tree 93e838c75c28a53b53ff50a1ec832c667b7c685a\tevents/2023/11/14\n"
            "100644 blob 4f324a40c1eb6f948d10169b3547679807774466\tevents/2023/11/14/"
            "762674a2ca507121c33ab91f1b674fe02f13665681c164bb6044fbecd881d66d.bin\n"
            "100644 blob 2e7bad03e69d4e041844928333d157cb9a9e5d5a\tmeta.json\n");
  const auto read = read_wal_commit(*repository, *commit);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->events, events);
  EXPECT_TRUE(read->problems.empty());
}

TEST(IssueWal, AChunkThatWasChangedIsToldOfAndItsTrueEventsStay) {
  const Repositories repositories;
  auto repository = Repository::open(repositories.work(), {.is_power_safe = false}).value();
  const auto blob = repository->write_blob(encode_chunk(std::vector{event_of(CommentAdded{"x"})}));
  const auto meta =
      repository->write_blob(encode_meta({.actor = {}, .chunk = {}, .previous = {}, .calls = {}}));
  const auto tree = repository->write_tree(
      {{.name = std::string(64, '0') + ".bin", .id = *blob}, {.name = "meta.json", .id = *meta}});
  const auto commit =
      repository->write_commit({.tree = *tree, .parents = {}, .author = "a <b>", .message = "m"});
  const auto read = read_wal_commit(*repository, *commit);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->events.size(), 1U);
  EXPECT_EQ(read->problems.size(), 1U);
}

TEST(IssueStore, WhatWasAnsweredIsInTheLogAndOnTheBoard) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  const IssueId id = create(*store, "First");
  EXPECT_EQ(store->board()->find(id)->title, "First");
  const auto comment = append(*store, {{id, CommentAdded{"hello"}}, {id, LabelAdded{"bug"}}});
  ASSERT_TRUE(comment);
  EXPECT_EQ(comment->events.size(), 2U);
  EXPECT_EQ(hex_of(*comment->head) + "\n", git(repositories.work(), {"rev-parse", wal_reference}));
  const auto before = all_issues(*store);
  EXPECT_EQ(before.at(id).comments.at(0).body, "hello");
  store.reset();
  store = repositories.store(repositories.work());
  EXPECT_EQ(all_issues(*store), before) << "from the cache";
  store.reset();
  EXPECT_EQ(all_issues(*repositories.store(repositories.work(), "another")), before) << "from git";
  git(repositories.work(), {"fsck", "--strict", "--no-dangling"});
}

TEST(IssueStore, ATextThatIsNotUtf8IsNotWritten) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  const IssueId id = create(*store, "T");
  const auto head = store->head();
  for (const Kind& kind : {Kind(CommentAdded{"caf\xe9"}), Kind(LabelAdded{"\xff"}),
                           Kind(ContextUpdated{.path = "caf\xe9.py", .language = "python"})}) {
    EXPECT_EQ(append(*store, {{id, kind}}).error().code, Errc::invalid_args);
  }
  EXPECT_EQ(store->head(), head);
}

TEST(IssueStore, WhatOthersWriteIsInTheNextAnswer) {
  const Repositories repositories;
  auto one = repositories.store(repositories.work(), "one");
  auto two = repositories.store(repositories.work(), "two");
  const IssueId id = create(*one, "By one");
  ASSERT_TRUE(two->catch_up());
  ASSERT_NE(two->board()->find(id), nullptr);
  ASSERT_TRUE(append(*two, {{id, StateChanged{State::closed}}}));
  ASSERT_TRUE(one->catch_up());
  EXPECT_EQ(one->board()->find(id)->state, State::closed);
}

TEST(IssueStore, ChangesOfOthersAreToldWithoutBeingAsked) {
  const Repositories repositories;
  auto other = repositories.store(repositories.work(), "other");
  create(*other, "Old");
  std::promise<IssueId> told;
  auto watching = Repositories::store_with({.directory = repositories.work(),
                                            .cache_directory = repositories.directory("watching"),
                                            .is_power_safe = false,
                                            .changed =
                                                [&](const Projector::Changes& changes) {
                                                  if (changes.issues.empty()) return;
                                                  told.set_value(changes.issues.front());
                                                },
                                            .when_idle = {}});
  const IssueId id = create(*other, "News");
  auto news = told.get_future();
  ASSERT_EQ(news.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_EQ(news.get(), id);
}

// Each is good by itself, and both together close a circle: the second one has to see the first.
TEST(IssueStore, WhatMindsOthersSeesAllThatIsWrittenBeforeIt) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  std::promise<void> all_wait;
  WriteJob first;
  first.make = [waits = all_wait.get_future().share()](const Board&, store::Database&,
                                                       const Actor&) -> Result<Batch> {
    waits.wait();
    return Batch{};
  };
  std::promise<void> ended;
  first.done = [&](const Result<Receipt>&) { ended.set_value(); };
  store->write(std::move(first));
  constexpr std::size_t count = 3;
  std::array<std::promise<std::size_t>, count> seen;
  for (auto& each : seen) {
    WriteJob job;
    job.minds_others = true;
    job.make = [&each](const Board& board, store::Database&, const Actor&) -> Result<Batch> {
      each.set_value(board.issues().size());
      return Batch{.drafts = {{new_issue_id(), IssueCreated{"T", "", {}}}}, .events = {}};
    };
    job.done = [](const Result<Receipt>& receipt) { EXPECT_TRUE(receipt); };
    store->write(std::move(job));
  }
  all_wait.set_value();
  for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(seen[i].get_future().get(), i);
  ended.get_future().wait();
  store->close();
}

// A loss of power can leave the file of a reference empty, or with the id of what never came.
class BrokenHead : public testing::TestWithParam<std::string> {};

TEST_P(BrokenHead, IsNotBuiltUponAndLeadsToAllThatIsKnownAgain) {
  const Repositories repositories;
  const std::string reference = repositories.work() + "/.git/" + wal_reference;
  IssueId id;
  {
    auto store = repositories.store(repositories.work());
    id = create(*store, "T");
    ASSERT_TRUE(append(*store, {{id, CommentAdded{"kept"}}}, "a key"));
  }
  hearth::test::write_file(reference, GetParam());
  auto store = repositories.store(repositories.work());
  const auto refused = append(*store, {{id, CommentAdded{"x"}}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::damaged) << refused.error().message;
  ASSERT_FALSE(refused.error().suggestions.empty());
  EXPECT_TRUE(refused.error().suggestions.front().contains("doctor --fix"));
  EXPECT_EQ(hearth::test::read_file(reference), GetParam());
  const auto found = examine(*store, false);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(std::ranges::count(*found, Health::error, &Check::health), 1);
  const auto mended = examine(*store, true);
  ASSERT_TRUE(mended) << mended.error().message;
  EXPECT_EQ(std::ranges::count(*mended, true, &Check::is_mended), 1);
  EXPECT_EQ(all_issues(*store).at(id).comments.size(), 1U);
  const auto replayed = append(*store, {{id, CommentAdded{"kept"}}}, "a key");
  ASSERT_TRUE(replayed) << replayed.error().message;
  EXPECT_TRUE(replayed->replayed);
  ASSERT_TRUE(append(*store, {{id, CommentAdded{"more"}}}));
  store.reset();
  // From git alone.
  EXPECT_EQ(all_issues(*repositories.store(repositories.work(), "another")).at(id).comments.size(),
            2U);
  git(repositories.work(), {"fsck", "--strict", "--no-dangling"});
}

INSTANTIATE_TEST_SUITE_P(Files,
                         BrokenHead,
                         testing::Values("",
                                         std::string(41, '\0'),
                                         "0123456789012345678901234567890123456789\n"));

TEST(IssueStore, ClaimsOfOthersAreTold) {
  const Repositories repositories;
  std::promise<void> told;
  std::atomic<bool> is_told = false;
  auto watching =
      Repositories::store_with({.directory = repositories.work(),
                                .cache_directory = repositories.directory("watching"),
                                .is_power_safe = false,
                                .changed = {},
                                .locks_changed =
                                    [&](const std::vector<std::string>& held) {
                                      EXPECT_EQ(held, std::vector<std::string>{"issue:1"});
                                      if (!is_told.exchange(true)) told.set_value();
                                    },
                                .when_idle = {}});
  auto repository = Repository::open(repositories.work(), {.is_power_safe = false}).value();
  ASSERT_TRUE(Locks(*repository, nullptr)
                  .acquire({.resource = "issue:1",
                            .owner = counting_id<ActorId>(1),
                            .now_ms = watching->now_ms()}));
  EXPECT_EQ(told.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST(IssueStore, AClaimThatRunsOutIsTold) {
  const Repositories repositories;
  const SystemClock clock;
  const auto now = [&clock] {
    return static_cast<std::uint64_t>(clock.wall().time_since_epoch().count());
  };
  const std::uint64_t end = now() + 1000;
  std::promise<void> told;
  const auto tell = [&, is_told = false](const std::vector<std::string>&) mutable {
    if (now() < end || std::exchange(is_told, true)) return;
    told.set_value();
  };
  const auto store = Repositories::store_with({.directory = repositories.work(),
                                               .cache_directory = repositories.directory("cache"),
                                               .is_power_safe = false,
                                               .changed = {},
                                               .locks_changed = tell,
                                               .when_idle = {}});
  create(*store, "T");
  auto repository = store->open_repository().value();
  ASSERT_TRUE(Locks(*repository, nullptr)
                  .acquire({.resource = "issue:1",
                            .owner = counting_id<ActorId>(1),
                            .now_ms = end - 300,
                            .ttl_ms = 300}));
  EXPECT_EQ(told.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
}

TEST(IssueStore, AListIsToldOfWhatChangesIt) {
  const Repositories repositories;
  std::vector<bool> lists;
  const auto store = Repositories::store_with(
      {.directory = repositories.work(),
       .cache_directory = repositories.directory("cache"),
       .is_power_safe = false,
       .changed = [&](const auto& changes) { lists.push_back(changes.lists); },
       .when_idle = {}});
  lists.clear();  // that it was opened
  const IssueId id = create(*store, "T");
  ASSERT_TRUE(append(*store, {{id, CommentAdded{"x"}}}));
  ASSERT_TRUE(append(*store, {{id, LabelAdded{"x"}}}));
  EXPECT_EQ(lists, (std::vector{true, false, true}));
}

TEST(IssueStore, ACallIsAppliedOnce) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  const IssueId id = create(*store, "T");
  const auto first = append(*store, {{id, CommentAdded{"once"}}}, "key");
  const auto again = append(*store, {{id, CommentAdded{"once"}}}, "key");
  ASSERT_TRUE(first && again);
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->events, first->events);
  store.reset();
  // Also by somebody who has nothing but the log.
  auto other = repositories.store(repositories.work(), "other");
  EXPECT_TRUE(append(*other, {{id, CommentAdded{"once"}}}, "key")->replayed);
  EXPECT_EQ(all_issues(*other).at(id).comments.size(), 1U);
}

TEST(IssueStore, ManyCallersShareACommit) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  const IssueId id = create(*store, "T");
  std::atomic<int> left = 200;
  std::promise<void> all;
  for (int i = 0; i < 200; ++i) {
    WriteJob job;
    job.make = [id, i](const Board&, store::Database&, const Actor&) -> Result<Batch> {
      return Batch{.drafts = {{id, CommentAdded{std::to_string(i)}}}, .events = {}};
    };
    job.done = [&](const Result<Receipt>& receipt) {
      EXPECT_TRUE(receipt);
      if (--left == 0) all.set_value();
    };
    store->write(std::move(job));
  }
  all.get_future().wait();
  EXPECT_EQ(all_issues(*store).at(id).comments.size(), 200U);
  const int commits = std::stoi(git(repositories.work(), {"rev-list", "--count", wal_reference}));
  EXPECT_LT(commits, 100);
}

// What a writer has seen and then changes wins, though the other's clock is an hour ahead.
TEST(IssueStore, ALateClockDoesNotLoseItsWrites) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  const IssueId id = new_issue_id();
  Event ahead = event_of(IssueCreated{"Ahead", "", {}});
  ahead.issue = id;
  ahead.ts_ms = store->now_ms() + 3'600'000;
  seal(ahead);
  WriteJob job;
  job.make = [ahead](const Board&, store::Database&, const Actor&) -> Result<Batch> {
    return Batch{.drafts = {}, .events = {ahead}};
  };
  ASSERT_TRUE(store->write_and_wait(std::move(job)));
  ASSERT_TRUE(append(*store, {{id, IssueUpdated{"Mine", std::nullopt}}}));
  EXPECT_EQ(store->board()->find(id)->title, "Mine");
}

Result<Receipt> append_whole(IssueStore& store, Event event) {
  seal(event);
  WriteJob job;
  job.make = [event](const Board&, store::Database&, const Actor&) -> Result<Batch> {
    return Batch{.drafts = {}, .events = {event}};
  };
  return store.write_and_wait(std::move(job));
}

// Otherwise a write is answered that changes nothing.
TEST(IssueStore, WhatWasAnsweredCountsWhateverTimesOthersHaveWritten) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  const IssueId id = create(*store, "T");
  Event closed = event_of(StateChanged{State::closed});
  closed.issue = id;
  closed.ts_ms = store->now_ms() + 2ULL * 86'400'000;
  ASSERT_TRUE(append_whole(*store, closed));
  ASSERT_EQ(store->board()->find(id)->state, State::closed);
  ASSERT_TRUE(append(*store, {{id, StateChanged{State::open}}}));
  EXPECT_EQ(store->board()->find(id)->state, State::open);

  Event note = event_of(ProjectContextUpdated{"key", "theirs"});
  note.issue = project_issue_id;
  note.ts_ms = closed.ts_ms;
  ASSERT_TRUE(append_whole(*store, note));
  const auto later = append(*store, {{project_issue_id, ProjectContextUpdated{"key", "ours"}}});
  ASSERT_TRUE(later);
  EXPECT_GT(later->events.front().ts_ms, note.ts_ms);

  closed.ts_ms = std::numeric_limits<std::uint64_t>::max();
  ASSERT_TRUE(append_whole(*store, closed));
  const auto refused = append(*store, {{id, StateChanged{State::open}}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::conflict);
  ASSERT_TRUE(append(*store, {{create(*store, "U"), CommentAdded{"others can be written"}}}));
}

TEST(IssueStore, WhereSignaturesAreRequiredNothingIsWrittenUnderAKeyThatNobodyKnows) {
  const Repositories repositories;
  auto store = Repositories::store_with({.directory = repositories.work(),
                                         .cache_directory = repositories.directory("cache"),
                                         .is_power_safe = false,
                                         .signatures = SignaturePolicy::require,
                                         .changed = {},
                                         .when_idle = {}});
  const auto actor = store->actors().create("signs", true, 1).value();
  ASSERT_TRUE(store->actors().set_default(actor.id));
  const IssueId id = new_issue_id();
  const auto refused = append(*store, {{id, IssueCreated{"T", "", {}}}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::permission);
  EXPECT_FALSE(store->head());
  ASSERT_TRUE(store->run([&](Repository& repository, Projector&) -> Result<void> {
    auto held = repository.lock();
    return publish_key(repository, *held, actor.id, actor.public_key);
  }));
  ASSERT_TRUE(append(*store, {{id, IssueCreated{"T", "", {}}}}));
  EXPECT_EQ(store->board()->find(id)->title, "T");
}

TEST(IssueStore, ALockFileThatSomebodyDeadLeftHindersNobody) {
  const Repositories repositories;
  const IssueId id = create(*repositories.store(repositories.work()), "T");
  const std::string common = repositories.work() + "/.git";
  std::ofstream(common + "/refs/grite/wal.lock") << "";
  std::ofstream(common + "/hearth/write.lock") << wal_reference;
  auto store = repositories.store(repositories.work());
  EXPECT_TRUE(append(*store, {{id, CommentAdded{"works"}}}));
}

TEST(IssueStore, ADamagedCacheIsMadeAnew) {
  const Repositories repositories;
  const IssueId id = create(*repositories.store(repositories.work()), "T");
  std::ofstream(repositories.directory("cache") + "/cache.db") << "this is no database at all";
  auto store = repositories.store(repositories.work());
  ASSERT_NE(store, nullptr);
  EXPECT_NE(store->board()->find(id), nullptr);
}

// The one that kept events in the table of summaries.
TEST(IssueStore, AnOlderCacheIsTakenOver) {
  const Repositories repositories;
  const IssueId id = create(*repositories.store(repositories.work()), "T");
  const std::string path = repositories.directory("cache") + "/cache.db";
  std::string epoch;
  {
    auto older = store::Database::open(path, {});
    ASSERT_TRUE(older);
    epoch = Cache::epoch(*older).value();
    ASSERT_TRUE(older->execute(
        "ALTER TABLE rows ADD COLUMN events BLOB NOT NULL DEFAULT x''; UPDATE rows SET events = "
        "(SELECT bytes FROM events WHERE events.n = rows.n); DROP TABLE events; DROP TABLE "
        "unsigned_events; "
        "PRAGMA user_version = 2"));
  }
  auto store = repositories.store(repositories.work());
  ASSERT_NE(store, nullptr);
  auto reader = store->reader();
  ASSERT_TRUE(reader);
  EXPECT_EQ(Cache::epoch(**reader).value(), epoch) << "made anew";
  EXPECT_EQ(Cache::events(**reader, id).value().size(), 1U);
  EXPECT_TRUE(append(*store, {{id, CommentAdded{"and on"}}}));
  EXPECT_EQ(all_issues(*store).at(id).comments.size(), 1U);
}

// A private process beside the daemon begins with what the daemon has computed.
TEST(IssueStore, AnEmptyCacheBeginsAsACopyOfAnother) {
  const Repositories repositories;
  const auto owner = repositories.store(repositories.work());
  const IssueId before = create(*owner, "before");
  // Something that no log has, to know it by.
  ASSERT_TRUE(owner->run([&](Repository&, Projector&) -> Result<void> {
    auto cache = store::Database::open(owner->cache_directory() + "/cache.db", {});
    return cache->execute("UPDATE rows SET event_count = 778");
  }));
  const auto beside = [&](const std::string& other) {
    return Repositories::store_with({.directory = repositories.work(),
                                     .cache_directory = repositories.directory(new_name()),
                                     .other_cache_directory = other,
                                     .is_power_safe = false,
                                     .changed = {},
                                     .when_idle = {}});
  };
  const auto events = [](IssueStore& store) {
    std::uint64_t count = 0;
    EXPECT_TRUE(store.run([&](Repository&, Projector& projector) -> Result<void> {
      count = projector.event_count().value();
      return {};
    }));
    return count;
  };
  const auto second = beside(owner->cache_directory());
  EXPECT_EQ(events(*second), 778U);
  // From there on each follows the log by itself.
  const IssueId after = create(*second, "after");
  EXPECT_EQ(events(*second), 779U);
  ASSERT_TRUE(owner->catch_up());
  EXPECT_NE(owner->board()->find(after), nullptr);
  // Where it cannot be read, from git.
  const std::string broken = repositories.directory("broken");
  hearth::test::write_file(broken + "/cache.db", "no database");
  for (const std::string& other : {broken, repositories.directory("nothing")}) {
    const auto third = beside(other);
    EXPECT_EQ(events(*third), 2U);
    EXPECT_NE(third->board()->find(before), nullptr);
  }
}

TEST(IssueStore, ALogThatWasSetBackIsReadAgain) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  const IssueId kept = create(*store, "kept");
  const std::string head = git(repositories.work(), {"rev-parse", wal_reference});
  const IssueId lost = create(*store, "lost");
  git(repositories.work(), {"update-ref", wal_reference, head.substr(0, 40)});
  ASSERT_TRUE(store->catch_up());
  EXPECT_NE(store->board()->find(kept), nullptr);
  EXPECT_EQ(store->board()->find(lost), nullptr);
}

TEST(IssueStore, SnapshotsHoldAllAndRebuildsUseThem) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  const IssueId before = create(*store, "before");
  ASSERT_TRUE(store->run([&](Repository& repository, Projector& projector) -> Result<void> {
    auto reader = store->reader();
    std::vector<Event> events;
    (void)Cache::each(**reader, RowKind::issue, [&](std::vector<Event> each) {
      std::ranges::copy(each, std::back_inserter(events));
    });
    const auto snapshot = write_snapshot(repository, events, *projector.head(), store->now_ms());
    EXPECT_TRUE(snapshot);
    return {};
  }));
  const IssueId after = create(*store, "after");
  const auto expected = all_issues(*store);
  ASSERT_TRUE(store->run([](Repository&, Projector& projector) -> Result<void> {
    const auto rebuilt = projector.rebuild(true);
    EXPECT_TRUE(rebuilt);
    EXPECT_EQ(rebuilt->snapshot_events, 1U);
    EXPECT_EQ(rebuilt->events, 2U);
    return {};
  }));
  EXPECT_EQ(all_issues(*store), expected);
  EXPECT_TRUE(expected.contains(before) && expected.contains(after));
}

// What a snapshot amounts to is kept when it is read for the first time.
TEST(IssueStore, ACallBeforeASnapshotIsKnownToWhoBeginsWithThat) {
  const Repositories repositories;
  const IssueId id = new_issue_id();
  const std::vector<Draft> drafts{{id, IssueCreated{"T", "", {}}}};
  {
    auto store = repositories.store(repositories.work());
    ASSERT_TRUE(append(*store, drafts, "K"));
    ASSERT_TRUE(store->run([&](Repository& repository, Projector& projector) -> Result<void> {
      const auto reader = store->reader();
      const auto events = Cache::events(**reader, id);
      EXPECT_TRUE(write_snapshot(repository, *events, *projector.head(), 1));
      return {};
    }));
  }
  auto store = repositories.store(repositories.work(), "new-cache");
  for (int i = 0; i < 2; ++i) {
    const auto again = append(*store, {{new_issue_id(), IssueCreated{"T", "", {}}}}, "K");
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_TRUE(again->replayed);
  }
  EXPECT_EQ(store->board()->issues().size(), 1U);
  ASSERT_TRUE(append(*store, {{id, CommentAdded{"x"}}}, "L"));
}

TEST(IssueStore, ASnapshotIsReadOnceAndAgainWhenWhatWasKeptIsNoGood) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  create(*store, "before");
  std::string kept;
  ASSERT_TRUE(store->run([&](Repository& repository, Projector& projector) -> Result<void> {
    std::vector<Event> events;
    auto reader = store->reader();
    (void)Cache::each(**reader, RowKind::issue, [&](std::vector<Event> each) {
      std::ranges::copy(each, std::back_inserter(events));
    });
    const auto snapshot = write_snapshot(repository, events, *projector.head(), store->now_ms());
    EXPECT_TRUE(snapshot);
    kept = store->cache_directory() + "/snapshot-" + hex_of(snapshot->commit) + ".db";
    return {};
  }));
  create(*store, "after");
  const auto expected = all_issues(*store);
  const auto rebuild = [&] {
    return store->run([](Repository&, Projector& projector) -> Result<void> {
      const auto rebuilt = projector.rebuild(true);
      if (!rebuilt) return std::unexpected(rebuilt.error());
      EXPECT_EQ(rebuilt->snapshot_events, 1U);
      EXPECT_EQ(rebuilt->events, 2U);
      return {};
    });
  };
  for (const bool is_damaged : {false, false, true, false}) {
    if (is_damaged) hearth::test::write_file(kept, "no database");
    ASSERT_TRUE(rebuild());
    EXPECT_TRUE(std::filesystem::exists(kept));
    EXPECT_EQ(all_issues(*store), expected);
    const auto found = store->searcher().search("after", {.text = {}}, 10, {});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->total, 1U);
  }
}

TEST(IssueStore, WorktreesAndBareRepositoriesHaveOneLog) {
  const Repositories repositories;
  git(repositories.work(), {"commit", "-q", "--allow-empty", "-m", "x"});
  git(repositories.work(), {"worktree", "add", "-q", "../tree"});
  const IssueId id = create(*repositories.store(repositories.work() + "/../tree"), "T");
  EXPECT_NE(repositories.store(repositories.work())->board()->find(id), nullptr);
  EXPECT_NE(repositories.store(repositories.remote(), "bare"), nullptr);
  const SystemClock clock;
  const auto none = IssueStore::open({.directory = repositories.directory("plain"),
                                      .cache_directory = repositories.directory("none"),
                                      .changed = {},
                                      .when_idle = {}},
                                     clock);
  EXPECT_EQ(none.error().code, Errc::not_found);
}

}  // namespace
}  // namespace hearth::packs::issues
