#include "packs/sql/session_shares.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <vector>

#include "io/pool.hpp"

namespace hearth::packs::sql {
namespace {

class SessionSharesTest : public testing::Test {
 protected:
  ~SessionSharesTest() override { pool_.close(); }
  SessionShares::HandOn to_pool() {
    return [this](std::move_only_function<void()> run) { return pool_.submit(std::move(run)); };
  }
  // Jobs that run until `gate_` opens.
  void submit_slow(int count) {
    for (int i = 0; i < count; ++i) {
      shares_.submit(
          "greedy",
          [this](Result<void> runs) {
            const std::size_t now = ++running_;
            most_ = std::max(most_.load(), now);
            open_.wait();
            --running_;
            ended_ += runs ? 1 : 0;
          },
          to_pool());
    }
  }

  io::Pool pool_{"shares", 2 * SessionShares::most_running, 64};
  SessionShares shares_;
  std::promise<void> gate_;
  std::shared_future<void> open_ = gate_.get_future().share();
  std::atomic<std::size_t> running_ = 0;
  std::atomic<std::size_t> most_ = 0;
  std::atomic<int> ended_ = 0;
};

TEST_F(SessionSharesTest, LeaveThreadsForOthers) {
  submit_slow(20);
  std::promise<void> other;
  shares_.submit("modest", [&](Result<void>) { other.set_value(); }, to_pool());
  other.get_future().wait();  // while the greedy one waits
  gate_.set_value();
  std::promise<void> last;
  shares_.submit("greedy", [&](Result<void>) { last.set_value(); }, to_pool());
  last.get_future().wait();
  pool_.close();
  EXPECT_EQ(ended_, 20);
  EXPECT_EQ(most_, SessionShares::most_running);
}

TEST_F(SessionSharesTest, TellEachJobThatCannotRun) {
  std::vector<Errc> refused;
  const auto submit = [&] {
    shares_.submit(
        "s", [&](Result<void> runs) { refused.push_back(runs.error().code); },
        [](std::move_only_function<void()>) { return fail(Errc::draining, "closed"); });
  };
  submit();
  submit();
  EXPECT_EQ(refused, (std::vector{Errc::draining, Errc::draining}));
}

TEST_F(SessionSharesTest, RefuseMoreThanTheirBound) {
  int refused = 0;
  std::vector<std::move_only_function<void()>> held;
  for (std::size_t i = 0; i < SessionShares::most_running + SessionShares::most_waiting + 3; ++i) {
    shares_.submit(
        "s", [&](Result<void> runs) { refused += runs ? 0 : 1; },
        [&](std::move_only_function<void()> run) -> Result<void> {
          held.push_back(std::move(run));
          return {};
        });
  }
  EXPECT_EQ(held.size(), SessionShares::most_running);
  EXPECT_EQ(refused, 3);
  for (std::size_t i = 0; i < held.size(); ++i) {  // grows while they end
    auto run = std::move(held[i]);
    run();
  }
  EXPECT_EQ(held.size(), SessionShares::most_running + SessionShares::most_waiting);
}

}  // namespace
}  // namespace hearth::packs::sql
