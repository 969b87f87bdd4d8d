#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "packs/issues/engine/issue_graph.hpp"
#include "packs/issues/engine/views/dependency_order.hpp"
#include "packs/issues/engine/views/export_text.hpp"
#include "packs/issues/engine/views/graph_text.hpp"
#include "packs/issues/engine/views/ready.hpp"
#include "packs/issues/engine/views/tree.hpp"
#include "packs/issues/small_issues.hpp"

namespace hearth::packs::issues {
namespace {

using test::blocks;
using test::depends_on;
using test::issue;
using test::numbered;
using test::part;
using test::related_to;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string short_id(const IssueId& id) {
  return hex_of(id).substr(0, 8);
}

std::vector<Position> list(std::span<const Position> positions) {
  return {positions.begin(), positions.end()};
}

TEST(IssueGraph, ReadsBothWaysOfSayingWhatComesFirst) {
  // 0 waits for 1, said by both; 1 waits for 2, said by 2.
  const std::vector<Summary> issues{issue(0, {depends_on(1)}), issue(1, {blocks(0)}),
                                    issue(2, {blocks(1), related_to(0), depends_on(77)})};
  const IssueGraph graph(issues);
  EXPECT_THAT(list(graph.before(0)), ElementsAre(1));
  EXPECT_THAT(list(graph.before(1)), ElementsAre(2));
  EXPECT_THAT(list(graph.after(2)), ElementsAre(1));
  EXPECT_THAT(list(graph.after(0)), IsEmpty());
  EXPECT_THAT(list(graph.related(0)), ElementsAre(2));
  EXPECT_THAT(list(graph.related(2)), ElementsAre(0));
  EXPECT_THAT(graph.missing(2), ElementsAre(depends_on(77)));
  EXPECT_EQ(graph.find(numbered(1)), 1U);
  EXPECT_EQ(graph.find(numbered(77)), std::nullopt);
}

TEST(IssueGraph, CutsCirclesOfParentsAtTheOldest) {
  const std::vector<Summary> issues{part(3, 5), part(4, 3), part(5, 4),
                                    part(6, 6), part(7, 5), part(8, 99)};
  const IssueGraph graph(issues);
  EXPECT_THAT(list(graph.cut_loose()), ElementsAre(0, 3));
  EXPECT_EQ(graph.parent(0), std::nullopt);
  EXPECT_EQ(graph.parent(1), 0U);
  EXPECT_EQ(graph.parent(5), std::nullopt);
  EXPECT_TRUE(graph.is_within(4, 0));
  EXPECT_FALSE(graph.is_within(0, 4));
  EXPECT_THAT(graph.connected_to(4), ElementsAre(0, 1, 2, 4));
}

TEST(DependencyOrder, PutsWhatIsUrgentAndFreeFirst) {
  std::vector<Summary> issues{issue(0, {depends_on(2)}), issue(1), issue(2), issue(3)};
  issues[3].priority = 0;
  EXPECT_THAT(order_of(IssueGraph(issues)).order, ElementsAre(3, 1, 2, 0));
  EXPECT_THAT(order_of(IssueGraph(std::vector<Summary>{})).order, IsEmpty());
}

TEST(DependencyOrder, ReportsCirclesAndGoesOn) {
  const std::vector<Summary> issues{issue(0, {depends_on(1)}), issue(1, {blocks(2)}),
                                    issue(2, {blocks(0), depends_on(0)}), issue(3, {blocks(3)}),
                                    issue(4, {depends_on(0)})};
  const DependencyOrder found = order_of(IssueGraph(issues));
  EXPECT_THAT(found.order, ElementsAre(1, 0, 2, 3, 4));
  EXPECT_THAT(found.circles, ElementsAre(ElementsAre(0, 2), ElementsAre(3)));
}

TEST(DependencyOrder, FindsACircleBeforeItIsClosed) {
  const std::vector<Summary> issues{issue(0, {depends_on(1)}), issue(1, {depends_on(2)}), issue(2)};
  const IssueGraph graph(issues);
  EXPECT_TRUE(would_close_circle(graph, 0, 2));
  EXPECT_FALSE(would_close_circle(graph, 2, 0));
  EXPECT_TRUE(would_close_circle(graph, 1, 1));
}

TEST(DependencyOrder, KnowsThatEpicsWaitForTheirParts) {
  // 1 is a part of 0 and waits for it. 4 waits for 3, a part of 2, which waits for 4: so 3 does.
  const std::vector<Summary> issues{issue(0), part(1, 0), issue(2, {depends_on(4)}), part(3, 2),
                                    issue(4, {depends_on(3)})};
  auto with_circle = issues;
  with_circle[1].dependencies = {depends_on(0)};
  EXPECT_THAT(order_of(IssueGraph(with_circle)).circles,
              ElementsAre(ElementsAre(0, 1), ElementsAre(2, 3, 4)));
  const IssueGraph graph(issues);
  EXPECT_TRUE(would_close_circle(graph, 0, 1));
  EXPECT_FALSE(would_close_circle(graph, 1, 0)) << "that it does already";
  EXPECT_FALSE(is_in_circle(graph, 0));
  EXPECT_TRUE(is_in_circle(graph, 4));
  EXPECT_TRUE(comes_before(graph, 1, 0));
  EXPECT_FALSE(comes_before(graph, 0, 1));
  EXPECT_THAT(order_of(IssueGraph(std::vector{issue(0), part(1, 0)})).order, ElementsAre(1, 0));
}

// Closes what is ready until nothing is; whether that is all.
bool can_all_be_closed(std::vector<Summary> issues) {
  for (;;) {
    const auto ready = ready_issues(IssueGraph(issues), {});
    if (ready.empty()) break;
    for (const Position at : ready) issues[at].state = State::closed;
  }
  return std::ranges::all_of(issues,
                             [](const Summary& each) { return each.state == State::closed; });
}

TEST(DependencyOrder, IsOneInWhichEachIsReadyWhenItsTurnComes) {
  std::mt19937 random(1);
  int orders = 0;
  for (int round = 0; round < 400; ++round) {
    auto issues = test::random_issues(random, 1U + static_cast<std::uint32_t>(round) % 9U);
    for (Summary& each : issues) each.state = State::open;
    const DependencyOrder found = order_of(IssueGraph(issues));
    EXPECT_EQ(found.circles.empty(), can_all_be_closed(issues)) << round;
    EXPECT_EQ(std::set(found.order.begin(), found.order.end()).size(), issues.size());
    for (Position at = 0; at < issues.size(); ++at) {
      const bool is_named = std::ranges::any_of(found.circles, [at](const auto& circle) {
        return std::ranges::find(circle, at) != circle.end();
      });
      EXPECT_EQ(is_in_circle(IssueGraph(issues), at), is_named);
    }
    if (!found.circles.empty()) continue;
    ++orders;
    for (Position before = 0; before < issues.size(); ++before) {
      auto more = issues;
      more[0].dependencies.push_back({issues[before].id, DependencyType::depends_on});
      EXPECT_EQ(would_close_circle(IssueGraph(issues), before, 0),
                !order_of(IssueGraph(more)).circles.empty());
    }
    for (const Position at : found.order) {
      const auto ready = ready_issues(IssueGraph(issues), {});
      EXPECT_NE(std::ranges::find(ready, at), ready.end()) << round;
      issues[at].state = State::closed;
    }
  }
  EXPECT_GT(orders, 50);
}

TEST(Ready, NamesWhatNothingStandsInTheWayOf) {
  std::vector<Summary> issues{
      issue(0, {depends_on(1)}), issue(1), issue(2, {depends_on(3)}), issue(3), issue(4),
      issue(5, {depends_on(99)})};
  issues[3].state = State::closed;
  issues[5].priority = 0;
  const IssueGraph graph(issues);
  EXPECT_THAT(ready_issues(graph, {}), ElementsAre(5, 1, 2, 4));
  EXPECT_THAT(ready_issues(graph, {numbered(1), numbered(4)}), ElementsAre(5, 2));
  EXPECT_THAT(ready_reasons(graph, 1), ElementsAre("priority 2", "1 waits for it"));
  EXPECT_THAT(ready_reasons(graph, 2), ElementsAre("priority 2", "1 before it is closed"));
  EXPECT_THAT(ready_reasons(graph, 5), ElementsAre("priority 0", "1 dependency is not here"));
  EXPECT_THAT(obstacle_reasons(graph, obstacles_of(graph, 0, {numbered(0)}), short_id),
              ElementsAre("claimed", "waits for 00000001"));
  EXPECT_THAT(obstacle_reasons(graph, obstacles_of(graph, 3, {}), short_id), ElementsAre("closed"));
  EXPECT_TRUE(obstacles_of(graph, 4, {}).none());
}

TEST(Ready, LetsPartsWaitForWhatTheirEpicWaitsFor) {
  // The epic 0 waits for 3, and for its own part 1; 4 is a part of a part.
  const std::vector<Summary> issues{issue(0, {depends_on(3), depends_on(1)}), part(1, 0),
                                    part(2, 0), issue(3), part(4, 2)};
  const IssueGraph graph(issues);
  EXPECT_THAT(ready_issues(graph, {}), ElementsAre(3));
  EXPECT_THAT(obstacles_of(graph, 4, {}).before, ElementsAre(3));
  EXPECT_THAT(obstacle_reasons(graph, obstacles_of(graph, 0, {}), short_id),
              ElementsAre("waits for 00000001", "waits for 00000003", "has 2 open parts"));

  auto later = issues;
  later[3].state = State::closed;
  EXPECT_THAT(ready_issues(IssueGraph(later), {}), ElementsAre(1, 4));
}

TEST(Ready, CountsTheObstaclesThatItDoesNotName) {
  std::vector<Summary> issues{issue(0)};
  for (std::uint32_t i = 1; i <= 5; ++i) {
    issues[0].dependencies.push_back(depends_on(i));
    issues.push_back(issue(i));
  }
  const IssueGraph graph(issues);
  EXPECT_THAT(
      obstacle_reasons(graph, obstacles_of(graph, 0, {}), short_id),
      ElementsAre("waits for 00000001", "waits for 00000002", "waits for 00000003", "and 2 more"));
}

// Epics within epics, each of which waits for the last one.
TEST(Ready, OfALongChainOfEpicsTakesNoTime) {
  constexpr std::uint32_t count = 4'000;
  std::vector<Summary> issues;
  for (std::uint32_t i = 0; i < count; ++i) {
    issues.push_back(i == 0 ? issue(i) : part(i, i - 1));
    if (i + 1 < count) issues.back().dependencies = {depends_on(count - 1)};
  }
  const IssueGraph graph(issues);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_THAT(ready_issues(graph, {}), ElementsAre(count - 1));
  EXPECT_EQ(blocked_issues(graph, {}).size(), count - 1);
  EXPECT_THAT(order_of(graph).circles, IsEmpty());
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
}

TEST(Ready, IsWhatHasNoObstacles) {
  std::mt19937 random(2);
  for (int round = 0; round < 200; ++round) {
    const auto issues = test::random_issues(random, 1U + static_cast<std::uint32_t>(round) % 20U);
    const IssueGraph graph(issues);
    const auto ready = ready_issues(graph, {numbered(3)});
    const auto blocked = blocked_issues(graph, {numbered(3)});
    EXPECT_TRUE(
        std::ranges::is_sorted(ready, {}, [&](Position at) { return urgency(graph.issue(at)); }));
    for (Position at = 0; at < graph.size(); ++at) {
      const bool is_listed = std::ranges::find(ready, at) != ready.end();
      EXPECT_EQ(is_listed, obstacles_of(graph, at, {numbered(3)}).none());
      const bool is_blocked = std::ranges::find(blocked, at) != blocked.end();
      EXPECT_EQ(is_blocked, !is_listed && issues[at].state == State::open);
    }
  }
}

TEST(Tree, AddsUpProgressOverAllDepths) {
  std::vector<Summary> issues{issue(0), part(1, 0), part(2, 1), part(3, 1), part(4, 0), issue(5)};
  issues[2].state = issues[4].state = State::closed;
  issues[4].priority = 0;
  const IssueGraph graph(issues);
  const auto rows = tree_of(graph, 0);
  EXPECT_THAT(rows, ElementsAre(TreeRow{0, 0, {2, 4}}, TreeRow{4, 1, {}}, TreeRow{1, 1, {1, 2}},
                                TreeRow{2, 2, {}}, TreeRow{3, 2, {}}));
  EXPECT_EQ(all_trees(graph), rows);
  issues[5].type = "epic";
  EXPECT_EQ(all_trees(IssueGraph(issues)).size(), 6U);
}

TEST(Tree, HasEveryPartOnce) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    const auto issues = test::random_issues(random, 1U + static_cast<std::uint32_t>(round) % 20U);
    const IssueGraph graph(issues);
    std::set<Position> seen;
    for (const TreeRow& row : all_trees(graph)) {
      EXPECT_TRUE(seen.insert(row.issue).second);
      Progress counted;
      for (Position at = 0; at < graph.size(); ++at) {
        if (at == row.issue || !graph.is_within(at, row.issue)) continue;
        ++counted.total;
        if (graph.issue(at).state == State::closed) ++counted.closed;
      }
      EXPECT_EQ(row.progress, counted);
    }
    for (Position at = 0; at < graph.size(); ++at) {
      EXPECT_TRUE(!graph.parent(at) || seen.contains(at));
    }
  }
}

