// What the peer gets wrong and tools show, one test each; the others stand beside what they test.
#include <gmock/gmock.h>

#include <cctype>
#include <iterator>

#include "packs/issues/engine/event_codec.hpp"
#include "packs/issues/engine/symbols/extract.hpp"
#include "packs/issues/engine/wal.hpp"
#include "packs/issues/issues_pack.hpp"

namespace hearth::packs::issues {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class GriteDefects : public test::IssuesPack {
 protected:
  static std::string of(const std::string& id) { return R"({"id":")" + id + R"("})"; }
  std::vector<std::string> titles(std::string_view request) {
    return each(good("list", request), "issues", "title");
  }
  // As another program would write it into the log; whether it came to be its head.
  bool append(const Event& event) const {
    auto repository = Repository::open(repositories_.work(), {.is_power_safe = false}).value();
    const auto head = *repository->read_reference(wal_reference).value();
    const auto commit = write_wal_commit(*repository, {.actor = {},
                                                       .events = std::span(&event, 1),
                                                       .parents = {head},
                                                       .previous = head,
                                                       .calls = {},
                                                       .time = {}})
                            .value();
    auto held = repository->lock().value();
    return repository->update_reference(held, wal_reference, head, commit).value();
  }
};

TEST_F(GriteDefects, D08WorktreesBareAndSubmodulesAndSeparateGitDirectoriesWork) {
  create("here");
  test::git(repositories_.work(), {"commit", "-q", "--allow-empty", "-m", "c"});
  test::git(repositories_.work(), {"worktree", "add", "-q", "../tree"});
  options_.caller.cwd = repositories_.work() + "/../tree";
  EXPECT_THAT(titles("{}"), ElementsAre("here"));
  create("from the worktree");
  options_.caller.cwd = repositories_.remote();
  create("in a bare one");
  EXPECT_THAT(titles("{}"), ElementsAre("in a bare one"));
  const std::string home = repositories_.directory("others");
  test::git(home, {"init", "-q", "--separate-git-dir", home + "/git", "work"});
  options_.caller.cwd = home + "/work";
  create("git elsewhere");
  EXPECT_THAT(titles("{}"), ElementsAre("git elsewhere"));
  test::git(repositories_.work(), {"-c", "protocol.file.allow=always", "submodule", "--quiet",
                                   "add", repositories_.work(), "sub"});
  options_.caller.cwd = repositories_.work() + "/sub";
  EXPECT_THAT(titles("{}"), IsEmpty());
  create("of the submodule");
  options_.caller.cwd = repositories_.work();
  EXPECT_THAT(titles("{}"), ElementsAre("here", "from the worktree"));
}

TEST_F(GriteDefects, D08ARepositoryMadeInsideOfAnotherOneIsOfItsOwn) {
  options_.caller.cwd = repositories_.directory("work/inner");
  create("outer");
  test::git(options_.caller.cwd, {"init", "-q"});
  create("inner");
  EXPECT_THAT(titles("{}"), ElementsAre("inner"));
  std::filesystem::remove_all(options_.caller.cwd + "/.git");
  EXPECT_THAT(titles("{}"), ElementsAre("outer"));
  test::git(options_.caller.cwd, {"init", "-q"});
  EXPECT_THAT(titles("{}"), IsEmpty());
  create("made again");
  EXPECT_THAT(titles("{}"), ElementsAre("made again"));
}

TEST_F(GriteDefects, D10WhatBlocksComesFirstAndCirclesAreFoundOverAllTypes) {
  const std::string blocked = create("blocked");
  const std::string blocker = create("blocker");
  good("dep_add", R"({"type":"blocks","id":")" + blocker + R"(","target":")" + blocked + R"("})");
  EXPECT_THAT(each(good("dep_topo", "{}"), "issues", "title"), ElementsAre("blocker", "blocked"));
  EXPECT_EQ(bad("dep_add", R"({"id":")" + blocker + R"(","target":")" + blocked + R"("})").code,
            Errc::conflict);
}

TEST_F(GriteDefects, D11AFileTakesNothingFromOneWhosePathEndsAlike) {
  if (!has_symbols()) GTEST_SKIP() << "built without grammars";
  track("lib.rs", "fn inner() {}");
  track("x/lib.rs", "fn outer() {}");
  good("context_index", "{}");
  write("lib.rs", "fn changed() {}");
  EXPECT_EQ(number(good("context_index", "{}"), "indexed"), 1);
  EXPECT_THAT(each(good("context_query", R"({"query":"outer"})"), "matches", "path"),
              ElementsAre("x/lib.rs"));
}

TEST_F(GriteDefects, D12WhatDoesNotHaveItsDigestIsFoundAndLeftOut) {
  create("true");
  Event forged;
  forged.kind = IssueCreated{"forged", "", {}};
  forged.id.bytes.fill(7);
  ASSERT_TRUE(append(forged));
  EXPECT_THAT(titles("{}"), ElementsAre("true"));
  const json::Value found = good("verify", "{}");
  EXPECT_EQ(number(found, "error_count"), 1);
  EXPECT_FALSE(json::bool_or(found, "good", true));
  EXPECT_THAT(json::dump(found), HasSubstr("does not have the id of its content"));
}

TEST_F(GriteDefects, D13ExportsSinceAnEventOrATimeHaveWhatCameAfter) {
  const json::Value first = good("create", R"({"title":"first"})");
  create("second");
  const std::string since = R"("since":")" + text(first, "event_id") + R"("})";
  EXPECT_EQ(number(good("export", R"({"format":"json",)" + since), "event_count"), 1);
  for (const std::string format : {"md", "csv"}) {
    const json::Value answer = good("export", R"({"format":")" + format + R"(",)" + since);
    EXPECT_THAT(text(answer, "text"), HasSubstr("second")) << format;
  }
  EXPECT_EQ(number(good("export", R"({"format":"json","since":"7d"})"), "event_count"), 2);
}

TEST_F(GriteDefects, D14ShowHasTextsAndListsFilterSortAndEnd) {
  const std::string id = create("b", R"(,"body":"the text","label":["x","y"],"assignee":["ann"])");
  create("a", R"(,"label":["x"])");
  good("comment", R"({"body":"a remark","id":")" + id + R"("})");
  const std::string shown = json::dump(good("show", of(id.substr(0, 8))));
  EXPECT_THAT(shown, HasSubstr("the text"));
  EXPECT_THAT(shown, HasSubstr("a remark"));
  EXPECT_THAT(titles(R"({"label":["x","y"]})"), ElementsAre("b"));
  EXPECT_THAT(titles(R"({"assignee":"ann"})"), ElementsAre("b"));
  EXPECT_THAT(titles(R"({"sort":"title","limit":1})"), ElementsAre("a"));
  EXPECT_EQ(bad("list", R"({"state":"ajar"})").code, Errc::invalid_args);
}

TEST_F(GriteDefects, WritesThatChangeNothingNameTheIssueByItsWholeId) {
  const std::string id = create("T", R"(,"label":["a"])");
  const std::string prefix = R"("id":")" + id.substr(0, 8) + R"("})";
  for (const auto& [verb, arguments] : std::initializer_list<std::pair<const char*, const char*>>{
           {"reopen", "{"}, {"label", R"({"add":["a"],)"}, {"assign", R"({"remove":["ann"],)"}}) {
    const json::Value answer = good(verb, arguments + prefix);
    EXPECT_EQ(text(answer, "issue_id"), id) << verb;
    EXPECT_EQ(number(answer, "events"), 0) << verb;
  }
  EXPECT_EQ(number(good("label", R"({"add":["z","z"],)" + prefix), "events"), 1);
  EXPECT_EQ(number(good("label", R"({"remove":["z","z"],)" + prefix), "events"), 1);
}

TEST_F(GriteDefects, ATitleIsOneLine) {
  const std::string id = create("one");
  for (const auto& [verb, request] :
       {std::pair{"create", std::string(R"({"title":"two\nlines"})")},
        std::pair{"update", R"({"title":"two\tparts","id":")" + id + "\"}"}}) {
    const Error error = bad(verb, request);
    EXPECT_EQ(error.code, Errc::invalid_args);
    EXPECT_THAT(error.message, testing::HasSubstr("one line"));
  }
}

