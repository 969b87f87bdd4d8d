// Calls that ask their callers: by requests to the client in the older era, by repeated calls in
// the newer one. The packs' handlers are the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "mcp/messages.hpp"
#include "support/mcp_session.hpp"

namespace hearth::mcp {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

class AskingTest : public SessionTest {
 protected:
  static std::string call_params(std::string_view tool,
                                 std::string_view text = "",
                                 std::string_view answers = "",
                                 std::string_view state = "") {
    std::string params = R"("name":")" + std::string(tool) + R"(","arguments":{"text":")" +
                         std::string(text) + "\"}";
    if (!answers.empty()) params.append(R"(,"inputResponses":)").append(answers);
    if (!state.empty()) params.append(R"(,"requestState":)").append(json::quoted(state));
    return params;
  }
  // The first round of a call in the newer era; its result.
  json::Value first_round(std::string_view tool, std::string_view text = "") {
    const json::Value message = ask(modern("1", "tools/call", call_params(tool, text)));
    const json::Value* result = json::find(message, "result");
    if (result == nullptr || json::string_or(*result, "resultType", "") != "input_required") {
      ADD_FAILURE() << json::dump(message);
      return {};
    }
    return *result;
  }
  static std::string state_of(const json::Value& result) {
    return std::string(json::string_or(result, "requestState", ""));
  }
  json::Value again(std::string_view tool,
                    std::string_view text,
                    std::string_view answers,
                    std::string_view state) {
    return ask(modern("2", "tools/call", call_params(tool, text, answers, state)));
  }

  struct Question {
    std::string id;  // JSON text
    std::string method;
    std::string params;
    std::string about;
  };
  // The next message, which is a request to the client.
  Question question() {
    const auto sent = outbox_.next_sent();
    const auto envelope = json::scan_envelope(sent.text);
    if (!envelope || !envelope->is_request()) {
      ADD_FAILURE() << "no question: " << sent.text;
      return {};
    }
    return {std::string(envelope->id), envelope->method, std::string(envelope->params), sent.about};
  }
  void reply(const Question& question, std::string_view result) {
    say(R"({"jsonrpc":"2.0","id":)" + question.id + R"(,"result":)" + std::string(result) + "}");
  }
  void reply_error(const Question& question, std::string_view why) {
    say(R"({"jsonrpc":"2.0","id":)" + question.id + R"(,"error":{"code":-1,"message":")" +
        std::string(why) + "\"}}");
  }
  void cancel(std::string_view id) {
    say(R"({"method":"notifications/cancelled","params":{"requestId":)" + std::string(id) + "}}");
  }
};

TEST_F(AskingTest, AsksByItsResultAndGoesOnWhenRepeated) {
  const json::Value result = first_round("ask_name", "hi");
  const json::Value& question = result.at("inputRequests").at("user_name");
  EXPECT_EQ(json::string_or(question, "method", ""), "elicitation/create");
  EXPECT_EQ(json::string_or(question.at("params"), "message", ""), "Who?");
  EXPECT_EQ(json::find(result, "content"), nullptr);
  const json::Value done =
      again("ask_name", "hi", R"({"user_name":{"action":"accept"}})", state_of(result));
  EXPECT_EQ(said(done), R"(hi|hi|{"action":"accept"})");
  EXPECT_EQ(json::string_or(done.at("result"), "resultType", ""), "complete");
  EXPECT_EQ(session_->in_flight(), 0U);
  EXPECT_EQ(outbox_.held, 0U);
}

TEST_F(AskingTest, AsksSeveralThingsAtOnce) {
  const json::Value result = first_round("ask_all");
  std::map<std::string, std::string> methods;
  for (const auto& [name, question] : result.at("inputRequests").as_object()) {
    methods[std::string(name)] = json::string_or(question, "method", "");
  }
  EXPECT_EQ(methods, (std::map<std::string, std::string>{{"greeting", "sampling/createMessage"},
                                                         {"roots", "roots/list"},
                                                         {"user_name", "elicitation/create"}}));
  EXPECT_EQ(
      said(again("ask_all", "", R"({"greeting":{},"roots":[],"user_name":1})", state_of(result))),
      "greeting={};roots=[];user_name=1;");
}

