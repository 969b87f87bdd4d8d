#include "packs/mandates/workspace/guarded_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <future>
#include <optional>
#include <thread>
#include <vector>

#include "base/ids.hpp"
#include "packs/mandates/sandbox_fixture.hpp"
#include "packs/mandates/workspace/protected_entries.hpp"
#include "packs/mandates/workspace/repository_config.hpp"
#include "support/process.hpp"

namespace hearth::packs::mandates::workspace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

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
    auto outcome = run_guarded(ground(), {.words = {"sh", "-c", script}, .limits = limits()},
                               {.aside = aside_});
    if (outcome) return *outcome;
    ADD_FAILURE() << outcome.error().message;
    return {};
  }
  [[nodiscard]] GuardedOutcome git(std::vector<std::string> arguments) {
    sandbox::Plan plan;
    plan.limits = limits();
    auto outcome = run_git(ground(), std::move(arguments), std::move(plan), {.aside = aside_});
    if (outcome) return *outcome;
    ADD_FAILURE() << outcome.error().message;
    return {};
  }
  [[nodiscard]] Ground ground() const {
    return {.sandbox = **test_sandbox(), .root = *root_, .hold = {}};
  }
  static sandbox::Limits limits() { return {.time = std::chrono::seconds(60)}; }

  test::ScratchDirectory scratch_{"guarded"};
  std::optional<Root> root_;
  std::string aside_ = scratch_ / "own/aside";
};

std::vector<std::string> paths_of(const std::vector<SetAside>& all) {
  std::vector<std::string> paths;
  for (const SetAside& each : all) paths.push_back(each.path);
  return paths;
}

TEST_F(GuardedCommand, AttackHookAndCiEdits) {
  for (const char* const attack : {"echo x > .git/hooks/pre-commit", "echo x >> .git/config",
                                   "git config core.fsmonitor /tmp/x", "mv .git other",
                                   "rm -rf .git/hooks", "echo x > .github/workflows/ci.yml",
                                   "mv .github/workflows x", "rm .github/workflows/ci.yml"}) {
    const GuardedOutcome outcome = run(attack);
    EXPECT_FALSE(outcome.outcome.is_success()) << attack;
    EXPECT_FALSE(outcome.needs_review()) << attack;
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
  EXPECT_THAT(paths_of(outcome.aside), ElementsAre(".bashrc", ".envrc", ".vscode", "sub/.git"));
  for (const SetAside& each : outcome.aside) {
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::symlink_status(path(each.path))));
    EXPECT_TRUE(each.now.starts_with(aside_)) << each.now;
  }
  EXPECT_EQ(test::read_file(outcome.aside[1].now), "x\n") << "nothing is deleted";
  EXPECT_EQ(test::read_file(outcome.aside[2].now + "/tasks.json"), "x\n");
  EXPECT_EQ(test::read_file(path("kept")), "x\n");
}

// A directory that nobody may write cannot change its parent, and one of another file system not
// be renamed out of the workspace.
TEST_F(GuardedCommand, SetsAsideWhateverItIs) {
  const GuardedOutcome closed = run("mkdir .vscode && echo x > .vscode/a && chmod 500 .vscode");
  ASSERT_THAT(paths_of(closed.aside), ElementsAre(".vscode"));
  EXPECT_EQ(test::read_file(closed.aside[0].now + "/a"), "x\n");
  struct stat here{};
  struct stat there{};
  ASSERT_EQ(::stat(path("").c_str(), &here), 0);
  if (::stat("/dev/shm", &there) != 0 || here.st_dev == there.st_dev)
    GTEST_SKIP() << "no other file system here";
  const std::string other = "/dev/shm/hearth-test-" + random_hex(8);
  aside_ = other;
  const GuardedOutcome outcome =
      run("mkdir -p sub/.vscode && echo x > sub/.vscode/a; echo x > .envrc");
  std::filesystem::remove_all(other);
  ASSERT_THAT(paths_of(outcome.aside), ElementsAre(".envrc", "sub/.vscode"));
  EXPECT_TRUE(outcome.aside[0].now.starts_with(path(".hearth-aside-"))) << outcome.aside[0].now;
  EXPECT_TRUE(outcome.aside[1].now.starts_with(path("sub/.hearth-aside-")));
  EXPECT_EQ(test::read_file(outcome.aside[0].now), "x\n");
  EXPECT_EQ(std::filesystem::status(outcome.aside[1].now).permissions(),
            std::filesystem::perms::none);
  std::filesystem::permissions(outcome.aside[1].now, std::filesystem::perms::owner_all);
}

