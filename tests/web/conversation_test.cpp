#include "web/conversation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "peer.hpp"

namespace hearth::web {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ConversationTest : public testing::Test, protected Peer {};

TEST_F(ConversationTest, AnswersOneRequestAfterTheOther) {
  get("/a");
  get("/b");
  ASSERT_EQ(handler.requests.size(), 1U) << "the second waits for the first answer";
  handler.next()->send(plain(200, "a"));
  EXPECT_EQ(handler.requests.size(), 1U) << "who answers must not find itself serving";
  const std::string first = take();
  EXPECT_THAT(first, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(first, EndsWith("\r\n\r\na"));
  loop.poll();
  ASSERT_EQ(handler.requests.size(), 2U);
  handler.next()->send(plain(404, "b"));
  EXPECT_THAT(take(), StartsWith("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_FALSE(conversation.is_over());
}

// Small requests with large answers would fill the memory.
TEST_F(ConversationTest, ServesNothingMoreUntilItsAnswerIsRead) {
  std::string many;
  for (int i = 0; i < 3; ++i) many += "GET /at-once HTTP/1.1\r\nHost: h\r\n\r\n";
  conversation.feed(many);
  loop.poll();
  EXPECT_EQ(handler.requests.size(), 1U);
  EXPECT_TRUE(conversation.is_held());
  conversation.sent(1);
  loop.poll();
  EXPECT_EQ(handler.requests.size(), 1U) << "not read to its end";
  (void)take();
  EXPECT_EQ(handler.requests.size(), 1U) << "the others have their turn before";
  loop.poll();
  EXPECT_EQ(handler.requests.size(), 2U);
  (void)take();
  loop.poll();
  EXPECT_EQ(handler.requests.size(), 3U);
  EXPECT_FALSE(conversation.is_held());
}

TEST_F(ConversationTest, AnswersAtOnceWhatCanBe) {
  get("/at-once");
  (void)take();
  get("/at-once");
  EXPECT_EQ(handler.requests.size(), 2U);
}

TEST_F(ConversationTest, EndsWhenTheClientWantsThat) {
  conversation.feed("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  handler.next()->send(plain(200, "a"));
  EXPECT_TRUE(conversation.is_over());
  EXPECT_THAT(take(), HasSubstr("Connection: close"));
}

TEST_F(ConversationTest, RefusesBeforeTheBodyComes) {
  conversation.feed("POST /no HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\nhalf of");
  EXPECT_THAT(take(), StartsWith("HTTP/1.1 403 Forbidden\r\n"));
  EXPECT_TRUE(conversation.is_over());
  conversation.feed(std::string(1000, 'x'));
  EXPECT_TRUE(handler.requests.empty());
  EXPECT_EQ(take(), "");
}

TEST_F(ConversationTest, TellsAClientThatAsksToGoOn) {
  conversation.feed(
      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(take(), "HTTP/1.1 100 Continue\r\n\r\n");
  conversation.feed("{}");
  ASSERT_EQ(handler.requests.size(), 1U);
  EXPECT_EQ(handler.requests.front().body, "{}");
}

TEST_F(ConversationTest, SaysWhatIsWrong) {
  conversation.feed("nonsense\r\n\r\n");
  EXPECT_THAT(take(), StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_TRUE(conversation.is_over());
}

TEST_F(ConversationTest, StreamsInChunks) {
  get("/");
  const auto answer = handler.next();
  answer->begin_stream({{"X-A", "b"}});
  EXPECT_TRUE(answer->is_streaming());
  EXPECT_THAT(take(), HasSubstr("Transfer-Encoding: chunked\r\n"));
  answer->write("data: 1\n\n");
  EXPECT_EQ(answer->unread(), 14U);
  EXPECT_EQ(take(), "9\r\ndata: 1\n\n\r\n");
  answer->end();
  EXPECT_EQ(take(), "0\r\n\r\n");
  EXPECT_FALSE(answer->is_open());
  get("/");
  EXPECT_EQ(handler.requests.size(), 2U);
}

TEST_F(ConversationTest, StreamsToAnOldClientUntilTheEnd) {
  conversation.feed("GET / HTTP/1.0\r\nHost: h\r\n\r\n");
  const auto answer = handler.next();
  answer->begin_stream();
  answer->write("data: 1\n\n");
  answer->end();
  EXPECT_THAT(take(), EndsWith("Connection: close\r\n\r\ndata: 1\n\n"));
  EXPECT_TRUE(conversation.is_over());
}

TEST_F(ConversationTest, TellsWhoAnswersThatTheClientHasGone) {
  get("/");
  const auto answer = handler.next();
  int times = 0;
  answer->on_gone([&] { ++times; });
  conversation.leave();
  conversation.leave();
  EXPECT_EQ(times, 1);
  EXPECT_FALSE(answer->is_open());
  answer->send(plain(200, "too late"));
  EXPECT_EQ(take(), "");
}

TEST_F(ConversationTest, TellsNobodyAfterTheAnswer) {
  get("/");
  const auto answer = handler.next();
  answer->on_gone([] { FAIL(); });
  answer->send(plain(200, "a"));
  conversation.leave();
}

TEST_F(ConversationTest, EndsAfterThePresentAnswer) {
  get("/");
  conversation.finish();
  EXPECT_FALSE(conversation.is_over());
  handler.next()->send(plain(200, "a"));
  EXPECT_TRUE(conversation.is_over());
}

TEST_F(ConversationTest, LeavesAClientThatSendsFarAhead) {
  get("/");
  for (int i = 0; i < 100; ++i) conversation.feed(std::string(1000, 'x'));
  EXPECT_TRUE(conversation.is_over());
}

TEST_F(ConversationTest, AnswersHeadWithoutABody) {
  conversation.feed("HEAD /at-once HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(take(), EndsWith("Content-Length: 4\r\nConnection: keep-alive\r\n\r\n"));
}

}  // namespace
}  // namespace hearth::web
