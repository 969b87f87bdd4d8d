#include "io/task_scope.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/loop_thread.hpp"

namespace hearth::io {
namespace {

using ::testing::HasSubstr;

Task<void> count_turns(Loop& loop, int turns, int& counted) {
  for (int i = 0; i < turns; ++i) {
    co_await boost::asio::post(loop.context(), boost::asio::use_awaitable);
    ++counted;
  }
}

// Waits for ever; says how it ended.
Task<void> wait_for_ever(Loop& loop, std::string& end) {
  struct AtEnd {
    std::string& end;
    ~AtEnd() { end += "left;"; }
  } at_end{end};
  boost::asio::steady_timer timer(loop.context(), boost::asio::steady_timer::time_point::max());
  const auto [error] = co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  end += error ? "cancelled;" : "fired;";
  co_await timer.async_wait(boost::asio::use_awaitable);  // throws, since it is cancelled
  end += "not reached;";
}

Task<void> fail_with(std::string what) {
  throw std::runtime_error(what);
  co_return;
}

Task<void> cancel_and_join(TaskScope& scope, bool cancels, std::promise<std::size_t>& left) {
  if (cancels) scope.cancel();
  co_await scope.join();
  left.set_value(scope.size());
}

// Two scopes on a loop: one under test, one for the task that waits for it.
class TaskScopeTest : public ::testing::Test {
 protected:
  ~TaskScopeTest() override {
    while (thread_.run([&] { return waiter_->size(); }) != 0) {
    }
    thread_.run([&] {
      waiter_.reset();
      scope_.reset();
    });
  }
  void join(bool cancels) {
    std::promise<std::size_t> left;
    thread_.run([&] { waiter_->spawn("join", cancel_and_join(*scope_, cancels, left)); });
    EXPECT_EQ(left.get_future().get(), 0U);
  }

  test::LoopThread thread_;
  std::unique_ptr<TaskScope> scope_ = std::make_unique<TaskScope>(thread_.loop());
  std::unique_ptr<TaskScope> waiter_ = std::make_unique<TaskScope>(thread_.loop());
};

TEST_F(TaskScopeTest, JoinsAtOnceWithoutTasks) {
  join(false);
}

TEST_F(TaskScopeTest, JoinsWhenTheLastTaskEnds) {
  int counted = 0;
  thread_.run([&] {
    scope_->spawn("a", count_turns(thread_.loop(), 10, counted));
    scope_->spawn("b", count_turns(thread_.loop(), 20, counted));
    EXPECT_EQ(scope_->size(), 2U);
  });
  join(false);
  EXPECT_EQ(counted, 30);
}

TEST_F(TaskScopeTest, CancelsWhatWaitsAndWhatHasNotBegun) {
  std::string waits;
  std::string fresh;
  thread_.run([&] { scope_->spawn("waits", wait_for_ever(thread_.loop(), waits)); });
  thread_.run([&] {
    scope_->spawn("fresh", wait_for_ever(thread_.loop(), fresh));
    scope_->cancel();
  });
  join(true);
  EXPECT_EQ(waits, "cancelled;left;");
  EXPECT_THAT(fresh, HasSubstr("left;"));
}

TEST_F(TaskScopeTest, LogsAnExceptionAndEndsThatTaskOnly) {
  int counted = 0;
  ::testing::internal::CaptureStderr();
  thread_.run([&] {
    scope_->spawn("broken", fail_with("no such luck"));
    scope_->spawn("sound", count_turns(thread_.loop(), 10, counted));
  });
  join(false);
  EXPECT_EQ(counted, 10);
  const std::string logged = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(logged, HasSubstr("task failed task=broken error=\"no such luck\""));
  EXPECT_THAT(logged, ::testing::Not(HasSubstr("sound")));
}

TEST_F(TaskScopeTest, SaysNothingOfACancelledTask) {
  std::string end;
  ::testing::internal::CaptureStderr();
  thread_.run([&] { scope_->spawn("waits", wait_for_ever(thread_.loop(), end)); });
  join(true);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(TaskScopeTest, MayBeUsedAgainAfterJoin) {
  int counted = 0;
  for (int round = 0; round < 3; ++round) {
    thread_.run([&] { scope_->spawn("a", count_turns(thread_.loop(), 1, counted)); });
    join(false);
  }
  EXPECT_EQ(counted, 3);
}

}  // namespace
}  // namespace hearth::io