// A chain of this length would end a recursive walk, and a quadratic one would not.
TEST(IssueGraph, TakesLongChains) {
  std::vector<Summary> issues;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    issues.push_back(part(i, i + 1));
    issues.back().dependencies.push_back(depends_on(i + 1));
  }
  const IssueGraph graph(issues);
  const DependencyOrder found = order_of(graph);
  ASSERT_EQ(found.circles.size(), 1U) << "parts that wait for their own epics";
  EXPECT_EQ(found.circles.front().size(), issues.size());
  EXPECT_EQ(tree_of(graph, 9999).back().depth, 9999U);
  EXPECT_EQ(graph.connected_to(0).size(), issues.size());
  EXPECT_THAT(ready_issues(graph, {}), IsEmpty());
}

std::vector<Position> everything(const IssueGraph& graph) {
  std::vector<Position> all(graph.size());
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

TEST(GraphText, DrawsMermaid) {
  std::vector<Summary> issues{issue(0, {depends_on(1), related_to(2)}), issue(1), part(2, 1),
                              issue(3, {depends_on(3)})};
  issues[1].state = State::closed;
  issues[2].title = "say \"hi\" #1\n<b>`x`]; n1 --> n2";
  const IssueGraph graph(issues);
  EXPECT_EQ(graph_text(graph, everything(graph), GraphSyntax::mermaid, short_id),
            R"(flowchart TD
  n1["00000000 issue 0"]
  n2["00000001 issue 1"]:::closed
  n3["00000002 say #34;hi#34; #35;1 #60;b#62;#96;x#96;]; n1 --#62; n2"]
  n4["00000003 issue 3"]
  n1 -.- n3
  n2 --> n1
  n2 --o n3
  n4 ==>|circle| n4
  classDef closed fill:#ddd,stroke:#999,color:#666
)");
}

TEST(GraphText, DrawsDot) {
  std::vector<Summary> issues{issue(0, {depends_on(1), blocks(1)}), issue(1, {related_to(2)}),
                              part(2, 0)};
  issues[1].state = State::closed;
  issues[2].title = R"(back\slash "quoted"];)";
  const IssueGraph graph(issues);
  EXPECT_EQ(graph_text(graph, everything(graph), GraphSyntax::dot, short_id),
            R"(digraph issues {
  node [shape=box]
  n1 [label="00000000 issue 0"]
  n2 [label="00000001 issue 1", style=filled, fillcolor=gray85]
  n3 [label="00000002 back\\slash \"quoted\"];"]
  n1 -> n2 [color=red, label="circle"]
  n1 -> n3 [style=dotted, arrowhead=odot]
  n2 -> n1 [color=red, label="circle"]
  n2 -> n3 [style=dashed, dir=none]
}
)");
}