TEST_F(GriteDefects, ATitleHasMoreThanBlanks) {
  const std::string id = create("one");
  EXPECT_EQ(bad("create", R"({"title":"  "})").code, Errc::invalid_args);
  EXPECT_EQ(bad("create", R"({"issues":[{"title":" "}]})").code, Errc::invalid_args);
  EXPECT_EQ(bad("update", R"({"title":" ","id":")" + id + "\"}").code, Errc::invalid_args);
}

TEST_F(GriteDefects, AnUnknownIdMakesNoActor) {
  const std::string nobody(32, 'a');
  EXPECT_EQ(bad("create", R"({"title":"one","actor":")" + nobody + "\"}").code, Errc::not_found);
  EXPECT_THAT(each(good("actors", "{}"), "actors", "label"), IsEmpty());
  create("one", R"(,"actor":"aaaa")");
  EXPECT_THAT(each(good("actors", "{}"), "actors", "label"), ElementsAre("aaaa"));
}

// Another program has written it: lists must stay readable.
TEST_F(GriteDefects, AVeryLongTitleIsCutInEveryAnswer) {
  create("short");
  Event large;
  large.issue.bytes.fill(7);
  large.ts_ms = 1;
  large.kind = IssueCreated{std::string(5'000'000, 'x'), "", {std::string(1'000'000, 'l')}};
  seal(large);
  ASSERT_TRUE(append(large));
  for (const char* verb : {"list", "ready", "dep_topo"}) {
    const std::string answer = json::dump(good(verb, "{}"));
    EXPECT_LT(answer.size(), 10'000U) << verb;
    EXPECT_THAT(answer, HasSubstr("short")) << verb;
  }
  const json::Value shown = good("show", of(hex_of(large.issue))).at("issue");
  EXPECT_TRUE(text(shown, "title").ends_with("x…"));
  EXPECT_TRUE(json::bool_or(shown, "truncated", false));
}

TEST_F(GriteDefects, NamesAreOneLineAndSomething) {
  const std::string id = create("T");
  for (const std::string name : {"", "a\nb", "a\tb"}) {
    const std::string quoted = json::quoted(name);
    EXPECT_EQ(bad("assign", R"({"add":[)" + quoted + R"(],"id":")" + id + "\"}").code,
              Errc::invalid_args);
    EXPECT_EQ(bad("label", R"({"add":[)" + quoted + R"(],"id":")" + id + "\"}").code,
              Errc::invalid_args);
    for (const char* member : {"assignee", "label"}) {
      EXPECT_EQ(
          bad("create", R"({"title":"T",")" + std::string(member) + "\":[" + quoted + "]}").code,
          Errc::invalid_args);
    }
    EXPECT_EQ(bad("create", R"({"title":"T","type":)" + quoted + "}").code, Errc::invalid_args);
  }
  EXPECT_EQ(bad("claim", R"({"resource":"path:a\nb"})").code, Errc::invalid_args);
}

