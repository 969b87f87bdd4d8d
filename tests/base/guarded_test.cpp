#include "base/guarded.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace hearth {
namespace {

using namespace std::chrono_literals;

TEST(Guarded, LetsOneThreadInAtATime) {
  Guarded<int> counter(0);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&counter] {
        for (int i = 0; i < 10'000; ++i) {
          auto value = counter.lock();
          *value = *value + 1;
        }
      });
    }
  }
  EXPECT_EQ(*counter.lock(), 40'000);
}

TEST(Guarded, WakesAWaiterWhenItsConditionHolds) {
  Guarded<std::vector<int>> queue;
  int seen = 0;
  std::jthread consumer([&] {
    auto items = queue.lock();
    items.wait([](const std::vector<int>& all) { return all.size() == 3; });
    for (const int item : *items) seen += item;
  });
  for (int item = 1; item <= 3; ++item) {
    queue.lock()->push_back(item);
    queue.notify_all();
  }
  consumer.join();
  EXPECT_EQ(seen, 6);
}

TEST(Guarded, GivesUpWaitingAtTheDeadline) {
  Guarded<bool> flag(false);
  auto access = flag.lock();
  const auto deadline = std::chrono::steady_clock::now() + 5ms;
  EXPECT_FALSE(access.wait_until(deadline, [](bool set) { return set; }));
  EXPECT_GE(std::chrono::steady_clock::now(), deadline);
}

TEST(Guarded, ReleasesTheLockWhileItWaits) {
  Guarded<bool> flag(false);
  std::jthread setter;
  auto access = flag.lock();
  setter = std::jthread([&flag] {
    *flag.lock() = true;  // could never get in if the waiter kept the lock
    flag.notify_one();
  });
  EXPECT_TRUE(
      access.wait_until(std::chrono::steady_clock::now() + 30s, [](bool set) { return set; }));
}

TEST(Guarded, HoldsWhatCannotBeCopied) {
  Guarded<std::unique_ptr<int>> owner(std::make_unique<int>(7));
  EXPECT_EQ(**owner.lock(), 7);
}

}  // namespace
}  // namespace hearth
