// A daemon with HTTP in this process, asked over loopback by clients good and bad.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "json/envelope.hpp"
#include "json/json.hpp"
#include "support/daemon_thread.hpp"
#include "support/file_text.hpp"
#include "support/http_client.hpp"
#include "support/scratch_directory.hpp"
#include "web/http_front.hpp"

namespace hearth::web {
namespace {

using std::chrono::milliseconds;
using test::HttpClient;
using test::HttpHeaders;
using test::HttpReply;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string rpc(std::string_view id, std::string_view method, std::string_view params = "{}") {
  std::string text = R"({"jsonrpc":"2.0",)";
  if (!id.empty()) text.append(R"("id":)").append(id).append(",");
  return text.append(R"("method":")").append(method).append(R"(","params":)").append(params) + "}";
}

std::string call(std::string_view id,
                 std::string_view tool,
                 std::string_view arguments,
                 std::string_view token = "") {
  std::string params = R"({"name":")" + std::string(tool) + R"(","arguments":)";
  params.append(arguments);
  if (!token.empty()) params.append(R"(,"_meta":{"progressToken":)").append(token).append("}");
  return rpc(id, "tools/call", params + "}");
}

constexpr std::string_view modern_version = "2026-07-28";

std::string modern_params(std::string_view more) {
  return "{" + std::string(more) +
         R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
         R"("io.modelcontextprotocol/clientCapabilities":{}}})";
}

const std::string initialize = rpc(
    "1",
    "initialize",
    R"({"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"probe","version":"1"}})");

class Front : public testing::Test {
 protected:
  explicit Front(HttpOptions options = {}) : paths_(test::paths_below(directory_.path() + "/h")) {
    daemon_.emplace(test::quiet_options(paths_), make_http_front(std::move(options)));
    EXPECT_EQ(daemon_->readiness(), "ready\n");
    const auto record = json::parse(test::file_text(paths_.runtime + "/http.json"));
    const std::string url(json::string_or(*record, "url", ""));
    port_ = static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
    token_ = test::file_text(std::string(json::string_or(*record, "token_file", ""))).substr(0, 64);
  }

  [[nodiscard]] HttpClient client() const { return HttpClient(port_, token_); }
  HttpReply post(const std::string& body, const HttpHeaders& headers = {}) const {
    return client().ask("POST", "/mcp", headers, body);
  }
  // A session's id.
  [[nodiscard]] std::string begin() const {
    const HttpReply reply = post(initialize);
    EXPECT_EQ(reply.status, 200);
    return reply.header("mcp-session-id");
  }
  static HttpHeaders in(const std::string& session) { return {{"Mcp-Session-Id", session}}; }
  static HttpHeaders modern(std::string method, std::string name = "") {
    HttpHeaders headers{{"MCP-Protocol-Version", std::string(modern_version)},
                        {"Mcp-Method", std::move(method)}};
    if (!name.empty()) headers.emplace_back("Mcp-Name", std::move(name));
    return headers;
  }
  static HttpHeaders resuming(const std::string& session, const std::string& last) {
    return {{"Mcp-Session-Id", session}, {"Accept", "text/event-stream"}, {"Last-Event-ID", last}};
  }

  test::ScratchDirectory directory_;
  ipc::Paths paths_;
  std::optional<test::DaemonThread> daemon_;
  std::uint16_t port_ = 0;
  std::string token_;
};

// ---- Who may come in --------------------------------------------------------------------------

TEST_F(Front, TellsAnybodyThatItIsWell) {
  const HttpReply reply = HttpClient(port_).ask("GET", "/healthz");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "{\"status\":\"ok\"}\n");
}

TEST_F(Front, WantsTheToken) {
  for (const auto* path : {"/mcp", "/metrics"}) {
    const HttpReply reply = HttpClient(port_).ask("GET", path);
    EXPECT_EQ(reply.status, 401) << path;
    EXPECT_EQ(reply.header("www-authenticate"), "Bearer");
  }
  std::string wrong = token_;
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  EXPECT_EQ(HttpClient(port_, wrong).ask("POST", "/mcp", {}, initialize).status, 401);
}

