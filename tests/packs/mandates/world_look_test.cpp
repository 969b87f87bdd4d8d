#include "packs/mandates/world_look.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "packs/mandates/bench_fixture.hpp"
#include "packs/mandates/decision.hpp"
#include "packs/mandates/workspace/content_hash.hpp"
#include "packs/mandates/workspace/root.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class WorldLook : public BenchTest {
 protected:
  WorldLook() { bench_.emplace(context_, Settings{}); }
  // A look that goes on from the one before.
  std::vector<std::string> look(const Watched& watched, std::vector<OwnEffect> own = {}) {
    // As if a day had passed, so that no time of a file counts as just now.
    const auto seen = look_at_world(*bench_, "default",
                                    {.watched = watched,
                                     .mandate = "m",
                                     .workspace = root_.path(),
                                     .now = context_.clock().wall() + hours(24),
                                     .last = last_,
                                     .own = std::move(own)},
                                    {});
    EXPECT_TRUE(seen) << seen.error().message;
    if (!seen || !*seen) return {"later"};
    last_ = Seen{1, (*seen)->looked - hours(24), (*seen)->marks};
    unclear_ = (*seen)->unclear;
    return (*seen)->causes;
  }
  void write(const std::string& name, const std::string& text) {
    test::write_file(path(name), text);
  }
  // As the actor stores it.
  OwnEffect own_change(const std::string& name, const std::string& after) {
    const Deed deed{.kind = "change",
                    .mandate = "m",
                    .workspace = root_.path(),
                    .files = {{.action = after.empty() ? "remove" : "edit",
                               .path = name,
                               .to = {},
                               .before_hash = "x",
                               .after_hash = after.empty() ? "" : workspace::content_hash(after)}}};
    return {.kind = "change", .target = name, .payload = deed_text(deed), .output = {}};
  }
  void list(const std::string& tool, std::vector<std::string> answers) {
    auto left = std::make_shared<std::vector<std::string>>(std::move(answers));
    context_.tools[tool] = {.annotations = {.read_only = true},
                            .answer = [left](const std::string&) -> Result<pack::Reply> {
                              pack::Reply reply{.structured = left->front()};
                              if (left->size() > 1) left->erase(left->begin());
                              return reply;
                            }};
  }

  const workspace::Root root_ = workspace::Root::open(path("")).value();
  std::optional<Workbench> bench_;
  std::optional<Seen> last_;
  std::int64_t unclear_ = 0;
  const Watched files_{.what = Watched::What::files, .words = {"docs/**", "*.txt"}};
  const Watched label_{.what = Watched::What::label, .words = {"bug"}};
  const Watched entries_{.what = Watched::What::entries, .words = {"decision"}};
};

TEST_F(WorldLook, FilesThatChangeComeAndGo) {
  EXPECT_THAT(look(files_), IsEmpty()) << "what was there has not happened";
  EXPECT_THAT(look(files_), IsEmpty());
  write("greeting.txt", "hello\n");
  write("docs/a.md", "a");
  write("unrelated.md", "x");
  EXPECT_THAT(look(files_), ElementsAre("changed docs/a.md, greeting.txt"));
  EXPECT_THAT(look(files_), IsEmpty());
  // Written again, and the same.
  write("docs/a.md", "a");
  EXPECT_THAT(look(files_), IsEmpty());
  std::filesystem::remove(path("docs/a.md"));
  EXPECT_THAT(look(files_), ElementsAre("changed docs/a.md"));
  // Also where a file takes the place of the directory, by name.
  const Watched named{.what = Watched::What::files, .words = {"docs/deep/a.md"}};
  last_.reset();
  std::filesystem::create_directory(path("docs/deep"));
  write("docs/deep/a.md", "a");
  (void)look(named);
  std::filesystem::remove_all(path("docs/deep"));
  write("docs/deep", "x");
  EXPECT_THAT(look(named), ElementsAre("changed docs/deep/a.md"));
  last_.reset();
  (void)look(files_);
  for (int i = 0; i < 7; ++i) write("docs/" + std::to_string(i), "x");
  EXPECT_THAT(look(files_), ElementsAre(HasSubstr("docs/4 and 2 more")));
}

// A name is cut, and a part of a secret would not be known as one.
TEST_F(WorldLook, NamesHoldNoPartOfASecret) {
  secrets::Redactor redactor = bench_->redactor();
  redactor.add("token", "tok7f3a9c51");
  (void)look(files_);
  const std::string name = "docs/" + std::string(110, 'x') + "tok7f3a9c51.md";
  write(name, "x");
  const auto causes = look(files_);
  ASSERT_EQ(causes.size(), 1U);
  EXPECT_THAT(causes[0], testing::Not(HasSubstr("tok7")));
}

TEST_F(WorldLook, WhatAMandateChangedItselfHasNotHappened) {
  (void)look(files_);
  write("greeting.txt", "hello\n");
  EXPECT_THAT(look(files_, {own_change("greeting.txt", "hello\n")}), IsEmpty());
  // A person who writes something else after it is seen.
  write("greeting.txt", "good day\n");
  EXPECT_THAT(look(files_, {own_change("greeting.txt", "hello\n")}),
              ElementsAre("changed greeting.txt"));
  std::filesystem::remove(path("greeting.txt"));
  EXPECT_THAT(look(files_, {own_change("greeting.txt", "")}), IsEmpty());
}

