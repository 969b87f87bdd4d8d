#include <gmock/gmock.h>

#include "packs/issues/issues_pack.hpp"

namespace hearth::packs::issues {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class PlanningTools : public test::IssuesPack {
 protected:
  static std::string about(const std::string& id,
                           const std::string& target,
                           const std::string& type = "depends_on") {
    return R"({"id":")" + id + R"(","target":")" + target + R"(","type":")" + type + R"("})";
  }
};

TEST_F(PlanningTools, AddListAndRemoveDependencies) {
  const std::string first = create("first");
  const std::string second = create("second");
  const json::Value added = good("dep_add", about(first.substr(0, 8), second.substr(0, 8)));
  EXPECT_EQ(text(added, "issue_id"), first);
  EXPECT_EQ(text(added, "target"), second);
  EXPECT_EQ(text(added, "dep_type"), "depends_on");
  EXPECT_EQ(text(added, "action"), "added");
  EXPECT_EQ(text(added, "event_id").size(), 64U);
  EXPECT_EQ(text(good("dep_add", about(first, second)), "action"), "unchanged");

  const json::Value outgoing = good("dep_list", R"({"id":")" + first + R"("})");
  EXPECT_EQ(text(outgoing, "direction"), "outgoing");
  EXPECT_THAT(each(outgoing, "deps", "issue_id"), ElementsAre(second));
  EXPECT_THAT(each(outgoing, "deps", "title"), ElementsAre("second"));
  const json::Value incoming = good("dep_list", R"({"reverse":true,"id":")" + second + R"("})");
  EXPECT_THAT(each(incoming, "deps", "issue_id"), ElementsAre(first));

  EXPECT_EQ(text(good("dep_remove", about(first, second)), "action"), "removed");
  EXPECT_EQ(text(good("dep_remove", about(first, second)), "action"), "unchanged");
  EXPECT_THAT(each(good("dep_list", R"({"id":")" + first + R"("})"), "deps", "id"), IsEmpty());
}

TEST_F(PlanningTools, WhatWasSetByTwoClonesAtOnceIsTakenAwayWhole) {
  const std::string part = create("part");
  const std::string one = create("one");
  const std::string other = create("other");
  auto store = repositories_.store(repositories_.work());
  const auto id = *id_of_hex<IssueId>(part);
  ASSERT_TRUE(test::append(*store, {{id, LabelAdded{"hearth:parent:" + one}},
                                    {id, LabelAdded{"hearth:parent:" + other}},
                                    {id, LabelAdded{"hearth:priority:0"}},
                                    {id, LabelAdded{"hearth:priority:4"}},
                                    {id, LabelAdded{"hearth:type:bug"}},
                                    {id, LabelAdded{"hearth:type:task"}}}));
  const auto shown = [&] { return good("show", R"({"id":")" + part + R"("})").at("issue"); };
  EXPECT_EQ(text(shown(), "parent"), other);
  EXPECT_EQ(number(shown(), "priority"), 4);
  good("update", R"({"parent":"","type":"","priority":4,"id":")" + part + R"("})");
  EXPECT_EQ(text(shown(), "parent"), "");
  EXPECT_EQ(text(shown(), "type"), "");
  EXPECT_EQ(number(shown(), "priority"), 4);
  const auto issue = test::all_issues(*store).at(id);
  EXPECT_THAT(issue.extensions, ElementsAre("hearth:priority:4"));
  EXPECT_EQ(number(good("update", R"({"priority":4,"id":")" + part + R"("})"), "events"), 0);
}

TEST_F(PlanningTools, RefuseAPartThatWouldWaitForItsOwnEpic) {
  const std::string epic = create("epic");
  const std::string in_epic = R"(,"parent":")" + epic + R"(")";
  const std::string part = create("part", in_epic);
  EXPECT_EQ(bad("dep_add", about(part, epic)).code, Errc::conflict);
  EXPECT_EQ(bad("create", R"({"title":"T","depends_on":[")" + epic + R"("])" + in_epic + "}").code,
            Errc::conflict);
  const std::string after = create("after", R"(,"depends_on":[")" + epic + R"("])");
  EXPECT_EQ(bad("update", R"({"id":")" + after + '"' + in_epic + "}").code, Errc::conflict);
  good("dep_add", about(epic, part));
  EXPECT_THAT(each(good("dep_topo", "{}"), "issues", "title"),
              ElementsAre("part", "epic", "after"));
  EXPECT_THAT(each(good("ready", "{}"), "issues", "title"), ElementsAre("part"));
}

TEST_F(PlanningTools, RefuseIssuesThatWaitForEachOther) {
  const std::string a = create("a");
  const std::string b = create("b");
  const std::string c = create("c");
  good("dep_add", about(a, b));
  good("dep_add", about(c, b, "blocks"));
  const Error circle = bad("dep_add", about(c, a));
  EXPECT_EQ(circle.code, Errc::conflict);
  EXPECT_THAT(circle.message, HasSubstr("waits for"));
  EXPECT_EQ(bad("dep_add", about(a, c, "blocks")).code, Errc::conflict);
  EXPECT_EQ(bad("dep_add", about(a, a)).code, Errc::conflict);
  good("dep_add", about(c, a, "related_to"));
  EXPECT_EQ(bad("dep_add", about(a, "ffffffff")).code, Errc::not_found);
}

TEST_F(PlanningTools, OrderIssuesByWhatTheyWaitFor) {
  const std::string last = create("last", R"(,"priority":0)");
  const std::string middle = create("middle", R"(,"label":["x"])");
  const std::string first = create("first", R"(,"label":["x"])");
  const std::string closed = create("closed");
  good("close", R"({"id":")" + closed + R"("})");
  good("dep_add", about(last, middle));
  good("dep_add", about(first, middle, "blocks"));
  const json::Value order = good("dep_topo", "{}");
  EXPECT_THAT(each(order, "issues", "title"), ElementsAre("first", "middle", "last"));
  EXPECT_EQ(number(order, "total"), 3);
  EXPECT_THAT(order.at("cycles").as_array(), IsEmpty());
  EXPECT_THAT(each(good("dep_topo", R"({"label":["x"],"limit":1})"), "issues", "title"),
              ElementsAre("first"));
  EXPECT_EQ(number(good("dep_topo", R"({"state":"all"})"), "total"), 4);
}

TEST_F(PlanningTools, ShowEpicsWithTheirProgress) {
  const std::string epic = create("epic", R"(,"type":"epic")");
  const std::string part = create("part", R"(,"parent":")" + epic + R"(")");
  const std::string piece = create("piece", R"(,"parent":")" + part + R"(")");
  create("alone");
  good("close", R"({"id":")" + piece + R"("})");
  const json::Value all = good("tree", "{}");
  EXPECT_THAT(each(all, "nodes", "title"), ElementsAre("epic", "part", "piece"));
  EXPECT_EQ(number(all.at("nodes").at(0), "parts"), 2);
  EXPECT_EQ(number(all.at("nodes").at(0), "closed"), 1);
  EXPECT_EQ(number(all.at("nodes").at(2), "depth"), 2);
  EXPECT_THAT(each(good("tree", R"({"id":")" + part + R"("})"), "nodes", "title"),
              ElementsAre("part", "piece"));
  EXPECT_TRUE(json::bool_or(good("tree", R"({"limit":1})"), "truncated", false));
}

TEST_F(PlanningTools, DrawWhatIsLinked) {
  const std::string a = create("say \"a\"");
  const std::string b = create("b");
  create("alone");
  good("dep_add", about(a, b));
  const json::Value whole = good("graph", "{}");
  EXPECT_EQ(number(whole, "nodes"), 3);
  EXPECT_THAT(text(whole, "text"), HasSubstr("flowchart TD\n"));
  EXPECT_THAT(text(whole, "text"), HasSubstr("say #34;a#34;"));
  EXPECT_THAT(text(whole, "text"), HasSubstr(" --> "));
  const json::Value linked = good("graph", R"({"format":"dot","id":")" + a + R"("})");
  EXPECT_EQ(number(linked, "nodes"), 2);
  EXPECT_THAT(text(linked, "text"), HasSubstr("n2 -> n1"));
  EXPECT_TRUE(json::bool_or(good("graph", R"({"limit":1})"), "truncated", false));
}

}  // namespace
}  // namespace hearth::packs::issues
