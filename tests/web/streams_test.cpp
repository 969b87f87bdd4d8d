#include "web/streams.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "peer.hpp"
#include "support/held_clock.hpp"

namespace hearth::web {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr Accepted both{.json = true, .events = true};
constexpr Accepted only_json{.json = true, .events = false};
constexpr Accepted only_events{.json = false, .events = true};

const std::string report = R"({"jsonrpc":"2.0","method":"notifications/progress","params":{}})";
const std::string question = R"({"jsonrpc":"2.0","id":"q1","method":"elicitation/create"})";

std::string answer_to(std::string_view id) {
  return R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"result":{}})";
}

class StreamsTest : public testing::Test {
 protected:
  // A request on a connection of its own.
  static std::shared_ptr<Answer> request(Peer& peer) {
    peer.get("/");
    return peer.handler.next();
  }
  test::HeldClock clock_;
  Streams streams_{clock_};
  Peer a_, b_, c_;
};

TEST_F(StreamsTest, AnswersWithJsonWhenNothingPrecedes) {
  ASSERT_TRUE(streams_.open("7", both, request(a_)));
  streams_.send(answer_to("7"), "7");
  const std::string said = a_.take();
  EXPECT_THAT(said, HasSubstr("Content-Type: application/json"));
  EXPECT_THAT(said, HasSubstr(answer_to("7")));
  EXPECT_EQ(streams_.size(), 0U);
  EXPECT_EQ(streams_.waiting(), 0U);
}

TEST_F(StreamsTest, StreamsWhenSomethingPrecedes) {
  ASSERT_TRUE(streams_.open("7", both, request(a_)));
  streams_.send(report, "7");
  const std::string begun = a_.take();
  EXPECT_THAT(begun, HasSubstr("Content-Type: text/event-stream"));
  EXPECT_THAT(begun, HasSubstr("id: 1-0\nretry: 1000\ndata: \n\n"));
  EXPECT_THAT(begun, HasSubstr("id: 1-1\ndata: " + report));
  streams_.send(answer_to("7"), "7");
  const std::string ended = a_.take();
  EXPECT_THAT(ended, HasSubstr("id: 1-2\ndata: " + answer_to("7")));
  EXPECT_THAT(ended, HasSubstr("\r\n0\r\n\r\n"));
}

TEST_F(StreamsTest, StreamsToAClientThatTakesNothingElse) {
  ASSERT_TRUE(streams_.open("7", only_events, request(a_)));
  streams_.send(answer_to("7"), "7");
  EXPECT_THAT(a_.take(), HasSubstr("data: " + answer_to("7")));
}

TEST_F(StreamsTest, SparesAJsonClientReportsButNotQuestions) {
  ASSERT_TRUE(streams_.listen(request(b_)));
  (void)b_.take();
  ASSERT_TRUE(streams_.open("7", only_json, request(a_)));
  streams_.send(report, "7");
  streams_.send(question, "7");
  EXPECT_EQ(a_.take(), "");
  EXPECT_THAT(b_.take(), HasSubstr("data: " + question));
}

TEST_F(StreamsTest, SendsWhatBelongsToNoRequestToWhoListens) {
  streams_.send(report, "");
  ASSERT_TRUE(streams_.listen(request(a_)));
  EXPECT_THAT(a_.take(), HasSubstr("id: 0-1\ndata: " + report)) << "it was kept";
  streams_.send(question, "");
  EXPECT_THAT(a_.take(), HasSubstr("id: 0-2\ndata: " + question));
}

// Else the client's connection, and what is kept of the request, would stay as long as the session.
TEST_F(StreamsTest, EndsARequestThatWasCancelled) {
  ASSERT_TRUE(streams_.open("7", both, request(a_)));
  streams_.withdraw("7");
  EXPECT_THAT(a_.take(), StartsWith("HTTP/1.1 202 "));
  EXPECT_EQ(streams_.size(), 0U);
  ASSERT_TRUE(streams_.open("7", both, request(b_))) << "the id is free";
  streams_.send(report, "7");
  (void)b_.take();
  streams_.withdraw("7");
  EXPECT_EQ(b_.take(), "0\r\n\r\n");
  ASSERT_TRUE(streams_.open("7", both, request(c_)));
  c_.conversation.leave();
  streams_.withdraw("7");
  EXPECT_EQ(streams_.size(), 0U);
  EXPECT_EQ(streams_.waiting(), 0U);
  streams_.withdraw("7");
}

TEST_F(StreamsTest, HasOneListener) {
  ASSERT_TRUE(streams_.listen(request(a_)));
  const auto second = streams_.listen(request(b_));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::conflict);
  a_.conversation.leave();
  EXPECT_TRUE(streams_.listen(request(c_)));
}

