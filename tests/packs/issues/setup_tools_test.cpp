// Init, and the files that tools of the pack write.
#include <gmock/gmock.h>

#include <iterator>

#include "packs/issues/issues_pack.hpp"

namespace hearth::packs::issues {
namespace {

namespace fs = std::filesystem;

using testing::EndsWith;
using testing::HasSubstr;

class SetupTools : public test::IssuesPack {
 protected:
  void stand_in(const std::string& directory) {
    options_.caller.cwd = options_.caller.project_root = directory;
  }
  [[nodiscard]] std::string agents_md() const { return repositories_.work() + "/AGENTS.md"; }
  static std::string read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Why init leaves AGENTS.md alone.
  std::string reason() { return text(good("init", "{}"), "agents_md_reason"); }
};

TEST_F(SetupTools, TheDoctorExaminesForWhoMayNotWrite) {
  create("T");
  options_.caller.read_only = true;
  EXPECT_THAT(json::dump(good("doctor", "{}")), HasSubstr("store_integrity"));
  EXPECT_EQ(bad("doctor", R"({"fix":true})").code, Errc::read_only);
}

// The client's roots say where, if its directory is in no repository.
TEST_F(SetupTools, WhoIsInNoRepositoryIsAskedForItsRoots) {
  create("of the root");
  const std::string nowhere = repositories_.directory("no repository");
  stand_in(nowhere);
  EXPECT_EQ(bad("list", "{}").code, Errc::not_found) << "a client without roots";
  for (const auto& [verb, spec] : harness_->specs()) EXPECT_TRUE(spec.asks) << verb;
  options_.askable[static_cast<std::size_t>(pack::QuestionKind::list_roots)] = true;
  for (const char* verb : {"list", "export"}) {
    const auto asked = harness_->call(verb, "{}", options_);
    ASSERT_TRUE(asked && asked->questions) << verb;
    EXPECT_EQ(asked->questions->ask.at("roots").kind, pack::QuestionKind::list_roots);
  }
  const auto tell = [&](const std::string& uri) {
    options_.answers["roots"] = R"({"roots":[{"uri":"https://x/"},{"uri":")" + uri + R"("}]})";
  };
  tell("file://" + nowhere);
  EXPECT_EQ(bad("list", "{}").code, Errc::not_found) << "asked once only";
  const std::string root = repositories_.work();
  tell("file://" + root.substr(0, root.size() - 1) + "%6b");
  EXPECT_THAT(each(good("list", "{}"), "issues", "title"), testing::ElementsAre("of the root"));
  create("by a write");
  EXPECT_EQ(number(good("list", "{}"), "total"), 2);
  stand_in("");
  EXPECT_EQ(number(good("list", "{}"), "total"), 2);
}

TEST_F(SetupTools, WhoIsInNoRepositoryHasItsFilesAndItsUpdatesFromItsRoot) {
  const std::string root = repositories_.work();
  stand_in(repositories_.directory("no repository"));
  options_.caller.session = "s1";
  options_.answers["roots"] = R"({"roots":[{"uri":"file://)" + root + R"("}]})";
  write("a.txt", "a\n");
  const std::string id = create("T");
  good("attach", R"({"id":")" + id + R"(","path":"a.txt"})");
  good("export", R"({"path":"all.json"})");
  EXPECT_TRUE(fs::exists(root + "/all.json"));
  EXPECT_EQ(bad("attach", R"({"id":")" + id + R"(","path":"/etc/passwd"})").code, Errc::permission);
  const auto audience = *harness_->context().last_audience.lock();
  ASSERT_TRUE(audience.concerns);
  EXPECT_TRUE(audience.concerns(options_.caller));
  options_.caller.session = "s2";
  EXPECT_FALSE(audience.concerns(options_.caller)) << "nobody knows where it works";
}

TEST_F(SetupTools, InitWritesIntoTheWorkTreeOfTheCaller) {
  const std::string home = repositories_.directory("others");
  (void)repositories_.directory("others/gits");
  test::git(home, {"init", "-q", "--separate-git-dir", home + "/gits/k.git", "k"});
  stand_in(home + "/k");
  EXPECT_EQ(text(good("init", "{}"), "agents_md_path"), home + "/k/AGENTS.md");
  EXPECT_FALSE(fs::exists(home + "/gits/AGENTS.md"));

  stand_in(repositories_.work());
  create("so that the store is open");
  test::git(repositories_.work(), {"commit", "-q", "--allow-empty", "-m", "c"});
  test::git(repositories_.work(), {"worktree", "add", "-q", home + "/tree"});
  stand_in(home + "/tree");
  EXPECT_EQ(text(good("init", "{}"), "agents_md_path"), home + "/tree/AGENTS.md");
  EXPECT_FALSE(fs::exists(agents_md()));

  test::git(repositories_.work(), {"push", "-q", "origin", "HEAD:refs/heads/main"});
  test::git(repositories_.remote(), {"worktree", "add", "-q", home + "/of-bare", "main"});
  stand_in(home + "/of-bare");
  EXPECT_EQ(text(good("init", "{}"), "agents_md_path"), home + "/of-bare/AGENTS.md");
  stand_in(repositories_.remote());
  EXPECT_THAT(reason(), HasSubstr("bare"));
}

TEST_F(SetupTools, InitKeepsTheModeOfAgentsMdAndFollowsALinkWithinTheProject) {
  write("CLAUDE.md", "# Mine\n");
  fs::permissions(repositories_.work() + "/CLAUDE.md",
                  fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("CLAUDE.md", agents_md());
  EXPECT_THAT(text(good("init", "{}"), "agents_md_path"), EndsWith("/CLAUDE.md"));
  EXPECT_TRUE(fs::is_symlink(agents_md()));
  EXPECT_THAT(read(agents_md()), HasSubstr("# Mine\n\n<!-- hearth:issues:begin"));
  EXPECT_EQ(fs::status(agents_md()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(SetupTools, InitLeavesAgentsMdAloneWhereItWouldLoseSomething) {
  const std::string outside = repositories_.directory("elsewhere") + "/AGENTS.md";
  std::ofstream(outside) << "theirs";
  fs::create_symlink(outside, agents_md());
  EXPECT_THAT(reason(), HasSubstr("link"));
  EXPECT_EQ(read(outside), "theirs");
  fs::remove(agents_md());
  fs::create_symlink("nowhere", agents_md());
  EXPECT_THAT(reason(), HasSubstr("link"));
  fs::remove(agents_md());
  write("AGENTS.md", std::string((4U << 20) + 1, 'x'));
  EXPECT_THAT(reason(), HasSubstr("larger"));
  EXPECT_EQ(fs::file_size(agents_md()), (4U << 20) + 1);
}

TEST_F(SetupTools, NothingIsWrittenIntoAGitDirectory) {
  const std::string id = create("T");
  write("a.txt", "bytes");
  good("attach", R"({"id":")" + id + R"(","path":"a.txt"})");
  const auto save = [&](const std::string& to) {
    return R"({"id":")" + id + R"(","name":"a.txt","to":")" + to + R"("})";
  };
  for (const char* path : {".git/config2", ".git/hooks/post-checkout", "./.git/x", ".git"}) {
    EXPECT_NE(bad("attachment_save", save(path)).code, Errc::internal) << path;
    EXPECT_NE(bad("export", std::string(R"({"path":")") + path + R"("})").code, Errc::internal);
  }
  EXPECT_FALSE(fs::exists(repositories_.work() + "/.git/config2"));
  good("attachment_save", save("b.txt"));
  stand_in(repositories_.remote());
  EXPECT_EQ(bad("export", R"({"path":"hooks/post-update"})").code, Errc::permission);
}

}  // namespace
}  // namespace hearth::packs::issues
