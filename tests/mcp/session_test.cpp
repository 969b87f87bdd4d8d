#include "mcp/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "json/json.hpp"
#include "mcp/era.hpp"
#include "support/mcp_session.hpp"

namespace hearth::mcp {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(SessionTest, ShakesHandsInEveryRevision) {
  for (const std::string_view revision : legacy_revisions) {
    say(R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":")" +
        std::string(revision) +
        R"(","capabilities":{},"clientInfo":{"name":"claude-code","version":"1"}}})");
    const json::Value result = answer("1").at("result");
    EXPECT_EQ(json::string_or(result, "protocolVersion", ""), revision);
    EXPECT_EQ(json::string_or(result.at("serverInfo"), "name", ""), "hearth");
    EXPECT_NE(json::find(result.at("capabilities"), "tools"), nullptr);
    EXPECT_EQ(session_->revision(), revision);
    EXPECT_EQ(session_->client_name(), "claude-code");
  }
  say(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  EXPECT_TRUE(outbox_.is_empty());
}

TEST_F(SessionTest, OffersItsNewestRevisionForAnUnknownOne) {
  say(R"({"id":1,"method":"initialize","params":{"protocolVersion":"1999-01-01"}})");
  EXPECT_EQ(json::string_or(answer("1").at("result"), "protocolVersion", ""),
            legacy_revisions.front());
  say(R"({"id":2,"method":"initialize"})");
  EXPECT_EQ(json::string_or(answer("2").at("result"), "protocolVersion", ""),
            legacy_revisions.front());
}

TEST_F(SessionTest, AnswersPingAndNamesUnknownMethods) {
  say(R"({"id":"p","method":"ping"})");
  EXPECT_EQ(outbox_.next(), R"({"jsonrpc":"2.0","id":"p","result":{}})");
  say(R"({"id":2,"method":"tools/dance"})");
  const json::Value error = answer("2").at("error");
  EXPECT_EQ(json::int_or(error, "code", 0), -32601);
  EXPECT_THAT(std::string(json::string_or(error, "message", "")), HasSubstr("tools/dance"));
}

TEST_F(SessionTest, IgnoresUnknownNotificationsAndStrayResponses) {
  say(R"({"method":"notifications/whatever","params":{}})");
  say(R"({"id":3,"result":{}})");
  say(R"({"method":"tools/call","params":{"name":"echo_crash"}})");  // without an id: no request
  settle();
  EXPECT_TRUE(outbox_.is_empty());
}

TEST_F(SessionTest, ListsToolsAndRefusesACursorItNeverGave) {
  say(R"({"id":1,"method":"tools/list"})");
  EXPECT_EQ(outbox_.next(),
            R"({"jsonrpc":"2.0","id":1,"result":)" + std::string(*catalog_.tools().page("")) + "}");
  say(R"({"id":2,"method":"tools/list","params":{"cursor":"abc"}})");
  EXPECT_EQ(error_code(answer("2")), "invalid_args");
}

TEST_F(SessionTest, CallsATool) {
  call("1", "echo_say", R"({"text":"hi"})");
  const json::Value message = answer("1");
  EXPECT_EQ(json::dump(message.at("result").at("structuredContent")), R"({"text":"hi"})");
  EXPECT_EQ(session_->in_flight(), 0U);
  EXPECT_EQ(catalog_.find_tool("echo_say")->latency.count(), 1U);
  EXPECT_EQ(outbox_.held, 0U);
}

TEST_F(SessionTest, RefusesACallThatNamesNoTool) {
  call("1", "echo_sya", "{}");
  const json::Value unknown = answer("1");
  EXPECT_EQ(error_code(unknown), "invalid_args");
  EXPECT_THAT(json::dump(unknown), HasSubstr("did you mean \\\"echo_say\\\"?"));
  say(R"({"id":2,"method":"tools/call","params":{"arguments":{}}})");
  EXPECT_EQ(error_code(answer("2")), "invalid_args");
  say(R"({"id":3,"method":"tools/call"})");
  EXPECT_EQ(error_code(answer("3")), "invalid_args");
  say(R"({"id":4,"method":"tools/call","params":["echo_say"]})");
  EXPECT_EQ(error_code(answer("4")), "invalid_args");
}