TEST(GraphText, ShowsOnlyWhatIsAskedForAndShortensTitles) {
  std::vector<Summary> issues{issue(0, {depends_on(1)}), issue(1)};
  for (int i = 0; i < 60; ++i) issues[0].title += "é";
  const IssueGraph graph(issues);
  const Position shown[] = {0};
  const std::string text = graph_text(graph, shown, GraphSyntax::dot, short_id);
  EXPECT_THAT(text, Not(HasSubstr("->")));
  EXPECT_THAT(text, HasSubstr("é…\"]"));
}

Issue whole_issue() {
  Issue whole;
  whole.summary = issue(1, {depends_on(2), blocks(3)});
  whole.summary.title = "Fails\non \"start\"";
  whole.summary.labels = {"bug", "p0"};
  whole.summary.assignees = {"alice"};
  whole.summary.comments = 1;
  whole.summary.parent = numbered(9);
  whole.body = "First line,\nsecond.";
  whole.comments.push_back({{}, {}, 7, "One\ntwo", std::nullopt});
  whole.links.push_back({{}, {}, 8, "https://example.com", "see"});
  whole.attachments.push_back({{}, {}, 9, "log.txt", {}, "text/plain"});
  return whole;
}

TEST(ExportText, WritesMarkdown) {
  const Issue whole = whole_issue();
  const std::string text = markdown_of(std::span(&whole, 1), 42);
  EXPECT_THAT(text, testing::StartsWith("# Issues\n\nGenerated: 42\n\n## Issues\n\n"
                                        "### Fails on \"start\" [open]\n\n"
                                        "**ID:** `00000001000000000000000000000000`\n\n"));
  EXPECT_THAT(text, HasSubstr("**Labels:** bug, p0\n\n**Assignees:** alice\n\n"));
  EXPECT_THAT(text, HasSubstr("**depends_on:** 00000002000000000000000000000000\n\n"));
  EXPECT_THAT(text, HasSubstr("**Link:** <https://example.com> see\n\n"));
  EXPECT_THAT(text, HasSubstr("First line,\nsecond.\n\n#### Comments\n\n> **00000000** at 7:\n"
                              "> One\n> two\n\n---\n\n"));
  EXPECT_EQ(markdown_of({}, 42), "# Issues\n\nGenerated: 42\n\nNo issues found.\n");
}

TEST(ExportText, WritesCsv) {
  const Issue whole = whole_issue();
  const std::string csv = csv_of(std::span(&whole, 1));
  const std::string header =
      "issue_id,title,state,priority,type,labels,assignees,parent,depends_on,blocks,related_to,"
      "created_ts,updated_ts,comment_count,body\r\n";
  EXPECT_EQ(csv, header +
                     "00000001000000000000000000000000,\"Fails\non \"\"start\"\"\",open,2,,bug; p0,"
                     "alice,00000009000000000000000000000000,00000002000000000000000000000000,"
                     "00000003000000000000000000000000,,1,0,1,\"First line,\nsecond.\"\r\n");
  EXPECT_EQ(csv_of({}), header);
}

}  // namespace
}  // namespace hearth::packs::issues
