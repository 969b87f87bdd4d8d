// No writer makes a chunk that no reader takes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "packs/issues/engine/chunk.hpp"
#include "packs/issues/engine/maintenance.hpp"
#include "packs/issues/engine/snapshots.hpp"
#include "packs/issues/engine/wal.hpp"
#include "repositories.hpp"
#include "sample_events.hpp"

namespace hearth::packs::issues {
namespace {

using test::all_issues;
using test::append;
using test::create;
using test::event_of;
using test::git;
using test::new_issue_id;
using test::Repositories;
using testing::Each;
using testing::HasSubstr;
using testing::Le;
using testing::SizeIs;
using testing::UnorderedElementsAreArray;

constexpr std::size_t large_bytes = 9'000'000;  // two are more than a chunk should have

std::unique_ptr<Repository> open(const std::string& directory) {
  return Repository::open(directory, {.is_power_safe = false}).value();
}

// The sizes of the chunks of a commit.
std::vector<std::size_t> chunks_of(const std::string& repository, const std::string& commit) {
  std::istringstream lines(git(repository, {"ls-tree", "-rl", commit}));
  std::vector<std::size_t> sizes;
  for (std::string mode, kind, id, size, name; lines >> mode >> kind >> id >> size >> name;) {
    if (name.ends_with(".bin")) sizes.push_back(std::stoul(size));
  }
  return sizes;
}

std::vector<Draft> three_large() {
  std::vector<Draft> drafts;
  for (const char letter : {'a', 'b', 'c'}) {
    drafts.push_back({new_issue_id(), IssueCreated{"T", std::string(large_bytes, letter), {}}});
  }
  return drafts;
}

std::vector<Event> all_events(IssueStore& store) {
  std::vector<Event> events;
  EXPECT_TRUE(store.run([&](Repository&, Projector& projector) -> Result<void> {
    events = projector.cache().readable_events();
    return {};
  }));
  return events;
}

TEST(IssueChunks, EndWhereTheyHaveEnough) {
  std::vector<Event> events;
  for (std::uint64_t i = 0; i < 10; ++i) events.push_back(event_of(CommentAdded{"x"}, i));
  events.push_back(event_of(CommentAdded{std::string(1000, 'x')}, 10));
  events.push_back(event_of(CommentAdded{"x"}, 11));
  const auto sizes = [&](const ChunkLimits& limits) {
    std::vector<std::size_t> found;
    const auto parts = split_into_chunks(events, limits);
    EXPECT_TRUE(parts) << parts.error().message;
    for (const auto part : *parts) found.push_back(part.size());
    return found;
  };
  EXPECT_EQ(sizes({}), (std::vector<std::size_t>{12}));
  EXPECT_EQ(sizes({.events = 5}), (std::vector<std::size_t>{5, 5, 2}));
  const std::size_t of_four = encode_chunk(std::span(events).first(4)).size() + 8;
  EXPECT_EQ(sizes({.bytes = of_four}), (std::vector<std::size_t>{4, 4, 2, 1, 1}));
  EXPECT_EQ(split_into_chunks(events, {.most_bytes = 1000}).error().code, Errc::invalid_args);
  EXPECT_THAT(*split_into_chunks({}), SizeIs(0));
}

TEST(IssueChunks, OfOneCommitAreReadAsOne) {
  const Repositories repositories;
  auto repository = open(repositories.work());
  std::vector<Event> events;
  for (std::uint64_t i = 0; i < 10; ++i) events.push_back(event_of(CommentAdded{"x"}, i));
  events.push_back(events.back());  // of two callers
  WalPlan plan{.actor = {},
               .events = events,
               .parents = {},
               .previous = std::nullopt,
               .calls = {},
               .time = {},
               .chunks = {.events = 1}};
  const auto commit = write_wal_commit(*repository, plan);
  ASSERT_TRUE(commit) << commit.error().message;
  EXPECT_THAT(chunks_of(repositories.work(), hex_of(*commit)), SizeIs(10));
  const auto read = read_wal_commit(*repository, *commit);
  events.pop_back();
  EXPECT_THAT(read->events, UnorderedElementsAreArray(events));
  EXPECT_THAT(read->problems, SizeIs(0));
  EXPECT_EQ(read->meta.chunk, chunk_hash(encode_chunk(std::span(events).first(1))));
  git(repositories.work(), {"fsck", "--strict", "--no-dangling"});
  // What readers would not take as one commit is none.
  events.clear();
  for (std::uint64_t i = 0; i < 1025; ++i) events.push_back(event_of(CommentAdded{"x"}, i));
  plan.events = events;
  EXPECT_EQ(write_wal_commit(*repository, plan).error().code, Errc::invalid_args);
}

TEST(IssueChunks, AreSmallWhoeverWrites) {
  const Repositories repositories;
  const std::string work = repositories.work();
  auto store = repositories.store(work);
  create(*store, "of before");
  const std::string before = git(work, {"rev-parse", wal_reference}).substr(0, 40);
  const auto drafts = three_large();
  ASSERT_TRUE(append(*store, drafts, "a key"));
  EXPECT_THAT(chunks_of(work, wal_reference), SizeIs(3));
  EXPECT_THAT(chunks_of(work, wal_reference), Each(Le(ChunkLimits().bytes)));
  EXPECT_EQ(git(work, {"rev-parse", std::string(wal_reference) + "^"}).substr(0, 40), before)
      << "one call, one commit";
  EXPECT_TRUE(append(*store, drafts, "a key")->replayed);
  EXPECT_THAT(all_issues(*repositories.store(work, "new-cache")), SizeIs(4));

  // Where two have written.
  auto repository = open(work);
  const std::vector theirs{event_of(IssueCreated{"theirs", "", {}})};
  const CommitId previous = *id_of_hex<CommitId>(before);
  const auto remote_head = write_wal_commit(*repository, {.actor = {},
                                                          .events = theirs,
                                                          .parents = {previous},
                                                          .previous = previous,
                                                          .calls = {},
                                                          .time = {}});
  const auto merged = merge_append(*repository, *remote_head, *store->head(), {}, {});
  ASSERT_TRUE(merged) << merged.error().message;
  EXPECT_THAT(chunks_of(work, hex_of(**merged)), SizeIs(3));

  const auto snapshot = write_snapshot(*repository, all_events(*store), *store->head(), 1);
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_THAT(chunks_of(work, hex_of(snapshot->commit)), Each(Le(ChunkLimits().bytes)));
  EXPECT_THAT(*read_snapshot(*repository, *snapshot), SizeIs(4));

  // All of it, once more from the cache, where the commit is lost.
  const std::string lost = hex_of(*store->head());
  std::filesystem::remove(work + "/.git/objects/" + lost.substr(0, 2) + "/" + lost.substr(2));
  const auto mended = examine(*store, true);
  ASSERT_TRUE(mended) << mended.error().message;
  EXPECT_NE(git(work, {"rev-parse", wal_reference}).substr(0, 40), lost);
  EXPECT_THAT(chunks_of(work, wal_reference), Each(Le(ChunkLimits().bytes)));
  EXPECT_THAT(all_issues(*repositories.store(work, "another")), SizeIs(4));
}

TEST(IssueChunks, AnEventThatNoneCanHoldIsRefusedAlone) {
  const Repositories repositories;
  auto store = Repositories::store_with({.directory = repositories.work(),
                                         .cache_directory = repositories.directory("cache"),
                                         .is_power_safe = false,
                                         .chunks = {.bytes = 1000, .most_bytes = 2000},
                                         .changed = {},
                                         .when_idle = {}});
  const IssueId id = create(*store, "T");
  ASSERT_TRUE(append(*store, {{id, CommentAdded{std::string(1500, 'x')}}}));
  const auto head = store->head();
  const auto refused =
      append(*store, {{id, CommentAdded{"x"}}, {id, CommentAdded{std::string(3000, 'x')}}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid_args);
  EXPECT_THAT(refused.error().message, HasSubstr("nothing was written"));
  EXPECT_EQ(store->head(), head);
  EXPECT_TRUE(append(*store, {{id, CommentAdded{"x"}}}));
  EXPECT_THAT(all_issues(*store).at(id).comments, SizeIs(2));
}

}  // namespace
}  // namespace hearth::packs::issues
