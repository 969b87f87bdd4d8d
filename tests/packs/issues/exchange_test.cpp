#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "json/json.hpp"
#include "packs/issues/engine/event_codec.hpp"
#include "packs/issues/exchange_wire.hpp"
#include "packs/issues/sample_events.hpp"

namespace hearth::packs::issues {
namespace {

using test::counting_id;
using test::event_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

// One of each kind that an export can give back.
std::vector<Event> one_of_each() {
  const auto target = counting_id<IssueId>(0xA0);
  return {event_of(IssueCreated{"Test", "Body \"x\"\n\x01", {"bug", "p0"}}),
          event_of(IssueUpdated{"Title 2", std::nullopt}, 1),
          event_of(CommentAdded{"Looks good: ü"}, 2),
          event_of(LabelAdded{"bug"}, 3),
          event_of(LabelRemoved{"wip"}, 4),
          event_of(StateChanged{State::closed}, 5),
          event_of(LinkAdded{"https://example.com", "ref"}, 6),
          event_of(LinkAdded{"https://example.com", std::nullopt}, 7),
          event_of(AssigneeAdded{"alice"}, 8),
          event_of(AssigneeRemoved{"alice"}, 9),
          event_of(AttachmentAdded{"log.txt", counting_id<Sha256>(0), "text/plain"}, 10),
          event_of(DependencyAdded{target, DependencyType::blocks}, 11),
          event_of(DependencyRemoved{target, DependencyType::depends_on}, 12),
          event_of(ProjectContextUpdated{"framework", "none"}, 13)};
}

std::string json_of(const Event& event) {
  std::string text;
  append_event_json(text, event);
  return text;
}

TEST(ExportJson, WritesEventsAsOthersDo) {
  Event event = event_of(IssueCreated{"Test", "Body", {"bug", "p0"}});
  EXPECT_EQ(json_of(event),
            R"({"event_id":"9c2aee7924bf7482dd3842c6ec32fd5103883b9d2354f63df2075ac61fe3d827",)"
            R"("issue_id":"000102030405060708090a0b0c0d0e0f",)"
            R"("actor":"101112131415161718191a1b1c1d1e1f","ts_unix_ms":1700000000000,)"
            R"("kind":{"IssueCreated":{"title":"Test","body":"Body","labels":["bug","p0"]}}})");
  event = event_of(ContextUpdated{"a.py", "python", {{"f", "function", 1, 2}}, "1 functions", {}});
  event.parent = counting_id<EventId>(0x20);
  EXPECT_THAT(json_of(event), HasSubstr(R"("parent":"202122)"));
  EXPECT_THAT(json_of(event), HasSubstr(R"("symbol_count":1,"summary":"1 functions")"));
  EXPECT_THAT(json_of(event_of(IssueUpdated{std::nullopt, "b"})),
              HasSubstr(R"({"IssueUpdated":{"title":null,"body":"b"}})"));
  EXPECT_THAT(json_of(one_of_each()[11]), HasSubstr(R"("dep_type":"blocks")"));
}

TEST(ExportJson, WritesIssuesAndWhatTheExportIs) {
  Summary issue;
  issue.id = counting_id<IssueId>(0);
  issue.title = "Test";
  issue.labels = {"bug"};
  issue.created_ms = 5;
  issue.updated_ms = 6;
  issue.comments = 2;
  const auto events = one_of_each();
  const std::string text = export_json({42, "abc"}, std::span(&issue, 1), events);
  EXPECT_THAT(text, HasSubstr(R"({"meta":{"schema_version":1,"generated_ts":42,"wal_head":"abc",)"
                              R"("event_count":14},"issues":[)"));
  EXPECT_THAT(text, HasSubstr(R"({"issue_id":"000102030405060708090a0b0c0d0e0f","title":"Test",)"
                              R"("state":"open","labels":["bug"],"assignees":[],"created_ts":5,)"
                              R"("updated_ts":6,"comment_count":2,"priority":2})"));
  EXPECT_TRUE(json::parse(text));
}

TEST(ImportExportJson, GivesBackWhatWasExported) {
  auto events = one_of_each();
  events[2].parent = counting_id<EventId>(0x20);
  seal(events[2]);
  const auto imported = import_export_json(export_json({}, {}, events));
  ASSERT_TRUE(imported) << imported.error().message;
  EXPECT_EQ(imported->events, events);
  EXPECT_THAT(imported->left_out, IsEmpty());
}

TEST(ImportExportJson, LeavesOutWhatItCannotVerify) {
  auto events = one_of_each();
  events.resize(3);
  events[1].ts_ms += 1;  // after it was sealed
  events.push_back(event_of(ContextUpdated{"a.py", "python", {}, "", {}}));
  const auto imported = import_export_json(export_json({}, {}, events));
  ASSERT_TRUE(imported);
  EXPECT_THAT(imported->events, ElementsAre(events[0], events[2]));
  EXPECT_EQ(imported->without_symbols, 1U);
  ASSERT_THAT(imported->left_out, SizeIs(1));
  EXPECT_EQ(imported->left_out[0].record, 2U);
  EXPECT_THAT(imported->left_out[0].why, HasSubstr("digest"));
}

TEST(ImportExportJson, ReadsBytesAsNumbersToo) {
  const Event event = event_of(DependencyAdded{counting_id<IssueId>(1), DependencyType::blocks});
  const std::string text =
      R"({"schema_version":1,"ok":true,"data":{"issue":{},"events":[{"event_id":")" +
      hex_of(event.id) +
      R"(","issue_id":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15],"parent":null,)"
      R"("actor":[16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31],"ts_unix_ms":1700000000000,)"
      R"("kind":{"DependencyAdded":{"target":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16],)"
      R"("dep_type":"blocks"}}}]}})";
  const auto imported = import_export_json(text);
  ASSERT_TRUE(imported) << imported.error().message;
  EXPECT_THAT(imported->events, ElementsAre(event));
}

