#include "daemon/event_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "json/json.hpp"

namespace hearth::daemon {
namespace {

using ::testing::ElementsAre;

class EventLogTest : public ::testing::Test {
 protected:
  std::vector<std::uint64_t> numbers(std::uint64_t since, const EventFilter& filter = {}) {
    std::vector<std::uint64_t> found;
    for (const EventRecord* event : log_.after(since, filter)) found.push_back(event->seq);
    return found;
  }

  SystemClock clock_;
  EventLog log_{clock_};
};

TEST_F(EventLogTest, WritesAnEventAsOneObject) {
  log_.add("session", "opened", "work", "s1", R"({"client":"a \"b\""})");
  const auto event = json::parse(log_.after(0, {.name_space = "work", .kinds = {}}).at(0)->text);
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(json::int_or(*event, "seq", 0), 1);
  EXPECT_EQ(json::string_or(*event, "kind", ""), "session");
  EXPECT_EQ(json::string_or(*event, "what", ""), "opened");
  EXPECT_EQ(json::string_or(*event, "namespace", ""), "work");
  EXPECT_EQ(json::string_or(event->at("data"), "client", ""), "a \"b\"");
}

TEST_F(EventLogTest, ShowsASessionItsNamespaceAndWhatConcernsAll) {
  log_.add("daemon", "started");
  log_.add("pack", "changed", "work");
  log_.add("pack", "changed", "home");
  EXPECT_THAT(numbers(0, {.name_space = "work", .kinds = {}}), ElementsAre(1, 2));
  EXPECT_THAT(numbers(0, {.name_space = "home", .kinds = {"pack"}}), ElementsAre(3));
}

TEST_F(EventLogTest, GoesOnAfterANumberAndCountsWhatIsLost) {
  for (std::size_t i = 0; i < EventLog::capacity + 5; ++i) log_.add("daemon", "reloaded");
  EXPECT_EQ(numbers(0).size(), EventLog::capacity);
  EXPECT_EQ(log_.lost_after(0), 5U);
  EXPECT_EQ(log_.lost_after(3), 2U);
  EXPECT_EQ(log_.lost_after(5), 0U);
  EXPECT_THAT(numbers(log_.last() - 1), ElementsAre(log_.last()));
}

TEST_F(EventLogTest, KnowsItsKinds) {
  EventFilter filter;
  EXPECT_TRUE(filter.add_kind("warm"));
  const auto wrong = filter.add_kind("wram");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Errc::invalid_args);
  EXPECT_THAT(filter.kinds, ElementsAre("warm"));
}

TEST_F(EventLogTest, TellsAFollowerAsLongAsItsHandleIsKept) {
  int told = 0;
  auto follower = log_.follow({.name_space = "", .kinds = {"request"}}, [&] { ++told; });
  EXPECT_TRUE(log_.is_followed("request"));
  EXPECT_FALSE(log_.is_followed("pack"));
  log_.add("request", "answered");
  log_.add("pack", "changed");
  follower.reset();
  log_.add("request", "answered");
  EXPECT_FALSE(log_.is_followed("request"));
  EXPECT_EQ(told, 1);
}

TEST_F(EventLogTest, LetsAFollowerLeaveWhileItIsTold) {
  std::shared_ptr<EventLog::Follower> follower;
  int told = 0;
  follower = log_.follow({}, [&] {
    ++told;
    follower.reset();
  });
  log_.add("daemon", "started");
  log_.add("daemon", "started");
  EXPECT_EQ(told, 1);
}

}  // namespace
}  // namespace hearth::daemon