TEST_F(GriteDefects, ADependencyOnAnIssueThatIsNotHereCanBeRemoved) {
  const std::string id = create("T");
  const std::string gone(32, 'a');
  Event event;
  event.issue = *id_of_hex<IssueId>(id);
  event.ts_ms = 1;
  event.kind = DependencyAdded{*id_of_hex<IssueId>(gone), DependencyType::depends_on};
  seal(event);
  ASSERT_TRUE(append(event));
  const json::Value removed = good("dep_remove", R"({"target":"aaaaaaaa","id":")" + id + "\"}");
  EXPECT_EQ(text(removed, "target"), gone);
  EXPECT_TRUE(good("show", of(id)).at("issue").at("dependencies").as_array().empty());
}

TEST_F(GriteDefects, ARefusedWriteMakesNoActor) {
  create("T");
  EXPECT_EQ(bad("create", R"({"title":"a\nb","actor":"new"})").code, Errc::invalid_args);
  EXPECT_EQ(good("actors", "{}").at("actors").as_array().size(), 1U);
  create("U", R"(,"actor":"new")");
  EXPECT_EQ(good("actors", "{}").at("actors").as_array().size(), 2U);
}

TEST_F(GriteDefects, TextIsFoundWhateverItsLetterCase) {
  create("Über die Größe");
  for (const char* text : {"über", "ÜBER", "GRÖSSE", "die"})
    EXPECT_EQ(titles(R"({"text":)" + json::quoted(text) + "}").size(), 1U) << text;
  EXPECT_THAT(titles(R"({"text":"ä"})"), IsEmpty());
}