// The record is there when the command begins, and of no use once it has been compared.
TEST_F(GuardedCommand, KeepsForAKillWhatItWillCompare) {
  std::filesystem::create_directories(scratch_ / "own/records");
  std::filesystem::create_hard_link(path(".git/config"), path("name"));
  const GuardPlaces places{.aside = aside_, .records = scratch_ / "own/records", .key = "run/1/s"};
  std::vector<std::string> left;
  std::jthread person([&] {
    while (!std::filesystem::exists(path("begun"))) std::this_thread::yield();
    left = left_guards(places.records).value();
    // It is touched while the command runs.
    std::filesystem::last_write_time(left.front(), {});
    while (std::filesystem::last_write_time(left.front()) == std::filesystem::file_time_type())
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    test::write_file(path("go"), "");
  });
  const auto done =
      run_guarded(ground(),
                  {.words = {"sh", "-c", "touch begun; until [ -e go ]; do sleep 0.02; done"},
                   .limits = limits()},
                  places);
  person.join();
  ASSERT_TRUE(done) << done.error().message;
  ASSERT_EQ(left.size(), 1U);
  const auto record = read_guard(left.front());
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->key, "run/1/s");
  EXPECT_EQ(record->workspace, root_->path());
  EXPECT_TRUE(record->before.contains(".git/config")) << "it has another name";
  EXPECT_TRUE(sandbox::wait_for_end(record->first_process, std::chrono::milliseconds(0)));
  EXPECT_FALSE(sandbox::mark_of(record->first_process.number)) << "it has ended, and was reaped";
  // As if the daemon had not come to it.
  const auto nothing = recover_guard(*record, aside_, {}, std::chrono::seconds(1));
  ASSERT_TRUE(nothing) << nothing.error().message;
  EXPECT_FALSE(nothing->needs_review()) << nothing->describe();
  EXPECT_TRUE(end_guard(places.records, places.key));
  EXPECT_THAT(left_guards(places.records).value(), IsEmpty());
  // Where it cannot be kept, the command does not begin.
  const auto refused =
      run_guarded(ground(), {.words = {"touch", "ran"}, .limits = limits()},
                  {.aside = aside_, .records = scratch_ / "nowhere", .key = "run/1/s"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unsupported) << refused.error().message;
  EXPECT_FALSE(std::filesystem::exists(path("ran")));
}

// Nobody can tell a person's from the command's, so that both can be found again.
TEST_F(GuardedCommand, DeletesNothingThatAPersonMakesMeanwhile) {
  std::jthread person([this] {
    while (!std::filesystem::exists(path("begun"))) std::this_thread::yield();
    std::filesystem::create_directories(path("clone/.git"));
    test::write_file(path("clone/.git/HEAD"), "ref: refs/heads/main\n");
    test::write_file(path(".gitattributes"), "* text\n");
    test::write_file(path("go"), "");
  });
  const GuardedOutcome outcome = run("touch begun; until [ -e go ]; do sleep 0.02; done");
  EXPECT_TRUE(outcome.outcome.is_success()) << outcome.outcome.err;
  ASSERT_THAT(paths_of(outcome.aside), ElementsAre(".gitattributes", "clone/.git"));
  EXPECT_EQ(test::read_file(outcome.aside[0].now), "* text\n");
  EXPECT_EQ(test::read_file(outcome.aside[1].now + "/HEAD"), "ref: refs/heads/main\n");
  EXPECT_TRUE(outcome.needs_review());
}

