// Approvals by MCP's elicitation: what the person at a client answers, and what only looks like it.
#include <gmock/gmock.h>

#include <csignal>

#include "blackbox/mandates_fixture.hpp"
#include "support/mcp_stdio_client.hpp"

namespace hearth::test {
namespace {

using testing::HasSubstr;

constexpr const char* script = R"({
  "orient": ["The greeting is wrong."],
  "decide": [{"reasoning": "Correct it", "steps": [
    {"id": "edit", "kind": "change", "changes": [
      {"path": "greeting.txt", "replacements": [{"before": "helo", "after": "hello"}]}]}]}],
  "reflect": [{"goal_reached": true, "summary": "The greeting is right."}]
})";

const json::Object can_ask{{"elicitation", json::Object{}}};

class MandatesElicitation : public MandatesTest {
 protected:
  MandatesElicitation() { serve(script, "", "elicitation = true\n"); }

  std::string start_run() {
    const json::Value made = mandates({"create", "greeting", "Correct the greeting", "--start"});
    return std::string(json::string_or(made, "run", ""));
  }
  std::string state_of(const std::string& proposal) {
    const json::Value shown = mandates({"approval", proposal});
    const json::Value* approval = json::find(shown, "approval");
    return std::string(approval == nullptr ? "" : json::string_or(*approval, "state", ""));
  }
  // "approved", "pending", or the code of the error.
  static std::string outcome(const Result<json::Value>& answer) {
    if (!answer) return std::string(errc_name(answer.error().code)) + ": " + answer.error().message;
    return std::string(json::string_or(*answer, "state", ""));
  }

  // ---- The older era: the client is asked while the call waits
  static int ask(McpStdioClient& client, const std::string& proposal) {
    return client.send_call("mandates_approval_ask", {{"proposal", proposal}});
  }
  static std::string answered(McpStdioClient& client, int call, const json::Value& result) {
    const auto question = client.question(seconds(30));
    if (!question) return "not asked: " + question.error().message;
    client.reply(*question, result);
    return outcome(client.receive_call(call, seconds(30)));
  }
  static json::Value accepted(const std::string& decision) {
    return {{"action", "accept"}, {"content", {{"decision", decision}}}};
  }

  // ---- The newer one: the call is repeated with the answer
  static Result<json::Value> modern(McpStdioClient& client,
                                    const std::string& proposal,
                                    const json::Value& answer = nullptr,
                                    const std::string& state = "") {
    json::Object params{
        {"name", "mandates_approval_ask"},
        {"arguments", {{"proposal", proposal}}},
        {"_meta",
         {{"io.modelcontextprotocol/protocolVersion", "2026-07-28"},
          {"io.modelcontextprotocol/clientInfo", {{"name", "new"}, {"version", "1"}}},
          {"io.modelcontextprotocol/clientCapabilities", can_ask}}}};
    if (!answer.is_null()) params["inputResponses"] = {{"decision", answer}};
    if (!state.empty()) params["requestState"] = state;
    return client.request("tools/call", params, seconds(30));
  }
  static std::string text_of(const Result<json::Value>& result) {
    return result ? json::dump(*result) : result.error().message;
  }
};

