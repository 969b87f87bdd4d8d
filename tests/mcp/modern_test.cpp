// The era without a handshake, the line between the eras, and what both answer alike.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mcp/messages.hpp"
#include "support/mcp_session.hpp"

namespace hearth::mcp {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class ModernTest : public SessionTest {
 protected:
  static std::string result_type(const json::Value& message) {
    const json::Value* result = json::find(message, "result");
    return result ? std::string(json::string_or(*result, "resultType", "none"))
                  : json::dump(message);
  }
};

const std::string made_by = R"("_meta":{"io.modelcontextprotocol/serverInfo":{"name":"hearth")";

TEST_F(ModernTest, Discovers) {
  const json::Value result =
      ask(modern("1", "server/discover", "", "{}",
                 R"("io.modelcontextprotocol/clientInfo":{"name":"claude-code","version":"2"})"))
          .at("result");
  EXPECT_EQ(json::dump(result.at("supportedVersions")), supported_versions());
  for (const char* capability : {"tools", "resources", "prompts", "completions", "logging"}) {
    EXPECT_NE(json::find(result.at("capabilities"), capability), nullptr) << capability;
  }
  const json::Value& server = result.at("_meta").at("io.modelcontextprotocol/serverInfo");
  EXPECT_EQ(json::string_or(server, "name", ""), "hearth");
  EXPECT_NE(json::find(server, "icons"), nullptr);
  EXPECT_EQ(session_->revision(), "2026-07-28");
  EXPECT_EQ(session_->client_name(), "claude-code");
}

TEST_F(ModernTest, NeedsVersionAndCapabilitiesInEveryRequest) {
  for (const char* method : {"server/discover", "subscriptions/listen"}) {
    EXPECT_EQ(error_number(ask(legacy("1", method))), invalid_params) << method;
  }
  const std::string_view no_capabilities =
      R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"})";
  EXPECT_EQ(error_number(ask(legacy("1", "tools/list", no_capabilities))), invalid_params);
  // Capabilities of an earlier request are not those of this one.
  (void)ask(modern("2", "server/discover"));
  EXPECT_EQ(error_number(ask(legacy("3", "tools/list", no_capabilities))), invalid_params);
}

TEST_F(ModernTest, RefusesAVersionThatItDoesNotSpeak) {
  for (const char* version : {"v999.0.0", "2025-11-25", ""}) {
    const json::Value error =
        ask(legacy("1", "tools/list",
                   R"("_meta":{"io.modelcontextprotocol/protocolVersion":")" +
                       std::string(version) +
                       R"(","io.modelcontextprotocol/clientCapabilities":{}})"))
            .at("error");
    EXPECT_EQ(json::int_or(error, "code", 0), unsupported_version);
    EXPECT_EQ(json::string_or(error.at("data"), "requested", "none"), version);
    EXPECT_EQ(json::dump(error.at("data").at("supported")), supported_versions());
  }
}

TEST_F(ModernTest, KnowsNoMethodOfTheOtherEra) {
  for (const char* method : {"initialize", "ping", "logging/setLevel", "resources/subscribe",
                             "resources/unsubscribe", "tools/dance"}) {
    EXPECT_EQ(error_number(ask(modern("1", method))), method_not_found) << method;
  }
  EXPECT_EQ(error_number(ask(legacy("1", "tools/dance"))), method_not_found);
}

TEST_F(ModernTest, SpeaksBothErasInOneSession) {
  shake_hands();
  EXPECT_EQ(result_type(ask(modern("1", "tools/list"))), "complete");
  EXPECT_EQ(result_type(ask(legacy("2", "tools/list"))), "none");
  EXPECT_EQ(said(ask(call_text("3", "echo_say", R"({"text":"old"})"))), "old");
}

