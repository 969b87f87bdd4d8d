#include "packs/issues/engine/issue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "packs/issues/engine/extension.hpp"
#include "sample_events.hpp"

namespace hearth::packs::issues {
namespace {

using test::counting_id;
using test::event_of;

std::optional<Issue> project(std::vector<Event> events) {
  normalize(events);
  return project_issue(events);
}

Event by(std::uint8_t actor, Kind kind, std::uint64_t after_ms) {
  Event event = event_of(std::move(kind), after_ms);
  event.actor = counting_id<ActorId>(actor);
  seal(event);
  return event;
}

std::vector<Event> a_history() {
  const Event comment = by(1, CommentAdded{"first"}, 20);
  Event edit = by(2, CommentAdded{"first, edited"}, 15);  // by a clock that is late
  edit.parent = comment.id;
  seal(edit);
  return {
      by(1, IssueCreated{"Title", "Body", {"bug", priority_label(1)}}, 10),
      by(3, IssueUpdated{"By a clock that is late", std::nullopt}, 0),
      by(2, IssueUpdated{"Newer title", std::nullopt}, 30),
      by(1, LabelAdded{"p0"}, 40),
      by(2, LabelRemoved{"p0"}, 40),
      by(1, LabelRemoved{"bug"}, 41),
      by(2, AssigneeAdded{"alice"}, 42),
      by(1, StateChanged{State::closed}, 43),
      by(2, StateChanged{State::open}, 43),
      by(1, DependencyAdded{counting_id<IssueId>(50), DependencyType::blocks}, 44),
      by(1, LinkAdded{"https://example.com", std::nullopt}, 45),
      by(1, LabelAdded{type_label("epic")}, 46),
      by(1, LabelAdded{parent_label(counting_id<IssueId>(60))}, 46),
      by(1, LabelAdded{priority_label(3)}, 47),
      comment,
      edit,
  };
}

TEST(IssueProjection, TheHighestVersionWins) {
  const auto issue = project(a_history());
  ASSERT_TRUE(issue);
  const Summary& summary = issue->summary;
  EXPECT_EQ(summary.title, "Newer title");
  EXPECT_EQ(issue->body, "Body");
  EXPECT_EQ(summary.state, State::open) << "of equal times, the higher actor";
  EXPECT_TRUE(summary.labels.empty());
  EXPECT_EQ(summary.assignees, std::vector<std::string>{"alice"});
  EXPECT_EQ(summary.type, "epic");
  EXPECT_EQ(summary.priority, 3) << "of several, the last one said";
  EXPECT_EQ(summary.parent, counting_id<IssueId>(60));
  EXPECT_EQ(summary.dependencies.size(), 1U);
  EXPECT_EQ(summary.created_ms, test::vector_time + 10);
  EXPECT_EQ(summary.updated_ms, test::vector_time + 47);
  ASSERT_EQ(issue->comments.size(), 1U);
  EXPECT_EQ(issue->comments[0].body, "first, edited");
  EXPECT_EQ(issue->comments[0].edited_ms, test::vector_time + 15);
}

// sets converge, and no clock skew stops a projection.
TEST(GriteDefects, D05AnyOrderOfArrivalGivesTheSameIssue) {
  std::vector<Event> events = a_history();
  const auto expected = project(events);
  std::mt19937 random(7);  // NOLINT(bugprone-random-generator-seed): the same run every time
  for (int round = 0; round < 500; ++round) {
    std::ranges::shuffle(events, random);
    std::vector<Event> arrived;
    std::optional<Issue> issue;
    for (const Event& event : events) {  // one by one, and some of them twice
      arrived.push_back(event);
      if (random() % 3 == 0) arrived.push_back(event);
      normalize(arrived);
      issue = project_issue(arrived);
    }
    ASSERT_EQ(issue, expected);
  }
}

TEST(IssueProjection, OrphansWaitForTheirCreation) {
  EXPECT_EQ(project({by(1, CommentAdded{"early"}, 0)}), std::nullopt);
  const auto issue =
      project({by(1, CommentAdded{"early"}, 0), by(2, IssueCreated{"T", "", {}}, 1000)});
  ASSERT_TRUE(issue);
  EXPECT_EQ(issue->comments.size(), 1U);
}

TEST(IssueProjection, OfTwoCreationsTheLowerCreatesAndTheOtherUpdates) {
  const auto issue = project(
      {by(2, IssueCreated{"Second", "2", {"b"}}, 5), by(1, IssueCreated{"First", "1", {"a"}}, 3)});
  ASSERT_TRUE(issue);
  EXPECT_EQ(issue->summary.created_by, counting_id<ActorId>(1));
  EXPECT_EQ(issue->summary.title, "Second");
  EXPECT_EQ(issue->summary.labels, (std::vector<std::string>{"a", "b"}));
}

// the same event twice is one comment.
TEST(GriteDefects, D04AnEventThatArrivesTwiceCountsOnce) {
  const Event comment = by(1, CommentAdded{"once"}, 20);
  const auto issue = project({by(1, IssueCreated{"T", "", {}}, 0), comment, comment});
  ASSERT_TRUE(issue);
  EXPECT_EQ(issue->comments.size(), 1U);
}

TEST(IssueProjection, AnEditOfNoCommentIsAComment) {
  Event stray = by(1, CommentAdded{"stray"}, 20);
  stray.parent = counting_id<EventId>(99);
  seal(stray);
  const auto issue = project({by(1, IssueCreated{"T", "", {}}, 0), stray});
  ASSERT_TRUE(issue);
  ASSERT_EQ(issue->comments.size(), 1U);
  EXPECT_EQ(issue->comments[0].edited_ms, std::nullopt);
}

TEST(IssueProjection, FilesAndNotesAreTheNewestOfEach) {
  std::vector<Event> events{by(1, ContextUpdated{"a.rs", "rust", {}, "old", {}}, 1),
                            by(1, ContextUpdated{"a.rs", "rust", {}, "new", {}}, 2)};
  normalize(events);
  EXPECT_EQ(project_file(events)->content.summary, "new");
  std::vector<Event> notes{by(1, ProjectContextUpdated{"k", "2"}, 2),
                           by(1, ProjectContextUpdated{"k", "1"}, 1),
                           by(1, ProjectContextUpdated{"a", "x"}, 3)};
  normalize(notes);
  const auto found = project_notes(notes);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].key, "a");
  EXPECT_EQ(found[1].value, "2");
}

TEST(IssueProjection, AFurtherCreationChangesTextsAndLabelsButOpensNothing) {
  const auto issue =
      project({by(1, IssueCreated{"First", "1", {"a"}}, 10), by(1, StateChanged{State::closed}, 20),
               by(2, IssueCreated{"Second", "2", {"b"}}, 30)});
  ASSERT_TRUE(issue);
  EXPECT_EQ(issue->summary.created_by, counting_id<ActorId>(1));
  EXPECT_EQ(issue->summary.title, "Second");
  EXPECT_EQ(issue->body, "2");
  EXPECT_EQ(issue->summary.labels, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(issue->summary.state, State::closed);
}

}  // namespace
}  // namespace hearth::packs::issues
