// Who hears of what has changed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "mcp/messages.hpp"
#include "support/mcp_session.hpp"

namespace hearth::mcp {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SubscriptionTest : public SessionTest {
 protected:
  // Both sessions hear of it, if they want to, before this returns.
  void change(const std::string& list) { tell("ask_change", list); }
  void update(const std::string& uri) { tell("ask_update", uri); }
  void tell(const std::string& tool, const std::string& text) {
    say(*teller_, call_text("1", tool, R"({"text":")" + text + "\"}"));
    (void)answer(teller_outbox_, "1");
    settle();
  }
  void listen(std::string_view id, std::string_view filter) {
    say(modern(id, "subscriptions/listen", R"("notifications":)" + std::string(filter)));
  }
  void cancel(std::string_view id) {
    say(R"({"method":"notifications/cancelled","params":{"requestId":)" + std::string(id) + "}}");
  }
  void SetUp() override {
    thread_.run([&] { teller_ = make_session({}, teller_outbox_); });
  }
  void TearDown() override {
    thread_.run([&] { teller_.reset(); });
    EXPECT_TRUE(teller_outbox_.is_empty()) << "it never asked to hear of anything";
  }

  Outbox teller_outbox_;
  std::shared_ptr<Session> teller_;
};

TEST_F(SubscriptionTest, AcknowledgesWhatItWillTell) {
  listen("7", R"({"toolsListChanged":true,"promptsListChanged":false,"x":true,)"
              R"("resourceSubscriptions":["test://plain",3]})");
  const auto sent = outbox_.next_sent();
  EXPECT_EQ(sent.about, "7");
  EXPECT_EQ(
      sent.text,
      R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{"toolsListChanged":true,"resourceSubscriptions":["test://plain"]},"_meta":{"io.modelcontextprotocol/subscriptionId":7}}})");
  EXPECT_TRUE(outbox_.is_empty()) << "there is no answer while it lasts";
}

TEST_F(SubscriptionTest, TellsAListenerWhatItAskedFor) {
  listen("\"a\"", R"({"toolsListChanged":true})");
  listen("2", R"({"resourcesListChanged":true,"resourceSubscriptions":["test://plain"]})");
  (void)outbox_.next();
  (void)outbox_.next();
  change("prompts");
  update("test://bytes");
  EXPECT_TRUE(outbox_.is_empty());
  change("tools");
  const auto tools = outbox_.next_sent();
  EXPECT_EQ(
      tools.text,
      R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":"a"}}})");
  EXPECT_EQ(tools.about, "\"a\"");
  change("resources");
  EXPECT_THAT(outbox_.next(), HasSubstr("notifications/resources/list_changed"));
  update("test://plain");
  EXPECT_EQ(
      outbox_.next(),
      R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"test://plain","_meta":{"io.modelcontextprotocol/subscriptionId":2}}})");
  EXPECT_TRUE(outbox_.is_empty());
}

TEST_F(SubscriptionTest, EndsAListenerWithItsCancellation) {
  listen("1", R"({"toolsListChanged":true})");
  listen("2", R"({"toolsListChanged":true})");
  (void)outbox_.next();
  (void)outbox_.next();
  cancel("1");
  change("tools");
  EXPECT_THAT(outbox_.next(), HasSubstr(R"("io.modelcontextprotocol/subscriptionId":2)"));
  EXPECT_TRUE(outbox_.is_empty());
  listen("1", "{}");  // the id may be used again
  EXPECT_THAT(outbox_.next(), HasSubstr("acknowledged"));
}

TEST_F(SubscriptionTest, RefusesAListenerThatDoesNotSayWhatItWants) {
  EXPECT_EQ(error_number(ask(modern("1", "subscriptions/listen"))), invalid_params);
  EXPECT_EQ(error_number(ask(modern("1", "subscriptions/listen", R"("notifications":[])"))),
            invalid_params);
}

TEST_F(SubscriptionTest, KeepsTheIdsOfListenersAndCallsApart) {
  listen("1", "{}");
  (void)outbox_.next();
  EXPECT_EQ(error_number(ask(modern("1", "subscriptions/listen", R"("notifications":{})"))),
            invalid_params);
  EXPECT_EQ(error_number(ask(call_text("1", "echo_say", "{}"))), invalid_params);
  call("2", "echo_hold", R"({"text":"held"})");
  EXPECT_EQ(error_number(ask(modern("2", "subscriptions/listen", R"("notifications":{})"))),
            invalid_params);
  cancel("2");
  EXPECT_EQ(session_->in_flight(), 0U);
}

TEST_F(SubscriptionTest, TakesNoMoreListenersThanItMay) {
  open({.in_flight = 2});
  for (const char* id : {"1", "2"}) {
    listen(id, "{}");
    (void)outbox_.next();
  }
  EXPECT_EQ(error_code(ask(modern("3", "subscriptions/listen", R"("notifications":{})"))), "busy");
}

