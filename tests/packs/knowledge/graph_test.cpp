#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "packs/knowledge/engine/edges.hpp"
#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/graph_query.hpp"
#include "packs/knowledge/engine/schema.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::knowledge {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr WallTime now(std::chrono::seconds(1'760'000'000));

class Graph : public testing::Test {
 protected:
  Graph() {
    EXPECT_TRUE(store::migrate(database_, knowledge_schema()));
    add("lock", "decision");
    add("socket", "note");
    add("daemon", "note");
    add("bridge", "note");
    add("island", "fact");
    connect("lock", "part_of", "daemon", 2);
    connect("socket", "part_of", "daemon", 1);
    connect("bridge", "needs", "socket", 1);
  }
  void add(const char* title, const char* kind) {
    const NewEntry wanted{.text = std::string(title) + " text",
                          .title = title,
                          .kind = kind,
                          .tags = {std::string("tag-") + title},
                          .properties = R"({"size":)" + std::to_string(std::string(title).size()) +
                                        R"(,"name":")" + title + "\"}"};
    EXPECT_TRUE(add_entry(database_, wanted, now));
  }
  Edge connect(const char* source, const char* relation, const char* target, double weight) {
    auto edge = link(database_, {source, relation, target, weight}, now);
    EXPECT_TRUE(edge) << edge.error().message;
    return edge.value_or(Edge());
  }
  std::vector<std::string> titles_around(const char* name, const EdgeFilter& filter) {
    std::vector<std::string> titles;
    for (const Neighbor& each : neighbors(database_, name, filter, 50).value().neighbors) {
      titles.push_back(each.entry.title);
    }
    return titles;
  }
  PatternRows query(std::string_view text, std::int64_t limit = 50) {
    const auto pattern = parse_pattern(text);
    EXPECT_TRUE(pattern) << pattern.error().message;
    auto rows = run_pattern(database_, pattern.value_or(Pattern()), limit);
    EXPECT_TRUE(rows) << rows.error().message;
    return rows.value_or(PatternRows());
  }

  const test::ScratchDirectory directory_{"graph"};
  store::Database database_ = store::Database::open(directory_ / "k.db", {}).value();
};

TEST_F(Graph, ListsNeighboursHeaviestFirst) {
  EXPECT_THAT(titles_around("daemon", {}), ElementsAre("lock", "socket"));
  EXPECT_THAT(titles_around("socket", {}), ElementsAre("bridge", "daemon"));
  EXPECT_THAT(titles_around("socket", {.direction = Direction::out}), ElementsAre("daemon"));
  EXPECT_THAT(titles_around("socket", {.direction = Direction::in, .relations = {"needs"}}),
              ElementsAre("bridge"));
  EXPECT_THAT(titles_around("daemon", {.relations = {}, .least_weight = 1.5}), ElementsAre("lock"));
  EXPECT_THAT(titles_around("island", {}), ElementsAre());
  EXPECT_EQ(neighbors(database_, "daemon", {}, 1).value().total, 2);
  EXPECT_EQ(neighbors(database_, "nobody", {}, 1).error().code, Errc::not_found);
}

TEST_F(Graph, LinksOnceAndUpdatesTheWeight) {
  EXPECT_FALSE(connect("lock", "part_of", "daemon", 5).is_new);
  EXPECT_EQ(neighbors(database_, "lock", {}, 1).value().neighbors.at(0).weight, 5);
  EXPECT_EQ(unlink(database_, "lock", "daemon", "needs").value(), 0);
  EXPECT_EQ(unlink(database_, "lock", "daemon", std::nullopt).value(), 1);
  EXPECT_EQ(link(database_, {"lock", "is", "lock", 1}, now).error().code, Errc::invalid_args);
  EXPECT_EQ(link(database_, {"lock", "is", "daemon", 0}, now).error().code, Errc::invalid_args);
}

TEST_F(Graph, ReachesEachEntryOnceByTheShortestWay) {
  connect("bridge", "knows", "daemon", 1);
  const Traversal all = traverse(database_, {"lock"}, {}, 5, 100).value();
  std::vector<std::string> reached;
  for (const Reached& each : all.reached) {
    reached.push_back(each.entry.title + " " + std::to_string(each.depth));
  }
  EXPECT_THAT(reached, ElementsAre("lock 0", "daemon 1", "bridge 2", "socket 2"));
  EXPECT_FALSE(all.is_more);
  EXPECT_EQ(traverse(database_, {"lock"}, {}, 1, 100).value().reached.size(), 2U);
  const Traversal cut = traverse(database_, {"lock"}, {}, 5, 2).value();
  EXPECT_EQ(cut.reached.size(), 2U);
  EXPECT_TRUE(cut.is_more);
}

TEST_F(Graph, HidesWhatIsDeleted) {
  ASSERT_TRUE(remove_entry(database_, "daemon", Deletion::soft, now));
  EXPECT_THAT(titles_around("lock", {}), ElementsAre());
  EXPECT_EQ(traverse(database_, {"lock"}, {}, 5, 100).value().reached.size(), 1U);
  EXPECT_TRUE(query("(a)-[:part_of]->(b)").rows.empty());
}