TEST_F(AskingTest, LeavesAnotherStateInEachRound) {
  const json::Value first = first_round("ask_rounds");
  const json::Value second =
      again("ask_rounds", "", R"({"user_name":1})", state_of(first)).at("result");
  EXPECT_EQ(json::string_or(second, "resultType", ""), "input_required");
  EXPECT_NE(state_of(first), state_of(second));
  EXPECT_EQ(said(again("ask_rounds", "", R"({"user_name":2})", state_of(second))),
            "first:user_name=1;user_name=2;");
}

TEST_F(AskingTest, AsksAgainForWhatIsMissingAndIgnoresWhatIsTooMuch) {
  EXPECT_EQ(
      json::string_or(again("ask_name", "a", R"({"wrong":1})", "").at("result"), "resultType", ""),
      "input_required");
  EXPECT_EQ(said(again("ask_name", "a", R"({"user_name":1,"other":2})", "")), "a||1")
      << "answers without a state";
  EXPECT_EQ(error_number(again("ask_name", "a", "[1]", "")), invalid_params);
}

TEST_F(AskingTest, TakesNoStateThatItDidNotGiveForThisCall) {
  const std::string state = state_of(first_round("ask_name", "hi"));
  constexpr std::string_view answers = R"({"user_name":1})";
  EXPECT_EQ(error_number(again("ask_name", "hi", answers, state + "-TAMPERED")), invalid_params);
  EXPECT_EQ(error_number(again("ask_name", "hi", answers, "nonsense")), invalid_params);
  EXPECT_EQ(error_number(again("ask_rounds", "", answers, state)), invalid_params)
      << "another tool's";
  EXPECT_EQ(error_number(ask(
                modern("1", "tools/call", R"("name":"ask_name","arguments":{},"requestState":7)"))),
            invalid_params);
  Outbox other_outbox;
  std::shared_ptr<Session> other;
  pack::Caller caller;
  caller.name_space = "work";
  thread_.run([&] { other = make_session({}, other_outbox, caller); });
  say(*other, modern("1", "tools/call", call_params("ask_name", "hi", answers, state)));
  EXPECT_EQ(error_number(answer(other_outbox, "1")), invalid_params) << "another namespace's";
  thread_.run([&] { other.reset(); });
  EXPECT_EQ(said(again("ask_name", "hi", answers, state)), "hi|hi|1") << "it is still good";
}

TEST_F(AskingTest, GoesOnWithAnotherSessionOfTheSameCaller) {
  const std::string state = state_of(first_round("ask_name", "hi"));
  open({});  // as after a reconnect
  EXPECT_EQ(said(again("ask_name", "hi", R"({"user_name":1})", state)), "hi|hi|1");
}

TEST_F(AskingTest, SaysWhatTheClientLacks) {
  const auto lacks = [&](std::string_view tool, std::string_view abilities) {
    const json::Value message = ask(modern("1", "tools/call", call_params(tool), abilities));
    EXPECT_EQ(error_number(message), missing_client_capability) << tool;
    return json::dump(message.at("error").at("data").at("requiredCapabilities"));
  };
  EXPECT_EQ(lacks("ask_name", "{}"), R"({"elicitation":{}})");
  EXPECT_EQ(lacks("ask_name", R"({"elicitation":{"url":{}}})"), R"({"elicitation":{}})");
  EXPECT_EQ(lacks("ask_page", R"({"elicitation":{}})"), R"({"elicitation":{"url":{}}})");
  EXPECT_EQ(lacks("ask_all", R"({"elicitation":{},"roots":{}})"), R"({"sampling":{}})");
  EXPECT_EQ(lacks("ask_all", R"({"elicitation":{},"sampling":{}})"), R"({"roots":{}})");
  // What the handshake said counts in the older era only.
  shake_hands();
  EXPECT_EQ(lacks("ask_name", "{}"), R"({"elicitation":{}})");
  shake_hands("{}");
  EXPECT_EQ(error_number(ask(call_text("1", "ask_name", "{}"))), missing_client_capability);
  EXPECT_EQ(session_->in_flight(), 0U);
}

