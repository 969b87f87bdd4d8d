// What show, history and notes give of texts that others have written at any length.
#include <gmock/gmock.h>

#include <string>

#include "packs/issues/excerpt_wire.hpp"
#include "packs/issues/issues_pack.hpp"

namespace hearth::packs::issues {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

class ShowTools : public test::IssuesPack {
 protected:
  static std::string of(const std::string& id, const std::string& more = "") {
    return R"({"id":")" + id + "\"" + more + "}";
  }
  // An issue with these comments.
  std::string commented(const std::vector<std::string>& comments) {
    const std::string id = create("Long");
    for (const std::string& each : comments)
      good("comment", of(id, R"(,"body":)" + json::quoted(each)));
    return id;
  }
  json::Value shown(const std::string& id, const std::string& more = "") {
    return good("show", of(id, more)).at("issue");
  }
  std::size_t size_of(const std::string& verb, const std::string& request) {
    return json::dump(good(verb, request)).size();
  }
};

constexpr std::size_t usual = wire::usual_room;

TEST_F(ShowTools, AnIssueThatIsSmallIsShownWhole) {
  const std::string id = commented({std::string(200'000, 'a'), "b"});
  const json::Value issue = shown(id);
  EXPECT_FALSE(json::bool_or(issue, "truncated", true));
  EXPECT_EQ(number(issue, "comment_count"), 2);
  EXPECT_EQ(issue.at("comments").as_array().size(), 2U);
  EXPECT_EQ(json::find(issue.at("comments").as_array()[0], "body_bytes"), nullptr);
}

TEST_F(ShowTools, OfALongOneTheNewestCommentsAreShownAndLongTextsAreCut) {
  std::vector<std::string> comments;
  for (int i = 0; i < 5; ++i) comments.push_back(std::to_string(i) + std::string(900'000, 'x'));
  comments.emplace_back("the end");
  const std::string id = commented(comments);
  const json::Value issue = shown(id);
  EXPECT_LE(json::dump(issue).size(), usual);
  EXPECT_TRUE(json::bool_or(issue, "truncated", false));
  EXPECT_EQ(number(issue, "comment_count"), 6);
  const auto& some = issue.at("comments").as_array();
  ASSERT_GE(some.size(), 2U);
  EXPECT_EQ(text(some.back(), "body"), "the end");
  const json::Value& cut = some[some.size() - 2];
  EXPECT_TRUE(text(cut, "body").starts_with("4xxx"));
  EXPECT_THAT(text(cut, "body"), EndsWith("x…"));
  EXPECT_EQ(number(cut, "body_bytes"), 900'001);
  // Page by page, to the first one, which is then asked for whole.
  std::string before = text(some.front(), "comment_id");
  for (int pages = 0;; ++pages) {
    ASSERT_LT(pages, 6);
    const json::Value page = shown(id, R"(,"comments":4,"before":")" + before + "\"");
    if (!page.at("comments").as_array().empty())
      before = text(page.at("comments").as_array().front(), "comment_id");
    if (page.at("comments").as_array().empty()) break;
  }
  const json::Value all = shown(id, R"(,"comments":10000,"bytes":2500000)");
  const json::Value second =
      shown(id, R"(,"comments":1,"bytes":2500000,"before":")" +
                    text(all.at("comments").as_array().back(), "comment_id") + "\"");
  EXPECT_EQ(text(second.at("comments").as_array().front(), "body"), comments[4]);
}

TEST_F(ShowTools, CommentsAreAskedForByNumberAndPlace) {
  const std::string id = commented({"a", "b", "c"});
  json::Value page = shown(id, R"(,"comments":1)");
  EXPECT_THAT(each(page, "comments", "body"), ElementsAre("c"));
  EXPECT_TRUE(json::bool_or(page, "truncated", false));
  const std::string c = text(page.at("comments").as_array().front(), "comment_id");
  page = shown(id, R"(,"comments":2,"before":")" + c.substr(0, 12) + "\"");
  EXPECT_THAT(each(page, "comments", "body"), ElementsAre("a", "b"));
  EXPECT_FALSE(json::bool_or(page, "truncated", true));
  EXPECT_THAT(each(shown(id, R"(,"comments":0)"), "comments", "body"), ElementsAre());
  EXPECT_EQ(bad("show", of(id, R"(,"before":"ffffffffffffff")")).code, Errc::not_found);
}

TEST_F(ShowTools, WhatOthersWroteWithoutBoundFitsAsWell) {
  const std::string id = create("Long");
  auto store = repositories_.store(repositories_.work());
  const auto issue = *id_of_hex<IssueId>(id);
  const std::string longest(500'000, '\x01');  // six bytes each in JSON
  std::vector<Draft> drafts{{issue, IssueUpdated{longest, longest}},
                            {issue, LinkAdded{longest, longest}},
                            {issue, AttachmentAdded{longest, {}, longest}},
                            {issue, CommentAdded{longest}}};
  for (int i = 0; i < 500; ++i) {
    drafts.push_back({issue, LabelAdded{std::to_string(i) + std::string(1000, 'l')}});
  }
  ASSERT_TRUE(test::append(*store, std::move(drafts)));
  EXPECT_LE(size_of("show", of(id)), usual + 200);
  EXPECT_LE(size_of("show", of(id, R"(,"events":true)")), usual + 200);
  EXPECT_LE(size_of("show", of(id, R"(,"bytes":16384)")), 16'384U + 200);
  EXPECT_EQ(shown(id).at("comments").as_array().size(), 1U);
  EXPECT_LE(size_of("history", of(id)), usual + 200);
}

TEST_F(ShowTools, HistoryTellsWhatHappenedInALineEach) {
  const std::string id = create("One");
  const std::string other = create("Other");
  const std::string comment = text(good("comment", of(id, R"(,"body":"first\nline")")), "event_id");
  good("comment", of(id, R"(,"body":"better","edit":")" + comment + "\""));
  good("label", of(id, R"(,"add":["bug"])"));
  good("label", of(id, R"(,"remove":["bug"])"));
  good("assign", of(id, R"(,"add":["ann"])"));
  good("update", of(id, R"(,"title":"Two")"));
  good("link", of(id, R"(,"url":"https://example.com")"));
  good("dep_add", of(id, R"(,"target":")" + other + "\""));
  good("close", of(id));
  const json::Value history = good("history", of(id));
  EXPECT_THAT(each(history, "events", "what"),
              ElementsAre(R"(created "One")", R"(commented "first line")",
                          R"(changed a comment to "better")", R"(labelled "bug")",
                          R"(took the label "bug" away)", R"(assigned "ann")",
                          R"(renamed to "Two")", R"(linked to "https://example.com")",
                          "said that it depends on " + other.substr(0, 8), "closed"));
  EXPECT_EQ(number(history, "event_count"), 10);
  EXPECT_FALSE(json::bool_or(history, "truncated", true));
}

TEST_F(ShowTools, HistoryIsReadPageByPage) {
  const std::string id = commented({"a", "b", "c"});
  const json::Value page = good("history", of(id, R"(,"limit":2)"));
  EXPECT_THAT(each(page, "events", "what"), ElementsAre(R"(commented "b")", R"(commented "c")"));
  EXPECT_TRUE(json::bool_or(page, "truncated", false));
  const std::string b = text(page.at("events").as_array().front(), "event_id");
  const json::Value first = good("history", of(id, R"(,"limit":2,"before":")" + b + "\""));
  EXPECT_THAT(each(first, "events", "what"), ElementsAre(R"(created "Long")", R"(commented "a")"));
  EXPECT_FALSE(json::bool_or(first, "truncated", true));
  good("comment", of(id, R"(,"body":")" + std::string(900'000, 'x') + "\""));
  const json::Value cut = good("history", of(id));
  EXPECT_EQ(cut.at("events").as_array().size(), 5U);
  EXPECT_TRUE(json::bool_or(cut.at("events").as_array().back(), "truncated", false));
}

TEST_F(ShowTools, LongNotesAreCutInListsAndWholeByTheirName) {
  const std::string longest(600'000, 'v');
  for (const char* key : {"a", "b"}) {
    good("note", R"({"value":")" + longest + R"(","key_name":")" + key + "\"}");
  }
  good("note", R"({"value":"short","key_name":"c"})");
  const json::Value notes = good("notes", "{}");
  EXPECT_LE(json::dump(notes).size(), usual);
  EXPECT_THAT(each(notes, "entries", "key"), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(json::bool_or(notes, "truncated", false));
  EXPECT_EQ(number(notes.at("entries").as_array()[0], "value_bytes"), 600'000);
  EXPECT_EQ(number(notes, "total"), 3);
  EXPECT_THAT(each(good("notes", R"({"key":"a"})"), "entries", "value"), ElementsAre(longest));
  EXPECT_THAT(each(good("notes", R"({"offset":2})"), "entries", "value"), ElementsAre("short"));
}

TEST_F(ShowTools, AFoundPlaceIsShortHoweverLongItsLineIs) {
  create("Hay", R"(,"body":"first )" + std::string(500'000, 'q') + R"( haystack end")");
  const json::Value found = good("search", R"({"query":"haystack"})");
  EXPECT_LE(json::dump(found).size(), 1000U);
  EXPECT_THAT(each(found, "issues", "snippet"), ElementsAre(HasSubstr("**haystack** end")));
}

// Digits of ids are no words: every sixteenth issue would have each.
TEST_F(ShowTools, ASearchForAShortWordFindsNoIds) {
  for (int i = 0; i < 30; ++i) create("Title");
  create("Written in C");
  for (const char* word : {"a", "c", "d", "e", "7"}) {
    const json::Value answer = good("search", R"({"query":")" + std::string(word) + R"("})");
    EXPECT_LE(number(answer, "total"), 1) << word;
  }
  EXPECT_THAT(each(good("search", R"({"query":"C"})"), "issues", "title"),
              ElementsAre("Written in C"));
}

TEST_F(ShowTools, AnIdIsFoundFirst) {
  const std::string id = create("One");
  for (const std::size_t digits : {4U, 8U, 9U, 32U}) {
    const json::Value answer = good("search", R"({"query":")" + id.substr(0, digits) + R"("})");
    EXPECT_THAT(each(answer, "issues", "title"), ElementsAre("One")) << digits;
    EXPECT_EQ(number(answer, "total"), 1);
  }
  create("Two", R"(,"body":"see )" + id.substr(0, 8) + R"(")");
  const std::string query = R"({"query":")" + id.substr(0, 8) + "\"";
  EXPECT_THAT(each(good("search", query + "}"), "issues", "title"), ElementsAre("One", "Two"));
  const json::Value first = good("search", query + R"(,"limit":1})");
  EXPECT_THAT(each(first, "issues", "title"), ElementsAre("One"));
  EXPECT_EQ(number(first, "total"), 2);
  EXPECT_TRUE(json::bool_or(first, "truncated", false));
  good("close", of(id));
  EXPECT_THAT(each(good("search", query + R"(,"state":"open"})"), "issues", "title"),
              ElementsAre("Two"));
}

TEST(TextRoom, TextsAreCutBetweenCharacters) {
  EXPECT_EQ(wire::size_in_json("a\n\x01\"é"), json::quoted("a\n\x01\"é").size());
  EXPECT_EQ(wire::fitted("ééé", 8), "ééé");
  EXPECT_EQ(wire::fitted("éééé", 8), "é…");
  EXPECT_EQ(wire::fitted("\n\n\n\n", 9), "\n\n…");
  EXPECT_EQ(wire::fitted("abc", 0), "…");
}

}  // namespace
}  // namespace hearth::packs::issues