// A link can be removed, and what it names be written.
TEST_F(GuardedCommand, RefusesWhatItCannotKeep) {
  const auto refused = [&](bool may_write) {
    const auto ran = run_guarded(
        ground(), {.words = {"cat", "file"}, .may_write = may_write, .limits = limits()},
        {.aside = aside_});
    return ran ? Errc::internal : ran.error().code;
  };
  std::filesystem::create_directory(path("tools"));
  test::write_file(path("tools/envrc"), "x\n");
  std::filesystem::create_symlink("tools/envrc", path(".envrc"));
  EXPECT_EQ(refused(true), Errc::permission);
  EXPECT_EQ(refused(false), Errc::internal) << "reading does no harm";
  std::filesystem::remove(path(".envrc"));
  test::write_file(path(".bash_login"), "x\n");
  std::filesystem::create_symlink(".bash_login", path(".bash_profile"));
  EXPECT_EQ(refused(true), Errc::internal) << "what it names is kept";
  const GuardedOutcome swapped = run("rm .bash_profile && echo evil > .bash_profile");
  EXPECT_THAT(paths_of(swapped.aside), ElementsAre(".bash_profile"));
  EXPECT_THAT(swapped.changed, ElementsAre(HasSubstr(".bash_profile (it is gone")));
  for (int i = 0; i < 2'001; ++i) {
    const std::string directory = path("many/" + std::to_string(i));
    std::filesystem::create_directories(directory);
    test::write_file(directory + "/.envrc", "x\n");
  }
  EXPECT_EQ(refused(true), Errc::unsupported);
}

// Commands of one wave, each on a thread of its own.
class CommandsSideBySide : public GuardedCommand {
 protected:
  std::vector<Result<GuardedOutcome>> run_all(Guard& guard,
                                              const std::vector<std::string>& scripts,
                                              const std::stop_token& stop = {}) {
    std::vector<std::future<Result<GuardedOutcome>>> running;
    for (const std::string& script : scripts)
      running.push_back(std::async(std::launch::async, [&, script] {
        return guard.run(ground(), {.words = {"sh", "-c", script}, .limits = limits()},
                         {.aside = aside_}, stop);
      }));
    std::vector<Result<GuardedOutcome>> outcomes;
    for (auto& each : running) outcomes.push_back(each.get());
    return outcomes;
  }
};

TEST_F(CommandsSideBySide, RunAtTheSameTime) {
  Guard guard(3);
  guard.leave();  // one that turned out to be none
  const auto outcomes = run_all(guard, {"mkfifo pipe; echo x > pipe; echo one",
                                        "until [ -p pipe ]; do sleep 0.02; done; cat pipe"});
  for (const auto& each : outcomes) {
    ASSERT_TRUE(each) << each.error().message;
    EXPECT_TRUE(each->outcome.is_success()) << each->outcome.err;
    EXPECT_FALSE(each->needs_review());
  }
  EXPECT_EQ(outcomes[1]->outcome.out, "x\n");
}

// Nobody can tell which of them made it: both may have, and a person looks at both.
TEST_F(CommandsSideBySide, AreGuardedAsOne) {
  Guard guard(2);
  const auto outcomes =
      run_all(guard, {"echo x > .envrc; touch made; until [ -e seen ]; do sleep 0.02; done",
                      "until [ -e made ]; do sleep 0.02; done; echo y >> .envrc; touch seen; "
                      "echo z >> .github/workflows/ci.yml"});
  for (const auto& each : outcomes) {
    ASSERT_TRUE(each) << each.error().message;
    ASSERT_THAT(paths_of(each->aside), ElementsAre(".envrc"));
    EXPECT_EQ(test::read_file(each->aside[0].now), "x\ny\n") << "after the last of them";
    EXPECT_THAT(each->describe(), HasSubstr("which of the 2 commands"));
  }
  EXPECT_FALSE(std::filesystem::exists(path(".envrc")));
  EXPECT_EQ(test::read_file(path(".github/workflows/ci.yml")), "ci\n");
}

// One moves a directory where the other's mounts would be: both stand before either begins.
TEST_F(CommandsSideBySide, AttackTheMountsOfAnother) {
  std::filesystem::create_directories(path("module/.git"));
  test::write_file(path("module/.git/config"), "theirs\n");
  std::filesystem::create_directories(scratch_ / "secret/.git");
  test::write_file(scratch_ / "secret/.git/config", "secret\n");
  Guard guard(2);
  const auto outcomes = run_all(
      guard, {"mv module other; ln -s " + (scratch_ / "secret") + " module; touch moved",
              "until [ -e moved ]; do sleep 0.02; done; cat module/.git/config other/.git/config; "
              "echo evil > other/.git/config; true"});
  for (const auto& each : outcomes) {
    ASSERT_TRUE(each) << each.error().message;
    EXPECT_THAT(each->outcome.out, Not(HasSubstr("secret")));
    EXPECT_THAT(each->changed, ElementsAre("module/.git (it is now other/.git)"));
  }
  EXPECT_EQ(test::read_file(path("other/.git/config")), "theirs\n");
}