TEST_F(SessionTest, AnswersWrongArgumentsAsAToolError) {
  call("1", "echo_big", R"({"n":"many"})");
  const json::Value message = answer("1");
  EXPECT_EQ(tool_code(message), "invalid_args");
  EXPECT_THAT(json::dump(message), HasSubstr("params.n: expected integer"));
  EXPECT_EQ(catalog_.find_tool("echo_big")->errors, 1U);
}

TEST_F(SessionTest, AnswersForAToolThatForgets) {
  call("1", "echo_drop", "{}");
  EXPECT_EQ(tool_code(answer("1")), "internal_error");
}

TEST_F(SessionTest, CancelsTheRightCallAndGivesNoAnswer) {
  call("1", "echo_hold", R"({"text":"one"})");
  call("2", "echo_hold", R"({"text":"two"})");
  say(R"({"method":"notifications/cancelled","params":{"requestId":1,"reason":"why not"}})");
  EXPECT_EQ(session_->in_flight(), 1U);
  say(R"({"method":"notifications/cancelled","params":{"requestId":99}})");
  say(R"({"method":"notifications/cancelled"})");
  call("3", "echo_release", R"({"text":"two"})");
  EXPECT_EQ(tool_code(answer("2")), "none");
  EXPECT_EQ(tool_code(answer("3")), "none");
  call("4", "echo_release", R"({"text":"one"})");
  EXPECT_EQ(tool_code(answer("4")), "not_found");  // it was stopped
  EXPECT_TRUE(outbox_.is_empty());
  EXPECT_EQ(outbox_.held, 0U);
}

TEST_F(SessionTest, CancelsDownToThePool) {
  call("1", "echo_slow", R"({"n":100000})");
  say(R"({"method":"notifications/cancelled","params":{"requestId":1}})");
  context_.close();  // returns when the job has ended
  settle();
  EXPECT_TRUE(outbox_.is_empty());
  EXPECT_EQ(thread_.run([&] { return session_->in_flight(); }), 0U);
}

TEST_F(SessionTest, KeepsTheIdsOfStringsAndNumbersApart) {
  call("1", "echo_hold", R"({"text":"number"})");
  call("\"1\"", "echo_hold", R"({"text":"string"})");
  say(R"({"method":"notifications/cancelled","params":{"requestId":"1"}})");
  call("2", "echo_release", R"({"text":"number"})");
  EXPECT_EQ(tool_code(answer("1")), "none");
}

TEST_F(SessionTest, RefusesAnIdThatIsInFlight) {
  call("1", "echo_hold", R"({"text":"one"})");
  call("1", "echo_say", R"({"text":"two"})");
  EXPECT_EQ(error_code(answer("1")), "invalid_args");
  call("2", "echo_release", R"({"text":"one"})");
  EXPECT_EQ(tool_code(answer("1")), "none");
  answer("2");
  call("1", "echo_say", R"({"text":"again"})");  // it may be used again
  EXPECT_EQ(tool_code(answer("1")), "none");
}

TEST_F(SessionTest, AnswersBusyBeyondItsCallsInFlight) {
  open({.in_flight = 2});
  call("1", "echo_hold", R"({"text":"one"})");
  call("2", "echo_hold", R"({"text":"two"})");
  call("3", "echo_say", "{}");
  EXPECT_EQ(error_code(answer("3")), "busy");
  say(R"({"id":4,"method":"ping"})");  // what is no call goes on
  answer("4");
  thread_.run([&] { session_->close(); });
}

TEST_F(SessionTest, SendsProgressUnderTheCallersToken) {
  say(call_text("1", "echo_say", R"({"text":"a"})", R"("tok-1")"));
  const auto first = json::parse(outbox_.next()).value();
  EXPECT_EQ(json::string_or(first, "method", ""), "notifications/progress");
  EXPECT_EQ(json::dump(first.at("params")),
            R"({"progressToken":"tok-1","progress":1,"total":1,"message":"said"})");
  EXPECT_EQ(json::string_or(json::parse(outbox_.next()).value(), "method", ""),
            "notifications/message");
  EXPECT_THAT(outbox_.next(), StartsWith(R"({"jsonrpc":"2.0","id":1,"result")"));
}

