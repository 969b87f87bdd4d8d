#include "packs/mandates/actor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <future>

#include "packs/mandates/actor_fixture.hpp"
#include "packs/mandates/engine/effects.hpp"
#include "packs/mandates/judge_deed.hpp"
#include "packs/mandates/proposal_text.hpp"

namespace hearth::packs::mandates {
namespace {

using testing::HasSubstr;
using Word = Judgement::Word;

constexpr const char* correct_greeting =
    R"({"id":"s","kind":"change","changes":[{"path":"greeting.txt","replacements":[{"before":"helo","after":"hello"}]}]})";

std::string change_of(const std::string& path, const std::string& action = "create") {
  return R"({"id":"s","kind":"change","changes":[{"path":")" + path + R"(","action":")" + action +
         R"(","content":"x"}]})";
}

TEST_F(ActorTest, ChangesExactlyWhatItPrepared) {
  const Intent intent = prepared(correct_greeting);
  EXPECT_EQ(intent.target, "greeting.txt");
  EXPECT_EQ(intent.recovery, Recovery::by_world);
  EXPECT_EQ(read("greeting.txt"), "helo\n") << "preparing changes nothing";
  ASSERT_EQ(perform(intent), End::done) << said_;
  EXPECT_EQ(read("greeting.txt"), "hello\n");
}

// What the engine does after a kill: before and after decide, anything else is for a person.
TEST_F(ActorTest, TheWorldTellsWhetherAChangeHappened) {
  const Intent intent = prepared(correct_greeting);
  EXPECT_EQ(recover(intent, standing(intent)), Recover::retry);
  ASSERT_EQ(perform(intent), End::done) << said_;
  EXPECT_EQ(recover(intent, standing(intent)), Recover::done);
  test::write_file(path("greeting.txt"), "good day\n");
  EXPECT_EQ(recover(intent, standing(intent)), Recover::needs_review);
  EXPECT_EQ(perform(intent), End::failed);
  EXPECT_EQ(read("greeting.txt"), "good day\n");
}

TEST_F(ActorTest, HalfOfASetIsForAPerson) {
  const Intent intent = prepared(
      R"({"id":"s","kind":"change","changes":[{"path":"a","action":"create","content":"a"},)"
      R"({"path":"b","action":"create","content":"b"}]})");
  test::write_file(path("a"), "a");
  EXPECT_EQ(recover(intent, standing(intent)), Recover::needs_review);
}

TEST_F(ActorTest, OneThatIsStoppedWhileItWaitsForItsWorkspaceChangesNothing) {
  const Intent intent = prepared(correct_greeting);
  auto other = bench_->workspaces().hold(spec_.workspace, {});
  ASSERT_TRUE(other);
  std::stop_source stop;
  auto waiting =
      std::async(std::launch::async, [&] { return actor_->perform(intent, {}, stop.get_token()); });
  stop.request_stop();
  const auto stopped = waiting.get();
  EXPECT_EQ(stopped.end, End::cut);
  EXPECT_EQ(read("greeting.txt"), "helo\n");
}

TEST_F(ActorTest, ADeedThatWasEditedIsNotDone) {
  Intent intent = prepared(correct_greeting);
  const auto at = intent.payload.find("hello");
  ASSERT_NE(at, std::string::npos);
  intent.payload.replace(at, 5, "hallo");
  EXPECT_EQ(perform(intent), End::failed);
  EXPECT_EQ(read("greeting.txt"), "helo\n");
}

