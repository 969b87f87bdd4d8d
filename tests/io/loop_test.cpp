#include "io/loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "support/loop_thread.hpp"

namespace hearth::io {
namespace {

using ::testing::ElementsAre;

TEST(Loop, RunsJobsInTheirOrderOnItsThread) {
  test::LoopThread thread;
  std::vector<int> order;
  for (int i = 1; i <= 3; ++i) {
    thread.loop().post([&order, i] { order.push_back(i); });
  }
  EXPECT_TRUE(thread.run([&] { return thread.loop().is_loop_thread(); }));
  EXPECT_FALSE(thread.loop().is_loop_thread());
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

TEST(Loop, RunsAPostedJobAfterThePresentOne) {
  test::LoopThread thread;
  std::vector<int> order;
  std::promise<void> done;
  thread.run([&] {
    thread.loop().post([&] {
      order.push_back(2);
      done.set_value();
    });
    order.push_back(1);
  });
  done.get_future().wait();
  EXPECT_THAT(order, ElementsAre(1, 2));
}

TEST(Loop, TakesJobsFromManyThreads) {
  test::LoopThread thread;
  int count = 0;  // touched by the loop thread only
  std::vector<std::thread> posters;
  for (int i = 0; i < 4; ++i) {
    posters.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) thread.loop().post([&count] { ++count; });
    });
  }
  for (std::thread& poster : posters) poster.join();
  EXPECT_EQ(thread.run([&] { return count; }), 4000);
}

TEST(Loop, KeepsRunningWithoutWorkUntilItIsStopped) {
  Loop loop;
  std::thread thread([&] { loop.run(); });
  loop.stop();
  thread.join();
}

TEST(Loop, DropsJobsThatItDoesNotRun) {
  const auto owned = std::make_shared<int>(7);
  {
    Loop loop;
    loop.post([owned] {});
  }
  EXPECT_EQ(owned.use_count(), 1);
}

}  // namespace
}  // namespace hearth::io