std::string why_not(const std::string& kind) {
  const Event event = event_of(CommentAdded{"x"});
  std::string text = json_of(event);
  text.replace(text.find(R"({"CommentAdded")"), std::string::npos, kind + "}");
  const auto imported = import_export_json("[" + text + "]");
  if (!imported) return imported.error().message;
  return imported->left_out.empty() ? "taken" : imported->left_out[0].why;
}

TEST(ImportExportJson, SaysWhatIsWrongWithAnEvent) {
  EXPECT_EQ(why_not(R"({"CommentAdded":{"body":"x"}})"), "taken");
  EXPECT_EQ(why_not(R"({"CommentAdded":{"body":1}})"), "body: expected a string");
  EXPECT_EQ(why_not(R"({"CommentAdded":[]})"), "body: expected a string");
  EXPECT_EQ(why_not(R"({"Renamed":{}})"), "kind: \"Renamed\" is not known");
  EXPECT_EQ(why_not("{}"), "kind: expected an object with one member");
  EXPECT_EQ(why_not("1"), "kind: expected an object with one member");
  EXPECT_EQ(why_not(R"({"StateChanged":{"state":"ajar"}})"),
            "state: expected one of the words that are known");
  EXPECT_EQ(why_not(R"({"DependencyAdded":{"target":"00","dep_type":"blocks"}})"),
            "target: expected 32 hexadecimal digits");
  EXPECT_EQ(why_not(R"({"DependencyAdded":{"target":[256],"dep_type":"blocks"}})"),
            "target: expected 32 hexadecimal digits");
  EXPECT_EQ(why_not(R"({"IssueCreated":{"title":"","body":"","labels":[1]}})"),
            "labels: expected an array of strings");
  EXPECT_FALSE(import_export_json("{}"));
  EXPECT_FALSE(import_export_json("nonsense"));
  EXPECT_FALSE(import_export_json(R"({"events":1})"));
}

// ---- beads ------------------------------------------------------------------------------------

using Issues = std::map<IssueId, Issue>;

