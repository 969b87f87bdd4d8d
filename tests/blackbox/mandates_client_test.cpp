// Runs that think with the model of a client that follows them, in both eras of the protocol.
#include <gmock/gmock.h>

#include "blackbox/mandates_fixture.hpp"
#include "blackbox/mandates_scripts.hpp"
#include "support/mcp_stdio_client.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* follow = "mandates_run_follow";

class MandatesClient : public MandatesTest {
 protected:
  MandatesClient() { write_file(home_.file("config.toml"), "[mandates]\n"); }
  std::string begin(std::vector<std::string> options = {}) {
    std::vector<std::string> words{"create", "greeting", "Correct the greeting", "--start"};
    words.insert(words.end(), options.begin(), options.end());
    const std::string run(json::string_or(mandates(std::move(words)), "run", ""));
    const json::Value blocked = wait_for(run, "blocked");
    EXPECT_THAT(std::string(json::string_or(blocked, "reason", "")),
                StartsWith("waiting_model: no client lends its model"));
    return run;
  }
  static json::Object sampling() { return {{"sampling", json::Object{}}}; }
  static void lend(JsonRpcPeer& client, ClientModel& model) {
    client.answer_with(
        [&](std::string_view method, const json::Value& params) -> std::optional<json::Value> {
          if (method != "sampling/createMessage") return std::nullopt;
          return model(params);
        });
  }
  ClientModel model_;
};

TEST_F(MandatesClient, AFollowerLendsItsModelAndHearsTheEnd) {
  const std::string run = begin();
  McpStdioClient client(home_);
  ASSERT_TRUE(client.initialize(seconds(30), sampling()));
  lend(client, model_);
  model_.decisions = {"That is no JSON", R"({"reasoning":"Nothing to do","steps":[]})"};
  const int call = client.send(
      "tools/call",
      {{"name", follow}, {"arguments", {{"run", run}}}, {"_meta", {{"progressToken", "p"}}}});
  const auto ended = client.receive_call(call, seconds(60));
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(json::string_or(*ended, "outcome", ""), "succeeded") << json::dump(*ended);
  EXPECT_TRUE(client.hears("blocked: waiting_model", seconds(10)));
  ASSERT_EQ(model_.asked.size(), 4U) << "orient, decide and its repair, reflect";
  EXPECT_THAT(model_.asked[1], HasSubstr("JSON Schema"));
  EXPECT_THAT(model_.asked[2], HasSubstr("Answer again"));
  // Nobody tells what it used: charged at the worst.
  const json::Value spent = mandates({"budget", "--mandate=greeting"});
  EXPECT_THAT(json::dump(spent), HasSubstr("\"calls\":4")) << json::dump(spent);
  EXPECT_EQ(client.finish().exit_code, 0);
}

TEST_F(MandatesClient, WhoLeavesAnswersNothingAndTheNextOneGoesOn) {
  const std::string run = begin();
  {
    McpStdioClient client(home_);
    ASSERT_TRUE(client.initialize(seconds(30), sampling()));
    bool was_asked = false;
    client.answer_with([&](std::string_view, const json::Value&) -> std::optional<json::Value> {
      was_asked = true;
      return std::nullopt;
    });
    const int call = client.send_call(follow, {{"run", run}});
    const auto asked = [&] {
      (void)client.receive(call, milliseconds(50));
      return was_asked;
    };
    ASSERT_TRUE(eventually(asked, seconds(30)));
    EXPECT_EQ(json::string_or(mandates({"run-show", run}), "state", ""), "running");
    (void)client.finish();
  }
  const auto waits = [&] {
    const json::Value row = mandates({"run-show", run});
    return json::string_or(row, "reason", "").starts_with("waiting_model");
  };
  ASSERT_TRUE(eventually(waits, seconds(30))) << json::dump(mandates({"run-show", run}));
  McpStdioClient second(home_);
  ASSERT_TRUE(second.initialize(seconds(30), sampling()));
  lend(second, model_);
  const auto ended = second.call(follow, {{"run", run}}, seconds(60));
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(json::string_or(*ended, "outcome", ""), "succeeded");
  EXPECT_EQ(second.finish().exit_code, 0);
}

TEST_F(MandatesClient, OneWithoutAModelOnlyFollows) {
  const std::string run = begin();
  McpStdioClient client(home_);
  ASSERT_TRUE(client.initialize(seconds(30)));
  const int call = client.send_call(follow, {{"run", run}});
  EXPECT_EQ(client.receive(call, milliseconds(500)).error().code, Errc::timed_out);
  EXPECT_EQ(json::string_or(mandates({"run-show", run}), "state", ""), "blocked");
  mandates({"run-cancel", run});
  const auto ended = client.receive_call(call, seconds(30));
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(json::string_or(*ended, "outcome", ""), "stopped");
  EXPECT_EQ(client.finish().exit_code, 0);
}

