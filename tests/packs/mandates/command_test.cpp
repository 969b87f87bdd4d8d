// Commands with the hosts and secrets that their rules name.
#include "packs/mandates/command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "packs/mandates/bench_fixture.hpp"
#include "packs/mandates/observer.hpp"
#include "packs/mandates/sandbox_fixture.hpp"
#include "support/http_server.hpp"

namespace hearth::packs::mandates {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* token = "tok-7f3a9c51e2b8";

class CommandTest : public BenchTest {
 protected:
  CommandTest() {
    test::write_file(scratch_ / "token", std::string(token) + "\n");
    settings_.secrets = {{.name = "token",
                          .source = {.environment = {}, .file = scratch_ / "token", .command = {}},
                          .tools = {"*"},
                          .hosts = {"127.0.0.1", "*.example.org"},
                          .commands = {"sh -c *", "python3 -c ..."}}};
  }
  // By a rule for `program`, with any arguments.
  Result<Deed> prepared(const std::vector<std::string>& words,
                        const std::vector<std::string>& hosts,
                        const std::vector<SecretVariable>& secrets = {{"TOKEN", "token"}}) {
    bench_.emplace(context_, settings_);
    Deed deed{
        .kind = "command", .mandate = "m", .workspace = path("").substr(0, path("").size() - 1)};
    deed.words = words;
    const std::string rule = words.front() + (words.size() > 1 && words[1] == "-c" ? " -c" : "");
    const MandateSpec spec{
        .goal = "g",
        .workspace = deed.workspace,
        .commands = {{.rule = rule + " ...", .hosts = hosts, .secrets = secrets}}};
    if (auto done = prepare_command(deed, spec, *bench_); !done)
      return std::unexpected(std::move(done.error()));
    return deed;
  }
  std::string aside() { return own("changes/aside"); }
  Performed run(const Deed& deed) {
    return run_command(deed, *bench_, guard_places(own("changes"), "run/1/s"),
                       [this](const std::string& key, std::string_view why) -> Result<void> {
                         reviews_.emplace_back(key, why);
                         return {};
                       },
                       {}, {});
  }
  std::string ran(const std::vector<std::string>& words, const std::vector<std::string>& hosts) {
    const auto deed = prepared(words, hosts);
    if (!deed) return deed.error().message;
    // What is sealed, shown and stored is the name.
    EXPECT_THAT(deed_text(*deed), Not(HasSubstr(token)));
    return run(*deed).text;
  }
  Errc refused(const std::vector<std::string>& words, const std::vector<std::string>& hosts) {
    const auto deed = prepared(words, hosts);
    return deed ? Errc::internal : deed.error().code;
  }