// What the events amount to, as the log would have it.
Issues projected(const std::vector<Event>& events) {
  std::map<IssueId, std::vector<Event>> of_issue;
  for (const Event& event : events) of_issue[event.issue].push_back(event);
  Issues issues;
  for (auto& [id, list] : of_issue) {
    normalize(list);
    if (auto issue = project_issue(list)) issues.emplace(id, std::move(*issue));
  }
  return issues;
}

BeadsEvents imported(const std::string& text, const std::vector<Event>& log = {}) {
  const BeadsFile file = read_beads_jsonl(text);
  EXPECT_THAT(file.left_out, IsEmpty());
  std::optional<IssueHere> here;
  return events_of_beads(file.issues, [&](const IssueId& id) -> const IssueHere* {
    std::vector<Event> events;
    std::ranges::copy_if(log, std::back_inserter(events),
                         [&](const Event& event) { return event.issue == id; });
    normalize(events);
    auto issue = project_issue(events);
    if (!issue) return nullptr;
    here = IssueHere{std::move(events), std::move(*issue)};
    return &*here;
  });
}

const std::string epic =
    R"({"id":"bd-1","title":"Epic","description":"All of it","status":"open","priority":1,)"
    R"("issue_type":"epic","created_at":"2025-11-01T10:00:00Z","created_by":"bob",)"
    R"("updated_at":"2025-11-02T10:00:00.5+01:00"})";
const std::string task =
    R"({"id":"bd-2","title":"Task","description":"Do it","design":"So","notes":"N",)"
    R"("status":"closed","priority":2,"issue_type":"task","assignee":"alice",)"
    R"("created_at":"2025-11-01T11:00:00Z","updated_at":"2025-11-03T10:00:00Z",)"
    R"("closed_at":"2025-11-03T09:00:00Z","close_reason":"Done","external_ref":"gh-9",)"
    R"("labels":["backend","hearth:priority:0"],"estimated_minutes":5,"dependencies":[)"
    R"({"issue_id":"bd-2","depends_on_id":"bd-1","type":"parent-child"},)"
    R"({"issue_id":"bd-2","depends_on_id":"bd-3","type":"blocks","created_at":"2025-11-01T12:00:00Z"},)"
    R"({"issue_id":"bd-2","depends_on_id":"bd-1","type":"discovered-from"}],"comments":[)"
    R"({"id":1,"issue_id":"bd-2","author":"carol","text":"Hm","created_at":"2025-11-02T00:00:00Z"}]})";
const std::string working =
    R"({"id":"bd-1.1","title":"Part","description":"","status":"in_progress","priority":0,)"
    R"("issue_type":"bug","created_at":"2025-11-01T11:00:00Z","updated_at":"2025-11-01T11:00:00Z"})";

TEST(Beads, BecomeIssuesOfOurs) {
  const Issues issues = projected(imported(epic + "\n" + task + "\r\n\n" + working).events);
  ASSERT_THAT(issues, SizeIs(3));
  const Issue& first = issues.at(beads_issue_id("bd-1"));
  EXPECT_EQ(first.summary.title, "Epic");
  EXPECT_EQ(first.body, "All of it");
  EXPECT_EQ(first.summary.priority, 1);
  EXPECT_EQ(first.summary.type, "epic");
  EXPECT_EQ(first.summary.created_ms, 1'761'991'200'000U);
  EXPECT_EQ(first.summary.created_by, beads_actor_id("bob"));
  EXPECT_EQ(first.links.at(0).url, "beads:bd-1");

  const Issue& second = issues.at(beads_issue_id("bd-2"));
  EXPECT_EQ(second.body, "Do it\n\n## Design\n\nSo\n\n## Notes\n\nN");
  EXPECT_EQ(second.summary.state, State::closed);
  EXPECT_EQ(second.summary.priority, 2);
  EXPECT_EQ(second.summary.parent, beads_issue_id("bd-1"));
  EXPECT_THAT(second.summary.labels, ElementsAre("backend"));
  EXPECT_THAT(second.summary.assignees, ElementsAre("alice"));
  EXPECT_THAT(second.summary.dependencies,
              testing::UnorderedElementsAre(
                  Dependency{beads_issue_id("bd-3"), DependencyType::depends_on},
                  Dependency{beads_issue_id("bd-1"), DependencyType::related_to}));
  ASSERT_THAT(second.comments, SizeIs(2));
  EXPECT_EQ(second.comments[0].body, "Hm");
  EXPECT_EQ(second.comments[0].author, beads_actor_id("carol"));
  EXPECT_EQ(second.comments[1].body, "Done");

  const Issue& third = issues.at(beads_issue_id("bd-1.1"));
  EXPECT_EQ(third.summary.parent, beads_issue_id("bd-1"));
  EXPECT_THAT(third.summary.labels, ElementsAre("status:in_progress"));
}