TEST_F(Graph, SupersedesButNotInACircle) {
  ASSERT_TRUE(supersede(database_, "lock", "socket", now));
  ASSERT_TRUE(supersede(database_, "socket", "daemon", now));
  EXPECT_EQ(supersede(database_, "daemon", "lock", now).error().code, Errc::conflict);
  EXPECT_EQ(supersede(database_, "lock", "lock", now).error().code, Errc::invalid_args);
  const Entry lock = find_entry(database_, "lock").value();
  EXPECT_EQ(lock.superseded_by, find_entry(database_, "socket").value().id);
}

Result<std::string> first_only(std::string_view first,
                               std::string_view,
                               std::vector<std::string>& kept) {
  kept = {"size"};
  return std::string(first);
}

TEST_F(Graph, MergesTextTagsAndEdges) {
  connect("lock", "needs", "socket", 3);
  connect("bridge", "part_of", "daemon", 1);
  const Merged dry = merge_entries(database_, {"lock", "bridge", true}, first_only, now).value();
  EXPECT_EQ(dry.edges_moved, 0);
  EXPECT_TRUE(find_entry(database_, "bridge"));
  EXPECT_EQ(find_entry(database_, "lock").value().version, 1);

  const Merged merged =
      merge_entries(database_, {"lock", "bridge", false}, first_only, now).value();
  EXPECT_EQ(merged.edges_moved, 0);  // both of bridge's edges are lock's too
  EXPECT_EQ(merged.edges_dropped, 2);
  EXPECT_THAT(merged.properties_kept, ElementsAre("size"));
  const Entry lock = find_entry(database_, "lock").value();
  EXPECT_EQ(lock.text, "lock text\n\nbridge text");
  EXPECT_THAT(lock.tags, ElementsAre("tag-bridge", "tag-lock"));
  EXPECT_EQ(find_entry(database_, "bridge").error().code, Errc::not_found);
  EXPECT_EQ(
      neighbors(database_, "lock", {.relations = {"needs"}}, 9).value().neighbors.at(0).weight, 3);
}

TEST_F(Graph, KeepsOutdatedWhatTheMergedHadTakenThePlaceOf) {
  ASSERT_TRUE(supersede(database_, "lock", "socket", now));
  ASSERT_TRUE(merge_entries(database_, {"daemon", "socket", false}, first_only, now));
  EXPECT_EQ(find_entry(database_, "lock").value().superseded_by,
            find_entry(database_, "daemon").value().id);
}

TEST_F(Graph, RefusesToChangeWhatIsOfAnotherVersion) {
  const std::int64_t version = find_entry(database_, "lock").value().version;
  EXPECT_EQ(supersede(database_, "lock", "socket", now, version + 1).error().code, Errc::conflict);
  EXPECT_EQ(merge_entries(database_, {"lock", "bridge", false, version + 1}, first_only, now)
                .error()
                .code,
            Errc::conflict);
  EXPECT_TRUE(merge_entries(database_, {"lock", "bridge", false, version}, first_only, now));
}

TEST_F(Graph, HidesNothingBehindWhatIsGone) {
  const auto is_superseded = [&](const char* name) {
    return find_entry(database_, name).value().superseded_by.has_value();
  };
  ASSERT_TRUE(supersede(database_, "lock", "socket", now));
  ASSERT_TRUE(merge_entries(database_, {"lock", "socket", false}, first_only, now));
  EXPECT_FALSE(is_superseded("lock"));
  EntryChange restored;
  restored.restores = true;
  ASSERT_TRUE(change_entry(database_, "socket", restored, now));
  EXPECT_FALSE(is_superseded("socket"));
  ASSERT_TRUE(supersede(database_, "daemon", "bridge", now));
  Filter fresh;
  fresh.with_superseded = false;
  const auto count = [&] {
    return list_entries(database_, {.filter = fresh, .cursor = {}}).value().total;
  };
  EXPECT_EQ(count(), 4);
  ASSERT_TRUE(remove_entry(database_, "bridge", Deletion::soft, now));
  EXPECT_EQ(count(), 4);  // without the bridge, with the daemon again
}

TEST_F(Graph, ResolvesNames) {
  EXPECT_EQ(resolve_reference(database_, "Lock").value().how, Resolved::How::found);
  add("lock", "note");
  const Resolved both = resolve_reference(database_, "lock").value();
  EXPECT_EQ(both.how, Resolved::How::ambiguous);
  EXPECT_EQ(both.entries.size(), 2U);
  const Resolved like = resolve_reference(database_, "sock").value();
  EXPECT_EQ(like.how, Resolved::How::missing);
  EXPECT_EQ(like.entries.at(0).title, "socket");
}