TEST_F(CommandsSideBySide, OneThatCannotBeginHoldsNobodyUp) {
  Guard guard(2);
  std::vector<std::future<Result<GuardedOutcome>>> running;
  for (const char* const program : {"true", "no-such-program"})
    running.push_back(std::async(std::launch::async, [&, program] {
      return guard.run(ground(), {.words = {program}, .limits = limits()}, {.aside = aside_}, {});
    }));
  EXPECT_TRUE(running[0].get());
  EXPECT_EQ(running[1].get().error().code, Errc::not_found);
  Guard refused(2);
  std::filesystem::create_symlink("elsewhere", path(".envrc"));
  for (const auto& each : run_all(refused, {"touch a", "touch b"}))
    EXPECT_EQ(each.error().code, Errc::permission);
  EXPECT_FALSE(std::filesystem::exists(path("a")));
}

TEST_F(CommandsSideBySide, ThoseThatAreStoppedBeforeTheyBeginDoNothing) {
  Guard guard(2);
  std::stop_source stop;
  auto waiting = std::async(std::launch::async, [&] {
    return guard.run(ground(), {.words = {"touch", "made"}, .limits = limits()}, {.aside = aside_},
                     stop.get_token());
  });
  stop.request_stop();
  EXPECT_EQ(waiting.get().error().code, Errc::cancelled);
  EXPECT_FALSE(std::filesystem::exists(path("made")));
  guard.leave();
}

// The file system gives the number of what is gone to what comes next.
TEST_F(GuardedCommand, AttackByAReusedInode) {
  test::write_file(path(".bash_login"), "x\n");
  std::filesystem::create_symlink(".bash_login", path(".bash_profile"));
  const GuardedOutcome outcome =
      run("rm .bash_profile; for i in 1 2 3 4 5 6 7 8; do mkdir $i; ln -s evil $i/.envrc; "
          "mkdir $i/.vscode; done");
  EXPECT_EQ(outcome.aside.size(), 16U) << "neither by birth nor by kind are they the same";
  for (int i = 1; i <= 8; ++i) EXPECT_TRUE(std::filesystem::is_empty(path(std::to_string(i)))) << i;
}

TEST_F(GuardedCommand, TellsWhatIsChangedOrMissing) {
  test::write_file(path(".envrc"), "x\n");
  std::filesystem::create_hard_link(path(".envrc"), path("other"));
  std::filesystem::create_directory(path(".vscode"));
  test::write_file(path(".vscode/tasks.json"), "x\n");
  std::filesystem::create_hard_link(path(".vscode/tasks.json"), path("tasks"));
  EXPECT_THAT(run("echo evil >> other; echo evil >> tasks").changed,
              ElementsAre(".envrc", ".vscode/tasks.json"))
      << "through other names";
  EXPECT_FALSE(run("echo x > kept").needs_review());
  std::jthread person([this] {
    while (!std::filesystem::exists(path("begun"))) std::this_thread::yield();
    std::filesystem::remove_all(path(".vscode"));
    test::write_file(path(".git/index.lock"), "");
    std::filesystem::remove(path(".git/index.lock"));
    test::write_file(path("go"), "");
  });
  const GuardedOutcome outcome = run("touch begun; until [ -e go ]; do sleep 0.02; done");
  EXPECT_THAT(outcome.changed, ElementsAre(HasSubstr(".vscode (it is gone"),
                                           HasSubstr(".vscode/tasks.json (it is gone")))
      << "and not .git, in which people work";
}

// There others of hearth's work meanwhile, and have repositories of their own.
TEST_F(GuardedCommand, LeavesOutWhatNoCommandSees) {
  std::filesystem::create_directories(path("state/issues.git/objects"));
  std::filesystem::create_directories(path("state/issues.git/refs"));
  test::write_file(path("state/issues.git/HEAD"), "ref: refs/heads/main\n");
  EXPECT_TRUE(protected_entries(*root_, false, {})->contains("state/issues.git"));
  const auto entries = protected_entries(*root_, false, {path("state")});
  EXPECT_FALSE(entries->contains("state/issues.git"));
  EXPECT_TRUE(entries->contains(".git"));
}

