#include "pack/pool_calls.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

namespace hearth::pack {
namespace {

TEST(PoolCalls, AreWaitedForUntilNoneIsLeft) {
  PoolCalls calls;
  calls.wait();
  std::optional first = calls.running();
  std::optional second = std::move(first);  // what was moved from counts no more
  first.reset();
  std::atomic<bool> is_over{false};
  std::jthread waiting([&] {
    calls.wait();
    is_over = true;
  });
  EXPECT_FALSE(is_over);
  second.reset();
  waiting.join();
  EXPECT_TRUE(is_over);
}

}  // namespace
}  // namespace hearth::pack