TEST_F(SubscriptionTest, TellsLegacySubscribersOnly) {
  Outbox other_outbox;
  std::shared_ptr<Session> other;
  thread_.run([&] { other = make_session({}, other_outbox); });
  say(*other, legacy("0", "initialize"));
  (void)answer(other_outbox, "0");
  shake_hands();
  const json::Value subscribed = ask(legacy("1", "resources/subscribe", R"("uri":"test://plain")"));
  EXPECT_EQ(json::dump(subscribed.at("result")), "{}");
  (void)ask(legacy("1", "resources/subscribe", R"("uri":"test://note/5/text")"));
  update("test://plain");
  EXPECT_EQ(
      outbox_.next(),
      R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"test://plain"}})");
  update("test://note/5/text");
  EXPECT_THAT(outbox_.next(), HasSubstr("test://note/5/text"));
  update("test://note/6/text");
  (void)ask(legacy("1", "resources/unsubscribe", R"("uri":"test://plain")"));
  update("test://plain");
  EXPECT_TRUE(outbox_.is_empty());
  EXPECT_TRUE(other_outbox.is_empty());
  thread_.run([&] { other.reset(); });
}

TEST_F(SubscriptionTest, SubscribesToNothingThatIsNotThere) {
  EXPECT_EQ(error_number(ask(legacy("1", "resources/subscribe", R"("uri":"test://none")"))),
            legacy_resource_not_found);
  EXPECT_EQ(error_number(ask(legacy("1", "resources/subscribe"))), invalid_params);
  EXPECT_EQ(error_number(ask(legacy("1", "resources/unsubscribe"))), invalid_params);
}

TEST_F(SubscriptionTest, TakesNoMoreSubscriptionsThanItMay) {
  open({.in_flight = 8, .subscriptions = 2});
  for (const char* id : {"1", "2", "2"}) {
    const json::Value subscribed = ask(
        legacy("1", "resources/subscribe", R"("uri":"test://note/)" + std::string(id) + "/text\""));
    EXPECT_NE(json::find(subscribed, "result"), nullptr);
  }
  EXPECT_EQ(error_code(ask(legacy("1", "resources/subscribe", R"("uri":"test://note/3/text")"))),
            "busy");
  EXPECT_EQ(error_code(ask(modern("1", "subscriptions/listen",
                                  R"("notifications":{"resourceSubscriptions":["a","b","c"]})"))),
            "busy");
}

TEST_F(SubscriptionTest, TellsEachShakenClientOfEveryList) {
  change("tools");
  EXPECT_TRUE(outbox_.is_empty()) << "it has not said that it is there";
  shake_hands();
  for (const char* list : {"tools", "resources", "prompts"}) {
    change(list);
    EXPECT_EQ(outbox_.next(), R"({"jsonrpc":"2.0","method":"notifications/)" + std::string(list) +
                                  R"(/list_changed","params":{}})");
  }
}

TEST_F(SubscriptionTest, TellsOfAllThatBeginSo) {
  shake_hands();
  (void)ask(legacy("1", "resources/subscribe", R"("uri":"test://note/5/text")"));
  (void)ask(legacy("1", "resources/subscribe", R"("uri":"test://note/6/text")"));
  (void)ask(legacy("1", "resources/subscribe", R"("uri":"test://plain")"));
  update("test://note/*");
  EXPECT_THAT(outbox_.next(), HasSubstr("test://note/5/text"));
  EXPECT_THAT(outbox_.next(), HasSubstr("test://note/6/text"));
  EXPECT_TRUE(outbox_.is_empty());
}

TEST_F(SubscriptionTest, TellsOfAResourceOnlyWhereItsNamespaceIsSeen) {
  pack::Caller caller;
  caller.name_space = "work";
  thread_.run([&] { session_ = make_session({}, outbox_, caller); });
  (void)ask(legacy("1", "resources/subscribe", R"("uri":"test://plain")"));
  listen("2", R"({"resourceSubscriptions":["test://plain"]})");
  (void)outbox_.next();
  update("test://plain");  // in the teller's namespace, "default"
  EXPECT_TRUE(outbox_.is_empty());
  tell("ask_update_all", "test://plain");
  EXPECT_THAT(outbox_.next(), Not(HasSubstr("subscriptionId")));
  EXPECT_THAT(outbox_.next(), HasSubstr("subscriptionId"));
}

// It would never learn of it otherwise; there are few of them, and each is said once.
TEST_F(SubscriptionTest, TellsAClientThatReadsLateWhatHasChanged) {
  shake_hands();
  (void)ask(legacy("1", "resources/subscribe", R"("uri":"test://plain")"));
  listen("2", R"({"promptsListChanged":true})");
  (void)outbox_.next();
  outbox_.congested = true;
  for (int i = 0; i < 3; ++i) {
    update("test://plain");
    change("prompts");
  }
  EXPECT_TRUE(outbox_.is_empty());
  outbox_.congested = false;
  thread_.run([&] { session_->catch_up(); });
  EXPECT_THAT(outbox_.next(), HasSubstr(R"(prompts/list_changed","params":{}})"));
  EXPECT_THAT(outbox_.next(), HasSubstr(R"("io.modelcontextprotocol/subscriptionId":2)"));
  EXPECT_THAT(outbox_.next(), HasSubstr("resources/updated"));
  thread_.run([&] { session_->catch_up(); });
  EXPECT_TRUE(outbox_.is_empty());
}

}  // namespace
}  // namespace hearth::mcp