TEST_F(ModernTest, SaysInEveryResultWhatItIsAndHowLongItHolds) {
  const std::vector<std::pair<std::string, std::string>> cached{
      {"server/discover", ""},
      {"tools/list", ""},
      {"resources/list", ""},
      {"resources/templates/list", ""},
      {"prompts/list", ""},
      {"resources/read", R"("uri":"test://plain")"},
      {"resources/read", R"("uri":"test://note/1/text")"}};
  for (const auto& [method, params] : cached) {
    const json::Value message = ask(modern("1", method, params));
    EXPECT_EQ(result_type(message), "complete") << method;
    EXPECT_GE(json::int_or(message.at("result"), "ttlMs", -1), 0) << method;
    EXPECT_EQ(json::string_or(message.at("result"), "cacheScope", ""), "private") << method;
  }
  const std::vector<std::pair<std::string, std::string>> others{
      {"tools/call", R"("name":"echo_big","arguments":{"n":3})"},
      {"tools/call", R"("name":"echo_big","arguments":{"n":"x"})"},
      {"prompts/get", R"("name":"ask_greeting","arguments":{"name":"x"})"},
      {"completion/complete", R"("ref":{"type":"ref/prompt","name":"ask_greeting"})"}};
  for (const auto& [method, params] : others) {
    const json::Value message = ask(modern("1", method, params));
    EXPECT_EQ(result_type(message), "complete") << method;
    EXPECT_EQ(json::find(message.at("result"), "ttlMs"), nullptr) << method;
    EXPECT_THAT(json::dump(message), ::testing::HasSubstr(made_by)) << method;
    const json::Value old = ask(legacy("1", method, params));
    EXPECT_EQ(result_type(old), "none") << method;
  }
}

TEST_F(ModernTest, AnswersTheSameListInBothErasInOneOrder) {
  for (const char* method :
       {"tools/list", "resources/list", "resources/templates/list", "prompts/list"}) {
    const json::Value old = ask(legacy("1", method)).at("result");
    json::Value now = ask(modern("1", method)).at("result");
    for (const char* own : {"resultType", "ttlMs", "cacheScope", "_meta"})
      now.as_object().erase(own);
    EXPECT_EQ(json::dump(old), json::dump(now));
    EXPECT_EQ(error_number(ask(modern("1", method, R"("cursor":"99")"))), invalid_params) << method;
    EXPECT_EQ(error_number(ask(legacy("1", method, R"("cursor":"")"))), invalid_params) << method;
    EXPECT_EQ(error_number(ask(legacy("1", method, R"("cursor":1)"))), invalid_params) << method;
    EXPECT_NE(json::find(ask(legacy("1", method, R"("cursor":null)")), "result"), nullptr);
  }
}

TEST_F(ModernTest, LogsOnlyWhatTheRequestWantsToHear) {
  const std::string_view say = R"("name":"echo_say","arguments":{"text":"x"})";
  const auto logs = [&](std::string_view level) {
    const std::string meta =
        level.empty() ? "" : R"("io.modelcontextprotocol/logLevel":")" + std::string(level) + '"';
    this->say(modern("1", "tools/call", say, "{}", meta));
    const bool is_logged = outbox_.next().contains("notifications/message");
    if (is_logged) (void)answer("1");
    return is_logged;
  };
  EXPECT_FALSE(logs(""));
  EXPECT_TRUE(logs("debug"));
  EXPECT_TRUE(logs("info"));
  EXPECT_FALSE(logs("warning"));
  shake_hands();
  (void)ask(legacy("2", "logging/setLevel", R"("level":"debug")"));
  EXPECT_FALSE(logs("")) << "the level of the other era";
}

TEST_F(ModernTest, ReportsProgressUnderTheTokenAndAboutTheRequest) {
  say(modern("\"a\"", "tools/call", R"("name":"echo_say","arguments":{"text":"x"})", "{}",
             R"("progressToken":"t")"));
  const auto progress = outbox_.next_sent();
  EXPECT_THAT(progress.text, HasSubstr(R"("progressToken":"t")"));
  EXPECT_EQ(progress.about, "\"a\"");
  EXPECT_EQ(outbox_.next_sent().about, "\"a\"");
}

TEST_F(ModernTest, ReadsResources) {
  const auto contents = [&](std::string_view uri) {
    return json::dump(
        ask(legacy("1", "resources/read", R"("uri":")" + std::string(uri) + '"')).at("result"));
  };
  EXPECT_EQ(contents("test://plain"),
            R"({"contents":[{"uri":"test://plain","mimeType":"text/plain","text":"plain text"}]})");
  EXPECT_EQ(contents("test://bytes"),
            R"({"contents":[{"uri":"test://bytes","mimeType":"image/png","blob":"AP8B"}]})");
  EXPECT_EQ(contents("test://note/a%20b/text"),
            R"({"contents":[{"uri":"test://note/a%20b/text","text":"note a b"}]})");
}

TEST_F(ModernTest, SaysWhichResourceIsNotThere) {
  for (const char* uri : {"test://none", "test://gone", "test://note/0/text"}) {
    const std::string params = R"("uri":")" + std::string(uri) + '"';
    const json::Value old = ask(legacy("1", "resources/read", params));
    EXPECT_EQ(error_number(old), legacy_resource_not_found) << uri;
    const json::Value now = ask(modern("1", "resources/read", params));
    EXPECT_EQ(error_number(now), invalid_params) << uri;
    EXPECT_EQ(json::string_or(now.at("error").at("data"), "uri", ""), uri);
  }
  EXPECT_EQ(error_number(ask(legacy("1", "resources/read"))), invalid_params);
  EXPECT_EQ(error_number(ask(legacy("1", "resources/read", R"("uri":7)"))), invalid_params);
}

TEST_F(ModernTest, GetsPrompts) {
  EXPECT_EQ(
      json::dump(
          ask(legacy("1", "prompts/get", R"("name":"ask_greeting","arguments":{"name":"B"})"))
              .at("result")),
      R"({"description":"a greeting","messages":[{"role":"user","content":{"type":"text","text":"Hello B"}},{"role":"assistant","content":{"type":"text","text":"plainly"}}]})");
  for (const auto& era :
       {legacy, +[](std::string_view id, std::string_view method, std::string_view params) {
          return modern(id, method, params);
        }}) {
    const json::Value missing =
        ask(era("1", "prompts/get", R"("name":"ask_greeting","arguments":{"tone":"x"})"));
    EXPECT_EQ(error_number(missing), invalid_params);
    EXPECT_THAT(json::dump(missing), HasSubstr("params.arguments.name: is missing: whom to greet"));
    EXPECT_EQ(error_number(ask(era("1", "prompts/get", R"("name":"greeting")"))), invalid_params);
    EXPECT_EQ(error_number(ask(era("1", "prompts/get", ""))), invalid_params);
    EXPECT_EQ(
        error_number(ask(era("1", "prompts/get", R"("name":"ask_greeting","arguments":["B"])"))),
        invalid_params);
  }
}

TEST_F(ModernTest, CompletesArgumentsAndVariables) {
  const auto complete = [&](std::string_view params) {
    return ask(legacy("1", "completion/complete", params));
  };
  EXPECT_EQ(
      json::dump(
          complete(
              R"("ref":{"type":"ref/prompt","name":"ask_greeting"},"argument":{"name":"tone","value":"wa"},"context":{"arguments":{"name":"B"}})")
              .at("result")),
      R"({"completion":{"values":["tone:wa:B"],"total":1,"hasMore":false}})");
  const json::Value many =
      complete(
          R"("ref":{"type":"ref/resource","uri":"test://note/{id}/text"},"argument":{"name":"id","value":"1"})")
          .at("result")
          .at("completion");
  EXPECT_EQ(many.at("values").as_array().size(), 100U);
  EXPECT_EQ(json::int_or(many, "total", 0), 150);
  EXPECT_TRUE(json::bool_or(many, "hasMore", false));
  EXPECT_EQ(json::dump(complete(R"("ref":{"type":"ref/prompt","name":"ask_context"})")
                           .at("result")
                           .at("completion")
                           .at("values")),
            "[]");
  for (const char* wrong :
       {"", R"("ref":{"type":"ref/prompt","name":"none"})", R"("ref":[1])", R"("ref":{"type":"x"})",
        R"("ref":{"type":"ref/resource","uri":"test://plain"})"}) {
    EXPECT_EQ(error_number(complete(wrong)), invalid_params) << wrong;
  }
}

TEST_F(ModernTest, SurvivesACompleterThatThrows) {
  EXPECT_EQ(
      error_number(ask(legacy(
          "1", "completion/complete",
          R"("ref":{"type":"ref/prompt","name":"ask_greeting"},"argument":{"name":"a","value":"throw"})"))),
      internal_error);
  EXPECT_EQ(said(ask(call_text("2", "echo_say", R"({"text":"on"})"))), "on");
}

TEST_F(ModernTest, CancelsACallByItsIdWithoutAnAnswer) {
  say(modern("1", "tools/call", R"("name":"echo_hold","arguments":{"text":"a"})"));
  say(R"({"method":"notifications/cancelled","params":{"requestId":1}})");
  EXPECT_EQ(session_->in_flight(), 0U);
  EXPECT_TRUE(outbox_.is_empty());
}

}  // namespace
}  // namespace hearth::mcp
