// The command line as scripts and people use it: exit codes, envelopes, wrong input of every kind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "json/json.hpp"
#include "support/temp_home.hpp"

namespace hearth::test {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using Words = std::vector<std::string>;

// The data of a success envelope; a failed expectation and null for anything else.
json::Value data_of(const Outcome& outcome) {
  EXPECT_EQ(outcome.exit_code, 0) << outcome.describe();
  EXPECT_THAT(outcome.err, IsEmpty());
  const auto envelope = json::parse(outcome.out);
  if (!envelope) ADD_FAILURE() << envelope.error().message << "\n" << outcome.describe();
  if (!envelope) return {};
  EXPECT_EQ(json::int_or(*envelope, "schema_version", 0), 1);
  EXPECT_TRUE(json::bool_or(*envelope, "ok", false));
  const json::Value* data = json::find(*envelope, "data");
  return data == nullptr ? json::Value() : *data;
}

// The error of a failure envelope, which stands alone on standard error.
json::Value error_of(const Outcome& outcome) {
  EXPECT_THAT(outcome.out, IsEmpty());
  const auto envelope = json::parse(outcome.err);
  if (!envelope) ADD_FAILURE() << envelope.error().message << "\n" << outcome.describe();
  if (!envelope) return {};
  EXPECT_EQ(json::int_or(*envelope, "schema_version", 0), 1);
  EXPECT_FALSE(json::bool_or(*envelope, "ok", true));
  const json::Value* error = json::find(*envelope, "error");
  const json::Value* details = error == nullptr ? nullptr : json::find(*error, "details");
  const json::Value* suggestions =
      details == nullptr ? nullptr : json::find(*details, "suggestions");
  EXPECT_TRUE(suggestions != nullptr && suggestions->is_array()) << outcome.describe();
  return error == nullptr ? json::Value() : *error;
}

Words with_json(Words words) {
  words.insert(words.begin(), "--json");
  return words;
}

struct Wrong {
  Words words;
  int exit_code;
  std::string_view code;
  std::string_view message;
};

void expect_refused(const TempHome& home, const Wrong& wrong) {
  const Outcome plain = home.hearth(wrong.words);
  EXPECT_EQ(plain.exit_code, wrong.exit_code) << plain.describe();
  EXPECT_THAT(plain.out, IsEmpty());
  EXPECT_THAT(plain.err, testing::StartsWith("hearth: "));
  EXPECT_THAT(plain.err, HasSubstr(wrong.message));
  const Outcome outcome = home.hearth(with_json(wrong.words));
  EXPECT_EQ(outcome.exit_code, wrong.exit_code) << outcome.describe();
  const json::Value error = error_of(outcome);
  EXPECT_EQ(json::string_or(error, "code", ""), wrong.code);
  EXPECT_THAT(std::string(json::string_or(error, "message", "")), HasSubstr(wrong.message));
}

TEST(CommandLine, RefusesWrongWordsWithoutADaemon) {
  const TempHome home;
  const std::vector<Wrong> all{
      {{"--frobnicate"}, 2, "invalid_args", "unknown option --frobnicate"},
      {{"daemon"}, 2, "invalid_args", "needs a command: start, stop"},
      {{"daemon", "statsu"}, 2, "invalid_args", "has no command \"statsu\""},
      {{"daemon", "status", "extra"}, 2, "invalid_args", "unexpected word \"extra\""},
      {{"daemon", "status", "--timeout", "soon"},
       2,
       "invalid_args",
       "--timeout: expected a duration"},
      {{"daemon", "logs", "--lines", "x"}, 2, "invalid_args", "--lines: expected an integer"},
      {{"daemon", "logs"}, 3, "not_found", "no log yet"},
      {{"daemon", "status"}, 6, "unavailable", "no daemon is running"},
      {{"daemon", "reload"}, 6, "unavailable", "no daemon is running"},
      {{"setup"}, 2, "invalid_args", "missing CLIENT"},
      {{"setup", "emacs"}, 2, "invalid_args", "CLIENT: expected one of claude-code"},
      {{"completion", "fish"}, 2, "invalid_args", "SHELL: expected one of bash, zsh"},
      {{"call"}, 2, "invalid_args", "missing TOOL"},
      {{"call", "x", "{"}, 2, "invalid_args", "arguments: JSON: "},
      {{"call", "x", "[]"}, 2, "invalid_args", "expected a JSON object, got array"},
      {{"tools", "--namespace", "../up"}, 2, "invalid_args", "namespace"},
      {{"tools", "--data", "here"}, 2, "invalid_args", "--data: expected an absolute path"},
      {{"tools", "--strict=perhaps"}, 2, "invalid_args", "--strict: expected true or false"},
      {{"doctor", "--dry-run"}, 2, "invalid_args", "unknown option --dry-run"},
  };
  for (const Wrong& wrong : all) expect_refused(home, wrong);
  EXPECT_THAT(home.daemons(), IsEmpty());
}

TEST(CommandLine, RefusesWrongCallsOfTools) {
  const TempHome home;
  const std::vector<Wrong> all{
      {{"knowledge", "get", "no-such-id"}, 3, "not_found", "no-such-id"},
      {{"knowlege", "get", "x"}, 2, "invalid_args", "there is no command or pack \"knowlege\""},
      {{"knowledge", "gte", "x"}, 2, "invalid_args", "has no verb \"gte\""},
      {{"knowledge", "get"}, 2, "invalid_args", "missing ID"},
      {{"knowledge", "search", "x", "--limit", "many"},
       2,
       "invalid_args",
       "--limit: expected an integer"},
      {{"knowledge", "search", "x", "--limt", "3"}, 2, "invalid_args", "did you mean --limit?"},
      {{"knowledge", "search", "two", "words"}, 2, "invalid_args", "unexpected word \"words\""},
      {{"call", "knowledge_get", R"({"id":7})"}, 2, "invalid_args", "params.id: expected string"},
      {{"call", "knowledge_gte", "{}"}, 2, "invalid_args", "knowledge_gte"},
  };
  for (const Wrong& wrong : all) expect_refused(home, wrong);
}

TEST(CommandLine, HelpAndVersionNeedNoDaemonAndNoConfiguration) {
  TempHome home;
  write_file(home.file("config.toml"), "this is no TOML");
  for (const Words& words : std::vector<Words>{{},
                                               {"--help"},
                                               {"-h"},
                                               {"help"},
                                               {"help", "doctor"},
                                               {"daemon", "--help"},
                                               {"daemon", "status", "--help"},
                                               {"mcp", "--help"},
                                               {"setup", "-h"},
                                               {"completion", "bash"},
                                               {"completion", "zsh"}}) {
    const Outcome outcome = home.hearth(words);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.describe();
    EXPECT_THAT(outcome.out, testing::Not(IsEmpty()));
  }
  EXPECT_THAT(home.hearth({"--version"}).out, testing::StartsWith("hearth "));
  EXPECT_TRUE(json::find(data_of(home.hearth({"--version", "--json"})), "version") != nullptr);
  EXPECT_THAT(home.daemons(), IsEmpty());
}

TEST(CommandLine, EveryCommandPrintsOneEnvelope) {
  const TempHome home;
  EXPECT_TRUE(json::bool_or(data_of(home.hearth({"daemon", "start", "--json"})), "started", false));
  EXPECT_FALSE(json::bool_or(data_of(home.hearth({"daemon", "start", "--json"})), "started", true));
  const json::Value status = data_of(home.hearth({"daemon", "status", "--json"}));
  EXPECT_EQ(json::string_or(status, "state", ""), "running");
  EXPECT_TRUE(
      json::bool_or(data_of(home.hearth({"daemon", "reload", "--json"})), "reloaded", false));
  EXPECT_TRUE(json::find(data_of(home.hearth({"daemon", "logs", "--json"})), "lines")->is_array());
  EXPECT_TRUE(json::find(data_of(home.hearth({"tools", "--json"})), "tools")->is_array());
  EXPECT_TRUE(json::bool_or(data_of(home.hearth({"doctor", "--json"})), "healthy", false));
  EXPECT_EQ(json::int_or(data_of(home.hearth({"call", "hearth_status", "--json"})), "pid", 0),
            json::int_or(status, "pid", -1));
  EXPECT_TRUE(json::find(data_of(home.hearth({"--json", "knowledge"})), "verbs")->is_array());
  EXPECT_TRUE(json::bool_or(data_of(home.hearth({"daemon", "stop", "--json"})), "stopped", false));
}

TEST(CommandLine, AStoppedDaemonIsGoneWhenStopReturns) {
  const TempHome home;
  const json::Value started = data_of(home.hearth({"daemon", "start", "--json"}));
  const auto pid = static_cast<pid_t>(json::int_or(started, "pid", 0));
  ASSERT_TRUE(is_alive(pid));
  EXPECT_EQ(home.hearth({"daemon", "stop"}).exit_code, 0);
  EXPECT_FALSE(is_alive(pid));
  const json::Value again = data_of(home.hearth({"daemon", "stop", "--json"}));
  EXPECT_FALSE(json::bool_or(again, "was_running", true));
}

TEST(CommandLine, APausedDaemonIsReportedInTime) {
  const TempHome home;
  const json::Value started = data_of(home.hearth({"daemon", "start", "--json"}));
  const auto pid = static_cast<pid_t>(json::int_or(started, "pid", 0));
  ASSERT_EQ(::kill(pid, SIGSTOP), 0);
  expect_refused(home,
                 {{"daemon", "status", "--timeout", "300ms"}, 5, "timed_out", "does not answer"});
  ASSERT_EQ(::kill(pid, SIGCONT), 0);
  EXPECT_EQ(home.hearth({"daemon", "status"}).exit_code, 0);
}

TEST(CommandLine, WhatIsRememberedIsFoundAndRead) {
  const TempHome home;
  const json::Value kept = data_of(home.hearth({"knowledge", "remember", "a warm daemon", "--title",
                                                "Warmth", "--tags", "a", "--tags", "b", "--json"}));
  const std::string id(json::string_or(kept, "id", ""));
  ASSERT_FALSE(id.empty());
  const Outcome found = home.hearth({"knowledge", "search", "warm"});
  EXPECT_EQ(found.exit_code, 0) << found.describe();
  EXPECT_THAT(found.out, HasSubstr("Warmth"));
  const json::Value read = data_of(home.hearth({"knowledge", "get", id, "--json"}));
  EXPECT_EQ(json::string_or(read, "text", ""), "a warm daemon");
  EXPECT_EQ(
      json::string_or(data_of(home.hearth({"--json", "knowledge", "get", "--id", id})), "id", ""),
      id);
}

TEST(CommandLine, ReadsStandardInputForADash) {
  const TempHome home;
  Plan plan = home.plan({"call", "knowledge_remember", "-", "--json"});
  plan.has_input = true;
  Process process(plan);
  const std::string_view text = R"({"text":"from a pipe"})";
  ASSERT_EQ(::write(process.input(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  process.close_input();
  const json::Value kept = data_of(process.wait(seconds(30)));
  EXPECT_FALSE(json::string_or(kept, "id", "").empty());
}

TEST(CommandLine, APrivateDaemonLeavesNothingBehind) {
  const TempHome home;
  const Outcome outcome = home.hearth({"call", "hearth_status", "--no-daemon", "--json"});
  EXPECT_GT(json::int_or(data_of(outcome), "pid", 0), 0);
  EXPECT_FALSE(std::filesystem::exists(home.socket()));
  EXPECT_TRUE(eventually([&] { return home.daemons().empty(); }, seconds(10)));
}

TEST(CommandLine, ABadConfigurationIsNamedWithItsPlace) {
  const TempHome home;
  write_file(home.file("config.toml"), "[client]\nstrict = 1\n");
  expect_refused(
      home,
      {{"tools"}, 2, "invalid_args", "config.toml:2:1: client.strict: expected true or false"});
  write_file(home.file("config.toml"), "[daemon]\nidle_timout = \"1m\"\n");
  const Outcome outcome = home.hearth({"tools", "--strict"});
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err,
              HasSubstr("config.toml:2:1: daemon.idle_timout: unknown key; did you mean"));
  const Outcome doctor = home.hearth({"doctor"});
  EXPECT_EQ(doctor.exit_code, 1);
  EXPECT_THAT(doctor.out, HasSubstr("daemon.idle_timout"));
  write_file(home.file("config.toml"), "[knowledge]\nnosuch = 1\n");
  EXPECT_THAT(home.hearth({"tools", "--strict"}).err,
              HasSubstr("config.toml:2:1: knowledge.nosuch: unknown key"));
}

TEST(CommandLine, AProjectChoosesItsNamespace) {
  TempHome home;
  const std::string project = home.file("project");
  std::filesystem::create_directories(project + "/.git");
  write_file(project + "/.hearth.toml", "namespace = \"mine\"\n");
  Plan plan = home.plan({"knowledge", "remember", "only here", "--json"});
  plan.cwd = project;
  const std::string id(json::string_or(data_of(run(plan, seconds(30))), "id", ""));
  EXPECT_EQ(home.hearth({"knowledge", "get", id}).exit_code, 3);
  EXPECT_EQ(home.hearth({"knowledge", "get", id, "--namespace", "mine"}).exit_code, 0);
  home.environment()["HEARTH_NAMESPACE"] = "mine";
  EXPECT_EQ(home.hearth({"knowledge", "get", id}).exit_code, 0);
  EXPECT_EQ(home.hearth({"knowledge", "get", id, "--namespace", "default"}).exit_code, 3);
}

TEST(CommandLine, ARelativeHomeIsRefused) {
  TempHome home;
  home.environment()["HEARTH_HOME"] = "here";
  expect_refused(home, {{"tools"}, 2, "invalid_args", "HEARTH_HOME must be an absolute path"});
}

TEST(CommandLine, AFullStandardOutputIsAnError) {
  const TempHome home;
  Plan plan;
  plan.words = {"/bin/sh", "-c", "exec \"$0\" --version >/dev/full", home.binary("hearth")};
  plan.environment = home.environment();
  const Outcome outcome = run(plan, seconds(30));
  EXPECT_EQ(outcome.exit_code, 5) << outcome.describe();
  EXPECT_THAT(outcome.err, HasSubstr("cannot write to standard output"));
}

TEST(CommandLine, CompletionStartsNothing) {
  const TempHome home;
  const Outcome cold = home.hearth({"__complete", "--", "kn"});
  EXPECT_EQ(cold.exit_code, 0);
  EXPECT_THAT(cold.err, IsEmpty());
  EXPECT_THAT(home.daemons(), IsEmpty());
  EXPECT_THAT(home.hearth({"__complete", "--", "daemon", "st"}).out, HasSubstr("status\t"));
  EXPECT_EQ(home.hearth({"daemon", "start"}).exit_code, 0);
  EXPECT_THAT(home.hearth({"__complete", "--", "kn"}).out, HasSubstr("knowledge\t"));
  EXPECT_THAT(home.hearth({"__complete", "--", "knowledge", ""}).out, HasSubstr("search\t"));
  EXPECT_THAT(home.hearth({"__complete", "--", "knowledge", "search", "--li"}).out,
              HasSubstr("--limit\t"));
}

TEST(CommandLine, TheBashScriptIsOne) {
  const TempHome home;
  write_file(home.file("completion.bash"), home.hearth({"completion", "bash"}).out);
  Plan plan;
  plan.words = {"/bin/bash", "-n", home.file("completion.bash")};
  plan.environment = home.environment();
  EXPECT_EQ(run(plan, seconds(30)).exit_code, 0);
}

TEST(CommandLine, SetupWritesOnceAndShowsWhat) {
  const TempHome home;
  const std::string file = home.environment().at("HOME") + "/.cursor/mcp.json";
  const Outcome dry = home.hearth({"setup", "cursor", "--dry-run"});
  EXPECT_THAT(dry.out, HasSubstr("+    \"hearth\": {"));
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_TRUE(json::bool_or(data_of(home.hearth({"setup", "cursor", "--json"})), "changed", false));
  EXPECT_THAT(read_file(file), HasSubstr(home.binary("hearth")));
  EXPECT_THAT(read_file(file), HasSubstr(home.path()));  // HEARTH_HOME goes along
  EXPECT_TRUE(
      json::bool_or(data_of(home.hearth({"setup", "cursor", "--json"})), "already_there", false));
  write_file(file, "{ broken");
  expect_refused(home, {{"setup", "cursor"}, 2, "invalid_args", "line 1, column 3"});
  EXPECT_EQ(read_file(file), "{ broken");
}

TEST(CommandLine, DaemonRunStaysInTheForeground) {
  const TempHome home;
  Process process(home.plan({"daemon", "run"}));
  ASSERT_TRUE(
      eventually([&] { return home.hearth({"daemon", "status"}).exit_code == 0; }, seconds(20)));
  process.signal(SIGTERM);
  const Outcome outcome = process.wait(seconds(20));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.describe();
  EXPECT_THAT(outcome.err, HasSubstr("serving"));  // the log goes to standard error
}

}  // namespace
}  // namespace hearth::test
