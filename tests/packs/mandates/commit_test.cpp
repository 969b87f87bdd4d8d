// Commits: what is decided, shown, judged and made of files as they are.
#include "packs/mandates/commit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "json/json.hpp"
#include "packs/mandates/actor_fixture.hpp"
#include "packs/mandates/engine/effects.hpp"
#include "packs/mandates/proposal_text.hpp"

namespace hearth::packs::mandates {
namespace {

using testing::HasSubstr;
using Word = Judgement::Word;

TEST_F(SandboxedActor, CommitsToABranchAndLeavesTheRestAlone) {
  test::write_file(path("greeting.txt"), "hello\n");
  test::write_file(path("run.sh"), "#!/bin/sh\n");
  ::chmod(path("run.sh").c_str(), 0755);
  const std::string head = git({"rev-parse", "HEAD"});
  const Intent intent = prepared(commit_step("hearth/greeting", R"(["greeting.txt","run.sh"])"));
  EXPECT_EQ(actor_->judge(context(), intent).word, Word::ask);
  EXPECT_EQ(recover(intent, standing(intent)), Recover::retry);
  ASSERT_EQ(perform(intent), End::done) << said_;
  EXPECT_EQ(recover(intent, standing(intent)), Recover::done);
  EXPECT_EQ(git({"show", "hearth/greeting:greeting.txt"}), "hello\n");
  EXPECT_THAT(git({"ls-tree", "hearth/greeting"}), HasSubstr("100755 blob"));
  EXPECT_EQ(git({"rev-parse", "HEAD"}), head);
  EXPECT_EQ(git({"rev-list", "--count", "main..hearth/greeting"}), "1\n");
  // Somebody else's commit on top of it: a person looks.
  git({"branch", "-f", "hearth/greeting", "main"});
  EXPECT_EQ(recover(intent, standing(intent)), Recover::retry) << "it is where it was before";
  git({"-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "other",
       "--allow-empty"});
  git({"branch", "-f", "hearth/greeting", "main"});
  EXPECT_EQ(recover(intent, standing(intent)), Recover::needs_review);
  EXPECT_EQ(perform(intent), End::failed) << "the branch has moved";
}

TEST_F(SandboxedActor, CommitsThatAFileIsGone) {
  std::filesystem::remove(path("greeting.txt"));
  const Intent intent = prepared(commit_step("hearth/less"));
  ASSERT_EQ(perform(intent), End::done) << said_;
  EXPECT_EQ(git({"ls-tree", "hearth/less"}), "");
}

TEST_F(SandboxedActor, CommitsNothingThatIsNotThereOrNotChanged) {
  EXPECT_EQ(refused(commit_step("hearth/typo", R"(["grething.txt"])")), Errc::not_found);
  EXPECT_EQ(refused(commit_step("hearth/same")), Errc::invalid_args);
  test::write_file(path("new.txt"), "new\n");
  ASSERT_EQ(perform(prepared(commit_step("hearth/same", R"(["greeting.txt","new.txt"])"))),
            End::done)
      << said_;
}

// git hears of paths in a stream of lines, in which a name could say more than a name.
TEST_F(SandboxedActor, APathSaysNothingElseToGit) {
  const std::string head = git({"rev-parse", "main"}).substr(0, 40);
  for (const std::string& name : {std::string("\".github\""), std::string("a \"b\\c\".txt")}) {
    test::write_file(path(name), "text\n");
    const Intent intent = prepared(commit_step("hearth/quotes-" + std::to_string(name.size()),
                                               "[" + json::quoted(name) + "]"));
    ASSERT_EQ(perform(intent), End::done) << said_;
    EXPECT_EQ(git({"-c", "core.quotePath=false", "ls-tree", "-z", "--name-only",
                   "hearth/quotes-" + std::to_string(name.size())}),
              name + std::string("\0", 1) + "greeting.txt" + std::string("\0", 1));
  }
  const std::string odd = "d\nM 100644 inline .github";
  test::write_file(path(odd), "text\n");
  EXPECT_EQ(refused(commit_step("hearth/lines", "[" + json::quoted(odd) + "]")),
            Errc::invalid_args);
  // Nor can the workspace's own.
  std::filesystem::create_directory(path("d\ndata 0\n\ncommit refs"));
  spec_.workspace = path("d\ndata 0\n\ncommit refs");
  spec_.root = path("").substr(0, path("").size() - 1);
  test::write_file(spec_.workspace + "/greeting.txt", "text\n");
  EXPECT_EQ(refused(commit_step("hearth/lines")), Errc::unsupported);
  EXPECT_EQ(git({"rev-parse", "main"}).substr(0, 40), head);
}

TEST_F(SandboxedActor, CommitsNoFileThatHoldsASecret) {
  test::write_file(scratch_ / "token", "tok-7f3a9c51\n");
  settings_.secrets = {
      {.name = "token", .source = {.environment = {}, .file = scratch_ / "token", .command = {}}}};
  open();
  ASSERT_TRUE(bench_->learning().wait({}));
  test::write_file(path("greeting.txt"), "hello tok-7f3a9c51\n");
  EXPECT_EQ(refused(commit_step("hearth/x")), Errc::permission);
}

TEST_F(SandboxedActor, CommitsNothingThatHasChangedSince) {
  test::write_file(path("greeting.txt"), "hello\n");
  const Intent intent = prepared(commit_step("hearth/late"));
  test::write_file(path("greeting.txt"), "bye\n");
  EXPECT_EQ(perform(intent), End::failed);
}

TEST_F(SandboxedActor, RefusesOtherBranchesAndFilesOfGit) {
  for (const char* const branch : {"main", "hearth/", "hearth/../main", "hearth/a b",
                                   "hearth/x.lock", "hearth/-x/../y", "hearth//x"})
    EXPECT_EQ(refused(commit_step(branch)), Errc::invalid_args) << branch;
  EXPECT_EQ(refused(commit_step("hearth/x", R"(["../outside"])")), Errc::invalid_args);
  EXPECT_EQ(refused(commit_step("hearth/x", R"([".git/config"])")), Errc::permission);
  EXPECT_EQ(refused(commit_step("hearth/x", "[]")), Errc::invalid_args);
  git({"checkout", "-qb", "hearth/mine"});
  EXPECT_EQ(refused(commit_step("hearth/mine")), Errc::conflict) << "it is checked out";
}

// A commit goes where others fetch it from.
TEST_F(SandboxedActor, AttackCommitsOfWhatIsDeniedOrProtected) {
  spec_.commits = "auto";
  spec_.paths = {{.glob = "secret/**", .actions = {}, .scope = "deny"},
                 {.glob = "fixed/**", .actions = {"edit"}, .scope = "deny"}};
  for (const char* const each : {"secret/key.txt", "fixed/a", ".npmrc", ".circleci/config.yml",
                                 ".github/workflows/a.yml", "docs/a", "x/HEAD", "x/commondir"}) {
    std::filesystem::create_directories(std::filesystem::path(path(each)).parent_path());
    test::write_file(path(each), "x\n");
  }
  const auto word = [&](const std::string& file) {
    return judge(commit_step("hearth/x", R"(["docs/a",")" + file + R"("])")).word;
  };
  EXPECT_EQ(judge(commit_step("hearth/x", R"(["docs/a"])")).word, Word::automatic);
  EXPECT_EQ(word("secret/key.txt"), Word::deny);
  EXPECT_EQ(word("fixed/a"), Word::deny);
  EXPECT_EQ(word(".npmrc"), Word::elevate);
  EXPECT_EQ(word(".circleci/config.yml"), Word::elevate);
  EXPECT_EQ(word(".github/workflows/a.yml"), Word::elevate);
  EXPECT_EQ(word("x/HEAD"), Word::elevate);
}

TEST_F(SandboxedActor, ShowsWhatACommitChanges) {
  test::write_file(path("greeting.txt"), "hello\n");
  test::write_file(path("new.txt"), "new\n");
  test::write_file(path("empty"), "");
  test::write_file(path("picture"), std::string("\x89PNG\0", 5));
  const Intent intent =
      prepared(commit_step("hearth/x", R"(["greeting.txt","new.txt","empty","picture"])"));
  ProposalRow row;
  row.proposal.content = intent.payload;
  const std::string text = proposal_text(row).value();
  EXPECT_THAT(text, HasSubstr("edit greeting.txt\n@@ line 1 @@\n-helo\n+hello\n"));
  EXPECT_THAT(text, HasSubstr("create new.txt\n@@ line 1 @@\n+new\n"));
  EXPECT_THAT(text, HasSubstr("create empty\n\n"));
  EXPECT_THAT(text, HasSubstr("create picture\n(no text; its hash is "));
  ASSERT_EQ(perform(intent), End::done) << said_;
  EXPECT_EQ(git({"show", "hearth/x:picture"}), std::string("\x89PNG\0", 5));
}

// The repository lies elsewhere, or around the workspace.
TEST_F(SandboxedActor, CommitsFromAWorktreeAndFromADirectory) {
  git({"worktree", "add", "-q", "-b", "other", scratch_ / "tree"});
  const std::string whole = spec_.workspace;
  spec_.workspace = scratch_ / "tree";
  test::write_file(scratch_ / "tree/greeting.txt", "hello\n");
  const Intent tree = prepared(commit_step("hearth/tree"));
  ASSERT_EQ(perform(tree), End::done) << said_;
  EXPECT_EQ(git({"show", "hearth/tree:greeting.txt"}), "hello\n");
  EXPECT_EQ(recover(tree, standing(tree)), Recover::done);
  spec_.workspace = whole + "/docs";
  spec_.root = whole;
  test::write_file(path("docs/greeting.txt"), "docs\n");
  const Intent part = prepared(commit_step("hearth/part"));
  ASSERT_EQ(perform(part), End::done) << said_;
  EXPECT_EQ(git({"show", "hearth/part:docs/greeting.txt"}), "docs\n");
  EXPECT_EQ(git({"show", "hearth/part:greeting.txt"}), "helo\n");
  git({"worktree", "add", "-q", "-b", "hearth/there", scratch_ / "there"});
  EXPECT_EQ(refused(commit_step("hearth/there")), Errc::conflict) << "it is checked out";
}

// A path and a message cannot end the stream's line and add a command of their own.
TEST_F(SandboxedActor, AttackTheStreamOfACommit) {
  EXPECT_FALSE(prepare(commit_step("hearth/x", R"(["a\nM 100644 inline .git/hooks/x"])")));
  test::write_file(path("greeting.txt"), "done\nreset refs/heads/main\nfrom 0\n");
  const Intent intent = prepared(
      R"({"id":"s","kind":"commit","branch":"hearth/x","message":"x\nreset refs/heads/main\n","paths":["greeting.txt"]})");
  const std::string head = git({"rev-parse", "main"});
  ASSERT_EQ(perform(intent), End::done) << said_;
  EXPECT_EQ(git({"rev-parse", "main"}), head);
  EXPECT_EQ(git({"show", "hearth/x:greeting.txt"}), "done\nreset refs/heads/main\nfrom 0\n");
}

}  // namespace
}  // namespace hearth::packs::mandates