TEST_F(SessionTest, SendsNoProgressThatWasNotAskedFor) {
  call("1", "echo_slow", R"({"n":3})");
  EXPECT_THAT(outbox_.next(), StartsWith(R"({"jsonrpc":"2.0","id":1,"result")"));
}

TEST_F(SessionTest, ThrottlesProgressButSendsTheLast) {
  say(call_text("1", "echo_slow", R"({"n":120})", "7"));
  std::vector<double> reports;
  for (;;) {
    const auto message = json::parse(outbox_.next()).value();
    if (json::find(message, "result") != nullptr) break;
    EXPECT_EQ(json::int_or(message.at("params"), "progressToken", 0), 7);
    reports.push_back(message.at("params").at("progress").to_number<double>());
  }
  EXPECT_LT(reports.size(), 60U);  // of 120; one in 50 ms on a quiet machine
  ASSERT_FALSE(reports.empty());
  EXPECT_EQ(reports.back(), 120);
  EXPECT_TRUE(std::ranges::is_sorted(reports));
}

TEST_F(SessionTest, LeavesNotificationsOutWhereTheClientDoesNotRead) {
  outbox_.congested = true;
  say(call_text("1", "echo_say", R"({"text":"a"})", "7"));
  EXPECT_THAT(outbox_.next(), StartsWith(R"({"jsonrpc":"2.0","id":1,"result")"));
}

TEST_F(SessionTest, FiltersLogMessagesByTheLevelThatWasSet) {
  const auto logs_info = [&] {
    call("9", "echo_say", "{}");
    const bool logs = json::scan_envelope(outbox_.next())->method == "notifications/message";
    if (logs) answer("9");
    return logs;
  };
  EXPECT_TRUE(logs_info());
  for (const char* level : {"warning", "error", "critical", "alert", "emergency"}) {
    say(R"({"id":1,"method":"logging/setLevel","params":{"level":")" + std::string(level) + "\"}}");
    answer("1");
    EXPECT_FALSE(logs_info()) << level;
  }
  say(R"({"id":1,"method":"logging/setLevel","params":{"level":"debug"}})");
  answer("1");
  EXPECT_TRUE(logs_info());
  say(R"({"id":2,"method":"logging/setLevel","params":{"level":"loud"}})");
  EXPECT_EQ(error_code(answer("2")), "invalid_args");
}

TEST_F(SessionTest, KeepsEqualIdsAndTokensOfTwoSessionsApart) {
  Outbox other_outbox;
  std::shared_ptr<Session> other;
  thread_.run([&] { other = make_session({}, other_outbox); });
  say(call_text("1", "echo_hold", R"({"text":"mine"})", "\"t\""));
  say(*other, call_text("1", "echo_hold", R"({"text":"theirs"})", "\"t\""));
  say(*other, R"({"method":"notifications/cancelled","params":{"requestId":1}})");
  EXPECT_EQ(session_->in_flight(), 1U);
  say(*other, call_text("1", "echo_say", R"({"text":"x"})", "\"t\""));
  EXPECT_EQ(tool_code(answer(other_outbox, "1")), "none");
  EXPECT_TRUE(outbox_.is_empty());
  say(call_text("2", "echo_release", R"({"text":"mine"})"));
  EXPECT_EQ(tool_code(answer("1")), "none");
  answer("2");
  thread_.run([&] { other.reset(); });
  EXPECT_TRUE(other_outbox.is_empty());
}

TEST_F(SessionTest, AnswersTimedOutWhenACallIsLate) {
  open({.in_flight = 8, .call_time = std::chrono::milliseconds(5)});
  call("1", "echo_hold", R"({"text":"late"})");
  const json::Value message = answer("1");
  EXPECT_EQ(tool_code(message), "timed_out");
  EXPECT_THAT(json::dump(message), HasSubstr("echo_hold took longer than 5 ms"));
}