TEST_F(ActorTest, AttackPathsThatLeaveTheWorkspace) {
  test::write_file(scratch_ / "outside", "o");
  std::filesystem::create_symlink(scratch_.path(), path("link"));
  std::filesystem::create_symlink(scratch_ / "outside", path("file-link"));
  std::filesystem::create_hard_link(scratch_ / "outside", path("hard-link"));
  EXPECT_EQ(refused(change_of("../outside")), Errc::invalid_args);
  EXPECT_EQ(refused(change_of("docs/../../outside")), Errc::invalid_args);
  EXPECT_EQ(refused(change_of("/etc/passwd")), Errc::invalid_args);
  EXPECT_EQ(refused(change_of("link/outside")), Errc::permission);
  EXPECT_EQ(refused(change_of("link/nothing")), Errc::permission) << "nothing tells them apart";
  EXPECT_EQ(refused(change_of("file-link", "edit")), Errc::permission);
  EXPECT_EQ(refused(change_of("hard-link", "edit")), Errc::permission);
  EXPECT_EQ(test::read_file(scratch_ / "outside"), "o");
}

// Swapped between the approval and the act: the kernel resolves the path anew, and refuses.
TEST_F(ActorTest, AttackADirectorySwappedForALink) {
  const Intent intent = prepared(change_of("docs/new.txt"));
  std::filesystem::remove(path("docs"));
  std::filesystem::create_directories(scratch_ / "elsewhere");
  std::filesystem::create_symlink(scratch_ / "elsewhere", path("docs"));
  EXPECT_EQ(perform(intent), End::failed);
  EXPECT_TRUE(std::filesystem::is_empty(scratch_ / "elsewhere"));
}

TEST_F(ActorTest, AttackWhatMakesMachinesRunCode) {
  spec_.paths = {{.glob = "**", .actions = {}, .scope = "auto"}};
  for (const char* const protected_path :
       {".git/hooks/pre-commit", ".github/workflows/ci.yml", ".gitlab-ci.yml", ".bashrc",
        "sub/.envrc", ".vscode/tasks.json", ".GIT/hooks/x", ".mcp.json", ".gitattributes"}) {
    EXPECT_EQ(judge(change_of(protected_path)).word, Word::elevate) << protected_path;
  }
  EXPECT_EQ(judge(change_of("docs/new.md")).word, Word::automatic);
  // A move to such a name is the same.
  EXPECT_EQ(
      judge(
          R"({"id":"s","kind":"change","changes":[{"path":"greeting.txt","action":"move","to":".envrc"}]})")
          .word,
      Word::elevate);
}

// One that was made before such a workspace was refused, or came to be one since.
TEST_F(ActorTest, AttackAStoredMandateThatWorksInWhatIsProtected) {
  spec_.paths = {{.glob = "**", .actions = {}, .scope = "auto"}};
  const std::string whole = spec_.workspace;
  Deed deed{.kind = "change", .mandate = "mandate", .workspace = whole + "/.git/hooks"};
  const std::string step = change_of("post-checkout");
  const Intent sealed{.key = "run/1/s", .kind = "change", .payload = deed_text(deed)};
  spec_.workspace = deed.workspace;
  EXPECT_EQ(refused(step), Errc::permission);
  EXPECT_EQ(perform(sealed), End::failed);
  EXPECT_THAT(said_, HasSubstr("it lies in what is protected"));
  EXPECT_EQ(judge_deed(deed, spec_, {}).word, Word::automatic) << "it changes nothing";
  deed.files.push_back({.action = "create", .path = "post-checkout"});
  EXPECT_EQ(judge_deed(deed, spec_, {}).word, Word::elevate);
  std::filesystem::create_directories(path(".github"));
  spec_.workspace = whole + "/.github";
  EXPECT_EQ(judge(change_of("workflows/ci.yml")).word, Word::elevate);
  EXPECT_EQ(judge(change_of("README.md")).word, Word::automatic);
  spec_.workspace = scratch_.path();
  EXPECT_EQ(refused(change_of("own2")), Errc::permission) << "hearth's own directory lies in it";
}