TEST_F(Graph, FindsPatterns) {
  const PatternRows parts = query("(a)-[:part_of]->(b:note) RETURN a.title, b.title");
  EXPECT_THAT(parts.columns, ElementsAre("a.title", "b.title"));
  EXPECT_EQ(parts.rows.size(), 2U);
  EXPECT_THAT(query("MATCH (a:decision)-->(b) RETURN b.title").rows,
              ElementsAre(ElementsAre("\"daemon\"")));
  EXPECT_THAT(query("(b)<-[:part_of]-(s)<-[:needs]-(x) RETURN x.title, b.title").rows,
              ElementsAre(ElementsAre("\"bridge\"", "\"daemon\"")));
  EXPECT_EQ(query("(a)--(b {name: 'socket'}) RETURN a").rows.size(), 2U);
  EXPECT_THAT(query("(a) WHERE a.size = 4 RETURN a.name").rows,
              ElementsAre(ElementsAre("\"lock\"")));
  EXPECT_EQ(query("(a) where a.size >= 5 and a.title contains 'I' return a.title").rows.size(), 2U);
  EXPECT_THAT(query("(a:fact) RETURN a.absent, a.size").rows,
              ElementsAre(ElementsAre("null", "6")));
  const PatternRows one = query("(a) RETURN a LIMIT 2");
  EXPECT_EQ(one.rows.size(), 2U);
  EXPECT_TRUE(one.is_more);
  EXPECT_THAT(query("(a:fact)").rows.at(0).at(0), HasSubstr(R"("title":"island")"));
}

TEST_F(Graph, SaysWhatIsWrongWithAPattern) {
  for (const char* text : {"",
                           "(",
                           "(a",
                           "(a:",
                           "(a)-",
                           "(a)-[",
                           "(a)-[:x]",
                           "(a)-[:x]->",
                           "(a)<-[:x]->(b)",
                           "(a) WHERE",
                           "(a) WHERE b.x = 1",
                           "(a) WHERE a.x ~ 1",
                           "(a) WHERE a.x = ",
                           "(a) RETURN b",
                           "(a) LIMIT 0",
                           "(a) LIMIT x",
                           "(a) DELETE a",
                           "(a)-->(a)",
                           "(a {x: nan})",
                           "(a {x: 'y})"}) {
    const auto pattern = parse_pattern(text);
    ASSERT_FALSE(pattern) << text;
    EXPECT_EQ(pattern.error().code, Errc::invalid_args) << text;
  }
  EXPECT_FALSE(parse_pattern(std::string_view("(a {`x\0y`: 1})", 14)));
  const auto unknown = run_pattern(database_, parse_pattern("(a:desicion)").value(), 10);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Errc::not_found);
  EXPECT_THAT(unknown.error().suggestions, ElementsAre("decision"));
  const auto relation = run_pattern(database_, parse_pattern("(a)-[:partof]->(b)").value(), 10);
  ASSERT_FALSE(relation);
  EXPECT_THAT(relation.error().suggestions, ElementsAre("part_of"));
}

TEST_F(Graph, ReadsNumbersAsJsonWritesThem) {
  for (const char* number : {"4", "04", "4.", "4.0", "4e0", "400e-2"}) {
    EXPECT_FALSE(query(std::string("(a) WHERE a.size = ") + number).rows.empty()) << number;
  }
  for (const char* number : {"-.5", "-0", "-00.5", "1.e-5", "0.000000001"}) {
    EXPECT_TRUE(query(std::string("(a) WHERE a.size <= ") + number).rows.empty()) << number;
  }
}

TEST_F(Graph, BoundsAPattern) {
  const auto repeated = [](const std::string& text, int count, const std::string& between) {
    std::string all = text;
    for (int i = 1; i < count; ++i) all += between + text;
    return all;
  };
  const auto message = [](const std::string& text) {
    const auto pattern = parse_pattern(text);
    return pattern ? std::string() : pattern.error().message;
  };
  EXPECT_EQ(message("(a) RETURN " + repeated("a", 64, ",")), "");
  EXPECT_THAT(message("(a) RETURN " + repeated("a", 65, ",")), HasSubstr("at most 64 columns"));
  EXPECT_EQ(message("(a {" + repeated("x:1", 32, ",") + "})"), "");
  EXPECT_THAT(message("(a {" + repeated("x:1", 32, ",") + "}) WHERE a.x = 1"),
              HasSubstr("at most 32 tests"));
  EXPECT_THAT(message("()-[:" + repeated("x", 33, "|") + "]-()"),
              HasSubstr("at most 32 relations"));
  EXPECT_THAT(message(repeated("()", 9, "--")), HasSubstr("at most 8 entries"));
}

TEST_F(Graph, TakesValuesAsValuesOnly) {
  EXPECT_TRUE(query("(a {name: \"x' OR 1=1 --\"}) RETURN a").rows.empty());
  EXPECT_TRUE(query("(a) WHERE a.title = \"\\\"); DROP TABLE entries; --\" RETURN a").rows.empty());
  EXPECT_EQ(query("(a) RETURN a").rows.size(), 5U);
}

}  // namespace
}  // namespace hearth::packs::knowledge
