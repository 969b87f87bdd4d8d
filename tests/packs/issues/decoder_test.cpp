// What is written is what the format says: read by a decoder that shares nothing with ours.
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>

#include "packs/issues/engine/event_codec.hpp"
#include "packs/issues/engine/sync.hpp"
#include "repositories.hpp"

namespace hearth::packs::issues {
namespace {

using test::append;
using test::create;
using test::Repositories;

TEST(IssueDecoder, AnIndependentDecoderReadsWhatWeWrite) {
  const Repositories repositories;
  auto store = repositories.store(repositories.work());
  const IssueId id = test::new_issue_id();
  Sha256 digest;
  digest.bytes.fill(7);
  ASSERT_TRUE(append(*store, {{id, IssueCreated{"Tïtle", "Bödy\n", {"z", "a", "é"}}}}));
  ASSERT_TRUE(append(
      *store,
      {{id, IssueUpdated{std::nullopt, std::string(70'000, 'x')}},
       {id, CommentAdded{""}},
       {id, LabelAdded{"l"}},
       {id, LabelRemoved{"l"}},
       {id, StateChanged{State::closed}},
       {id, LinkAdded{"u", std::nullopt}},
       {id, AssigneeAdded{"a"}},
       {id, AssigneeRemoved{"a"}},
       {id, AttachmentAdded{"n", digest, "m"}},
       {id, DependencyAdded{id, DependencyType::related_to}},
       {id, DependencyRemoved{id, DependencyType::blocks}},
       {id, ContextUpdated{"p", "rust", {{"b", "k", 1, 2}, {"a", "k", 300, 70'000}}, "s", digest}},
       {project_issue_id, ProjectContextUpdated{"k", "v"}}},
      "a key"));
  const hearth::test::Outcome outcome = hearth::test::run(
      {.words = {"/usr/bin/python3",
                 std::string(HEARTH_SOURCE_DIR) + "/tests/packs/issues/independent_decoder.py",
                 repositories.work()},
       .environment = {{"PATH", "/usr/bin:/bin"},
                       {"GIT_CONFIG_NOSYSTEM", "1"},
                       {"HOME", repositories.work()}},
       .cwd = repositories.work()},
      std::chrono::seconds(60));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.describe();
  std::set<std::string> read;
  std::istringstream lines(outcome.out);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find("\"event_id\": \"");
    ASSERT_NE(at, std::string::npos) << line;
    read.insert(line.substr(at + 13, 64));
  }
  std::set<std::string> written;
  auto reader = store->reader();
  for (const RowKind kind : {RowKind::issue, RowKind::project, RowKind::waiting, RowKind::file}) {
    ASSERT_TRUE(Cache::each(**reader, kind, [&](const std::vector<Event>& events) {
      for (const Event& each : events) written.insert(hex_of(each.id));
    }));
  }
  EXPECT_EQ(read, written);
  EXPECT_EQ(read.size(), 14U);
}

}  // namespace
}  // namespace hearth::packs::issues
