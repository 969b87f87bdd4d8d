#include "packs/mandates/secret_learning.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>
#include <vector>

#include "support/held_clock.hpp"

namespace hearth::packs::mandates {
namespace {

using testing::ElementsAre;

class SecretLearningTest : public testing::Test {
 protected:
  // One that counts how often it is read, and cannot be while `is_bad`.
  SecretToLearn counted(const std::string& name) {
    return {name, [this, name](const std::stop_token&) -> Result<void> {
              ++reads_;
              if (is_bad_) return fail(Errc::io, "no " + name);
              return {};
            }};
  }
  // One that is read until it is stopped, as a program that waits for a person.
  SecretToLearn waiting(const std::string& name) {
    return {name, [this](const std::stop_token& stop) -> Result<void> {
              begun_.set_value();
              std::promise<void> stopped;
              const std::stop_callback tell(stop, [&] { stopped.set_value(); });
              stopped.get_future().wait();
              was_stopped_ = true;
              return fail(Errc::cancelled, "stopped");
            }};
  }

  test::HeldClock clock_;
  std::atomic<int> reads_ = 0;
  std::atomic<bool> is_bad_ = false;
  std::atomic<bool> was_stopped_ = false;
  std::promise<void> begun_;
  SecretLearning learning_{clock_};
};

TEST_F(SecretLearningTest, NothingIsReadBeforeItIsWaitedFor) {
  EXPECT_EQ(learning_.obstacle(), std::nullopt) << "there is none";
  learning_.take({counted("a"), counted("b")});
  EXPECT_EQ(reads_, 0);
  std::promise<void> tried;
  learning_.when_tried([&] { tried.set_value(); });
  EXPECT_NE(learning_.obstacle(), std::nullopt);
  tried.get_future().wait();
  EXPECT_EQ(reads_, 2);
  EXPECT_EQ(learning_.obstacle(), std::nullopt);
  EXPECT_TRUE(learning_.unread().empty());
}

// It may take its time each time.
TEST_F(SecretLearningTest, WhatCouldNotBeReadIsTriedAgainAfterAWhile) {
  is_bad_ = true;
  learning_.take({counted("a")});
  ASSERT_TRUE(learning_.wait({}));
  ASSERT_EQ(learning_.unread().size(), 1U);
  EXPECT_EQ(learning_.unread().front().why, "no a");
  clock_.advance(SecretLearning::pause - std::chrono::milliseconds(1));
  EXPECT_EQ(learning_.obstacle(), std::nullopt);
  EXPECT_EQ(reads_, 1);
  is_bad_ = false;
  clock_.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(learning_.obstacle(), "a is being read");
  ASSERT_TRUE(learning_.wait({}));
  EXPECT_EQ(reads_, 2);
  EXPECT_TRUE(learning_.unread().empty());
  clock_.advance(SecretLearning::pause);
  EXPECT_EQ(learning_.obstacle(), std::nullopt) << "it is known";
  EXPECT_EQ(reads_, 2);
}

TEST_F(SecretLearningTest, APersonNeedsNotWaitToTryAgain) {
  is_bad_ = true;
  learning_.take({counted("a")});
  ASSERT_TRUE(learning_.wait({}));
  is_bad_ = false;
  learning_.try_again();
  ASSERT_TRUE(learning_.wait({}));
  EXPECT_TRUE(learning_.unread().empty());
}

// Each time it may ask somebody for a password.
TEST_F(SecretLearningTest, ACommandIsNotTriedAgainAndAgain) {
  is_bad_ = true;
  SecretToLearn command = counted("a");
  command.is_command = true;
  learning_.take({command});
  ASSERT_TRUE(learning_.wait({}));
  is_bad_ = false;
  learning_.try_again();
  ASSERT_TRUE(learning_.wait({}));
  EXPECT_EQ(reads_, 1);
  clock_.advance(SecretLearning::short_pause);
  learning_.try_again();
  ASSERT_TRUE(learning_.wait({}));
  EXPECT_TRUE(learning_.unread().empty());
}

TEST_F(SecretLearningTest, ANewConfigurationIsReadAnewAndEndsTheOldOne) {
  learning_.take({waiting("slow"), counted("after")});
  learning_.begin();
  begun_.get_future().wait();
  EXPECT_EQ(learning_.obstacle(), "slow is being read");
  learning_.take({counted("a")});
  ASSERT_TRUE(learning_.wait({}));
  EXPECT_TRUE(was_stopped_);
  EXPECT_EQ(reads_, 1) << "only the new one";
  EXPECT_TRUE(learning_.unread().empty());
  learning_.take({counted("a")});
  ASSERT_TRUE(learning_.wait({}));
  EXPECT_EQ(reads_, 2);
}

TEST_F(SecretLearningTest, ClosingEndsWhatIsReadAndWhoWaits) {
  learning_.take({waiting("slow")});
  learning_.begin();
  begun_.get_future().wait();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(learning_.wait(stop.get_token()));
  auto waiter = std::async(std::launch::async, [&] { return learning_.wait({}); });
  learning_.close();
  EXPECT_TRUE(was_stopped_);
  EXPECT_FALSE(waiter.get());
  EXPECT_NE(learning_.obstacle(), std::nullopt);
}

}  // namespace
}  // namespace hearth::packs::mandates
