// Plain requests to the routes of a pack, over loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "json/json.hpp"
#include "support/daemon_thread.hpp"
#include "support/file_text.hpp"
#include "support/http_client.hpp"
#include "support/scratch_directory.hpp"
#include "web/http_front.hpp"

namespace hearth::web {
namespace {

using test::HttpClient;
using test::HttpHeaders;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* credential = "correct-horse-battery-staple-correct-horse";
constexpr const char* hash = "c2518080c0c9fe637e924bd80f4e0f1abbd5f5feec4d2c174b9297cd7e3fcca3";

class RoutesTest : public testing::Test {
 protected:
  RoutesTest() : paths_(test::paths_below(directory_.path() + "/h")) {
    HttpOptions options;
    options.approvers = {{.name = "ada", .sha256 = hash}};
    auto quiet = test::quiet_options(paths_);
    quiet.settings.drain_timeout = std::chrono::milliseconds(100);
    daemon_.emplace(std::move(quiet), make_http_front(std::move(options)));
    EXPECT_EQ(daemon_->readiness(), "ready\n");
    const auto record = json::parse(test::file_text(paths_.runtime + "/http.json"));
    const std::string url(json::string_or(*record, "url", ""));
    port_ = static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
    token_ = test::file_text(std::string(json::string_or(*record, "token_file", ""))).substr(0, 64);
  }
  // "200 {…}"
  std::string ask(const std::string& method,
                  const std::string& path,
                  const std::string& body = "",
                  const HttpHeaders& headers = {}) {
    const auto reply = HttpClient(port_, token_).ask(method, path, headers, body);
    return std::to_string(reply.status) + " " + reply.body;
  }

  // Waits until so many calls are held.
  bool holds(int count) {
    const std::string line = "hearth_tool_in_flight{tool=\"echo_hold\"} " + std::to_string(count);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      if (ask("GET", "/metrics").contains(line)) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }

  test::ScratchDirectory directory_;
  ipc::Paths paths_;
  std::optional<test::DaemonThread> daemon_;
  std::uint16_t port_ = 0;
  std::string token_;
};

TEST_F(RoutesTest, CallToolsWithWhatPathQueryAndBodySay) {
  const std::string ok = R"(200 {"schema_version":1,"ok":true,"data":{"text":)";
  EXPECT_EQ(ask("GET", "/v1/echo/a%20b"), ok + "\"a b\"}}\n");
  EXPECT_EQ(ask("POST", "/v1/echo?text=12"), ok + "\"12\"}}\n") << "a text, as the schema has it";
  EXPECT_EQ(ask("POST", "/v1/echo", R"({"text":"c"})"), ok + "\"c\"}}\n");
  EXPECT_EQ(ask("POST", "/v1/echo"), ok + "\"\"}}\n");
  EXPECT_EQ(ask("GET", "/v1/echo?n=3"), ok + "\"xxx\"}}\n") << "a number, as the schema has it";
  EXPECT_THAT(ask("POST", "/v1/who", "", {{"Hearth-Namespace", "other"}}),
              HasSubstr(R"("kind":"http","name_space":"other")"));
}

TEST_F(RoutesTest, SayWhatIsWrong) {
  for (const char* const wrong : {"/v1/echo?n=x", "/v1/echo?m=1", "/v1/echo?n=%zz"})
    EXPECT_THAT(ask("GET", wrong), StartsWith(R"(400 {"schema_version":1,"ok":false,"error":)"))
        << wrong;
  EXPECT_THAT(ask("POST", "/v1/echo", "[]"), StartsWith("400 "));
  EXPECT_THAT(ask("POST", "/v1/echo", "{}", {{"Content-Type", "text/plain"}}), StartsWith("400 "));
  EXPECT_THAT(ask("POST", "/v1/hold/x", R"({"text":"y"})"), HasSubstr("text stands in the path"));
  EXPECT_THAT(ask("GET", "/v1/nothing"), StartsWith("404 "));
  EXPECT_THAT(ask("PUT", "/v1/echo"), HasSubstr("\"message\":\"use POST, GET\""));
}

TEST_F(RoutesTest, HandDecisionsOverOnlyForACredential) {
  const std::string path = "/v1/echo/x/seal";
  for (const HttpHeaders& none : {HttpHeaders{}, HttpHeaders{{"Hearth-Approver", token_}},
                                  HttpHeaders{{"Hearth-Approver", hash}}})
    EXPECT_THAT(ask("POST", path, R"({"digest":"d"})", none), StartsWith("403 "));
  EXPECT_THAT(
      ask("POST", path, R"({"digest":"d","verb":"other"})", {{"Hearth-Approver", credential}}),
      StartsWith("400 "));
  EXPECT_EQ(ask("POST", path, R"({"digest":"d"})", {{"Hearth-Approver", credential}}),
            R"(200 {"schema_version":1,"ok":true,"data":{"by":"ada over HTTP@default","given":)"
            R"({"digest":"d","text":"x","verb":"seal"}}})"
            "\n");
  EXPECT_THAT(ask("POST", "/v1/echo/late/seal", "", {{"Hearth-Approver", credential}}),
              StartsWith("410 "));
  EXPECT_EQ(HttpClient(port_).ask("POST", path, {{"Hearth-Approver", credential}}).status, 401)
      << "the credential does not stand for the token";
  EXPECT_THAT(ask("GET", "/metrics"), HasSubstr(R"(reason="approver"} 3)"));
}

TEST_F(RoutesTest, EndTheCallOfAClientThatHasGone) {
  HttpClient waiting(port_, token_);
  waiting.request("POST", "/v1/hold/x");
  ASSERT_TRUE(holds(1));
  waiting.close();
  EXPECT_TRUE(holds(0));
}

TEST_F(RoutesTest, AnswerWhatIsInFlightWhenTheDaemonLeaves) {
  HttpClient waiting(port_, token_);
  waiting.request("POST", "/v1/hold/x");
  ASSERT_TRUE(holds(1));
  daemon_->daemon().stop("test");
  const auto reply = waiting.reply();
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(reply.body, HasSubstr(R"("code":"draining")"));
  EXPECT_EQ(daemon_->join(), 0);
}

TEST_F(RoutesTest, ReloadAndShutTheDaemonDown) {
  EXPECT_THAT(ask("POST", "/v1/admin/reload"), StartsWith("501 ")) << "it has no configuration";
  EXPECT_THAT(ask("POST", "/v1/admin/shutdown"), HasSubstr(R"("draining":true)"));
  EXPECT_EQ(daemon_->join(), 0);
}

}  // namespace
}  // namespace hearth::web