TEST_F(Front, WantsItsOwnHostAndOrigin) {
  const std::string own = "127.0.0.1:" + std::to_string(port_);
  const auto status = [&](const HttpHeaders& headers) {
    return client().ask("POST", "/mcp", headers, initialize).status;
  };
  EXPECT_EQ(status({{"Host", "evil.example"}}), 403);
  EXPECT_EQ(status({{"Host", "evil.example:" + std::to_string(port_)}}), 403);
  EXPECT_EQ(status({{"Host", own}, {"Origin", "http://evil.example"}}), 403);
  EXPECT_EQ(status({{"Host", own}, {"Origin", "null"}}), 403);
  EXPECT_EQ(status({{"Host", own}, {"Origin", "http://" + own}}), 200);
  EXPECT_EQ(status({{"Host", "localhost:" + std::to_string(port_)}}), 200);
  HttpClient without(port_, token_);
  without.send_bytes("GET /healthz HTTP/1.1\r\n\r\n");
  EXPECT_EQ(without.reply().status, 403);
}

TEST_F(Front, RefusesBeforeTheBodyComes) {
  HttpClient stranger(port_);
  stranger.request("POST", "/mcp", {{"Content-Length", "8000000"}});
  EXPECT_EQ(stranger.reply().status, 401);
  EXPECT_TRUE(stranger.is_ended());
}

TEST_F(Front, KnowsItsPathsAndMethods) {
  EXPECT_EQ(client().ask("GET", "/").status, 404);
  const HttpReply put = client().ask("PUT", "/mcp", {}, "{}");
  EXPECT_EQ(put.status, 405);
  EXPECT_EQ(put.header("allow"), "POST, GET, DELETE");
  EXPECT_EQ(client().ask("OPTIONS", "/mcp").status, 405);
}

// ---- Legacy -----------------------------------------------------------------------------------