TEST_F(AskingTest, AsksForPromptsAndResourcesToo) {
  const json::Value prompt = ask(modern("1", "prompts/get", R"("name":"ask_context")"));
  EXPECT_EQ(json::string_or(prompt.at("result"), "resultType", ""), "input_required");
  const std::string state = R"("requestState":)" + json::quoted(state_of(prompt.at("result")));
  const json::Value done = ask(modern(
      "2", "prompts/get", R"("name":"ask_context","inputResponses":{"user_name":1},)" + state));
  EXPECT_THAT(json::dump(done), HasSubstr("ctxuser_name=1;"));
  const json::Value resource = ask(modern("3", "resources/read", R"("uri":"test://asks")"));
  EXPECT_EQ(json::string_or(resource.at("result"), "resultType", ""), "input_required");
  EXPECT_EQ(json::find(resource.at("result"), "requestState"), nullptr);
  EXPECT_THAT(json::dump(ask(modern("4", "resources/read",
                                    R"("uri":"test://asks","inputResponses":{"user_name":2})"))),
              HasSubstr("user_name=2;"));
}

TEST_F(AskingTest, RefusesAToolThatAsksWithoutHavingSaidSo) {
  EXPECT_EQ(tool_code(ask(modern("1", "tools/call", call_params("ask_silently")))),
            "internal_error");
  EXPECT_EQ(tool_code(ask(call_text("2", "ask_silently", "{}"))), "internal_error");
}

TEST_F(AskingTest, MakesAnotherRoundWithoutAQuestion) {
  shake_hands();
  EXPECT_EQ(said(ask(call_text("1", "ask_more", "{}"))), "xx");
  const json::Value first = first_round("ask_more");
  EXPECT_EQ(json::dump(first.at("inputRequests")), "{}");
  const json::Value second = again("ask_more", "", "", state_of(first)).at("result");
  EXPECT_EQ(said(again("ask_more", "", "", state_of(second))), "xx");
}

TEST_F(AskingTest, AsksTheClientByRequestsInTheOlderEra) {
  shake_hands();
  say(call_text("\"mine\"", "ask_all", "{}", "7"));
  std::map<std::string, Question> asked;
  std::set<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    const Question next = question();
    EXPECT_EQ(next.about, "\"mine\"");
    ids.insert(next.id);
    asked[next.method] = next;
  }
  EXPECT_EQ(ids.size(), 3U);
  EXPECT_THAT(asked["elicitation/create"].params, HasSubstr("Who?"));
  EXPECT_EQ(asked["roots/list"].params, "{}");
  reply(asked["roots/list"], R"({"roots":[]})");
  reply(asked["roots/list"], R"({"roots":[1]})");  // answered already
  reply(asked["sampling/createMessage"], R"({"role":"assistant"})");
  EXPECT_EQ(session_->in_flight(), 1U);
  EXPECT_TRUE(outbox_.is_empty());
  reply(asked["elicitation/create"], R"({"action":"decline"})");
  EXPECT_EQ(said(answer("\"mine\"")),
            R"(greeting={"role":"assistant"};roots={"roots":[]};user_name={"action":"decline"};)");
  EXPECT_EQ(outbox_.held, 0U);
}

TEST_F(AskingTest, AsksInRoundsForPromptsAndResourcesInTheOlderEra) {
  shake_hands();
  say(call_text("1", "ask_rounds", "{}"));
  const Question first = question();
  reply(first, "1");
  const Question second = question();
  EXPECT_NE(first.id, second.id);
  reply(first, "3");  // it has been answered
  reply(second, "2");
  EXPECT_EQ(said(answer("1")), "first:user_name=1;user_name=2;");
  say(legacy("2", "prompts/get", R"("name":"ask_context")"));
  reply(question(), "3");
  EXPECT_THAT(outbox_.next(), HasSubstr("ctxuser_name=3;"));
  say(legacy("3", "resources/read", R"("uri":"test://asks")"));
  reply(question(), "4");
  EXPECT_THAT(outbox_.next(), HasSubstr("user_name=4;"));
}

TEST_F(AskingTest, FailsACallWhoseClientCannotAnswerAndWithdrawsTheRest) {
  shake_hands();
  say(call_text("1", "ask_all", "{}"));
  std::vector<Question> asked{question(), question(), question()};
  reply_error(asked[1], "no model here");
  std::set<std::string> withdrawn;
  for (int i = 0; i < 2; ++i) {
    const std::string message = outbox_.next();
    EXPECT_THAT(message, HasSubstr("notifications/cancelled"));
    withdrawn.insert(
        json::dump(json::parse(json::scan_envelope(message)->params).value().at("requestId")));
  }
  EXPECT_THAT(withdrawn, UnorderedElementsAre(asked[0].id, asked[2].id));
  const json::Value message = answer("1");
  EXPECT_EQ(tool_code(message), "unsupported");
  EXPECT_THAT(json::dump(message), HasSubstr("no model here"));
  reply(asked[0], "{}");
  EXPECT_TRUE(outbox_.is_empty());
  EXPECT_EQ(outbox_.held, 0U);
  EXPECT_EQ(catalog_.find_tool("ask_all")->errors, 1U);
}

TEST_F(AskingTest, WithdrawsItsQuestionWhenTheCallIsCancelled) {
  shake_hands();
  say(call_text("1", "ask_name", "{}"));
  const Question asked = question();
  cancel("1");
  EXPECT_THAT(outbox_.next(),
              HasSubstr(R"("notifications/cancelled","params":{"requestId":)" + asked.id));
  EXPECT_EQ(session_->in_flight(), 0U);
  EXPECT_EQ(outbox_.held, 0U);
  say(call_text("1", "ask_name", R"({"text":"new"})"));  // the id may be used again
  const Question next = question();
  EXPECT_NE(next.id, asked.id);
  reply(asked, R"("late")");
  EXPECT_EQ(session_->in_flight(), 1U);
  reply(next, "1");
  EXPECT_EQ(said(answer("1")), "new|new|1");
  EXPECT_TRUE(outbox_.is_empty());
}

TEST_F(AskingTest, IgnoresAnswersThatNobodyAskedFor) {
  shake_hands();
  say(call_text("1", "ask_name", "{}"));
  const Question asked = question();
  for (const char* id : {"1", "\"hearth-1\"", "\"1\"", "7"}) {
    say(R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"result":{"action":"accept"}})");
  }
  EXPECT_EQ(session_->in_flight(), 1U);
  EXPECT_TRUE(outbox_.is_empty());
  reply(asked, "1");
  EXPECT_EQ(said(answer("1")), "||1");
}

TEST_F(AskingTest, CountsNoTimeWhileTheClientThinks) {
  open({.in_flight = 8, .call_time = std::chrono::milliseconds(5)});
  shake_hands();
  say(call_text("1", "ask_name", R"({"text":"a"})"));
  const Question asked = question();
  // This one began later and has the same limit.
  EXPECT_EQ(tool_code(ask(call_text("2", "echo_hold", R"({"text":"x"})"))), "timed_out");
  reply(asked, "1");
  EXPECT_EQ(said(answer("1")), "a|a|1");
}

TEST_F(AskingTest, AsksNothingOfACallThatIsCancelledOrLate) {
  shake_hands();
  say(call_text("1", "ask_when_stopped", "{}"));
  cancel("1");
  EXPECT_EQ(session_->in_flight(), 0U);
  EXPECT_TRUE(outbox_.is_empty()) << outbox_.next();
  open({.in_flight = 8, .call_time = std::chrono::milliseconds(5)});
  shake_hands();
  EXPECT_EQ(tool_code(ask(call_text("2", "ask_when_stopped", "{}"))), "timed_out");
}

TEST_F(AskingTest, AbandonsWhatWaitsForItsClient) {
  shake_hands();
  say(call_text("1", "ask_once", "{}"));
  const Question asked = question();
  thread_.run([&] { session_->abandon(Error{Errc::draining, "cut short", {}}); });
  EXPECT_EQ(error_code(answer("1")), "draining") << "it may be repeated: it has done nothing yet";
  reply(asked, "1");
  settle();
  EXPECT_TRUE(outbox_.is_empty());
  EXPECT_EQ(outbox_.held, 0U);
}

TEST_F(AskingTest, ForgetsItsQuestionsWhenTheClientGoes) {
  shake_hands();
  say(call_text("1", "ask_name", "{}"));
  (void)question();
  thread_.run([&] { session_->close(); });
  settle();
  EXPECT_TRUE(outbox_.is_empty());
  EXPECT_EQ(outbox_.held, 0U);
  EXPECT_EQ(catalog_.find_tool("ask_name")->in_flight, 0U);
}

TEST_F(AskingTest, FinishesWhatItAskedWhileItDrains) {
  shake_hands();
  say(call_text("1", "ask_name", R"({"text":"a"})"));
  const Question asked = question();
  thread_.run([&] { session_->drain(); });
  reply(asked, "1");
  EXPECT_EQ(said(answer("1")), "a|a|1");
}

}  // namespace
}  // namespace hearth::mcp
