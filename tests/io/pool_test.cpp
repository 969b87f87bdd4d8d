#include "io/pool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace hearth::io {
namespace {

using ::testing::HasSubstr;

// Holds a pool's threads until it is opened.
class Gate {
 public:
  void open() { open_.set_value(); }
  [[nodiscard]] auto job(std::atomic<int>& begun) {
    return [&begun, opened = opened_] {
      ++begun;
      begun.notify_all();
      opened.wait();
    };
  }

 private:
  std::promise<void> open_;
  std::shared_future<void> opened_ = open_.get_future().share();
};

void wait_for(std::atomic<int>& count, int wanted) {
  for (int seen = count; seen < wanted; seen = count) count.wait(seen);
}

TEST(Pool, RunsJobsOnItsThreads) {
  Pool pool("test", 2, 10);
  std::promise<std::thread::id> ran;
  ASSERT_TRUE(pool.submit([&] { ran.set_value(std::this_thread::get_id()); }).has_value());
  EXPECT_NE(ran.get_future().get(), std::this_thread::get_id());
}

TEST(Pool, RunsAtMostAsManyAsItHasThreadsAndQueuesAtMostAsManyAsItMay) {
  Pool pool("test", 2, 3);
  Gate gate;
  std::atomic<int> begun = 0;
  ASSERT_TRUE(pool.submit(gate.job(begun)).has_value());
  ASSERT_TRUE(pool.submit(gate.job(begun)).has_value());
  wait_for(begun, 2);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(pool.submit(gate.job(begun)).has_value()) << i;
  const auto refused = pool.submit([] {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::busy);
  EXPECT_THAT(refused.error().message, HasSubstr("3 requests wait"));
  EXPECT_EQ(begun, 2);
  EXPECT_EQ(pool.load(), 5U);
  gate.open();
  pool.close();
  EXPECT_EQ(begun, 5);
  EXPECT_EQ(pool.load(), 0U);
}

TEST(Pool, RunsWhatIsQueuedBeforeItCloses) {
  std::atomic<int> done = 0;
  Pool pool("test", 1, 100);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(pool.submit([&] { ++done; }).has_value());
  pool.close();
  EXPECT_EQ(done, 100);
  const auto refused = pool.submit([&] { ++done; });
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::draining);
  pool.close();
}

TEST(Pool, MayBeClosedUnused) {
  Pool pool("test", 4, 4);
  pool.close();
}

TEST(Pool, StartsNoThreadWithoutNeed) {
  Pool pool("test", 4, 100);
  std::set<std::thread::id> threads;
  for (int i = 0; i < 20; ++i) {
    std::promise<std::thread::id> ran;
    ASSERT_TRUE(pool.submit([&] { ran.set_value(std::this_thread::get_id()); }).has_value());
    threads.insert(ran.get_future().get());
  }
  EXPECT_LE(threads.size(), 4U);
}

TEST(Pool, LetsGoOfAJobBeforeItCountsAsDone) {
  Pool pool("test", 1, 10);
  auto owned = std::make_shared<int>(1);
  const std::weak_ptr<int> weak = owned;
  ASSERT_TRUE(pool.submit([owned = std::move(owned)] {}).has_value());
  pool.close();
  EXPECT_TRUE(weak.expired());
}

TEST(Pool, TakesJobsFromManyThreads) {
  std::atomic<int> done = 0;
  {
    Pool pool("test", 3, 4000);
    std::vector<std::thread> submitters;
    for (int i = 0; i < 4; ++i) {
      submitters.emplace_back([&] {
        for (int n = 0; n < 1000; ++n) EXPECT_TRUE(pool.submit([&] { ++done; }).has_value());
      });
    }
    for (std::thread& submitter : submitters) submitter.join();
  }
  EXPECT_EQ(done, 4000);
}

}  // namespace
}  // namespace hearth::io
