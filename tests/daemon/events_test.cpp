// events/subscribe, as a client on the socket sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/daemon_thread.hpp"

namespace hearth::daemon {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class EventsTest : public ::testing::Test {
 protected:
  static ipc::Greeting greeting_of(const std::string& name_space) {
    auto greeting = test::TestClient::default_greeting();
    greeting.name_space = name_space;
    return greeting;
  }
  // The next event that a follower is told.
  static std::string next_event(test::TestClient& client) {
    const auto message = client.next();
    return message.value_or("");
  }

  test::ScratchDirectory home_;
  test::DaemonThread daemon_{test::quiet_options(test::paths_below(home_.path()))};
};

TEST_F(EventsTest, AnswersWithWhatIsKeptAndGoesOn) {
  test::TestClient follower(daemon_.socket());
  ASSERT_TRUE(follower.greet().has_value());
  const json::Value kept =
      follower.request("events/subscribe", R"({"kinds":["daemon","session"]})").at("result");
  EXPECT_EQ(json::int_or(kept, "lost", -1), 0);
  EXPECT_THAT(json::dump(kept),
              AllOf(HasSubstr(R"("what":"started")"), HasSubstr(R"("what":"opened")")));
  {
    test::TestClient other(daemon_.socket());
    ASSERT_TRUE(other.greet().has_value());
    other.ask("echo_say", R"({"text":"hello"})");
  }
  EXPECT_THAT(next_event(follower), AllOf(HasSubstr("events/event"), HasSubstr("opened")));
  EXPECT_THAT(next_event(follower), AllOf(HasSubstr("session"), HasSubstr("closed")));
}

TEST_F(EventsTest, TellsOfRequestsOnlyWhoeverFollowsThem) {
  test::TestClient follower(daemon_.socket());
  ASSERT_TRUE(follower.greet().has_value());
  follower.ask("echo_say", R"({"text":"unseen"})");
  const json::Value kept =
      follower.request("events/subscribe", R"({"kinds":["request"]})").at("result");
  EXPECT_THAT(json::dump(kept), Not(HasSubstr("echo_say")));
  test::TestClient other(daemon_.socket());
  ASSERT_TRUE(other.greet().has_value());
  other.ask("echo_say", R"({"text":"seen"})");
  EXPECT_THAT(next_event(follower), AllOf(HasSubstr("answered"), HasSubstr("echo_say")));
}

TEST_F(EventsTest, KeepsTheEventsOfANamespaceToItself) {
  test::TestClient follower(daemon_.socket());
  ASSERT_TRUE(follower.greet(greeting_of("work")).has_value());
  follower.request("events/subscribe", R"({"kinds":["session"]})");
  test::TestClient stranger(daemon_.socket());
  ASSERT_TRUE(stranger.greet(greeting_of("home")).has_value());
  stranger.request("daemon/ping");
  test::TestClient friendly(daemon_.socket());
  ASSERT_TRUE(friendly.greet(greeting_of("work")).has_value());
  EXPECT_THAT(next_event(follower), AllOf(HasSubstr("work"), Not(HasSubstr("home"))));
}

TEST_F(EventsTest, ResumesAfterANumberOfTheSameProcess) {
  test::TestClient client(daemon_.socket());
  ASSERT_TRUE(client.greet().has_value());
  const json::Value first = client.request("events/subscribe", R"({"follow":false})").at("result");
  const auto epoch = std::string(json::string_or(first, "epoch", ""));
  const auto seq = std::to_string(json::int_or(first, "seq", 0));
  const std::string since = R"("follow":false,"since":)" + seq;
  const json::Value same =
      client.request("events/subscribe", "{" + since + R"(,"epoch":")" + epoch + "\"}")
          .at("result");
  EXPECT_TRUE(same.at("events").as_array().empty());
  const json::Value other =
      client.request("events/subscribe", "{" + since + R"(,"epoch":"gone"})").at("result");
  EXPECT_FALSE(other.at("events").as_array().empty());
}

}  // namespace
}  // namespace hearth::daemon