TEST_F(WorldLook, WhatACommandOfAMandateWroteIsToldByItsTime) {
  (void)look(files_);
  const Deed deed{.kind = "command",
                  .mandate = "m",
                  .workspace = root_.path(),
                  .words = {"make"},
                  .writes = true};
  const WallTime now = context_.clock().wall();
  OwnEffect made{.kind = "command",
                 .target = "make",
                 .payload = deed_text(deed),
                 .output = {},
                 .is_open = false,
                 .from = now,
                 .to = now + hours(1)};
  write("docs/built", "x");
  EXPECT_THAT(look(files_, {made}), IsEmpty());
  EXPECT_EQ(unclear_, 1) << "it may have been a person, and is not lost";
  made.from = now - hours(2);
  made.to = now - hours(1);
  write("docs/built", "y");
  EXPECT_THAT(look(files_, {made}), ElementsAre("changed docs/built"));
}

TEST_F(WorldLook, LinksAndWhatIsOutsideAreNotFollowed) {
  std::filesystem::create_symlink("/etc", path("docs/etc"));
  std::filesystem::create_symlink("/etc/passwd", path("docs/passwd"));
  (void)look(files_);
  ASSERT_TRUE(last_);
  EXPECT_THAT(last_->marks, SizeIs(1));
}

TEST_F(WorldLook, IssuesThatGetALabel) {
  list("issues_list", {R"({"issues":[{"issue_id":"aa","title":"old"}],"total":1})",
                       R"({"issues":[{"issue_id":"aa"},{"issue_id":"bb","title":"It\nfails"}]})",
                       R"({"issues":[{"issue_id":"bb"}],"truncated":true})",
                       R"({"issues":[{"issue_id":"cc","title":"Too"}]})",
                       R"({"issues":[{"issue_id":"aa","title":"old"},{"issue_id":"dd"}]})"});
  EXPECT_THAT(look(label_), IsEmpty());
  EXPECT_THAT(look(label_), ElementsAre("labelled bug: bb It fails"));
  EXPECT_THAT(look(label_), ElementsAre("labelled bug: cc Too")) << "over two pages";
  EXPECT_EQ(context_.calls.back().caller->cwd, root_.path());
  EXPECT_TRUE(context_.calls.back().caller->read_only);
  // One that lost the label has it again; the other one was made by a mandate.
  const OwnEffect own{
      .kind = "tool", .target = "issues_create", .payload = "{}", .output = R"({"issue_id":"dd"})"};
  EXPECT_THAT(look(label_, {own}), ElementsAre("labelled bug: aa old"));
}

TEST_F(WorldLook, WaitsForAnIssueThatIsBeingMade) {
  list("issues_list", {R"({"issues":[]})"});
  const OwnEffect open{
      .kind = "tool", .target = "issues_create", .payload = "{}", .output = {}, .is_open = true};
  EXPECT_THAT(look(label_, {open}), ElementsAre("later"));
  EXPECT_THAT(look(files_, {open}), IsEmpty());
}

TEST_F(WorldLook, EntriesThatAreNew) {
  const auto entry = [&](const std::string& id, std::chrono::milliseconds ago) {
    return R"({"id":")" + id + R"(","title":"T","created_at":")" +
           format_rfc3339(context_.clock().wall() - ago) + "\"}";
  };
  list("knowledge_list", {R"({"entries":[)" + entry("a", minutes(1)) + "]}",
                          R"({"entries":[)" + entry("b", minutes(0)) + "," +
                              entry("a", minutes(1)) + "," + entry("changed", hours(90)) + "]}"});
  last_ = Seen{0, context_.clock().wall(), {{"a", ""}}};
  EXPECT_THAT(look(entries_), IsEmpty());
  EXPECT_THAT(look(entries_), ElementsAre("remembered decision: b T"));
}

TEST_F(WorldLook, SaysWhatCannotBeSeen) {
  const auto refused = [&](const Watched& watched, const std::string& workspace) {
    const auto seen = look_at_world(*bench_, "default",
                                    {.watched = watched,
                                     .mandate = "m",
                                     .workspace = workspace,
                                     .now = context_.clock().wall(),
                                     .last = {},
                                     .own = {}},
                                    {});
    return seen ? Errc::internal : seen.error().code;
  };
  EXPECT_EQ(refused(files_, path("nothing")), Errc::not_found);
  // One that cannot be looked at, here for the length of its name, is not one that is gone.
  EXPECT_EQ(refused({.what = Watched::What::files, .words = {std::string(300, 'x')}}, root_.path()),
            Errc::io);
  list("issues_list", {"[]"});
  EXPECT_EQ(refused(label_, root_.path()), Errc::damaged);
}

}  // namespace
}  // namespace hearth::packs::mandates