TEST_F(GriteDefects, IdsMayBeGivenInCapitals) {
  const std::string id = create("T");
  std::string comment = text(good("comment", R"({"body":"b","id":")" + id + R"("})"), "event_id");
  std::ranges::transform(comment, comment.begin(), [](unsigned char c) { return std::toupper(c); });
  good("comment", R"({"body":"c","edit":")" + comment + R"(","id":")" + id + R"("})");
}

TEST_F(GriteDefects, AnActorIsFoundByTheNameThatItWasMadeUnder) {
  for (int i = 0; i < 3; ++i) create("T", R"(,"actor":"a\"b")");
  EXPECT_THAT(each(good("actors", "{}"), "actors", "label"), ElementsAre("ab"));
  EXPECT_EQ(bad("create", R"({"title":"T","actor":"\""})").code, Errc::invalid_args);
}

// A name that would silently become another one.
TEST_F(GriteDefects, ANameOfAnActorIsOneLine) {
  for (const std::string name : {"a\nb", "a\tb", "\x7f"}) {
    const std::string quoted = json::quoted(name);
    const Error refused = bad("create", R"({"title":"T","actor":)" + quoted + "}");
    EXPECT_EQ(refused.code, Errc::invalid_args);
    EXPECT_THAT(refused.message, HasSubstr("one line"));
    EXPECT_EQ(bad("actor_create", R"({"label":)" + quoted + "}").code, Errc::invalid_args);
  }
  EXPECT_THAT(each(good("actors", "{}"), "actors", "label"), IsEmpty());
}

TEST_F(GriteDefects, FieldsAreNamedOneByOne) {
  const Error refused = bad("list", R"({"fields":["title,state"]})");
  EXPECT_THAT(refused.suggestions, ElementsAre("several: repeat --fields"));
  EXPECT_THAT(bad("list", R"({"fields":["titel"]})").suggestions, IsEmpty());
}

TEST_F(GriteDefects, ChoosingAnActorChangesOneLineOfItsFile) {
  const std::string id = text(good("actor_create", "{}"), "actor_id");
  write(".git/grite/config.toml",
        "default_actor_note = \"n\"\ndefault_actor = \"x\"\n[t]\ndefault_actor = \"t\"\n");
  good("actor_use", R"({"id":")" + id + R"("})");
  std::ifstream file(repositories_.work() + "/.git/grite/config.toml");
  EXPECT_EQ(
      std::string(std::istreambuf_iterator<char>(file), {}),
      "default_actor_note = \"n\"\ndefault_actor = \"" + id + "\"\n[t]\ndefault_actor = \"t\"\n");
}

}  // namespace
}  // namespace hearth::packs::issues
