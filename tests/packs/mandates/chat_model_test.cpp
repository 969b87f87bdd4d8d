#include "packs/mandates/model/chat_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "json/record.hpp"
#include "packs/mandates/model/asking.hpp"
#include "packs/mandates/model/sampling_wire.hpp"
#include "support/http_server.hpp"

namespace hearth::packs::mandates::model {

struct Decision {
  std::string action;
  std::int64_t risk = 0;
};
BOOST_DESCRIBE_STRUCT(Decision, (), (action, risk))
static json::Notes notes(const Decision* /*record*/) {
  return {{"action", "What to do"}, {"risk", "How much", json::range(0, 10)}};
}

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* good = R"({"action":"edit","risk":1})";

class ChatModelTest : public testing::Test {
 protected:
  [[nodiscard]] Settings settings(const std::string& path = "/v1") const {
    return {
        .url = server_.url(path),
        .model = "test",
        .timeout = seconds(20),
        .retry = {
            .most_attempts = 3, .first_wait = milliseconds(1), .longest_wait = milliseconds(5)}};
  }
  // The answers that the server is to give, one after another.
  static Question question(const std::string& answers) {
    return {.messages = {{Message::Role::system, answers}, {Message::Role::user, "decide"}},
            .shape = Shape{.name = "decide",
                           .description = "Decides",
                           .schema = json::schema_text<Decision>(),
                           .check = [](std::string_view text) -> Result<void> {
                             const auto decision =
                                 json::decode<Decision>(*json::parse(text), "decision");
                             if (!decision) return std::unexpected(decision.error());
                             return {};
                           }}};
  }
  [[nodiscard]] std::vector<std::string> bodies() const {
    http::Client client;
    const auto seen = client.send({.url = server_.url("/seen"), .headers = {}, .body = {}});
    std::vector<std::string> all;
    for (const json::Value& each : json::parse(seen->body)->at("requests").as_array())
      all.emplace_back(json::string_or(each, "body", ""));
    return all;
  }

  test::HttpServer server_;
  Spent spent_;
};

TEST_F(ChatModelTest, GivesAnAnswerOfTheShapeInEachMode) {
  for (const ShapeMode mode : {ShapeMode::json_schema, ShapeMode::tool, ShapeMode::prompt}) {
    Settings given = settings();
    given.mode = mode;
    ChatModel model(given);
    Spent spent;
    const auto answer = model.ask(question(good), spent);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->text, good);
    EXPECT_FALSE(answer->is_repaired);
    EXPECT_EQ(answer->model, "test");
    EXPECT_EQ(spent.requests, 1);
    EXPECT_EQ(spent.unknown, 0);
    EXPECT_EQ(spent.usage.input_tokens, 10);
    EXPECT_EQ(spent.usage.output_tokens, 5);
  }
  const auto sent = bodies();
  EXPECT_THAT(sent[0], HasSubstr(R"("response_format":{"type":"json_schema")"));
  EXPECT_THAT(sent[0], HasSubstr(R"("strict":true)"));
  EXPECT_THAT(sent[1],
              HasSubstr(R"("tool_choice":{"type":"function","function":{"name":"decide"}})"));
  EXPECT_THAT(sent[2], HasSubstr("Its JSON Schema: "));
}

TEST_F(ChatModelTest, GivesPlainText) {
  ChatModel model(settings());
  Question plain = question("Dear all,\nhello");
  plain.shape.reset();
  EXPECT_EQ(model.ask(plain, spent_)->text, "Dear all,\nhello");
}

TEST_F(ChatModelTest, RepairsOnce) {
  for (const char* const bad :
       {"["
        R"({"action":"edit","risk":1})"
        "]",
        "I would edit.", R"({"action":"edit"})", R"({"action":"edit","risk":11})",
        R"({"action":"edit","risk":1,"more":2})", R"({"action":1,"risk":1})", "{} {}", "null",
        ""}) {
    ChatModel model(settings());
    Spent spent;
    const auto answer = model.ask(question(std::string(bad) + "\n---\n" + good), spent);
    ASSERT_TRUE(answer) << bad << ": " << answer.error().message;
    EXPECT_TRUE(answer->is_repaired);
    EXPECT_EQ(answer->text, good);
    EXPECT_EQ(spent.requests, 2);
    EXPECT_EQ(spent.usage.input_tokens, 21) << "both are paid for";
    const auto failed = model.ask(question(bad), spent_);
    ASSERT_FALSE(failed) << bad;
    EXPECT_EQ(failed.error().code, Errc::unavailable);
    EXPECT_THAT(failed.error().message, HasSubstr("twice"));
  }
  EXPECT_THAT(bodies()[1], HasSubstr("of the kind array, not one JSON object"));
}