TEST_F(MandatesElicitation, WhatThePersonChoosesDecides) {
  const std::string run = start_run();
  const std::string proposal = wait_for_proposal();
  McpStdioClient client(home_);
  ASSERT_TRUE(client.initialize(seconds(30), can_ask));
  const int call = ask(client, proposal);
  const auto question = client.question(seconds(30));
  ASSERT_TRUE(question) << question.error().message;
  EXPECT_EQ(json::string_or(*question, "method", ""), "elicitation/create");
  const std::string message(json::string_or(question->at("params"), "message", ""));
  EXPECT_THAT(message, HasSubstr("-helo\n+hello\n"));
  EXPECT_THAT(message, HasSubstr("digest "));
  EXPECT_EQ(read_file(file("greeting.txt")), "helo\n");
  client.reply(*question, accepted("approve"));
  EXPECT_EQ(outcome(client.receive_call(call, seconds(30))), "approved");
  EXPECT_EQ(json::string_or(wait_for(run, "ended"), "outcome", ""), "succeeded");
  EXPECT_EQ(read_file(file("greeting.txt")), "hello\n");
  EXPECT_THAT(json::dump(mandates({"approval", proposal})),
              HasSubstr(R"("reviewer":"blackbox over elicitation ()"));
  EXPECT_THAT(outcome(client.receive_call(ask(client, proposal), seconds(30))),
              HasSubstr("conflict: "));
  EXPECT_EQ(client.finish().exit_code, 0);
}

TEST_F(MandatesElicitation, NothingElseDecides) {
  (void)start_run();
  const std::string proposal = wait_for_proposal();
  McpStdioClient client(home_);
  ASSERT_TRUE(client.initialize(seconds(30), can_ask));
  const std::vector<json::Value> others{
      {{"action", "decline"}},
      {{"action", "cancel"}},
      {{"action", "decline"}, {"content", {{"decision", "approve"}}}},
      {{"action", "accept"}},
      {{"action", "accept"}, {"content", {{"decision", "yes"}}}},
      {{"action", "accept"}, {"content", {{"decision", true}}}},
      {{"action", "accept"}, {"content", "approve"}},
      json::Object{}};
  for (const json::Value& other : others)
    EXPECT_EQ(answered(client, ask(client, proposal), other), "pending") << json::dump(other);
  EXPECT_EQ(state_of(proposal), "pending");
  EXPECT_EQ(answered(client, ask(client, proposal), accepted("reject")), "denied");
  EXPECT_EQ(client.finish().exit_code, 0);
}

// What was asked about is gone by the time of the answer.
TEST_F(MandatesElicitation, AnAnswerThatComesTooLateIsRefused) {
  const std::string run = start_run();
  const std::string proposal = wait_for_proposal();
  McpStdioClient client(home_);
  ASSERT_TRUE(client.initialize(seconds(30), can_ask));
  const int call = ask(client, proposal);
  const auto question = client.question(seconds(30));
  ASSERT_TRUE(question);
  mandates({"run-cancel", run, "--reason=enough"});
  (void)wait_for(run, "ended");
  client.reply(*question, accepted("approve"));
  EXPECT_THAT(outcome(client.receive_call(call, seconds(30))),
              HasSubstr("conflict: proposal " + proposal + " is superseded"));
  EXPECT_EQ(read_file(file("greeting.txt")), "helo\n");
  EXPECT_THAT(home_.log_text(), HasSubstr("refused a decision"));
  EXPECT_EQ(client.finish().exit_code, 0);
}

TEST_F(MandatesElicitation, ARepeatedCallBringsTheAnswerAndIsBelievedOnce) {
  const std::string run = start_run();
  const std::string proposal = wait_for_proposal();
  McpStdioClient client(home_);
  EXPECT_THAT(text_of(modern(client, proposal, accepted("approve"))),
              HasSubstr("nobody was asked that"))
      << "an answer without a question";
  EXPECT_THAT(text_of(modern(client, proposal, accepted("approve"), "made-up")),
              testing::Not(HasSubstr("approved")));
  const auto asked = modern(client, proposal);
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_THAT(json::dump(*asked), HasSubstr(R"("method":"elicitation/create")"));
  const std::string state(json::string_or(*asked, "requestState", ""));
  ASSERT_FALSE(state.empty()) << json::dump(*asked);
  EXPECT_THAT(text_of(modern(client, proposal, json::Value{{"action", "cancel"}}, state)),
              HasSubstr(R"("state":"pending")"));
  EXPECT_THAT(text_of(modern(client, proposal, accepted("approve"), state)),
              HasSubstr(R"("state":"approved")"));
  EXPECT_THAT(text_of(modern(client, proposal, accepted("approve"), state)),
              HasSubstr("proposal " + proposal + " is "))
      << "a replay";
  EXPECT_EQ(json::string_or(wait_for(run, "ended"), "outcome", ""), "succeeded");
  EXPECT_EQ(client.finish().exit_code, 0);
}

// The state of one proposal's question, with the arguments of another.
TEST_F(MandatesElicitation, AnAnswerAboutAnotherProposalIsRefused) {
  (void)start_run();
  const std::string first = wait_for_proposal();
  mandates({"create", "again", "Correct the greeting", "--start"});
  std::string second;
  ASSERT_TRUE(eventually(
      [&] {
        const json::Value waiting = mandates({"approvals"});
        for (const json::Value& each : waiting.at("approvals").as_array()) {
          if (json::string_or(each, "id", "") != first) second = json::string_or(each, "id", "");
        }
        return !second.empty();
      },
      seconds(60)));
  McpStdioClient client(home_);
  const auto asked = modern(client, first);
  ASSERT_TRUE(asked) << asked.error().message;
  const std::string state(json::string_or(*asked, "requestState", ""));
  EXPECT_THAT(text_of(modern(client, second, accepted("approve"), state)),
              testing::Not(HasSubstr("approved")));
  EXPECT_EQ(state_of(first), "pending");
  EXPECT_EQ(state_of(second), "pending");
  EXPECT_EQ(client.finish().exit_code, 0);
}

TEST_F(MandatesElicitation, NeedsAClientThatCanAsk) {
  (void)start_run();
  const std::string proposal = wait_for_proposal();
  McpStdioClient client(home_);
  ASSERT_TRUE(client.initialize(seconds(30)));
  EXPECT_THAT(outcome(client.receive_call(ask(client, proposal), seconds(30))),
              HasSubstr("unsupported: "));
  const Outcome typed = hearth({"mandates", "approval-ask", proposal});
  EXPECT_NE(typed.exit_code, 0);
  EXPECT_THAT(typed.err, HasSubstr("no elicitation"));
  EXPECT_EQ(client.finish().exit_code, 0);
}

TEST_F(MandatesElicitation, IsOffUnlessAPersonAllowedIt) {
  serve(script);
  (void)start_run();
  const std::string proposal = wait_for_proposal();
  McpStdioClient client(home_);
  ASSERT_TRUE(client.initialize(seconds(30), can_ask));
  EXPECT_THAT(outcome(client.receive_call(ask(client, proposal), seconds(30))),
              HasSubstr("permission_denied: a person decides this at a terminal"));
  EXPECT_EQ(state_of(proposal), "pending");
  EXPECT_EQ(client.finish().exit_code, 0);
}

}  // namespace
}  // namespace hearth::test