// Whoever approves sees what would be run.
TEST_F(ActorTest, ShowsWhatIsMovedToAProtectedName) {
  const auto text = [&](const std::string& to) {
    ProposalRow row;
    row.proposal.content =
        prepared(R"({"id":"s","kind":"change","changes":[{"path":"greeting.txt","action":"move",)"
                 R"("to":")" +
                 to + R"("}]})")
            .payload;
    return proposal_text(row).value();
  };
  EXPECT_THAT(text(".git/hooks/pre-commit"),
              HasSubstr("move greeting.txt -> .git/hooks/pre-commit\n@@ line 1 @@\n+helo\n"));
  EXPECT_THAT(text("docs/greeting.txt"), testing::Not(HasSubstr("helo")));
  test::write_file(path("docs/commondir"), "x");
  EXPECT_THAT(text("docs/HEAD"), HasSubstr("+helo\n"));
}

// git takes a directory for a repository by what lies in it, however it came there.
TEST_F(ActorTest, AttackARepositoryWithoutADotGit) {
  spec_.paths = {{.glob = "docs/**", .actions = {}, .scope = "auto"}};
  const auto set = [](std::initializer_list<const char*> paths) {
    std::string changes;
    for (const char* const each : paths)
      changes += std::string(changes.empty() ? "" : ",") + R"({"path":")" + each +
                 R"(","action":"create","content":"x"})";
    return R"({"id":"s","kind":"change","changes":[)" + changes + "]}";
  };
  EXPECT_EQ(
      judge(set({"docs/x/HEAD", "docs/x/config", "docs/x/objects/keep", "docs/x/refs/keep"})).word,
      Word::elevate);
  EXPECT_EQ(judge(set({"docs/x/head", "docs/x/commondir"})).word, Word::elevate);
  EXPECT_EQ(judge(set({"docs/x/HEAD", "docs/x/config", "docs/x/refs/keep"})).word, Word::automatic)
      << "it is none yet";
  for (const char* const each : {"HEAD", "config", "refs/keep"}) {
    std::filesystem::create_directories(path("docs/x/refs"));
    test::write_file(path(std::string("docs/x/") + each), "old");
  }
  EXPECT_EQ(judge(set({"docs/x/objects/keep"})).word, Word::elevate) << "now it would be one";
  std::filesystem::create_directories(path("docs/x/objects"));
  EXPECT_EQ(judge(change_of("docs/x/config", "edit")).word, Word::elevate);
  EXPECT_EQ(judge(change_of("docs/x/hooks/new")).word, Word::elevate);
  EXPECT_EQ(judge(change_of("docs/y")).word, Word::automatic);
}

TEST_F(ActorTest, TheStrictestRuleOfASetCounts) {
  spec_.paths = {{.glob = "docs/**", .actions = {}, .scope = "auto"},
                 {.glob = "secret/**", .actions = {}, .scope = "deny"}};
  const auto both = [](const std::string& second) {
    return R"({"id":"s","kind":"change","changes":[{"path":"docs/a","action":"create","content":"x"},{"path":")" +
           second + R"(","action":"create","content":"x"}]})";
  };
  EXPECT_EQ(judge(both("docs/b")).word, Word::automatic);
  EXPECT_EQ(judge(both("other/b")).word, Word::ask);
  EXPECT_EQ(judge(both("secret/b")).word, Word::deny);
}

TEST_F(ActorTest, TheLastRuleThatFitsCounts) {
  spec_.commands = {{.rule = "echo ...", .scope = "auto"},
                    {.rule = "echo deploy ...", .scope = "deny"}};
  const auto echo = [](const std::string& words) {
    return R"({"id":"s","kind":"command","words":["echo",)" + words + "]}";
  };
  EXPECT_EQ(judge(echo(R"("deploy","prod")")).word, Word::deny);
  EXPECT_EQ(judge(echo(R"("hello")")).word, Word::automatic);
  context_.tools["issues_create"].answer = [](const std::string&) { return pack::Reply(); };
  spec_.tools = {{.tool = "issues_create", .scope = "auto"},
                 {.tool = "issues_create", .scope = "ask"}};
  EXPECT_EQ(judge(R"({"id":"s","kind":"tool","tool":"issues_create","arguments":"{}"})").word,
            Word::ask);
}