TEST(Beads, AreImportedOnce) {
  const std::string text = epic + "\n" + task + "\n" + working + "\n" + epic;
  const BeadsEvents first = imported(text);
  EXPECT_EQ(first.created, 3U);
  EXPECT_EQ(imported(text).events, first.events);
  const BeadsEvents again = imported(text, first.events);
  EXPECT_THAT(again.events, IsEmpty());
  EXPECT_EQ(again.unchanged, 3U);
  EXPECT_EQ(first.actors.at(beads_actor_id("carol")), "carol");
}

// Changes the export as beads would, and follows it.
TEST(Beads, BringWhatHasChanged) {
  std::string text = epic + "\n" + task;
  std::vector<Event> log = imported(text).events;
  const auto change = [&text](std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
  };
  change("2025-11-02T10:00:00.5+01:00", "2025-12-01T00:00:00Z");
  change(R"("title":"Epic")", R"("title":"Epic!")");
  change(R"("priority":1)", R"("priority":0)");
  change(R"("status":"open")", R"("status":"blocked")");
  change("2025-11-03T10:00:00Z", "2025-12-01T00:00:00Z");
  change(R"("status":"closed")", R"("status":"open")");
  change(R"("assignee":"alice")", R"("assignee":"dave")");
  const BeadsEvents changes = imported(text, log);
  EXPECT_EQ(changes.changed, 2U);
  log.insert(log.end(), changes.events.begin(), changes.events.end());
  const Issues issues = projected(log);
  const Summary& first = issues.at(beads_issue_id("bd-1")).summary;
  EXPECT_EQ(first.title, "Epic!");
  EXPECT_EQ(first.priority, 0);
  EXPECT_THAT(first.labels, ElementsAre("status:blocked"));
  const Summary& second = issues.at(beads_issue_id("bd-2")).summary;
  EXPECT_EQ(second.state, State::open);
  EXPECT_THAT(second.assignees, ElementsAre("dave"));
  EXPECT_THAT(imported(text, log).events, IsEmpty());
}

std::string one_issue(const std::string& updated, const std::string& rest) {
  return R"({"id":"bd-1","title":"T","created_at":"2025-11-01T10:00:00Z","updated_at":")" +
         updated + '"' + rest + "}";
}

// An event that was written before, and counts less than what was done here, changes nothing.
TEST(Beads, CountAsChangedOnlyWhatIs) {
  const std::string text = one_issue("2025-11-02T10:00:00Z", R"(,"labels":["a"])");
  std::vector<Event> log = imported(one_issue("2025-11-01T10:00:00Z", "")).events;
  Event closing = log.front();
  closing.ts_ms += 1'000'000'000'000;
  closing.kind = LabelRemoved{"a"};
  seal(closing);
  log.push_back(closing);
  for (const bool is_again : {false, true}) {
    const BeadsEvents found = imported(text, log);
    EXPECT_THAT(found.events, SizeIs(1));
    EXPECT_EQ(found.changed, 0U) << is_again;
    EXPECT_EQ(found.unchanged, 1U) << is_again;
    log.insert(log.end(), found.events.begin(), found.events.end());
  }
}

