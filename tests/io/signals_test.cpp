#include "io/signals.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <future>
#include <optional>
#include <vector>

#include "support/loop_thread.hpp"

namespace hearth::io {
namespace {

// Signals that arrive, in order; waits for the next one.
class Arrivals {
 public:
  explicit Arrivals(std::size_t wanted) : wanted_(wanted) {}
  void add(int number) {
    seen_.push_back(number);
    if (seen_.size() == wanted_) all_.set_value(seen_);
  }
  std::vector<int> wait() { return all_.get_future().get(); }

 private:
  std::size_t wanted_;
  std::vector<int> seen_;  // loop thread
  std::promise<std::vector<int>> all_;
};

TEST(SignalWatcher, DeliversASignalThatWasHeld) {
  hold_signals({SIGUSR1, SIGUSR2});
  ASSERT_EQ(::kill(::getpid(), SIGUSR1), 0);  // before there is anybody to handle it
  test::LoopThread thread;
  Arrivals arrivals(1);
  std::optional<SignalWatcher> watcher;
  thread.run([&] {
    watcher.emplace(thread.loop(), std::initializer_list<int>{SIGUSR1, SIGUSR2},
                    [&](int number) { arrivals.add(number); });
  });
  EXPECT_EQ(arrivals.wait(), std::vector{SIGUSR1});
  thread.run([&] { watcher.reset(); });
}

TEST(SignalWatcher, DeliversOneAfterTheOtherOnTheLoopThread) {
  hold_signals({SIGUSR1, SIGUSR2});
  test::LoopThread thread;
  std::optional<SignalWatcher> watcher;
  for (const int number : {SIGUSR2, SIGUSR1, SIGUSR2}) {
    Arrivals arrivals(1);
    thread.run([&] {
      watcher.emplace(thread.loop(), std::initializer_list<int>{SIGUSR1, SIGUSR2}, [&](int got) {
        EXPECT_TRUE(thread.loop().is_loop_thread());
        arrivals.add(got);
      });
    });
    ASSERT_EQ(::kill(::getpid(), number), 0);
    EXPECT_EQ(arrivals.wait(), std::vector{number});
    thread.run([&] { watcher.reset(); });
  }
}

TEST(SignalWatcher, MayGoWhileItWaits) {
  hold_signals({SIGUSR1});
  test::LoopThread thread;
  thread.run([&] { SignalWatcher(thread.loop(), {SIGUSR1}, [](int) { FAIL(); }); });
  thread.run([] {});
}

}  // namespace
}  // namespace hearth::io