TEST_F(ChatModelTest, TakesAFenceOff) {
  ChatModel model(settings());
  EXPECT_EQ(model.ask(question("```json\n" + std::string(good) + "\n```"), spent_)->text, good);
  EXPECT_EQ(spent_.requests, 1);
}

TEST_F(ChatModelTest, ReportsUsageThatIsMissing) {
  for (const char* const path : {"/no-usage/v1", "/odd-usage/v1"}) {
    ChatModel model(settings(path));
    Spent spent;
    ASSERT_TRUE(model.ask(question(good), spent));
    EXPECT_EQ(spent.requests, 1);
    EXPECT_EQ(spent.unknown, 1);
    EXPECT_EQ(spent.usage.input_tokens, 0);
  }
}

TEST_F(ChatModelTest, TriesAgainAndCountsEachTry) {
  for (const char* const path : {"/status-503-2/v1", "/status-429-2-after-3600/v1",
                                 "/status-500-2/v1", "/status-529-2/v1"}) {
    ChatModel model(settings(path));
    Spent spent;
    const auto answer = model.ask(question(good), spent);
    ASSERT_TRUE(answer) << path << answer.error().message;
    EXPECT_EQ(spent.requests, 3) << path;
    EXPECT_EQ(spent.unknown, 2);
  }
  Settings slow = settings("/hang/v1");
  slow.timeout = milliseconds(50);
  ChatModel model(slow);
  const auto answer = model.ask(question(good), spent_);
  EXPECT_EQ(answer.error().code, Errc::timed_out);
  EXPECT_EQ(spent_.requests, 3) << "a time-out is tried again, and paid for";
  EXPECT_EQ(spent_.unknown, 3);
}

// Nobody was asked anything.
TEST_F(ChatModelTest, AServerThatIsNotThereCostsNothing) {
  Settings none = settings();
  none.socket = "/nonexistent/socket";
  ChatModel model(none);
  EXPECT_EQ(model.ask(question(good), spent_).error().code, Errc::unavailable);
  EXPECT_EQ(spent_.requests, 0);
  EXPECT_EQ(spent_.unknown, 0);
}

// It is the first thing that needs it.
TEST_F(ChatModelTest, ItsOwnKeyIsInNoPrompt) {
  Settings with_key = settings();
  with_key.key = [redactor =
                      with_key.redactor](const std::stop_token&) mutable -> Result<std::string> {
    redactor.add("model.key", "sk-5d1e77a0");
    return "sk-5d1e77a0";
  };
  Question asked = question(good);
  asked.messages.back().text = "decide about sk-5d1e77a0";
  ASSERT_TRUE(ChatModel(with_key).ask(asked, spent_));
  ASSERT_EQ(bodies().size(), 1U);
  EXPECT_THAT(bodies().front(), HasSubstr("about [secret model.key]"));
  EXPECT_THAT(bodies().front(), Not(HasSubstr("sk-5d1e77a0")));
}

TEST_F(ChatModelTest, AsksForAdmissionBeforeEachRequest) {
  ChatModel model(settings("/status-503/v1"));
  const auto answer = model.ask(question(good), spent_, {}, [&]() -> Result<void> {
    if (spent_.requests < 2) return {};
    return fail(Errc::busy, "the budget is used up");
  });
  EXPECT_EQ(answer.error().code, Errc::busy);
  EXPECT_EQ(spent_.requests, 2);
  EXPECT_EQ(bodies().size(), 2U);
}

TEST_F(ChatModelTest, SaysWhatIsWrong) {
  struct Case {
    const char* path;
    Errc code;
    const char* message;
  };
  for (const Case& wrong :
       {Case{"/status-400/v1", Errc::invalid_args,
             "does not take the question (400): as asked for"},
        Case{"/status-401/v1", Errc::permission, "does not take the key (401)"},
        Case{"/status-404/v1", Errc::not_found, "does not know test, or has no http://"},
        Case{"/status-500/v1", Errc::unavailable, "cannot answer now (500)"},
        Case{"/redirect/v1", Errc::unavailable, "sends us elsewhere (302)"},
        Case{"/no-json/v1", Errc::unavailable, "not JSON"},
        Case{"/no-choices/v1", Errc::unavailable, "no choices"},
        Case{"/error/v1", Errc::unavailable, "is not loaded"},
        Case{"/refusal/v1", Errc::unavailable, "the model refuses: I will not."},
        Case{"/two-calls/v1", Errc::unavailable, "2 calls in place of one"},
        Case{"/other-tool/v1", Errc::unavailable, "another tool than decide"},
        Case{"/cut/v1", Errc::unavailable, "cut off"},
        Case{"/broken/v1", Errc::outcome_unknown, "broke off"},
        Case{"/huge/v1", Errc::unsupported, "more than"}}) {
    Settings given = settings(wrong.path);
    given.mode = ShapeMode::tool;
    ChatModel model(given);
    const auto answer = model.ask(question(good), spent_);
    ASSERT_FALSE(answer) << wrong.path;
    EXPECT_EQ(answer.error().code, wrong.code) << wrong.path << answer.error().message;
    EXPECT_THAT(answer.error().message, HasSubstr(wrong.message)) << wrong.path;
  }
}