  Settings settings_;
  std::optional<Workbench> bench_;
  std::vector<std::pair<std::string, std::string>> reviews_;  // keys and reasons
};

TEST(RulingOn, ALaterRuleIsNotPassedByWithOptions) {
  const MandateSpec spec{.commands = {{.rule = "git * --* ...", .scope = "auto", .writes = true},
                                      {.rule = "git * * ...", .scope = "auto"},
                                      {.rule = "git push ...", .scope = "ask"},
                                      {.rule = "git tag ...", .scope = "deny"}}};
  const auto scope = [&](const std::vector<std::string>& words) {
    const auto ruling = ruling_on(spec, words);
    return ruling ? ruling->scope_by->scope : "none";
  };
  EXPECT_EQ(scope({"git", "log", "main"}), "auto");
  EXPECT_EQ(scope({"git", "push", "origin"}), "ask");
  EXPECT_EQ(scope({"git", "push", "--force"}), "ask");
  EXPECT_TRUE(ruling_on(spec, {"git", "push", "--force"})->rule->writes) << "the rule that fits";
  EXPECT_EQ(scope({"git", "tag", "--list"}), "deny");
  EXPECT_EQ(scope({"git", "push", "-f"}), "none") << "asking allows nothing by itself";
  EXPECT_EQ(scope({"make"}), "none");
}

TEST(ClippedWithin, KeepsBothEnds) {
  EXPECT_EQ(clipped_within("short", 10), "short");
  const std::string text = "begin" + std::string(1'000, 'x') + "end";
  const std::string cut = clipped_within(text, 100);
  EXPECT_TRUE(cut.starts_with("begin")) << cut;
  EXPECT_TRUE(cut.ends_with("end")) << cut;
  EXPECT_LT(cut.size(), 200U);
}

TEST_F(CommandTest, RuleAndSecretMustNameEachOther) {
  const auto deed = prepared({"sh", "-c", "true"}, {"a.example.org", "127.0.0.1:80"});
  ASSERT_TRUE(deed) << deed.error().message;
  EXPECT_THAT(deed->hosts, ElementsAre("a.example.org", "127.0.0.1:80"));
  EXPECT_EQ(deed->secrets.at(0).secret, "token");
  EXPECT_EQ(refused({"curl", "x"}, {}), Errc::permission) << "the secret is not for it";
  EXPECT_EQ(refused({"sh", "-c", "true", "x"}, {}), Errc::permission) << "nor with more words";
  // Wherever the command can go, the secret could go.
  EXPECT_EQ(refused({"sh", "-c", "true"}, {"a.example.org", "example.net"}), Errc::permission);
  EXPECT_EQ(refused({"sh", "-c", "true"}, {"*.org.example"}), Errc::permission);
  EXPECT_EQ(prepared({"sh", "-c", "true"}, {}, {{"TOKEN", "other"}}).error().code, Errc::not_found);
  settings_.secrets.front().commands.clear();
  EXPECT_EQ(refused({"sh", "-c", "true"}, {}), Errc::permission);
}

// What no rule allows gets nothing, and is denied by its judge.
TEST_F(CommandTest, WithoutARuleThereIsNothing) {
  bench_.emplace(context_, settings_);
  Deed deed{.kind = "command", .words = {"sh"}};
  ASSERT_TRUE(prepare_command(deed, {.goal = "g", .workspace = {}}, *bench_));
  EXPECT_THAT(deed.hosts, IsEmpty());
  EXPECT_THAT(deed.secrets, IsEmpty());
}

TEST_F(CommandTest, AMandateIsCheckedBeforeItHasWords) {
  bench_.emplace(context_, settings_);
  const auto check = [&](const std::string& host, const std::string& secret) {
    const auto done =
        bench_->check_secrets({.words = {}, .hosts = {host}, .secrets = {{"TOKEN", secret}}});
    return done ? Errc::internal : done.error().code;
  };
  EXPECT_EQ(check("127.0.0.1:1", "token"), Errc::internal);
  EXPECT_EQ(check("example.net", "token"), Errc::permission);
  EXPECT_EQ(check("127.0.0.1:1", "none"), Errc::not_found);
  MandateSpec spec{.goal = "g", .workspace = {}, .commands = {{.rule = "gh ..."}}};
  spec.commands[0].hosts = {"*.org"};
  EXPECT_EQ(mandates::check(spec).error().code, Errc::invalid_args);
  spec.commands[0].hosts = {"*.example.org"};
  EXPECT_TRUE(mandates::check(spec));
  spec.commands[0].secrets = {{"LD_PRELOAD", "token"}};
  EXPECT_EQ(mandates::check(spec).error().code, Errc::invalid_args);
  MandateSpec more = spec;
  more.commands[0].hosts.emplace_back("example.net");
  EXPECT_EQ(loosening_of(spec, more), "other rules for commands");
  more = spec;
  more.commands[0].secrets[0].secret = "other";
  EXPECT_EQ(loosening_of(spec, more), "other rules for commands");
}

// A part of a secret would not be known as one.
TEST_F(CommandTest, WhatIsCutOffHoldsNoPartOfASecret) {
  secrets::Redactor redactor;
  redactor.add("token", token);
  std::string flood;
  while (flood.size() < 20'000) flood += std::string(token) + "\n";
  for (const auto end : {sandbox::Outcome::End::exited, sandbox::Outcome::End::output}) {
    for (std::size_t cut = 0; cut < 20; ++cut) {
      sandbox::Outcome outcome{.end = end};
      const bool is_whole = end == sandbox::Outcome::End::exited;
      outcome.out = is_whole ? std::string(cut, 'x') + flood : flood.substr(0, 10'000 + cut);
      outcome.err = outcome.out;
      for (const char* const part : {"tok-", "7f3a", "e2b8"})
        EXPECT_THAT(describe_command(outcome, redactor, 4'096), Not(HasSubstr(part))) << cut;
    }
  }
}

class SandboxedCommand : public CommandTest {
 protected:
  void SetUp() override { HEARTH_NEEDS_SANDBOX(); }
};

TEST_F(SandboxedCommand, ReachesTheHostsOfItsRuleWithItsSecretAndNothingElse) {
  const test::HttpServer server;
  const std::string host = server.url("").substr(std::string("http://").size());
  const std::string script =
      "import os, sys, urllib.request, urllib.error\n"
      "for url in sys.argv[1:]:\n"
      "  request = urllib.request.Request(url)\n"
      "  request.add_header('Authorization', 'Bearer ' + os.environ['TOKEN'])\n"
      "  try: print(urllib.request.urlopen(request, timeout=20).read().decode())\n"
      "  except urllib.error.HTTPError as error: print(error)\n";
  const std::string text =
      ran({"python3", "-c", script, server.url("/echo"), "http://127.0.0.1:1/"}, {host});
  EXPECT_THAT(text, HasSubstr("Bearer [secret token]"));
  EXPECT_THAT(text, HasSubstr("HTTP Error 403"));
  EXPECT_THAT(text, HasSubstr("not reached, since no rule names it: 127.0.0.1:1\n"));
  EXPECT_THAT(text, Not(HasSubstr(token)));
  // Around the proxy there is no way, and without hosts there is no proxy.
  const std::string connects =
      "import os, socket\nprint(os.environ.get('http_proxy'))\n"
      "socket.create_connection(('127.0.0.1', " +
      host.substr(host.find(':') + 1) + "), 5)\n";
  EXPECT_THAT(ran({"python3", "-c", connects}, {host}), HasSubstr("refused"));
  EXPECT_THAT(ran({"python3", "-c", connects}, {}), HasSubstr("None"));
}

TEST_F(SandboxedCommand, WhatItPrintsHoldsNoSecretInAnyForm) {
  const std::string text =
      ran({"sh", "-c",
           "echo $TOKEN; printf $TOKEN | base64; printf $TOKEN | od -An -tx1 >&2; "
           "exit 3"},
          {});
  EXPECT_THAT(text, HasSubstr("exited with status 3"));
  EXPECT_THAT(text, HasSubstr("output:\n[secret token]\n[secret token]"));
  EXPECT_THAT(text, HasSubstr("errors:\n [secret token]"));
  EXPECT_THAT(text, Not(HasSubstr(token)));
}

// It may be a person's, or the command's: a person looks, and is told where it is.
TEST_F(SandboxedCommand, WhatIsProtectedAndNewIsForAPerson) {
  bench_.emplace(context_, settings_);
  Deed deed{.kind = "command", .workspace = path("").substr(0, path("").size() - 1)};
  deed.words = {"sh", "-c", "echo x > .envrc"};
  deed.writes = true;
  const auto done = run(deed);
  EXPECT_EQ(done.end, Performed::End::unknown);
  EXPECT_THAT(done.text,
              HasSubstr(".envrc is protected and was not there before: it is now " + aside()));
  EXPECT_FALSE(std::filesystem::exists(path(".envrc")));
  ASSERT_EQ(reviews_.size(), 1U) << "before a kill could lose it";
  EXPECT_EQ(reviews_[0].second, done.text);
  EXPECT_TRUE(workspace::left_guards(own("changes"))->empty());
}

// What it is named from the workspace says nothing: .github is none of the names, workflows
// neither.
TEST_F(SandboxedCommand, AttackAWorkspaceBesideWhatIsProtected) {
  bench_.emplace(context_, settings_);
  std::filesystem::create_directories(path(".github/actions"));
  Deed deed{.kind = "command", .workspace = path(".github")};
  deed.words = {"sh", "-c", "echo x > README.md; echo x > actions/a; mkdir workflows"};
  deed.writes = true;
  const auto done = run(deed);
  EXPECT_EQ(done.end, Performed::End::unknown);
  EXPECT_THAT(done.text, HasSubstr("workflows is protected and was not there before"));
  EXPECT_THAT(done.text, HasSubstr("Read-only file system"));
  EXPECT_FALSE(std::filesystem::exists(path(".github/workflows")));
  EXPECT_FALSE(std::filesystem::exists(path(".github/actions/a")));
  EXPECT_EQ(read(".github/README.md"), "x\n");
}

// Also where it was taken away already, and the kill came before anybody was told.
TEST_F(SandboxedCommand, WhatAKillLeftIsToldOnce) {
  bench_.emplace(context_, settings_);
  const std::string workspace = path("").substr(0, path("").size() - 1);
  const auto root = workspace::Root::open(workspace);
  const auto places = guard_places(own("changes"), "run/1/s");
  const auto recover = [&] {
    return recover_commands(places.records, {places.key}, "default", *bench_,
                            [this](const std::string& key, std::string_view why) {
                              reviews_.emplace_back(key, why);
                              return Result<void>();
                            });
  };
  workspace::GuardRecord record{.key = places.key, .workspace = workspace};
  record.root = workspace::identity_of(*root);
  record.first_process.boot = sandbox::mark_of(::getpid())->boot;
  record.before = *workspace::protected_entries(*root, false, context_.own_directories());
  ASSERT_TRUE(workspace::write_guard(places.records, record));
  test::write_file(path(".envrc"), "x\n");
  test::write_file(path(".bashrc"), "x\n");
  ASSERT_TRUE(workspace::set_aside(*root, ".bashrc", places.aside));
  ASSERT_TRUE(recover());
  ASSERT_EQ(reviews_.size(), 1U);
  EXPECT_EQ(reviews_[0].first, "run/1/s");
  EXPECT_TRUE(reviews_[0].second.starts_with("it was cut off\n")) << reviews_[0].second;
  EXPECT_THAT(reviews_[0].second, HasSubstr("-.bashrc was protected, and not there before"));
  EXPECT_THAT(reviews_[0].second, HasSubstr(".envrc is protected and was not there before"));
  ASSERT_TRUE(recover());
  EXPECT_EQ(reviews_.size(), 1U);
}

// Nothing ran, so that there is nothing to look at.
TEST_F(CommandTest, WithoutASandboxAStepFails) {
  settings_.bubblewrap = "/nonexistent";
  bench_.emplace(context_, settings_);
  Deed deed{.kind = "command", .workspace = path("").substr(0, path("").size() - 1)};
  deed.words = {"touch", "made"};
  deed.writes = true;
  const auto done = run(deed);
  EXPECT_EQ(done.end, Performed::End::failed) << done.text;
  EXPECT_THAT(reviews_, IsEmpty());
}

// Of another version, or damaged: a person looks, or nothing begins.
TEST_F(CommandTest, WhatCannotBeComparedIsToldOrNothingBegins) {
  bench_.emplace(context_, settings_);
  const std::string records = own("changes");
  ASSERT_TRUE(workspace::write_guard(records, {.key = "run/1/s", .workspace = path("")}));
  const std::string file = workspace::left_guards(records)->front();
  test::write_file(file, test::read_file(file) + "x");
  const auto recover = [&](const std::vector<std::string>& open) {
    return recover_commands(records, open, "default", *bench_,
                            [this](const std::string& key, std::string_view why) {
                              reviews_.emplace_back(key, why);
                              return Result<void>();
                            });
  };
  EXPECT_EQ(recover({"run/1/a", "run/2/s"}).error().code, Errc::damaged);
  EXPECT_THAT(reviews_, IsEmpty());
  EXPECT_EQ(problem_of_records(records), "");
  ASSERT_TRUE(recover({"run/1/a", "run/1/s"}));
  ASSERT_EQ(reviews_.size(), 1U);
  EXPECT_EQ(reviews_[0].first, "run/1/s");
  EXPECT_THAT(reviews_[0].second, HasSubstr("was not compared"));
  EXPECT_THAT(problem_of_records(records), HasSubstr(".guard-damaged"));
  EXPECT_TRUE(recover({})) << "it is told once";
  EXPECT_EQ(reviews_.size(), 1U);
}

// Nobody can tell which of a wave did it, also after a kill: each of them is told.
TEST_F(SandboxedCommand, WhatAKillLeftOfAWaveIsToldOfEachOfIt) {
  bench_.emplace(context_, settings_);
  const std::string workspace = path("").substr(0, path("").size() - 1);
  const auto root = workspace::Root::open(workspace);
  const std::string records = own("changes");
  for (const char* const key : {"run/1/a", "run/1/b"}) {
    workspace::GuardRecord record{.key = key, .workspace = workspace};
    record.root = workspace::identity_of(*root);
    record.first_process.boot = sandbox::mark_of(::getpid())->boot;
    record.before = *workspace::protected_entries(*root, false, context_.own_directories());
    ASSERT_TRUE(workspace::write_guard(records, record));
  }
  test::write_file(path(".envrc"), "x\n");
  ASSERT_TRUE(recover_commands(records, {}, "default", *bench_,
                               [this](const std::string& key, std::string_view why) {
                                 reviews_.emplace_back(key, why);
                                 return Result<void>();
                               }));
  ASSERT_EQ(reviews_.size(), 2U);
  for (const auto& [key, why] : reviews_)
    EXPECT_THAT(why, HasSubstr(".envrc is protected and was not there before")) << key;
  EXPECT_TRUE(workspace::left_guards(records)->empty());
}

// A value that was renewed counts at once; a secret that is gone is no empty one.
TEST_F(SandboxedCommand, TheSecretIsReadWhenTheCommandRuns) {
  const auto deed = prepared({"sh", "-c", "test $TOKEN = renewed-secret"}, {});
  ASSERT_TRUE(deed);
  EXPECT_EQ(run(*deed).end, Performed::End::failed);
  test::write_file(scratch_ / "token", "renewed-secret\n");
  EXPECT_EQ(run(*deed).end, Performed::End::done);
  std::filesystem::remove(scratch_ / "token");
  EXPECT_EQ(run(*deed).end, Performed::End::failed);
}

}  // namespace
}  // namespace hearth::packs::mandates
