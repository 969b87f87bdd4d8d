#include "io/task_scope.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/loop_thread.hpp"

namespace hearth::io {
namespace {

using ::testing::HasSubstr;

Task count_turns(Loop& loop, int turns, int& counted) {
  for (int i = 0; i < turns; ++i) {
    co_await loop.next_turn();
    ++counted;
  }
}

// Says when it has left.
Task wait_for(Event& event, std::string& said) {
  struct AtEnd {
    std::string& said;
    ~AtEnd() { said += "left;"; }
  } at_end{said};
  co_await event.wait();
  said += "woken;";
}

Task throw_after(Loop& loop, std::string what) {
  co_await loop.next_turn();
  throw std::runtime_error(what);
}

// Awaits a task that throws, and a long chain of tasks.
Task catch_from(Loop& loop, std::string& caught) {
  try {
    co_await throw_after(loop, "deep down");
  } catch (const std::runtime_error& error) {
    caught = error.what();
  }
}

Task descend(int depth, int& reached) {
  if (depth > 0) co_await descend(depth - 1, reached);
  ++reached;
}

Task fail_with(std::string what) {
  throw std::runtime_error(what);
  co_return;
}

Task join_and_tell(TaskScope& scope, std::promise<std::size_t>& left) {
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
  void join() {
    std::promise<std::size_t> left;
    thread_.run([&] { waiter_->spawn("join", join_and_tell(*scope_, left)); });
    EXPECT_EQ(left.get_future().get(), 0U);
  }

  test::LoopThread thread_;
  std::unique_ptr<TaskScope> scope_ = std::make_unique<TaskScope>(thread_.loop());
  std::unique_ptr<TaskScope> waiter_ = std::make_unique<TaskScope>(thread_.loop());
};

TEST_F(TaskScopeTest, JoinsAtOnceWithoutTasks) {
  join();
}

TEST_F(TaskScopeTest, JoinsWhenTheLastTaskEnds) {
  int counted = 0;
  thread_.run([&] {
    scope_->spawn("a", count_turns(thread_.loop(), 10, counted));
    scope_->spawn("b", count_turns(thread_.loop(), 20, counted));
    EXPECT_EQ(scope_->size(), 2U);
  });
  join();
  EXPECT_EQ(counted, 30);
}

TEST_F(TaskScopeTest, GoesOnWhenTheEventComes) {
  std::string said;
  std::unique_ptr<Event> event;
  thread_.run([&] {
    event = std::make_unique<Event>(thread_.loop());
    scope_->spawn("waits", wait_for(*event, said));
    EXPECT_EQ(said, "");
    event->notify();
    EXPECT_EQ(said, "");  // in a turn of its own
  });
  join();
  EXPECT_EQ(said, "woken;left;");
}

TEST_F(TaskScopeTest, PassesAnExceptionToWhoAwaits) {
  std::string caught;
  thread_.run([&] { scope_->spawn("a", catch_from(thread_.loop(), caught)); });
  join();
  EXPECT_EQ(caught, "deep down");
}

TEST_F(TaskScopeTest, AwaitsAChainOfTasks) {
  int reached = 0;
  thread_.run([&] { scope_->spawn("a", descend(1000, reached)); });
  join();
  EXPECT_EQ(reached, 1001);
}

TEST(TaskScope, DestroysWhatStillWaitsWhenItGoes) {
  std::string said;
  {
    Loop loop;
    Event never(loop);
    TaskScope scope(loop);
    scope.spawn("waits", wait_for(never, said));
  }
  EXPECT_EQ(said, "left;");
}

TEST_F(TaskScopeTest, LogsAnExceptionAndEndsThatTaskOnly) {
  int counted = 0;
  ::testing::internal::CaptureStderr();
  thread_.run([&] {
    scope_->spawn("broken", fail_with("no such luck"));
    scope_->spawn("sound", count_turns(thread_.loop(), 10, counted));
  });
  join();
  EXPECT_EQ(counted, 10);
  const std::string logged = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(logged, HasSubstr("task failed task=broken error=\"no such luck\""));
  EXPECT_THAT(logged, ::testing::Not(HasSubstr("sound")));
}

TEST(TaskScope, MayGoBetweenTheEndOfATaskAndTheNextTurn) {
  Loop loop;
  int reached = 0;
  {
    TaskScope scope(loop);
    scope.spawn("ends at once", descend(1, reached));
    EXPECT_EQ(reached, 2);
  }
  loop.poll();
}

TEST_F(TaskScopeTest, MayBeUsedAgainAfterJoin) {
  int counted = 0;
  for (int round = 0; round < 3; ++round) {
    thread_.run([&] { scope_->spawn("a", count_turns(thread_.loop(), 1, counted)); });
    join();
  }
  EXPECT_EQ(counted, 3);
}

}  // namespace
}  // namespace hearth::io