// git takes a directory for a repository by what lies in it, and runs what that names.
TEST_F(GuardedCommand, AttackARepositoryWithoutADotGit) {
  const std::string make =
      "mkdir -p docs/x/objects docs/x/refs; echo ref: refs/heads/a > docs/x/HEAD;"
      "printf '[core]\n\tfsmonitor = touch ran\n' > docs/x/config";
  const GuardedOutcome outcome = run(make);
  EXPECT_TRUE(outcome.outcome.is_success()) << outcome.outcome.err;
  EXPECT_THAT(paths_of(outcome.aside), ElementsAre("docs/x/HEAD"));
  // Also where others made a part of it, and at the top.
  std::filesystem::create_directories(path("docs/y/objects"));
  test::write_file(path("docs/y/commondir"), "../x\n");
  EXPECT_THAT(paths_of(run("echo ref: refs/heads/a > docs/y/HEAD").aside),
              ElementsAre("docs/y/HEAD"));
  EXPECT_THAT(paths_of(run("mkdir objects refs; echo ref: refs/heads/a > HEAD").aside),
              ElementsAre("HEAD"));
  // One that is there stays as it is.
  test::write_file(path("docs/x/HEAD"), "ref: refs/heads/a\n");
  EXPECT_FALSE(run("echo x >> docs/x/config").outcome.is_success());
  EXPECT_FALSE(run("mkdir docs/x/hooks").outcome.is_success());
}

// git that only looks, or writes nothing but version control, leaves a person's files alone.
TEST_F(GuardedCommand, GitAloneWritesNothingElse) {
  const auto call = [&](std::vector<std::string> arguments, bool writes) {
    auto done = call_git(**test_sandbox(), *root_, *find_git(*root_),
                         {.arguments = std::move(arguments), .input = {}, .writes = writes});
    return done ? *done : sandbox::Outcome{.number = -1, .err = done.error().message};
  };
  EXPECT_THAT(call({"log", "--format=%s"}, false).out, "first\n");
  EXPECT_FALSE(call({"branch", "work"}, false).is_success());
  EXPECT_TRUE(call({"branch", "work"}, true).is_success());
  EXPECT_FALSE(call({"rm", "-q", "file"}, true).is_success()) << "the files are not git's to write";
  EXPECT_FALSE(call({"remote", "add", "x", "y"}, true).is_success()) << "nor its configuration";
  EXPECT_EQ(test::read_file(path("file")), "one\n");
}

// Below a repository's top, in a worktree beside it: the same repository, and nothing to write.
TEST_F(GuardedCommand, GitLooksFromWhereverTheWorkspaceLies) {
  const auto made = test::run(
      {.words = {"/bin/sh", "-c",
                 "git worktree add -q ../tree && mkdir sub && echo a > sub/a && echo b > b && "
                 "git add . && git -c user.name=t -c user.email=t@example.org commit -qm second && "
                 "echo more >> sub/a && echo more >> b && echo new > ../tree/new"},
       .environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", scratch_.path()}},
       .cwd = scratch_ / "w"},
      std::chrono::seconds(60));
  ASSERT_EQ(made.exit_code, 0) << made.describe();
  const auto look = [&](const std::string& where, std::vector<std::string> arguments) {
    const auto root = Root::open(scratch_ / where, scratch_.path());
    auto done = look_with_git(**test_sandbox(), *root, std::move(arguments), {.limits = limits()});
    return done ? done->out + done->err : done.error().message;
  };
  EXPECT_EQ(look("w", {"status", "--short"}), " M b\n M sub/a\n");
  EXPECT_EQ(look("w/sub", {"log", "--format=%s"}), "second\nfirst\n");
  EXPECT_EQ(look("w/sub", {"status", "--short"}), " M a\n") << "nothing of what is not seen";
  EXPECT_EQ(look("w/sub", {"diff", "--name-only", "HEAD"}), "sub/a\n");
  EXPECT_EQ(look("w/sub", {"diff", "--name-only", "HEAD", "a"}), "sub/a\n");
  EXPECT_EQ(look("w/sub", {"--no-pager", "diff", "--name-only", "--", "a"}), "sub/a\n");
  EXPECT_EQ(look("tree", {"log", "--format=%s %D"}), "first HEAD -> tree\n");
  EXPECT_EQ(look("tree", {"status", "--short"}), "?? new\n");
  EXPECT_THAT(look("w/sub", {"branch", "evil"}), HasSubstr("Read-only file system"));
  EXPECT_THAT(look("tree", {"branch", "evil"}), HasSubstr("Read-only file system"));
  std::filesystem::create_directory(scratch_ / "none");
  EXPECT_THAT(look("none", {"status"}), HasSubstr("not a git repository"));
}