TEST_F(ChatModelTest, EndsWhenStopped) {
  ChatModel model(settings("/hang/v1"));
  std::stop_source source;
  std::jthread stopper([&] {
    while (bodies().empty()) std::this_thread::yield();
    source.request_stop();
  });
  EXPECT_EQ(model.ask(question(good), spent_, source.get_token()).error().code, Errc::cancelled);
  EXPECT_EQ(spent_.unknown, 1);
}

TEST_F(ChatModelTest, SendsTheKeyAndNoSecretInAPrompt) {
  Settings given = settings();
  given.key = [](const std::stop_token&) -> Result<std::string> { return "sk-secret"; };
  given.redactor.add("key", "sk-secret");
  ChatModel model(given);
  Question asked = question(good);
  asked.messages.push_back({Message::Role::user, "the file says sk-secret and c2stc2VjcmV0"});
  ASSERT_TRUE(model.ask(asked, spent_));
  EXPECT_THAT(bodies()[0], HasSubstr("the file says [secret key] and [secret key]"));
  EXPECT_THAT(bodies()[0], Not(HasSubstr("sk-secret")));
  http::Client client;
  const auto seen = client.send({.url = server_.url("/seen"), .headers = {}, .body = {}});
  EXPECT_THAT(seen->body, HasSubstr("Bearer sk-secret"));
  given.key = [](const std::stop_token&) -> Result<std::string> {
    return fail(Errc::permission, "not for that host");
  };
  ChatModel without(given);
  EXPECT_EQ(without.ask(asked, spent_).error().code, Errc::permission);
  EXPECT_EQ(bodies().size(), 1U) << "nothing is sent without it";
}

// A part of a secret would not be known as one.
TEST(AskShaped, RepeatsNoPartOfASecret) {
  secrets::Redactor redactor;
  redactor.add("key", "sk-7f3a9c51");
  for (std::size_t before = 7'985; before <= 8'000; ++before) {
    std::vector<Question> sent;
    const auto send = [&](const Question& each) -> Result<ChatReply> {
      sent.push_back(redacted(each, redactor));
      return ChatReply{.text = std::string(before, 'x') + "sk-7f3a9c51"};
    };
    Question asked{.messages = {{Message::Role::user, "decide"}}, .shape = Shape{}};
    EXPECT_FALSE(ask_shaped(asked, redactor, send));
    ASSERT_EQ(sent.size(), 2U);
    for (const Message& each : sent[1].messages) {
      EXPECT_THAT(each.text, Not(HasSubstr("sk-")));
      EXPECT_THAT(each.text, Not(HasSubstr("7f3a")));
    }
  }
}

TEST(Sampling, AsksInWordsAndReadsTheText) {
  const Question question{
      .messages = {{Message::Role::system, "Role"}, {Message::Role::user, "Decide"}},
      .shape =
          Shape{.name = "decide", .description = {}, .schema = R"({"type":"object"})", .check = {}},
      .most_output_tokens = 7};
  EXPECT_EQ(sampling_params(question),
            R"({"messages":[{"role":"user","content":{"type":"text","text":"Decide"}},)"
            R"({"role":"user","content":{"type":"text","text":"Answer with one JSON object and )"
            R"(nothing else. Its JSON Schema: {\"type\":\"object\"}"}}],"maxTokens":7,)"
            R"("systemPrompt":"Role"})");
  const auto reply = parse_sampling(
      R"({"role":"assistant","model":"own","content":[{"type":"text","text":"a"},{"type":"image"},)"
      R"({"type":"text","text":"b"}],"stopReason":"maxTokens"})");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->text, "ab");
  EXPECT_EQ(reply->model, "own");
  EXPECT_TRUE(reply->is_cut);
  EXPECT_FALSE(reply->usage);
  for (const char* const none : {"", "[]", "{}", R"({"content":{"type":"image"}})",
                                 R"({"content":7})", R"({"content":{"type":"text","text":7}})"})
    EXPECT_EQ(parse_sampling(none).error().code, Errc::invalid_args) << none;
}

}  // namespace
}  // namespace hearth::packs::mandates::model