TEST(Beads, TakeAwayWhatANewerFileDoesNotHave) {
  const std::string dependency =
      R"("dependencies":[{"issue_id":"bd-1","depends_on_id":"bd-3","type":"blocks",)"
      R"("created_at":"2025-11-01T12:00:00Z"}])";
  const std::string all = R"(,"assignee":"alice","labels":["a","b"],)" + dependency;
  std::vector<Event> log = imported(one_issue("2025-11-02T10:00:00Z", all)).events;
  const auto summary = [&log] { return projected(log).at(beads_issue_id("bd-1")).summary; };
  const auto import = [&log](const std::string& text) {
    BeadsEvents found = imported(text, log);
    log.insert(log.end(), found.events.begin(), found.events.end());
    return found;
  };
  // What was set here.
  Event label = log.front();
  label.actor = ActorId{};
  label.ts_ms += 1;
  label.kind = LabelAdded{"ours"};
  seal(label);
  log.push_back(label);
  EXPECT_THAT(summary().labels, ElementsAre("a", "b", "ours"));

  EXPECT_EQ(import(one_issue("2025-11-02T10:00:00Z", R"(,"labels":["a"])")).kept, 1U)
      << "as new as what has set the assignee";
  EXPECT_THAT(summary().labels, ElementsAre("a", "ours"));
  EXPECT_THAT(summary().assignees, SizeIs(1));
  const BeadsEvents newer = import(one_issue("2025-11-03T10:00:00Z", R"(,"labels":["a"])"));
  EXPECT_EQ(newer.changed, 1U);
  EXPECT_EQ(newer.kept, 0U);
  EXPECT_THAT(summary().labels, ElementsAre("a", "ours"));
  EXPECT_THAT(summary().assignees, IsEmpty());
  EXPECT_THAT(summary().dependencies, IsEmpty());
  EXPECT_EQ(import(one_issue("2025-11-03T10:00:00Z", R"(,"labels":["a"])")).unchanged, 1U);

  import(one_issue("2025-11-04T10:00:00Z", all));
  EXPECT_THAT(summary().labels, ElementsAre("a", "b", "ours"));
  EXPECT_THAT(summary().assignees, ElementsAre("alice"));
  EXPECT_THAT(summary().dependencies, SizeIs(1));
}

TEST(Beads, CloseWhatTheyDeleteWhereItIsHere) {
  const std::string deleted =
      R"({"id":"bd-1","title":"Epic","status":"tombstone","created_at":"2025-11-01T10:00:00Z",)"
      R"("updated_at":"2025-11-05T10:00:00Z"})";
  const BeadsEvents nothing = imported(deleted);
  EXPECT_THAT(nothing.events, IsEmpty());
  EXPECT_EQ(nothing.deleted, 1U);
  std::vector<Event> log = imported(epic).events;
  const BeadsEvents closing = imported(deleted, log);
  ASSERT_THAT(closing.events, SizeIs(1));
  EXPECT_EQ(closing.events[0].kind, Kind(StateChanged{State::closed}));
}

TEST(Beads, AreClosedEvenWithinTheMillisecondOfTheirCreation) {
  const Issues issues = projected(
      imported(R"({"id":"bd-1","title":"t","status":"closed","created_at":"2025-11-01T10:00:00Z",)"
               R"("updated_at":"2025-11-01T10:00:00Z","closed_at":"2025-11-01T10:00:00Z"})")
          .events);
  EXPECT_EQ(issues.at(beads_issue_id("bd-1")).summary.state, State::closed);
}

TEST(Beads, TellWhatCouldNotBeTaken) {
  const BeadsFile file = read_beads_jsonl(
      "{\n[]\n{}\n" + task + "\n{\"_type\":\"memory\",\"key\":\"k\"}\n" +
      R"({"id":"x","created_at":"2025-11-01T10:00:00Z"})" + "\n" + R"({"id":"x","title":"t"})");
  EXPECT_THAT(file.issues, SizeIs(1));
  EXPECT_THAT(file.other_records, ElementsAre(Pair("memory", 1U)));
  EXPECT_THAT(file.other_members,
              ElementsAre(Pair("estimated_minutes", 1U), Pair("labels: hearth:priority:0", 1U)));
  std::vector<std::size_t> lines;
  for (const LeftOut& left_out : file.left_out) lines.push_back(left_out.record);
  EXPECT_THAT(lines, ElementsAre(1, 2, 3, 6, 7));
}

}  // namespace
}  // namespace hearth::packs::issues