// A .git of a worktree names a directory, which is shown to the sandbox.
TEST_F(GuardedCommand, AttackAFileThatNamesAnothersRepository) {
  std::filesystem::create_directory(scratch_ / "evil");
  const Root evil = *Root::open(scratch_ / "evil");
  const auto code = [&] {
    const auto done = look_with_git(**test_sandbox(), evil, {"log"}, {.limits = limits()});
    return done ? Errc::internal : done.error().code;
  };
  test::write_file(scratch_ / "evil/.git", "gitdir: " + path(".git") + "\n");
  EXPECT_EQ(code(), Errc::unsupported);
  test::write_file(scratch_ / "evil/.git", "gitdir: /etc\n");
  EXPECT_EQ(code(), Errc::unsupported);
  std::filesystem::create_directories(path(".git/worktrees/evil"));
  test::write_file(path(".git/worktrees/evil/gitdir"), scratch_ / "other/.git\n");
  test::write_file(path(".git/worktrees/evil/commondir"), "../..\n");
  test::write_file(scratch_ / "evil/.git", "gitdir: " + path(".git/worktrees/evil") + "\n");
  EXPECT_EQ(code(), Errc::permission) << "it does not know of it";
}

// The directory around a protected one is moved, and another put in its place.
TEST_F(GuardedCommand, AttackMovingTheDirectoryAround) {
  std::filesystem::create_directories(path("module/.git"));
  test::write_file(path("module/.git/config"), "theirs\n");
  const GuardedOutcome outcome =
      run("mv module other && mkdir -p module/.git && echo x > module/.git/config");
  EXPECT_TRUE(outcome.outcome.is_success()) << outcome.outcome.err;
  EXPECT_THAT(paths_of(outcome.aside), ElementsAre("module/.git"));
  EXPECT_THAT(outcome.changed, ElementsAre("module/.git (it is now other/.git)"));
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
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"status"}, {"diff"}, {"--no-pager", "log", "-p"}, {"show"}})
    EXPECT_TRUE(look_with_git(**test_sandbox(), *root_, words, {.limits = limits()})->is_success());
  EXPECT_THAT(git({"diff"}).outcome.out, HasSubstr("+two"));
  EXPECT_THAT(git({"log", "-p"}).outcome.out, HasSubstr("first"));
  EXPECT_TRUE(run("git status && git log && git add file 2>/dev/null; true").outcome.is_success());
  EXPECT_TRUE(git({"switch", "-c", "work"}).outcome.is_success());
  EXPECT_TRUE(git({"add", "file"}).outcome.is_success());
  EXPECT_FALSE(std::filesystem::exists(path("ran")));
}

TEST(HarmlessConfig, IsWhatNamesNoProgram) {
  const auto listed = [](std::vector<std::string> entries) {
    std::string all;
    for (const std::string& each : entries) all.append(each).push_back('\0');
    return all;
  };
  EXPECT_EQ(harmless_config(listed({"core.bare\nfalse", "core.filemode", "alias.zz\n!./run-me",
                                    "core.fsmonitor\n./x", "filter.a.clean\n./x",
                                    "diff.a.textconv\n./x", "merge.a.driver\n./x",
                                    "include.path\n../x", "gpg.program\nx", "core.worktree\n/",
                                    "remote.origin.uploadpack\nx", "remote.a\"b\\.c.url\nx\ny"})),
            "[core]\n\tbare = \"false\"\n[core]\n\tfilemode\n"
            "[remote \"a\\\"b\\\\.c\"]\n\turl = \"x\\ny\"\n");
  EXPECT_EQ(harmless_config(""), "");
}