// The run that waits goes on, in the same daemon.
TEST_F(MandatesClient, AModelThatAReloadBringsIsAsked) {
  const std::string run = begin();
  const std::vector<pid_t> daemons = home_.daemons();
  serve(R"({"orient": ["Fine."], "decide": [{"reasoning": "Nothing to do", "steps": []}],
            "reflect": [{"goal_reached": true, "summary": "Done"}]})",
        "", "day_calls = 7\nworkers = 2\n");
  const Outcome reloaded = hearth({"daemon", "reload"});
  EXPECT_EQ(reloaded.exit_code, 0) << reloaded.describe();
  EXPECT_THAT(reloaded.out, HasSubstr("mandates.workers"));
  EXPECT_THAT(reloaded.out, Not(HasSubstr("mandates.day_calls")));
  EXPECT_EQ(json::string_or(wait_for(run, "ended"), "outcome", ""), "succeeded");
  EXPECT_EQ(home_.daemons(), daemons);
  EXPECT_THAT(json::dump(mandates({"budget"})), HasSubstr("7"));
  // What is wrong changes nothing.
  write_file(home_.file("config.toml"), "[mandates]\nagents_may = \"everything\"\n");
  EXPECT_NE(hearth({"daemon", "reload"}).exit_code, 0);
  const std::string again(
      json::string_or(mandates({"create", "second", "Look again", "--start"}), "run", ""));
  EXPECT_EQ(json::string_or(wait_for(again, "ended"), "outcome", ""), "succeeded");
}

TEST_F(MandatesClient, ARootThatAReloadBringsHoldsWorkspaces) {
  const test::ScratchDirectory elsewhere("elsewhere");
  const std::vector<std::string> create{"mandates", "create",      "outside",
                                        "Look",     "--workspace", elsewhere.path()};
  EXPECT_THAT(hearth(create).err, HasSubstr("outside of the caller's project"));
  const std::string before = read_file(home_.file("config.toml"));
  write_file(home_.file("config.toml"),
             before + "[daemon]\nroots = [\"" + elsewhere.path() + "\"]\n");
  EXPECT_EQ(hearth({"daemon", "reload"}).exit_code, 0);
  const Outcome made = hearth(create);
  EXPECT_EQ(made.exit_code, 0) << made.describe();
}

// The call ends with a question and is made again with its answer.
TEST_F(MandatesClient, InTheModernEraEachAnswerComesWithTheNextRound) {
  const std::string run = begin();
  McpStdioClient client(home_);
  json::Object params{{"name", follow}, {"arguments", {{"run", run}}}};
  json::Value result;
  for (int round = 0; round < 8; ++round) {
    const auto answered = client.request("tools/call", modern(params), seconds(60));
    ASSERT_TRUE(answered) << answered.error().message;
    result = *answered;
    if (json::string_or(result, "resultType", "") != "input_required") break;
    json::Object answers;
    for (const auto& question : result.at("inputRequests").as_object())
      answers[question.key()] = model_(question.value().at("params"));
    params["inputResponses"] = std::move(answers);
    params["requestState"] = result.at("requestState");
  }
  EXPECT_EQ(model_.asked.size(), 3U);
  ASSERT_NE(json::find(result, "structuredContent"), nullptr) << json::dump(result);
  EXPECT_EQ(json::string_or(result.at("structuredContent"), "outcome", ""), "succeeded");
  EXPECT_EQ(client.finish().exit_code, 0);
}

TEST_F(MandatesClient, ARunIsATaskWhereTheClientFollowsTasks) {
  const std::string run = begin({"--model", "client"});
  McpStdioClient client(home_);
  ASSERT_TRUE(client.initialize(seconds(30), sampling()));
  lend(client, model_);
  const auto begun = client.request(
      "tools/call", {{"name", follow}, {"arguments", {{"run", run}}}, {"task", {{"ttl", 600'000}}}},
      seconds(30));
  ASSERT_TRUE(begun) << begun.error().message;
  const std::string task(json::string_or(begun->at("task"), "taskId", ""));
  ASSERT_NE(task, "") << json::dump(*begun);
  const auto ended = client.request("tasks/result", {{"taskId", task}}, seconds(60));
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(json::string_or(ended->at("structuredContent"), "outcome", ""), "succeeded");
  EXPECT_EQ(model_.asked.size(), 3U);
  EXPECT_EQ(client.finish().exit_code, 0);
}

// The one before it has not ended.
TEST_F(MandatesClient, ARunThatNeverBeganEndsForItsFollowersToo) {
  mandates({"create", "greeting", "Correct the greeting"});
  const json::Value schedule =
      mandates({"schedule-add", "greeting", "every 24h", "--overlap", "buffer_all"});
  const std::string id(json::string_or(schedule, "id", ""));
  (void)mandates({"schedule-trigger", id});
  const json::Value fired = mandates({"schedule-trigger", id});
  const std::string run(fired.at("runs").as_array().front().as_string());
  McpStdioClient client(home_);
  ASSERT_TRUE(client.initialize(seconds(30)));
  const int call = client.send_call(follow, {{"run", run}});
  EXPECT_EQ(client.receive(call, milliseconds(500)).error().code, Errc::timed_out);
  EXPECT_EQ(json::string_or(mandates({"run-show", run}), "state", ""), "waiting");
  mandates({"run-cancel", run});
  const auto ended = client.receive_call(call, seconds(30));
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(json::string_or(*ended, "outcome", ""), "stopped");
  EXPECT_EQ(client.finish().exit_code, 0);
}

TEST_F(MandatesClient, ASessionThatOnlyReadsLendsNothing) {
  const std::string run = begin();
  McpStdioClient client(home_, {"--read-only"});
  ASSERT_TRUE(client.initialize(seconds(30), sampling()));
  lend(client, model_);
  const int call = client.send_call(follow, {{"run", run}});
  EXPECT_EQ(client.receive(call, milliseconds(500)).error().code, Errc::timed_out);
  EXPECT_TRUE(model_.asked.empty());
  EXPECT_EQ(client.finish().exit_code, 0);
}

}  // namespace
}  // namespace hearth::test
