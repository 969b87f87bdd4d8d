#include "packs/mandates/workspace/guarded_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "packs/mandates/sandbox_fixture.hpp"
#include "support/process.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A repository with one commit.
class GuardedCommand : public testing::Test {
 protected:
  void SetUp() override {
    HEARTH_NEEDS_SANDBOX();
    std::filesystem::create_directories(path(".github/workflows"));
    test::write_file(path("file"), "one\n");
    test::write_file(path(".github/workflows/ci.yml"), "ci\n");
    root_.emplace(*Root::open(scratch_ / "w"));
    const auto made =
        test::run({.words = {"/bin/sh", "-c",
                             "git init -q -b main . && git add . && "
                             "git -c user.name=t -c user.email=t@example.org commit -qm first"},
                   .environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", scratch_.path()}},
                   .cwd = scratch_ / "w"},
                  std::chrono::seconds(60));
    ASSERT_EQ(made.exit_code, 0) << made.describe();
  }
  [[nodiscard]] std::string path(const std::string& below) const {
    return scratch_ / ("w/" + below);
  }
  [[nodiscard]] GuardedOutcome run(const std::string& script) {
    auto outcome =
        run_guarded(**test_sandbox(), *root_, {.words = {"sh", "-c", script}, .limits = limits()});
    if (outcome) return *outcome;
    ADD_FAILURE() << outcome.error().message;
    return {};
  }
  [[nodiscard]] GuardedOutcome git(std::vector<std::string> arguments) {
    sandbox::Plan plan;
    plan.limits = limits();
    auto outcome = run_git(**test_sandbox(), *root_, std::move(arguments), std::move(plan));
    if (outcome) return *outcome;
    ADD_FAILURE() << outcome.error().message;
    return {};
  }
  static sandbox::Limits limits() { return {.time = std::chrono::seconds(60)}; }

  test::ScratchDirectory scratch_{"guarded"};
  std::optional<Root> root_;
};

TEST_F(GuardedCommand, AttackHookAndCiEdits) {
  for (const char* const attack : {"echo x > .git/hooks/pre-commit", "echo x >> .git/config",
                                   "git config core.fsmonitor /tmp/x", "mv .git other",
                                   "rm -rf .git/hooks", "echo x > .github/workflows/ci.yml",
                                   "mv .github/workflows x", "rm .github/workflows/ci.yml"}) {
    const GuardedOutcome outcome = run(attack);
    EXPECT_FALSE(outcome.outcome.is_success()) << attack;
    EXPECT_THAT(outcome.removed, IsEmpty());
  }
  EXPECT_EQ(test::read_file(path(".github/workflows/ci.yml")), "ci\n");
  EXPECT_FALSE(std::filesystem::exists(path(".git/hooks/pre-commit")));
}

TEST_F(GuardedCommand, AttackNewProtectedFiles) {
  const GuardedOutcome outcome =
      run("mkdir -p sub .vscode && echo x > .vscode/tasks.json && echo x > .envrc && git init -q "
          "sub && "
          "ln -s /etc/passwd .bashrc && echo x > kept");
  EXPECT_TRUE(outcome.outcome.is_success()) << outcome.outcome.err;
  EXPECT_THAT(outcome.removed, ElementsAre(".bashrc", ".envrc", ".vscode", "sub/.git"));
  for (const std::string& each : outcome.removed)
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::symlink_status(path(each)))) << each;
  EXPECT_EQ(test::read_file(path("kept")), "x\n");
}

// The directory around a protected one is moved, and another put in its place.
TEST_F(GuardedCommand, AttackMovingTheDirectoryAround) {
  std::filesystem::create_directories(path("module/.git"));
  test::write_file(path("module/.git/config"), "theirs\n");
  const GuardedOutcome outcome =
      run("mv module other && mkdir -p module/.git && echo x > module/.git/config");
  EXPECT_TRUE(outcome.outcome.is_success()) << outcome.outcome.err;
  EXPECT_THAT(outcome.removed, ElementsAre("module/.git"));
  EXPECT_EQ(test::read_file(path("other/.git/config")), "theirs\n");
}

// What a repository's own configuration names does not run, neither for a command nor for git
// itself.
TEST_F(GuardedCommand, AttackGitFsmonitorHooksPagersAndDiffers) {
  const std::string run_me = "touch " + path("ran") + "; false";
  test::write_file(path("run-me"), "#!/bin/sh\n" + run_me + "\n");
  std::filesystem::permissions(path("run-me"), std::filesystem::perms::all);
  std::filesystem::create_directory(path(".git/hooks"));
  std::filesystem::copy_file(path("run-me"), path(".git/hooks/pre-commit"));
  std::filesystem::copy_file(path("run-me"), path(".git/hooks/post-checkout"));
  test::write_file(
      path(".git/config"),
      test::read_file(path(".git/config")) +
          "[core]\n\tfsmonitor = ./run-me\n\tpager = ./run-me\n\thooksPath = .git/hooks\n"
          "[diff]\n\texternal = ./run-me\n[pager]\n\tlog = ./run-me\n"
          "[gpg]\n\tprogram = ./run-me\n[commit]\n\tgpgSign = true\n");
  test::write_file(path("file"), "two\n");
  EXPECT_TRUE(git({"status"}).outcome.is_success());
  EXPECT_THAT(git({"diff"}).outcome.out, HasSubstr("+two"));
  EXPECT_THAT(git({"log", "-p"}).outcome.out, HasSubstr("first"));
  EXPECT_TRUE(run("git status && git log && git add file 2>/dev/null; true").outcome.is_success());
  EXPECT_TRUE(git({"switch", "-c", "work"}).outcome.is_success());
  EXPECT_TRUE(git({"add", "file"}).outcome.is_success());
  EXPECT_FALSE(std::filesystem::exists(path("ran")));
}

TEST_F(GuardedCommand, GitCommitsOnABranch) {
  test::write_file(path("file"), "two\n");
  EXPECT_TRUE(git({"switch", "-c", "work"}).outcome.is_success());
  EXPECT_TRUE(git({"add", "file"}).outcome.is_success());
  const GuardedOutcome committed = git({"commit", "-m", "second"});
  EXPECT_TRUE(committed.outcome.is_success()) << committed.outcome.out << committed.outcome.err;
  EXPECT_THAT(committed.removed, IsEmpty());
  EXPECT_THAT(committed.changed, IsEmpty());
  EXPECT_THAT(git({"log", "--format=%s by %an", "main..work"}).outcome.out, "second by Hearth\n");
  EXPECT_EQ(run_git(**test_sandbox(), *root_, {"config", "core.pager", "x"}).error().code,
            Errc::permission);
}

}  // namespace
}  // namespace hearth::packs::mandates::workspace