// Filters, converters, signers, drivers and aliases, also of a file that is included.
TEST_F(GuardedCommand, AttackProgramsThatTheConfigurationNames) {
  test::write_file(path("run-me"), "#!/bin/sh\necho ran >> " + path("ran") + "\ncat\n");
  std::filesystem::permissions(path("run-me"), std::filesystem::perms::all);
  test::write_file(path(".gitattributes"), "file filter=a diff=b merge=c\n");
  test::write_file(path("included"),
                   "[alias]\n\tyy = !./run-me\n[filter \"d\"]\n\tclean = ./run-me\n");
  test::write_file(path(".git/config"),
                   test::read_file(path(".git/config")) +
                       "[filter \"a\"]\n\tclean = ./run-me\n\tsmudge = ./run-me\n"
                       "[diff \"b\"]\n\ttextconv = ./run-me\n\tcommand = ./run-me\n"
                       "[merge \"c\"]\n\tdriver = ./run-me\n[gpg]\n\tprogram = ./run-me\n"
                       "[log]\n\tshowSignature = true\n[alias]\n\tzz = !./run-me\n"
                       "[tar \"x\"]\n\tcommand = ./run-me\n[include]\n\tpath = ../included\n"
                       "[trailer \"t\"]\n\tcommand = ./run-me\n");
  const auto made = test::run(
      {.words =
           {"/bin/sh", "-c",
            "set -e; o=$(git cat-file commit HEAD | sed 's/^committer .*/&\\ngpgsig -----BEGIN "
            "PGP SIGNATURE-----\\n \\n x\\n -----END PGP SIGNATURE-----/' | "
            "git hash-object -t commit -w --stdin); git update-ref refs/heads/main $o; rm -f ran"},
       .environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", scratch_.path()}},
       .cwd = scratch_ / "w"},
      std::chrono::seconds(60));
  ASSERT_EQ(made.exit_code, 0) << made.describe();
  test::write_file(path("file"), "two\n");
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"status"},
                                             {"diff"},
                                             {"blame", "file"},
                                             {"annotate", "file"},
                                             {"log", "-p", "--format=%G?"},
                                             {"show"},
                                             {"grep", "two"},
                                             {"cat-file", "-p", "HEAD"}}) {
    const auto looked = look_with_git(**test_sandbox(), *root_, words, {.limits = limits()});
    ASSERT_TRUE(looked) << looked.error().message;
    EXPECT_TRUE(looked->is_success()) << words.front() << looked->err;
    EXPECT_FALSE(std::filesystem::exists(path("ran"))) << words.front();
  }
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"add", "file"},
                                             {"stash"},
                                             {"checkout", "--", "file"},
                                             {"archive", "--format=x", "HEAD"}}) {
    (void)git(words);
    EXPECT_FALSE(std::filesystem::exists(path("ran"))) << words.front();
  }
  for (const char* const word : {"zz", "yy", "lfs"}) {
    const auto refused = run_git(ground(), {word}, {}, {.aside = aside_});
    ASSERT_FALSE(refused) << word;
    EXPECT_EQ(refused.error().code, Errc::permission);
  }
  EXPECT_THAT(test::read_file(path(".git/config")), HasSubstr("clean = ./run-me")) << "it is kept";
}

TEST_F(GuardedCommand, GitCommitsOnABranch) {
  test::write_file(path("file"), "two\n");
  EXPECT_TRUE(git({"switch", "-c", "work"}).outcome.is_success());
  EXPECT_TRUE(git({"add", "file"}).outcome.is_success());
  const GuardedOutcome committed = git({"commit", "-m", "second"});
  EXPECT_TRUE(committed.outcome.is_success()) << committed.outcome.out << committed.outcome.err;
  EXPECT_FALSE(committed.needs_review());
  EXPECT_THAT(git({"log", "--format=%s by %an", "main..work"}).outcome.out, "second by Hearth\n");
  EXPECT_EQ(run_git(ground(), {"config", "core.pager", "x"}, {}, {.aside = aside_}).error().code,
            Errc::permission);
}

}  // namespace
}  // namespace hearth::packs::mandates::workspace