TEST_F(ActorTest, AsksWhateverAMandateAllowedWhenTheFileSaysSo) {
  spec_.paths = {{.glob = "**", .actions = {}, .scope = "auto"}};
  spec_.tools = {{.tool = "issues_create", .scope = "auto"},
                 {.tool = "issues_list", .scope = "auto"}};
  context_.tools["issues_create"] = {};
  context_.tools["issues_list"].annotations.read_only = true;
  settings_.agents_may = workspace::Scope::ask;
  open();
  EXPECT_EQ(judge(change_of("docs/new.md")).word, Word::ask);
  EXPECT_EQ(judge(R"({"id":"s","kind":"tool","tool":"issues_create"})").word, Word::ask);
  EXPECT_EQ(judge(R"({"id":"s","kind":"tool","tool":"issues_list"})").word, Word::automatic);
}

TEST_F(ActorTest, CallsAToolOnceUnderItsKey) {
  spec_.tools = {{.tool = "issues_create", .scope = "auto"}};
  std::string seen;
  context_.tools["issues_create"].answer = [&](const std::string& arguments) {
    seen = arguments;
    pack::Reply reply;
    reply.structured = R"({"issue_id":"1"})";
    return reply;
  };
  const Intent intent = prepared(
      R"({"id":"s","kind":"tool","tool":"issues_create","arguments":"{\"title\":\"It fails\"}"})");
  EXPECT_EQ(intent.recovery, Recovery::by_key);
  EXPECT_EQ(actor_->judge(context(), intent).word, Word::automatic);
  EXPECT_EQ(perform(intent), End::done);
  EXPECT_EQ(said_, R"({"issue_id":"1"})");
  EXPECT_EQ(seen, R"({"title":"It fails"})");
  ASSERT_EQ(context_.calls.size(), 1U);
  EXPECT_EQ(context_.calls[0].key, "run/1/s");
  EXPECT_FALSE(context_.calls[0].is_resend);
  EXPECT_EQ(context_.calls[0].caller->project_root, spec_.workspace);
  EXPECT_EQ(context_.calls[0].caller->name_space, "default");
  // After a kill: a tool that keeps no keys must not do it again.
  Intent again = intent;
  again.is_resend = true;
  ASSERT_EQ(perform(again), End::done) << said_;
  EXPECT_TRUE(context_.calls[1].is_resend);
}

TEST_F(ActorTest, AttackToolsThatAreNotAllowed) {
  spec_.tools = {{.tool = "mandates_create", .scope = "auto"},
                 {.tool = "request", .scope = "auto"}};
  context_.tools["mandates_create"] = {};
  context_.tools["request"] = {};
  context_.tools["sql_execute"] = {};
  EXPECT_EQ(judge(R"({"id":"s","kind":"tool","tool":"sql_execute"})").word, Word::deny);
  EXPECT_EQ(refused(R"({"id":"s","kind":"tool","tool":"mandates_create"})"), Errc::permission);
  EXPECT_EQ(refused(R"({"id":"s","kind":"tool","tool":"request"})"), Errc::permission);
  EXPECT_EQ(refused(R"({"id":"s","kind":"tool","tool":"sql_drop_everything"})"), Errc::not_found);
  EXPECT_EQ(refused(R"({"id":"s","kind":"tool","tool":"sql_execute","arguments":"[1]"})"),
            Errc::invalid_args);
  EXPECT_EQ(refused(R"({"id":"s","kind":"shell","words":["rm"]})"), Errc::invalid_args);
  EXPECT_TRUE(context_.calls.empty());
}

TEST_F(ActorTest, AToolThatAsksItsCallerFails) {
  spec_.tools = {{.tool = "issues_create", .scope = "auto"}};
  context_.tools["issues_create"].answer = [](const std::string&) {
    pack::Reply reply;
    reply.questions.emplace();
    return reply;
  };
  const Intent intent = prepared(R"({"id":"s","kind":"tool","tool":"issues_create"})");
  EXPECT_EQ(perform(intent), End::failed);
}

