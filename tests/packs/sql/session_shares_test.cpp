#include "packs/sql/session_shares.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <vector>

#include "base/guarded.hpp"
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
          [this, count](Result<void> runs) {
            const std::size_t now = ++running_;
            {
              const auto most = most_.lock();
              *most = std::max(*most, now);
            }
            open_.wait();
            --running_;
            EXPECT_TRUE(runs);
            if (++ended_ == count) all_ended_.set_value();
          },
          to_pool());
    }
  }

  io::Pool pool_{"shares", 2 * SessionShares::most_running, 64};
  SessionShares shares_;
  std::promise<void> gate_;
  std::shared_future<void> open_ = gate_.get_future().share();
  std::atomic<std::size_t> running_ = 0;
  Guarded<std::size_t> most_;
  std::atomic<int> ended_ = 0;
  std::promise<void> all_ended_;
};

TEST_F(SessionSharesTest, LeaveThreadsForOthers) {
  submit_slow(20);
  std::promise<void> other;
  shares_.submit("modest", [&](Result<void>) { other.set_value(); }, to_pool());
  other.get_future().wait();  // while the greedy one waits
  gate_.set_value();
  all_ended_.get_future().wait();
  EXPECT_LE(*most_.lock(), SessionShares::most_running);
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