TEST_F(Front, ServesASession) {
  const std::string session = begin();
  ASSERT_EQ(session.size(), 32U);
  HttpClient connection = client();
  const HttpReply noted =
      connection.ask("POST", "/mcp", in(session), rpc("", "notifications/initialized"));
  EXPECT_EQ(noted.status, 202);
  EXPECT_THAT(noted.body, IsEmpty());
  const HttpReply answer =
      connection.ask("POST", "/mcp", in(session), call("2", "echo_who", R"({"text":""})"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-type"), "application/json");
  EXPECT_THAT(answer.body, HasSubstr(R"("kind":"http")"));
  EXPECT_EQ(connection.ask("DELETE", "/mcp", in(session)).status, 200);
  EXPECT_EQ(connection.ask("POST", "/mcp", in(session), rpc("3", "tools/list")).status, 404);
  EXPECT_EQ(connection.ask("DELETE", "/mcp", in(session)).status, 404);
}

TEST_F(Front, WantsTheSessionsId) {
  EXPECT_EQ(post(rpc("1", "tools/list")).status, 400);
  EXPECT_EQ(post(rpc("1", "tools/list"), in("0123")).status, 404);
  EXPECT_EQ(client().ask("DELETE", "/mcp").status, 400);
  HttpHeaders headers = in(begin());
  headers.emplace_back("MCP-Protocol-Version", "1999-01-01");
  EXPECT_EQ(post(rpc("1", "tools/list"), headers).status, 400);
}

TEST_F(Front, RefusesWhatIsNoMessage) {
  const HttpHeaders headers = in(begin());
  for (const auto* body : {"{", "[]", "7", R"({"jsonrpc":"2.0"})", "\xff"}) {
    const HttpReply reply = post(body, headers);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_THAT(reply.body, HasSubstr(R"("error")"));
  }
  HttpHeaders text = headers;
  text.emplace_back("Content-Type", "text/plain");
  EXPECT_EQ(post(rpc("1", "ping"), text).status, 415);
  HttpHeaders picky = headers;
  picky.emplace_back("Accept", "text/html");
  EXPECT_EQ(post(rpc("1", "ping"), picky).status, 406);
}

TEST_F(Front, StreamsReportsBeforeTheAnswer) {
  HttpClient connection = client();
  connection.request("POST", "/mcp", in(begin()), call("2", "echo_say", R"({"text":"x"})", "9"));
  EXPECT_EQ(connection.reply().header("content-type"), "text/event-stream");
  const auto opening = connection.event();
  ASSERT_TRUE(opening);
  EXPECT_EQ(opening->id, "2-0");
  EXPECT_EQ(opening->retry, "1000");
  EXPECT_EQ(opening->data, "");
  EXPECT_THAT(connection.event()->data, HasSubstr("notifications/progress"));
  EXPECT_THAT(connection.event()->data, HasSubstr("notifications/message"));
  EXPECT_THAT(connection.event()->data, HasSubstr(R"("id":2,"result")"));
  EXPECT_FALSE(connection.event());
  EXPECT_EQ(connection.ask("GET", "/healthz").status, 200) << "the connection goes on";
}

TEST_F(Front, GivesBackAnAnswerWhoseConnectionWasLost) {
  const std::string session = begin();
  std::string last;
  {
    HttpClient lost = client();
    lost.request("POST", "/mcp", in(session), call("2", "echo_slow", R"({"n":300})", "9"));
    ASSERT_EQ(lost.reply().status, 200);
    (void)lost.event();
    last = lost.event()->id;
  }
  HttpClient back = client();
  back.request("GET", "/mcp", resuming(session, last));
  ASSERT_EQ(back.reply().status, 200);
  std::string data;
  while (const auto event = back.event()) data = event->data;
  EXPECT_THAT(data, HasSubstr(R"("id":2,"result")")) << "losing the connection cancels nothing";
  HttpClient lost_again = client();
  EXPECT_EQ(lost_again.ask("GET", "/mcp", resuming(session, "99-1")).status, 404);
  EXPECT_EQ(lost_again.ask("GET", "/mcp", resuming(session, "nonsense")).status, 400);
}

TEST_F(Front, HasOneStreamForASession) {
  const std::string session = begin();
  const HttpHeaders headers{{"Mcp-Session-Id", session}, {"Accept", "text/event-stream"}};
  HttpClient first = client();
  first.request("GET", "/mcp", headers);
  EXPECT_EQ(first.reply().status, 200);
  EXPECT_EQ(first.event()->id, "0-0");
  EXPECT_EQ(client().ask("GET", "/mcp", headers).status, 409);
  EXPECT_EQ(client().ask("DELETE", "/mcp", in(session)).status, 200);
  EXPECT_FALSE(first.event()) << "the session's end is its stream's end";
}

TEST_F(Front, RefusesAnIdThatIsInFlight) {
  const std::string session = begin();
  HttpClient first = client();
  first.request("POST", "/mcp", in(session), call("2", "echo_hold", R"({"text":"a"})"));
  HttpClient second = client();
  // The first is known to have arrived when the second gets to know of it.
  while (second.ask("POST", "/mcp", in(session), call("2", "echo_say", R"({"text":"a"})")).status !=
         409) {
  }
  const HttpReply released =
      second.ask("POST", "/mcp", in(session), call("3", "echo_release", R"({"text":"a"})"));
  EXPECT_EQ(released.status, 200);
  EXPECT_THAT(first.reply().body, HasSubstr(R"("id":2,"result")"));
}

TEST_F(Front, CancelsWhatItIsToldToCancel) {
  const std::string session = begin();
  HttpClient first = client();
  first.request("POST", "/mcp", in(session), call("2", "echo_hold", R"({"text":"a"})", "5"));
  const std::string cancel = rpc("", "notifications/cancelled", R"({"requestId":2})");
  EXPECT_EQ(post(cancel, in(session)).status, 202);
  EXPECT_EQ(first.reply().status, 202) << "there will be no answer";
  EXPECT_EQ(post(rpc("2", "ping"), in(session)).status, 200) << "the id is free";
}

// ---- Modern -----------------------------------------------------------------------------------

TEST_F(Front, ServesARequestWithoutASession) {
  const std::string params = modern_params(R"("name":"echo_who","arguments":{"text":""},)");
  const HttpReply reply = post(rpc("5", "tools/call", params), modern("tools/call", "echo_who"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("mcp-session-id"), "");
  EXPECT_THAT(reply.body, HasSubstr(R"("kind":"http")"));
}

TEST_F(Front, TellsAClientThatCannotListen) {
  HttpHeaders headers = modern("subscriptions/listen");
  headers.emplace_back("Accept", "application/json");
  const std::string listen =
      rpc("5", "subscriptions/listen", modern_params(R"("notifications":{},)"));
  EXPECT_EQ(post(listen, headers).status, 406);
}

TEST_F(Front, TellsAModernClientWhatIsWrong) {
  const std::string list = rpc("5", "tools/list", modern_params(""));
  EXPECT_EQ(post(list, modern("tools/list")).status, 200);
  const HttpReply other = post(list, modern("prompts/list"));
  EXPECT_EQ(other.status, 400);
  EXPECT_THAT(other.body, HasSubstr("-32020"));
  const HttpReply unknown =
      post(rpc("5", "unknown/method", modern_params("")), modern("unknown/method"));
  EXPECT_EQ(unknown.status, 404);
  EXPECT_THAT(unknown.body, HasSubstr("-32601"));
  EXPECT_EQ(post(rpc("5", "tools/list"), modern("tools/list")).status, 400);
  EXPECT_EQ(client().ask("GET", "/mcp", modern("x")).status, 405);
  EXPECT_EQ(client().ask("DELETE", "/mcp", modern("x")).status, 405);
  EXPECT_EQ(post(rpc("", "notifications/x", modern_params("")), modern("notifications/x")).status,
            202);
}

TEST_F(Front, CancelsARequestWhoseClientHasGone) {
  const std::string params = modern_params(R"("name":"echo_hold","arguments":{"text":"gone"},)");
  HttpClient first = client();
  first.request("POST", "/mcp", modern("tools/call", "echo_hold"), rpc("5", "tools/call", params));
  HttpClient other = client();
  const auto in_flight = [&] {
    const std::string page = other.ask("GET", "/metrics").body;
    return page.find("hearth_tool_in_flight{tool=\"echo_hold\"} 1") != std::string::npos;
  };
  while (!in_flight()) {
  }
  first.close();
  while (in_flight()) {
  }
}

TEST_F(Front, ServesNamespacesByHeader) {
  HttpHeaders headers = modern("tools/call", "echo_who");
  headers.emplace_back("Hearth-Namespace", "work");
  const std::string body =
      rpc("5", "tools/call", modern_params(R"("name":"echo_who","arguments":{"text":""},)"));
  EXPECT_THAT(post(body, headers).body, HasSubstr(R"("name_space":"work")"));
  headers.back().second = "../x";
  EXPECT_EQ(post(body, headers).status, 400);
}

// ---- Metrics, status --------------------------------------------------------------------------

TEST_F(Front, CountsForPrometheus) {
  const std::string session = begin();
  (void)post(call("2", "echo_say", R"({"text":"x"})"), in(session));
  (void)post(call("3", "echo_throw", R"({"text":"x"})"), in(session));
  const HttpReply reply = client().ask("GET", "/metrics");
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.header("content-type"), HasSubstr("version=0.0.4"));
  for (const auto* line :
       {"hearth_sessions{transport=\"http\"} 1\n",
        "hearth_tool_latency_seconds_count{tool=\"echo_say\"} 1\n",
        "hearth_tool_latency_seconds{tool=\"echo_say\",quantile=\"0.99\"} ",
        "hearth_tool_errors_total{tool=\"echo_throw\"} 1\n", "hearth_requests_in_flight 0\n",
        "hearth_pack_state{pack=\"echo\",state=\"warm\"} 1\n",
        "hearth_http_requests_total{path=\"/mcp\"} 3\n"})
    EXPECT_THAT(reply.body, HasSubstr(line));
}

TEST_F(Front, IsInTheStatus) {
  (void)begin();
  test::TestClient socket = daemon_->client();
  const json::Value status = socket.request("daemon/status").at("result");
  const json::Value* http = json::find(status, "http");
  ASSERT_NE(http, nullptr);
  EXPECT_THAT(std::string(json::string_or(*http, "url", "")), HasSubstr(std::to_string(port_)));
  EXPECT_THAT(json::dump(status.at("sessions")), HasSubstr(R"("client":"probe","kind":"http")"));
}

// ---- Events -----------------------------------------------------------------------------------

TEST_F(Front, TellsWhatHappens) {
  HttpClient follower = client();
  EXPECT_EQ(follower.ask("GET", "/events?kinds=daemon%2Csession").header("content-type"),
            "text/event-stream");
  EXPECT_EQ(follower.event()->retry, "1000");
  EXPECT_THAT(follower.event()->data, HasSubstr(R"("what":"started")"));
  test::TestClient stranger = daemon_->client();
  const auto opened = follower.event();
  EXPECT_THAT(opened->data, HasSubstr(R"("what":"opened")"));
  EXPECT_EQ(daemon_->stop(), 0);
  EXPECT_THAT(follower.event()->data, HasSubstr("draining"));
}

TEST_F(Front, TellsOfItsOwnSessions) {
  HttpClient follower = client();
  ASSERT_EQ(follower.ask("GET", "/events?kinds=session").status, 200);
  EXPECT_EQ(follower.event()->retry, "1000");
  const std::string session = begin();
  EXPECT_THAT(follower.event()->data, HasSubstr(R"("what":"opened")"));
  EXPECT_EQ(client().ask("DELETE", "/mcp", in(session)).status, 200);
  EXPECT_THAT(follower.event()->data, HasSubstr(R"("what":"closed")"));
}

TEST_F(Front, SaysAgainWhereItIs) {
  std::filesystem::remove(paths_.runtime + "/http.json");
  // Whoever is answered after the loss has been noticed.
  while (!std::filesystem::exists(paths_.runtime + "/http.json")) (void)begin();
  EXPECT_THAT(test::file_text(paths_.runtime + "/http.json"), HasSubstr(std::to_string(port_)));
}

TEST_F(Front, TellsWhatHappenedMeanwhile) {
  HttpClient first = client();
  ASSERT_EQ(first.ask("GET", "/events?kinds=session").status, 200);
  EXPECT_EQ(first.event()->retry, "1000");
  std::optional<test::TestClient> session = daemon_->client();
  const auto opened = first.event();
  first.close();
  session.reset();
  HttpClient second = client();
  ASSERT_EQ(second.ask("GET", "/events?kinds=session", {{"Last-Event-ID", opened->id}}).status,
            200);
  EXPECT_EQ(second.event()->retry, "1000");
  EXPECT_THAT(second.event()->data, HasSubstr(R"("what":"closed")"));
  HttpClient third = client();
  ASSERT_EQ(third.ask("GET", "/events?kinds=session&since=another-99").status, 200);
  EXPECT_EQ(third.event()->retry, "1000");
  EXPECT_EQ(third.event()->id, opened->id) << "numbers of another process say nothing here";
}

TEST_F(Front, KeepsTheEventsOfANamespaceToItself) {
  HttpClient follower = client();
  ASSERT_EQ(follower.ask("GET", "/events?kinds=session", {{"Hearth-Namespace", "work"}}).status,
            200);
  EXPECT_EQ(follower.event()->retry, "1000");
  const test::TestClient stranger = daemon_->client();
  auto greeting = test::TestClient::default_greeting();
  greeting.name_space = "work";
  test::TestClient friendly(daemon_->socket());
  ASSERT_TRUE(friendly.greet(greeting).has_value());
  EXPECT_THAT(follower.event()->data, HasSubstr("work"));
}

TEST_F(Front, SaysWhatIsWrongWithARequestForEvents) {
  const HttpReply kind = client().ask("GET", "/events?kinds=sesion");
  EXPECT_EQ(kind.status, 400);
  EXPECT_THAT(kind.body, HasSubstr("daemon, session"));
  EXPECT_EQ(client().ask("GET", "/events?since=seven").status, 400);
  EXPECT_EQ(client().ask("GET", "/events", {{"Hearth-Namespace", "a/b"}}).status, 400);
  EXPECT_EQ(HttpClient(port_).ask("GET", "/events").status, 401);
}

TEST_F(Front, LeavesNothingBehind) {
  HttpClient idle = client();
  HttpClient listener = client();
  listener.request("GET", "/mcp", {{"Mcp-Session-Id", begin()}, {"Accept", "text/event-stream"}});
  ASSERT_EQ(listener.reply().status, 200);
  HttpClient busy = client();
  busy.request("POST", "/mcp", in(begin()), call("2", "echo_slow", R"({"n":100})"));
  while (client().ask("GET", "/metrics").body.find("in_flight{tool=\"echo_slow\"} 1") ==
         std::string::npos) {
  }
  EXPECT_EQ(daemon_->stop(), 0);
  EXPECT_THAT(busy.reply().body, HasSubstr(R"("id":2,"result")"))
      << "what is in flight is finished";
  EXPECT_TRUE(idle.is_ended());
  EXPECT_TRUE(listener.is_ended());
  EXPECT_FALSE(std::filesystem::exists(paths_.runtime + "/http.json"));
}

// ---- Bounds -----------------------------------------------------------------------------------

// More than is read ahead, and more than the kernel takes of the answers.
TEST_F(Front, AnswersManyRequestsSentAtOnce) {
  HttpClient eager = client();
  const std::string one = "GET /metrics HTTP/1.1\r\nHost: localhost:" + std::to_string(port_) +
                          "\r\nAuthorization: Bearer " + token_ + "\r\n\r\n";
  constexpr int count = 1'000;
  std::string all;
  for (int i = 0; i < count; ++i) all += one;
  std::jthread sender([&] { eager.send_bytes(all); });
  EXPECT_EQ(HttpClient(port_).ask("GET", "/healthz").status, 200) << "others have their turn";
  for (int i = 0; i < count; ++i) ASSERT_EQ(eager.reply().status, 200) << i;
}

HttpOptions hasty() {
  HttpOptions options;
  options.most_connections = 4;
  options.connection.head_time = milliseconds(300);
  options.connection.stall = milliseconds(300);
  options.connection.idle = milliseconds(600);
  options.connection.farewell = milliseconds(100);
  options.endpoint.most_sessions = 2;
  options.endpoint.session_idle = milliseconds(200);
  options.endpoint.tick = milliseconds(50);
  return options;
}

class HastyFront : public Front {
 protected:
  HastyFront() : Front(hasty()) {}
};

TEST_F(HastyFront, DoesNotWaitForSlowHeads) {
  HttpClient silent(port_);
  HttpClient half(port_);
  half.send_bytes("GET /healthz HTTP/1.1\r\nHost:");
  HttpClient stalled = client();
  stalled.request("POST", "/mcp", {{"Content-Length", "100"}}, "half");
  EXPECT_TRUE(silent.is_ended());
  EXPECT_TRUE(half.is_ended());
  EXPECT_TRUE(stalled.is_ended());
}

TEST_F(HastyFront, DoesNotWaitForOneByteAfterTheOther) {
  HttpClient slow(port_);
  const std::string head = "GET /healthz HTTP/1.1\r\nX: " + std::string(10'000, 'x');
  for (const char c : head) {
    if (slow.push(std::string_view(&c, 1)) == 0) break;
    std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_TRUE(slow.is_ended());
}

TEST_F(HastyFront, ClosesConnectionsThatNobodyUses) {
  HttpClient idle = client();
  EXPECT_EQ(idle.ask("GET", "/healthz").status, 200);
  EXPECT_TRUE(idle.is_ended());
}

TEST_F(HastyFront, BoundsConnections) {
  std::vector<HttpClient> many;
  for (int i = 0; i < 4; ++i) many.emplace_back(port_, token_);
  for (HttpClient& each : many) EXPECT_EQ(each.ask("GET", "/healthz").status, 200);
  HttpClient fifth(port_, token_);
  EXPECT_EQ(fifth.reply().status, 503);
  EXPECT_TRUE(fifth.is_ended());
  EXPECT_EQ(many.front().ask("GET", "/healthz").status, 200);
}

TEST_F(HastyFront, ForgetsSessionsThatNobodyUses) {
  const std::string session = begin();
  HttpClient connection = client();
  const std::string none = "hearth_sessions{transport=\"http\"} 0\n";
  while (connection.ask("GET", "/metrics").body.find(none) == std::string::npos) {
  }
  EXPECT_EQ(connection.ask("POST", "/mcp", in(session), rpc("2", "ping")).status, 404);
}

TEST_F(HastyFront, BoundsSessions) {
  const std::string oldest = begin();
  const std::string used = begin();
  HttpClient listener = client();
  listener.request("GET", "/mcp", {{"Mcp-Session-Id", used}, {"Accept", "text/event-stream"}});
  ASSERT_EQ(listener.reply().status, 200);
  const std::string newest = begin();
  EXPECT_EQ(post(rpc("2", "ping"), in(oldest)).status, 404) << "it made room";
  HttpClient second = client();
  second.request("GET", "/mcp", {{"Mcp-Session-Id", newest}, {"Accept", "text/event-stream"}});
  ASSERT_EQ(second.reply().status, 200);
  const HttpReply reply = post(initialize);
  EXPECT_EQ(reply.status, 503) << "all are in use";
  EXPECT_THAT(reply.body, HasSubstr(R"("id":1)"));
}

TEST_F(HastyFront, LeavesAClientThatNeverReads) {
  HttpClient deaf = client();
  deaf.request("POST", "/mcp", in(begin()), call("2", "echo_big", R"({"n":3000000})"));
  HttpClient other = client();
  const std::string one = "hearth_http_connections 1\n";
  while (other.ask("GET", "/metrics").body.find(one) == std::string::npos) {
  }
}

TEST_F(Front, RefusesWhatIsTooLarge) {
  HttpClient large_head(port_, token_);
  large_head.request("GET", "/healthz", {{"X", std::string(20'000, 'x')}});
  EXPECT_EQ(large_head.reply().status, 431);
  HttpClient large_body(port_, token_);
  large_body.request("POST", "/mcp", {{"Content-Length", "9000000"}});
  const HttpReply large = large_body.reply();
  EXPECT_EQ(large.status, 413);
  EXPECT_TRUE(large.body.starts_with(R"({"jsonrpc":"2.0","error":)")) << large.body;
  EXPECT_EQ(
      post(rpc("1", "x", "{\"t\":\"" + std::string(5'000'000, 'x') + "\"}"), in(begin())).status,
      200);
}

TEST_F(Front, ServesManyConnectionsAtOnce) {
  const std::string session = begin();
  std::vector<HttpClient> many;
  for (int i = 0; i < 200; ++i) {
    many.emplace_back(port_, token_);
    many.back().request("POST", "/mcp", in(session),
                        call(std::to_string(i + 10), "echo_say", R"({"text":"x"})"));
  }
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(many[static_cast<std::size_t>(i)].reply().status, 200);
    std::string data;
    while (const auto event = many[static_cast<std::size_t>(i)].event()) data = event->data;
    EXPECT_THAT(data, HasSubstr("\"id\":" + std::to_string(i + 10) + ",\"result\""));
  }
}

HttpOptions without_token() {
  HttpOptions options;
  options.requires_token = false;
  return options;
}

class OpenFront : public Front {
 protected:
  OpenFront() : Front(without_token()) {}
};

TEST_F(OpenFront, ServesAnybodyWhenToldTo) {
  EXPECT_EQ(HttpClient(port_).ask("POST", "/mcp", {}, initialize).status, 200);
  EXPECT_EQ(HttpClient(port_).ask("POST", "/mcp", {{"Host", "evil.example"}}, initialize).status,
            403);
  EXPECT_FALSE(std::filesystem::exists(paths_.state + "/http.token"));
}

TEST(FrontStart, FailsWhereItMayNotListen) {
  const test::ScratchDirectory directory;
  HttpOptions options;
  options.address = "0.0.0.0";
  test::DaemonThread daemon(test::quiet_options(test::paths_below(directory.path() + "/h")),
                            make_http_front(options));
  EXPECT_THAT(daemon.readiness(), HasSubstr("HTTP serves this machine only"));
  EXPECT_EQ(daemon.join(), 6);
}

TEST_F(Front, ListsTheCompactSurfaceWhereItIsAskedFor) {
  const auto names = [&](const std::string& path, const std::string& body, HttpHeaders headers) {
    const auto answer = json::parse(client().ask("POST", path, headers, body).body).value();
    std::vector<std::string> found;
    for (const json::Value& tool : answer.at("result").at("tools").as_array())
      found.emplace_back(json::string_or(tool, "name", ""));
    return found;
  };
  const std::string list = rpc("1", "tools/list", modern_params(""));
  EXPECT_THAT(names("/mcp?surface=compact", list, modern("tools/list")),
              testing::ElementsAre("request", "verbs"));
  EXPECT_THAT(names("/mcp?surface=full", list, modern("tools/list")),
              testing::Contains("echo_say"));
  const HttpReply begun = client().ask("POST", "/mcp?surface=compact", {}, initialize);
  EXPECT_THAT(begun.body, HasSubstr("tool request"));
  EXPECT_THAT(names("/mcp", rpc("2", "tools/list"), in(begun.header("mcp-session-id"))),
              testing::ElementsAre("request", "verbs"));
  EXPECT_EQ(client().ask("POST", "/mcp?surface=tiny", {}, initialize).status, 400);
}

}  // namespace
}  // namespace hearth::web