TEST_F(ActorTest, WritesAReportOfItsRun) {
  const auto step = [](const std::string& paths) {
    return R"({"id":"s","kind":"report","paths":)" + paths + "}";
  };
  const Intent intent = prepared(step(R"(["docs/run.md"])"));
  EXPECT_EQ(intent.target, "docs/run.md");
  EXPECT_EQ(actor_->judge(context(), intent).word, Word::ask) << "as any other new file";
  EXPECT_EQ(recover(intent, standing(intent)), Recover::retry);
  EXPECT_EQ(reported_, "") << "what it says is not known before";
  ASSERT_EQ(perform(intent), End::done) << said_;
  EXPECT_EQ(reported_, "run");
  EXPECT_EQ(read("docs/run.md"), "# Run run\n");
  EXPECT_EQ(recover(intent, standing(intent)), Recover::needs_review) << "whose file is it?";
  EXPECT_EQ(perform(intent), End::failed);
  // Whoever approves sees what it replaces.
  test::write_file(path("docs/run.md"), "old\n");
  const Intent edits = prepared(step(R"(["docs/run.md"])"));
  EXPECT_NE(edits.before_hash, "");
  ASSERT_EQ(perform(edits), End::done) << said_;
  EXPECT_EQ(read("docs/run.md"), "# Run run\n");
  for (const char* const paths : {"[]", R"(["a.md","b.md"])", R"(["run.txt"])", R"(["../run.md"])"})
    EXPECT_EQ(refused(step(paths)), Errc::invalid_args) << paths;
  spec_.paths = {{.glob = "docs/**", .actions = {}, .scope = "deny"}};
  EXPECT_EQ(judge(step(R"(["docs/other.md"])")).word, Word::deny);
}

TEST_F(ActorTest, RefusesAStepThatHoldsASecret) {
  settings_.model.key.environment = "HEARTH_TEST_KEY";
  ::setenv("HEARTH_TEST_KEY", "sk-test-0123456789", 1);
  open();
  ASSERT_TRUE(bench_->model_key(*bench_->configuration(), {}));
  ::unsetenv("HEARTH_TEST_KEY");
  EXPECT_EQ(
      refused(
          R"({"id":"s","kind":"change","changes":[{"path":"k","action":"create","content":"sk-test-0123456789"}]})"),
      Errc::permission);
}

TEST_F(ActorTest, RefusesAStepOfMoreThanItHolds) {
  const std::string large(5 << 20, 'x');
  EXPECT_EQ(
      refused(R"({"id":"s","kind":"change","changes":[{"path":"l","action":"create","content":")" +
              large + R"("}]})"),
      Errc::unsupported);
}

// ---- In the sandbox -------------------------------------------------------------------------

TEST_F(SandboxedActor, RunsCommandsThatARuleAllows) {
  spec_.commands = {{.rule = "cat *", .scope = "auto"},
                    {.rule = "touch *", .scope = "auto"},
                    {.rule = "cp * *", .scope = "ask", .writes = true}};
  const auto command = [](const std::string& words) {
    return R"({"id":"s","kind":"command","words":)" + words + "}";
  };
  const Intent reads = prepared(command(R"(["cat","greeting.txt"])"));
  EXPECT_EQ(reads.recovery, Recovery::repeatable);
  EXPECT_EQ(actor_->judge(context(), reads).word, Word::automatic);
  EXPECT_EQ(perform(reads), End::done);
  EXPECT_THAT(said_, HasSubstr("helo"));
  EXPECT_EQ(perform(prepared(command(R"(["cat","nothing"])"))), End::failed);
  EXPECT_THAT(said_, HasSubstr("No such file"));
  // It is not said to write, so it cannot.
  EXPECT_EQ(perform(prepared(command(R"(["touch","made"])"))), End::failed);
  EXPECT_FALSE(std::filesystem::exists(path("made")));

  const Intent writes = prepared(command(R"(["cp","greeting.txt","copy.txt"])"));
  EXPECT_EQ(writes.recovery, Recovery::by_world);
  EXPECT_EQ(actor_->judge(context(), writes).word, Word::ask);
  ASSERT_EQ(perform(writes), End::done) << said_;
  EXPECT_EQ(read("copy.txt"), "helo\n");
  // Nobody can tell whether one that was cut off has written.
  EXPECT_EQ(recover(writes, standing(writes)), Recover::needs_review);
  EXPECT_EQ(judge(command(R"(["rm","-rf","."])")).word, Word::deny);
  // Nor whether it has sent something.
  spec_.commands[0].hosts = {"example.org"};
  EXPECT_EQ(prepared(command(R"(["cat","greeting.txt"])")).recovery, Recovery::by_world);
}

