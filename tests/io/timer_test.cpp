#include "io/timer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>

#include "support/loop_thread.hpp"

namespace hearth::io {
namespace {

MonotonicTime soon() {
  return std::chrono::steady_clock::now() + std::chrono::milliseconds(1);
}

class TimerTest : public ::testing::Test {
 protected:
  ~TimerTest() override {
    thread_.run([&] { timer_.reset(); });
  }
  // Starts a second timer behind what the first one might do, and waits for it.
  void wait_past_the_other() {
    std::promise<void> fired;
    std::unique_ptr<Timer> later;
    thread_.run([&] {
      later = std::make_unique<Timer>(thread_.loop());
      later->start(soon() + std::chrono::milliseconds(5), [&] { fired.set_value(); });
    });
    fired.get_future().wait();
    thread_.run([&] { later.reset(); });
  }

  test::LoopThread thread_;
  std::unique_ptr<Timer> timer_ = std::make_unique<Timer>(thread_.loop());
  int fired_ = 0;  // loop thread
};

TEST_F(TimerTest, FiresOnce) {
  thread_.run([&] { timer_->start(soon(), [&] { ++fired_; }); });
  wait_past_the_other();
  EXPECT_EQ(thread_.run([&] { return fired_; }), 1);
}

TEST_F(TimerTest, DoesNotFireAfterCancelOrDestruction) {
  thread_.run([&] {
    timer_->start(soon(), [&] { ++fired_; });
    timer_->cancel();
    Timer(thread_.loop()).start(soon(), [&] { ++fired_; });
  });
  wait_past_the_other();
  EXPECT_EQ(thread_.run([&] { return fired_; }), 0);
}

TEST_F(TimerTest, ReplacesTheEarlierStart) {
  thread_.run([&] {
    timer_->start(soon(), [&] { fired_ += 100; });
    timer_->start(soon(), [&] { ++fired_; });
  });
  wait_past_the_other();
  EXPECT_EQ(thread_.run([&] { return fired_; }), 1);
}

TEST_F(TimerTest, MayBeStartedAgainWhereItFires) {
  std::promise<void> second;
  thread_.run(
      [&] { timer_->start(soon(), [&] { timer_->start(soon(), [&] { second.set_value(); }); }); });
  second.get_future().wait();
}

TEST_F(TimerTest, MayBeDestroyedWhereItFires) {
  std::promise<void> gone;
  thread_.run([&] {
    timer_->start(soon(), [&] {
      timer_.reset();
      gone.set_value();
    });
  });
  gone.get_future().wait();
}

}  // namespace
}  // namespace hearth::io