TEST_F(StreamsTest, KeepsApartWhatBelongsToDifferentRequests) {
  ASSERT_TRUE(streams_.open("7", both, request(a_)));
  ASSERT_TRUE(streams_.open("\"7\"", both, request(b_)));
  streams_.send(report, "\"7\"");
  EXPECT_EQ(a_.take(), "");
  EXPECT_THAT(b_.take(), HasSubstr(report));
  ASSERT_FALSE(streams_.open("7", both, request(c_))) << "it is in flight";
}

TEST_F(StreamsTest, GivesAClientThatComesBackWhatItMissed) {
  ASSERT_TRUE(streams_.open("7", both, request(a_)));
  streams_.send(report, "7");
  a_.conversation.leave();
  streams_.send(question, "7");
  ASSERT_TRUE(streams_.resume({1, 1}, request(b_)));
  const std::string said = b_.take();
  EXPECT_THAT(said, Not(HasSubstr(report)));
  EXPECT_THAT(said, HasSubstr("id: 1-2\ndata: " + question));
  streams_.send(answer_to("7"), "7");
  EXPECT_THAT(b_.take(), HasSubstr("id: 1-3\ndata: " + answer_to("7")));
}

TEST_F(StreamsTest, KeepsTheAnswerForAClientThatComesBack) {
  ASSERT_TRUE(streams_.open("7", both, request(a_)));
  streams_.send(report, "7");
  a_.conversation.leave();
  streams_.send(answer_to("7"), "7");
  ASSERT_TRUE(streams_.resume({1, 0}, request(b_)));
  const std::string said = b_.take();
  EXPECT_THAT(said, HasSubstr(report));
  EXPECT_THAT(said, HasSubstr(answer_to("7")));
  EXPECT_THAT(said, HasSubstr("\r\n0\r\n\r\n"));
}

TEST_F(StreamsTest, TakesOverFromAConnectionThatIsLost) {
  ASSERT_TRUE(streams_.open("7", both, request(a_)));
  streams_.send(report, "7");
  ASSERT_TRUE(streams_.resume({1, 1}, request(b_)));
  streams_.send(answer_to("7"), "7");
  EXPECT_THAT(a_.take(), Not(HasSubstr(answer_to("7"))));
  EXPECT_THAT(b_.take(), HasSubstr(answer_to("7")));
}

TEST_F(StreamsTest, KnowsNothingOfOtherEvents) {
  ASSERT_TRUE(streams_.open("7", both, request(a_)));
  streams_.send(report, "7");
  const auto back = request(b_);
  for (const EventId id : {EventId{2, 0}, EventId{1, 2}, EventId{0, 0}}) {
    const auto resumed = streams_.resume(id, back);
    ASSERT_FALSE(resumed) << to_string(id);
    EXPECT_EQ(resumed.error().code, Errc::not_found);
  }
}

TEST_F(StreamsTest, OpensAStreamForASlowAnswer) {
  ASSERT_TRUE(streams_.open("7", both, request(a_)));
  streams_.tick();
  EXPECT_EQ(a_.take(), "");
  clock_.advance(std::chrono::seconds(6));
  streams_.tick();
  EXPECT_THAT(a_.take(), HasSubstr("id: 1-0\n"));
  streams_.tick();
  EXPECT_THAT(a_.take(), HasSubstr(": still here"));
}

TEST_F(StreamsTest, ForgetsStreamsThatHaveEnded) {
  ASSERT_TRUE(streams_.open("7", only_events, request(a_)));
  streams_.send(answer_to("7"), "7");
  EXPECT_EQ(streams_.size(), 1U);
  clock_.advance(std::chrono::seconds(61));
  streams_.tick();
  EXPECT_EQ(streams_.size(), 0U);
  for (int i = 0; i < 30; ++i) {
    (void)a_.take();
    const std::string id = std::to_string(i);
    ASSERT_TRUE(streams_.open(id, only_events, request(a_)));
    streams_.send(answer_to(id), id);
  }
  EXPECT_LE(streams_.size(), 16U);
}

TEST_F(StreamsTest, DropsTheAnswerOfAClientThatCannotComeBack) {
  ASSERT_TRUE(streams_.open("7", both, request(a_)));
  a_.conversation.leave();
  streams_.send(answer_to("7"), "7");
  EXPECT_EQ(streams_.size(), 0U);
}

TEST_F(StreamsTest, EndsForEverybody) {
  ASSERT_TRUE(streams_.open("7", both, request(a_)));
  ASSERT_TRUE(streams_.listen(request(b_)));
  streams_.end_all();
  EXPECT_THAT(a_.take(), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(b_.take(), HasSubstr("\r\n0\r\n\r\n"));
  EXPECT_FALSE(streams_.has_listeners());
}

}  // namespace
}  // namespace hearth::web