// Two steps of a wave that wait for each other, and a third that is no command.
TEST_F(SandboxedActor, CommandsOfAWaveRunAtTheSameTime) {
  spec_.commands = {{.rule = "sh -c *", .scope = "auto", .writes = true}};
  const auto shell = [&](const std::string& script) {
    return prepared(R"({"id":"s","kind":"command","words":["sh","-c",")" + script + R"("]})");
  };
  const auto wave = actor_->wave(3);
  std::vector<std::future<Performed>> running;
  for (const Intent& intent :
       {shell("touch a; until [ -e b ]; do sleep 0.02; done; echo x > .envrc"),
        shell("touch b; until [ -e a ]; do sleep 0.02; done")})
    running.push_back(std::async(
        std::launch::async, [&, intent] { return actor_->perform(intent, Seat(wave.get()), {}); }));
  Seat(wave.get()) = {};
  for (auto& each : running) {
    const auto ran = each.get();
    EXPECT_EQ(ran.end, End::unknown);
    EXPECT_THAT(ran.text, HasSubstr(".envrc is protected"));
  }
  // Another mandate's has the workspace to itself.
  auto held = bench_->workspaces().hold(spec_.workspace, {});
  ASSERT_TRUE(held);
  std::stop_source stop;
  auto waiting = std::async(std::launch::async, [&, intent = shell("touch c")] {
    return actor_->perform(intent, {}, stop.get_token());
  });
  stop.request_stop();
  EXPECT_EQ(waiting.get().end, End::cut);
  EXPECT_FALSE(std::filesystem::exists(path("c")));
}

TEST_F(ActorTest, WhatChangesFilesKeepsThePlansOrder) {
  const auto keeps = [&](const std::string& kind) {
    return actor_->keeps_order({.id = "s", .action = R"({"id":"s","kind":")" + kind + R"("})"});
  };
  for (const char* const kind : {"change", "commit", "report"}) EXPECT_TRUE(keeps(kind)) << kind;
  for (const char* const kind : {"command", "tool"}) EXPECT_FALSE(keeps(kind)) << kind;
}

TEST_F(SandboxedActor, TellsACommandThatFailedFromOneThatWasCutOff) {
  spec_.commands = {{.rule = "sh -c *", .scope = "auto", .writes = true}};
  const auto shell = [&](const std::string& script) {
    return prepared(R"({"id":"s","kind":"command","words":["sh","-c",")" + script + R"("]})");
  };
  EXPECT_EQ(perform(shell("echo wrote; exit 3")), End::failed);
  EXPECT_THAT(said_, HasSubstr("wrote"));

  std::stop_source stop;
  auto running = std::async(std::launch::async, [&, intent = shell("echo b > begun; sleep 60")] {
    return actor_->perform(intent, {}, stop.get_token());
  });
  EXPECT_TRUE(test::eventually([&] { return std::filesystem::exists(path("begun")); },
                               std::chrono::seconds(30)));
  stop.request_stop();
  EXPECT_EQ(running.get().end, End::unknown);
}

}  // namespace
}  // namespace hearth::packs::mandates
