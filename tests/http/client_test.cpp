#include "http/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>
#include <thread>
#include <vector>

#include "base/unique_fd.hpp"
#include "support/http_server.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::http {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

MonotonicTime now() {
  return std::chrono::steady_clock::now();
}

class HttpClient : public testing::Test {
 protected:
  static void SetUpTestSuite() { server = new test::HttpServer; }
  static void TearDownTestSuite() {
    delete server;
    server = nullptr;
  }
  [[nodiscard]] static Request to(const std::string& path) {
    return {.url = server->url(path), .headers = {}, .body = {}};
  }
  static test::HttpServer* server;
  Client client_{2};
};
test::HttpServer* HttpClient::server = nullptr;

TEST_F(HttpClient, SendsMethodHeadersAndBodyAndGivesTheAnswer) {
  Request request = to("/echo?a=b");
  request.method = "POST";
  request.headers = {{"X-One", "1"}, {"X-None", ""}, {"Content-Type", "text/plain"}};
  request.body = std::string(2'000'000, 'b');
  const auto response = client_.send(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_THAT(response->body, Not(HasSubstr("100-continue"))) << "servers that do not answer that "
                                                                 "would cost a second";
  EXPECT_EQ(response->status, 200);
  EXPECT_TRUE(response->is_success());
  EXPECT_EQ(response->header("content-length"), std::to_string(response->body.size()));
  EXPECT_THAT(response->body, HasSubstr(R"("method": "POST", "path": "/echo?a=b")"));
  EXPECT_THAT(response->body, HasSubstr(R"("x-one": "1")"));
  EXPECT_THAT(response->body, HasSubstr(R"("x-none": "")"));
  EXPECT_THAT(response->body, HasSubstr("bbbbbb"));
}

TEST_F(HttpClient, AnyStatusIsAnAnswer) {
  const auto response = client_.send(to("/status-503-after-2"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 503);
  EXPECT_FALSE(response->is_success());
  EXPECT_EQ(response->header("retry-after"), "2");
  EXPECT_EQ(response->header("nosuch"), "");
}

TEST_F(HttpClient, FollowsNoRedirect) {
  const auto response = client_.send(to("/redirect"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(response->header("location"), "http://192.0.2.1/elsewhere");
}

TEST_F(HttpClient, SpeaksToAUnixSocket) {
  const test::ScratchDirectory scratch("http");
  const test::HttpServer local({"--socket", scratch / "s"});
  Request request = {.url = "http://localhost/echo", .headers = {}, .body = {}};
  request.socket = scratch / "s";
  const auto response = client_.send(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_THAT(response->body, HasSubstr(R"("path": "/echo")"));
}

TEST_F(HttpClient, KeepsTheConnectionOfRepeatableRequestsOnly) {
  const test::HttpServer own;
  Request request = {.url = own.url("/echo"), .headers = {}, .body = {}};
  const auto connections = [&] {
    Request seen = request;
    seen.url = own.url("/seen");
    seen.is_repeatable = true;
    const std::string body = client_.send(seen)->body;
    return std::atoi(body.substr(body.find("\"connections\": ") + 15).c_str());
  };
  request.is_repeatable = true;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client_.send(request));
  EXPECT_EQ(connections(), 1);
  request.is_repeatable = false;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(client_.send(request));
  EXPECT_GE(connections(), 4);
}

TEST_F(HttpClient, StopsWithinMilliseconds) {
  for (const char* path : {"/hang", "/wait-10/echo"}) {
    std::stop_source source;
    MonotonicTime stopped;
    std::jthread stopper([&] {
      std::this_thread::sleep_for(milliseconds(50));
      stopped = now();
      source.request_stop();
    });
    const auto response = client_.send(to(path), source.get_token());
    const auto ended = now();
    stopper.join();
    ASSERT_FALSE(response) << path;
    EXPECT_EQ(response.error().code, Errc::cancelled);
    EXPECT_LT(ended - stopped, milliseconds(500)) << path;  // 1 ms on a quiet machine
  }
  std::stop_source early;
  early.request_stop();
  EXPECT_EQ(client_.send(to("/echo"), early.get_token()).error().code, Errc::cancelled);
}

TEST_F(HttpClient, TimesOut) {
  Request request = to("/wait-10/echo");
  request.timeout = milliseconds(100);
  const auto response = client_.send(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::timed_out);
  EXPECT_THAT(response.error().message, HasSubstr("127.0.0.1 gave no whole answer within 100 ms"));
}

TEST_F(HttpClient, SaysThatNothingListens) {
  // A port that was just free.
  const UniqueFd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(probe.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::getsockname(probe.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  Request request = to("");
  request.url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
  const auto response = client_.send(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::unavailable);
  EXPECT_THAT(response.error().message, HasSubstr("cannot connect to 127.0.0.1"));

  request.socket = "/nowhere/s";
  EXPECT_EQ(client_.send(request).error().code, Errc::unavailable);
  request.socket = "";
  request.url = "http://nosuch.invalid/";
  EXPECT_EQ(client_.send(request).error().code, Errc::unavailable);
}

TEST_F(HttpClient, ABrokenAnswerMayHaveHadItsEffect) {
  const auto response = client_.send(to("/broken"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::outcome_unknown) << response.error().message;
}

TEST_F(HttpClient, RefusesAnAnswerThatIsTooLarge) {
  Request request = to("/big-1000001");
  request.most_bytes = 1'000'000;
  const auto response = client_.send(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::unsupported);
  EXPECT_THAT(response.error().message, HasSubstr("more than 1000000 bytes"));
  request.most_bytes = 1'000'001;
  EXPECT_EQ(client_.send(request)->body.size(), 1'000'001U);
}

TEST_F(HttpClient, RefusesWhatIsNoRequest) {
  for (const char* url : {"", "nonsense", "file:///etc/passwd", "ftp://localhost/", "http://",
                          "http://a b/", "http://localhost/\r\nX: y"}) {
    const auto response = client_.send({.url = url, .headers = {}, .body = {}});
    ASSERT_FALSE(response) << url;
    EXPECT_EQ(response.error().code, Errc::invalid_args) << url;
  }
  Request request = to("/echo");
  request.headers = {{"Authorization", "Bearer secret\n"}};
  const auto response = client_.send(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::invalid_args);
  EXPECT_THAT(response.error().message, Not(HasSubstr("secret")));
  request = to("/echo");
  request.method = "GET / HTTP/1.1\r\nX: y";
  EXPECT_EQ(client_.send(request).error().code, Errc::invalid_args);
}

TEST_F(HttpClient, RunsAtMostAsManyAsItMay) {
  const test::HttpServer own;
  std::vector<std::jthread> callers;
  for (int i = 0; i < 6; ++i) {
    callers.emplace_back([&] {
      EXPECT_TRUE(client_.send({.url = own.url("/wait-0.05/echo"), .headers = {}, .body = {}}));
    });
  }
  callers.clear();
  EXPECT_THAT(client_.send({.url = own.url("/seen"), .headers = {}, .body = {}})->body,
              HasSubstr("\"most_at_once\": 2"));
}

TEST_F(HttpClient, AWaitForItsTurnEndsInTimeAndWhenStopped) {
  Client one(1);
  std::stop_source source;
  std::jthread busy([&] { (void)one.send(to("/hang"), source.get_token()); });
  Request request = to("/echo");
  request.timeout = milliseconds(100);
  // The first may not have begun yet: then this one is served.
  while (one.send(request)) {
  }
  const auto refused = one.send(request);
  EXPECT_EQ(refused.error().code, Errc::timed_out);
  EXPECT_THAT(refused.error().message, HasSubstr("1 HTTP requests run already"));
  std::stop_source other;
  std::jthread stopper([&] { other.request_stop(); });
  request.timeout = milliseconds(20'000);
  EXPECT_EQ(one.send(request, other.get_token()).error().code, Errc::cancelled);
  source.request_stop();
}

TEST_F(HttpClient, AsksThisMachineWithoutAProxy) {
  ::setenv("http_proxy", "http://192.0.2.1:9", 1);
  const auto response = client_.send(to("/echo"));
  ::unsetenv("http_proxy");
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
}

}  // namespace
}  // namespace hearth::http