TEST_F(SessionTest, RefusesCallsWhileItDrainsAndFinishesThoseInFlight) {
  bool is_quiet = false;
  call("1", "echo_hold", R"({"text":"one"})");
  call("2", "echo_hold", R"({"text":"two"})");
  thread_.run([&] {
    session_->on_quiet([&] { is_quiet = true; });
    session_->drain();
  });
  call("3", "echo_say", "{}");
  EXPECT_EQ(error_code(answer("3")), "draining");
  say(R"({"method":"notifications/cancelled","params":{"requestId":1}})");
  EXPECT_FALSE(thread_.run([&] { return is_quiet; }));
  say(R"({"method":"notifications/cancelled","params":{"requestId":2}})");
  EXPECT_TRUE(thread_.run([&] { return is_quiet; }));
}

TEST_F(SessionTest, AnswersAndStopsWhatItAbandons) {
  call("1", "echo_hold", R"({"text":"one"})");
  call("2", "echo_slow", R"({"n":100000})");
  thread_.run([&] { session_->abandon(Error{Errc::draining, "cut short", {}}); });
  std::set<std::string> ids;
  for (int i = 0; i < 2; ++i) {
    const auto message = json::parse(outbox_.next()).value();
    EXPECT_EQ(error_code(message), "draining");
    ids.insert(json::dump(message.at("id")));
  }
  EXPECT_THAT(ids, ::testing::ElementsAre("1", "2"));
  context_.close();
  settle();
  EXPECT_TRUE(outbox_.is_empty()) << "answered twice";
  EXPECT_EQ(outbox_.held, 0U);
  EXPECT_EQ(catalog_.find_tool("echo_hold")->in_flight, 0U);
}

TEST_F(SessionTest, DoesNotAskForARepeatOfWhatMayNotBeRepeated) {
  call("1", "echo_hold_once", R"({"text":"one"})");
  thread_.run([&] { session_->abandon(Error{Errc::draining, "cut short", {}}); });
  const json::Value message = answer("1");
  EXPECT_EQ(tool_code(message), "outcome_unknown");
  EXPECT_THAT(json::dump(message), HasSubstr("echo_hold_once"));
  EXPECT_EQ(outbox_.held, 0U);
}

TEST_F(SessionTest, CancelsEverythingWhenTheClientGoes) {
  call("1", "echo_hold", R"({"text":"one"})");
  call("2", "echo_slow", R"({"n":100000})");
  thread_.run([&] { session_->close(); });
  context_.close();
  settle();
  EXPECT_TRUE(outbox_.is_empty());
  EXPECT_EQ(outbox_.held, 0U);
  say(R"({"id":3,"method":"ping"})");
  EXPECT_TRUE(outbox_.is_empty());
}

TEST_F(SessionTest, MayGoBeforeItsCallsAreAnswered) {
  call("1", "echo_slow", R"({"n":100000})");
  call("2", "echo_hold", R"({"text":"one"})");
  thread_.run([&] { session_.reset(); });
  context_.close();
  settle();
  EXPECT_TRUE(outbox_.is_empty());
}

TEST_F(SessionTest, HandsKeyAndAttemptToTheTool) {
  say(R"({"hearth":{"key":"k-1","attempt":2},"id":1,"method":"tools/call","params":{"name":"echo_who"}})");
  const json::Value caller = answer("1").at("result").at("structuredContent");
  EXPECT_EQ(json::string_or(caller, "key", ""), "k-1");
  EXPECT_TRUE(json::bool_or(caller, "is_resend", false));
}

TEST_F(SessionTest, DoesNotRepeatWhatMayNotBeRepeated) {
  say(R"({"hearth":{"key":"k","attempt":1},"id":1,"method":"tools/call","params":{"name":"echo_count"}})");
  EXPECT_EQ(json::int_or(answer("1").at("result").at("structuredContent"), "n", 0), 1);
  say(R"({"hearth":{"key":"k","attempt":2},"id":2,"method":"tools/call","params":{"name":"echo_count"}})");
  EXPECT_EQ(tool_code(answer("2")), "outcome_unknown");
  call("3", "echo_count", "{}");
  EXPECT_EQ(json::int_or(answer("3").at("result").at("structuredContent"), "n", 0), 2);
}

}  // namespace
}  // namespace hearth::mcp
