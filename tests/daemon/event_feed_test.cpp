#include "daemon/event_feed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace hearth::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Takes what it is given until it holds `room` events.
class SlowReader final : public EventReader {
 public:
  bool is_congested() const override { return taken.size() >= room; }
  void take(const EventRecord& event) override { taken.push_back(event.seq); }
  void missed(std::uint64_t count) override { lost += count; }

  std::size_t room = 1000000;
  std::vector<std::uint64_t> taken;
  std::uint64_t lost = 0;
};

class EventFeedTest : public ::testing::Test {
 protected:
  void happen(std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) log_.add("daemon", "reloaded");
  }

  SystemClock clock_;
  EventLog log_{clock_};
  SlowReader reader_;
};

TEST_F(EventFeedTest, HandsOverWhatIsKeptAndThenWhatComes) {
  happen(3);
  EventFeed feed(log_, {}, 1, reader_);
  feed.catch_up();
  happen(1);
  EXPECT_THAT(reader_.taken, ElementsAre(2, 3, 4));
  EXPECT_EQ(reader_.lost, 0U);
}

TEST_F(EventFeedTest, LeavesOutWhatTheFilterDoes) {
  EventFeed feed(log_, {.name_space = "work", .kinds = {"pack"}}, 0, reader_);
  log_.add("pack", "changed", "home");
  log_.add("session", "opened", "work");
  log_.add("pack", "changed", "work");
  EXPECT_THAT(reader_.taken, ElementsAre(3));
}

TEST_F(EventFeedTest, KeepsTheEventsOfAReaderThatIsBehind) {
  EventFeed feed(log_, {}, 0, reader_);
  reader_.room = 2;
  happen(4);
  EXPECT_THAT(reader_.taken, ElementsAre(1, 2));
  reader_.taken.clear();
  feed.catch_up();
  EXPECT_THAT(reader_.taken, ElementsAre(3, 4));
}

TEST_F(EventFeedTest, CountsWhatTheLogLetGo) {
  EventFeed feed(log_, {}, 0, reader_);
  reader_.room = 0;
  happen(EventLog::capacity + 7);
  EXPECT_THAT(reader_.taken, IsEmpty());
  reader_.room = EventLog::capacity;
  feed.catch_up();
  EXPECT_EQ(reader_.lost, 7U);
  EXPECT_EQ(reader_.taken.size(), EventLog::capacity);
  EXPECT_EQ(reader_.taken.front(), 8U);
}

}  // namespace
}  // namespace hearth::daemon
