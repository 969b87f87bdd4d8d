#include "http/retrying.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "support/http_server.hpp"

namespace hearth::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const RetryPolicy quick{
    .most_attempts = 3, .first_wait = milliseconds(1), .longest_wait = milliseconds(10)};

Request to(const std::string& url, bool is_repeatable = true) {
  return {.url = url, .headers = {}, .body = {}, .is_repeatable = is_repeatable};
}

int count_of(const test::HttpServer& server, const std::string& path) {
  Client client;
  const std::string seen = client.send(to(server.url("/seen")))->body;
  int count = 0;
  for (auto at = seen.find('"' + path + '"'); at != std::string::npos;
       at = seen.find('"' + path + '"', at + 1))
    ++count;
  return count;
}

TEST(Retrying, AsksAgainWhenTheServerIsBusy) {
  const test::HttpServer server;
  Client client;
  for (const char* path : {"/status-429-2/echo", "/status-503-1/echo", "/status-502-2/echo",
                           "/status-504-1/echo", "/status-429-1-after-5/echo"}) {
    const auto outcome = send_retrying(client, to(server.url(path)), quick, {});
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome->status, 200) << path;
  }
  const auto failed = send_retrying(client, to(server.url("/status-503-9/echo")), quick, {});
  EXPECT_EQ(failed->status, 503);
  EXPECT_EQ(count_of(server, "/status-503-9/echo"), 3);
}

TEST(Retrying, SendsNothingTwiceThatMayNotBeRepeatedOrCannotPass) {
  const test::HttpServer server;
  Client client;
  EXPECT_EQ(send_retrying(client, to(server.url("/status-503"), false), quick, {})->status, 503);
  EXPECT_EQ(count_of(server, "/status-503"), 1);
  EXPECT_EQ(send_retrying(client, to(server.url("/status-400")), quick, {})->status, 400);
  EXPECT_EQ(count_of(server, "/status-400"), 1);
  EXPECT_EQ(send_retrying(client, to(server.url("/broken"), false), quick, {}).error().code,
            Errc::outcome_unknown);
  EXPECT_EQ(count_of(server, "/broken"), 1);
}

TEST(Retrying, DoesMoreWhereThePolicySaysSo) {
  const test::HttpServer server;
  Client client;
  int attempts = 0;
  RetryPolicy policy = quick;
  policy.before_each = [&]() -> Result<void> {
    ++attempts;
    return {};
  };
  Request request{
      .url = server.url("/status-500-1/echo"), .headers = {}, .body = {}, .is_repeatable = true};
  EXPECT_EQ(send_retrying(client, request, policy, {})->status, 500);
  EXPECT_EQ(attempts, 1);
  policy.after_server_errors = true;
  request.url = server.url("/status-529-1/echo");
  EXPECT_EQ(send_retrying(client, request, policy, {})->status, 200);
  request.url = server.url("/hang");
  request.timeout = milliseconds(30);
  attempts = 0;
  EXPECT_EQ(send_retrying(client, request, policy, {}).error().code, Errc::timed_out);
  EXPECT_EQ(attempts, 1);
  policy.after_timeouts = true;
  policy.before_each = [&]() -> Result<void> {
    if (++attempts > 2) return fail(Errc::busy, "enough");
    return {};
  };
  EXPECT_EQ(send_retrying(client, request, policy, {}).error().code, Errc::busy);
}

TEST(Retrying, AWaitEndsWhenStopped) {
  const test::HttpServer server;
  Client client;
  std::stop_source source;
  std::jthread stopper([&] {
    while (count_of(server, "/status-503") == 0) std::this_thread::yield();
    source.request_stop();
  });
  const RetryPolicy slow{.first_wait = seconds(60), .longest_wait = seconds(60)};
  const auto outcome =
      send_retrying(client, to(server.url("/status-503")), slow, source.get_token());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::cancelled);
}

TEST(WaitBeforeRetry, DoublesUpToItsCapAndFollowsTheServerUpToIt) {
  const RetryPolicy policy{.first_wait = milliseconds(200), .longest_wait = milliseconds(1000)};
  EXPECT_EQ(wait_before_retry(policy, 1, {}, 1), milliseconds(200));
  EXPECT_EQ(wait_before_retry(policy, 1, {}, 0), milliseconds(100));
  EXPECT_EQ(wait_before_retry(policy, 3, {}, 1), milliseconds(800));
  EXPECT_EQ(wait_before_retry(policy, 60, {}, 1), milliseconds(1000));
  EXPECT_EQ(wait_before_retry(policy, 1, milliseconds(700), 0), milliseconds(700));
  EXPECT_EQ(wait_before_retry(policy, 1, milliseconds(700), 1), milliseconds(950));
  EXPECT_EQ(wait_before_retry(policy, 1, seconds(3600), 0.5), milliseconds(1000));
}

TEST(RetryAfter, ReadsSecondsAndDates) {
  const WallTime now{seconds(784111777)};  // Sun, 06 Nov 1994 08:49:37 GMT
  EXPECT_EQ(parse_retry_after("120", now), seconds(120));
  EXPECT_EQ(parse_retry_after("0", now), seconds(0));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:47 GMT", now), seconds(10));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:00 GMT", now), seconds(0));
  for (const char* text : {"", "-1", "soon", "1.5", "Sun, 06 Nov"})
    EXPECT_EQ(parse_retry_after(text, now), std::nullopt) << text;
}

}  // namespace
}  // namespace hearth::http
