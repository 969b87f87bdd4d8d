#include "daemon/budget.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "io/task_scope.hpp"
#include "support/loop_thread.hpp"

namespace hearth::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::size_t cap = 1 << 20;
constexpr std::size_t large = 600 << 10;  // two of them exceed the cap

class ByteBudgetTest : public ::testing::Test {
 protected:
  ~ByteBudgetTest() override {
    thread_.run([&] {
      for (auto& share : shares_) share->leave();
    });
    while (thread_.run([&] { return tasks_->size(); }) != 0) {
    }
    thread_.run([&] {
      shares_.clear();
      tasks_.reset();
      budget_.reset();
    });
  }
  ByteBudget::Share& share(std::size_t held, bool is_settled = false) {
    shares_.push_back(std::make_unique<ByteBudget::Share>(*budget_));
    shares_.back()->set(is_settled ? 0 : held, is_settled ? held : 0);
    return *shares_.back();
  }
  static io::Task wait(ByteBudget::Share& share,
                       bool is_mid_message,
                       std::string name,
                       std::vector<std::string>& admitted) {
    co_await share.wait_for_room(is_mid_message);
    admitted.push_back(name);
  }
  void wait_as(const std::string& name, ByteBudget::Share& share, bool is_mid_message = true) {
    tasks_->spawn(name, wait(share, is_mid_message, name, admitted_));
  }
  // What has been admitted once the loop has nothing more to do.
  std::vector<std::string> admitted() {
    for (int i = 0; i < 10; ++i) thread_.run([] {});
    return thread_.run([&] { return std::exchange(admitted_, {}); });
  }

  test::LoopThread thread_;
  std::unique_ptr<ByteBudget> budget_ = std::make_unique<ByteBudget>(thread_.loop(), cap);
  std::vector<std::unique_ptr<ByteBudget::Share>> shares_;
  std::vector<std::string> admitted_;
  std::unique_ptr<io::TaskScope> tasks_ = std::make_unique<io::TaskScope>(thread_.loop());
};

TEST_F(ByteBudgetTest, HoldsNobodyBelowTheCap) {
  thread_.run([&] { wait_as("a", share(large)); });
  EXPECT_THAT(admitted(), ElementsAre("a"));
  EXPECT_EQ(thread_.run([&] { return budget_->used(); }), large);
}

TEST_F(ByteBudgetTest, LetsSmallSharesPassAboveTheCap) {
  thread_.run([&] {
    share(2 * cap);
    wait_as("small", share(ByteBudget::small_share));
  });
  EXPECT_THAT(admitted(), ElementsAre("small"));
}

TEST_F(ByteBudgetTest, GivesTheTurnToOneAfterTheOther) {
  ByteBudget::Share* shares[3] = {};
  thread_.run([&] {
    for (auto*& each : shares) each = &share(large);
    wait_as("a", *shares[0]);
    wait_as("b", *shares[1]);
    wait_as("c", *shares[2]);
  });
  EXPECT_THAT(admitted(), ElementsAre("a"));
  thread_.run([&] {  // a reads on in the same message, then begins another large one
    wait_as("a", *shares[0]);
    shares[0]->give_up_turn();
    wait_as("a again", *shares[0]);
  });
  EXPECT_THAT(admitted(), ElementsAre("a", "b"));
  thread_.run([&] { shares[1]->give_up_turn(); });
  EXPECT_THAT(admitted(), ElementsAre("c"));
  thread_.run([&] { shares[2]->give_up_turn(); });
  EXPECT_THAT(admitted(), ElementsAre("a again"));
}

TEST_F(ByteBudgetTest, WakesEveryoneWhenALargeShareIsFreed) {
  ByteBudget::Share* holder = nullptr;
  thread_.run([&] {
    holder = &share(4 * cap);
    ByteBudget::Share& first = share(100 << 10);
    wait_as("first", first);
    wait_as("second", share(100 << 10));
    wait_as("third", share(100 << 10), false);
  });
  EXPECT_THAT(admitted(), ElementsAre("first"));
  thread_.run([&] { holder->set(0, 0); });  // far below the cap in one step
  EXPECT_THAT(admitted(), ::testing::UnorderedElementsAre("second", "third"));
}

TEST_F(ByteBudgetTest, GivesNoTurnToOneThatIsNotInAMessage) {
  thread_.run([&] {
    share(2 * cap);
    wait_as("idle", share(large), false);
    wait_as("reading", share(large), true);
  });
  EXPECT_THAT(admitted(), ElementsAre("reading"));
}

TEST_F(ByteBudgetTest, GivesNoTurnWhileTheRestAloneExceedsTheCap) {
  ByteBudget::Share* calls = nullptr;
  thread_.run([&] {
    calls = &share(2 * cap, true);  // requests in flight: they end by themselves
    share(2 * cap);
    wait_as("reading", share(large));
  });
  EXPECT_THAT(admitted(), IsEmpty());
  thread_.run([&] { calls->set(0, cap); });
  EXPECT_THAT(admitted(), ElementsAre("reading"));
}

TEST_F(ByteBudgetTest, ReleasesOneThatLeavesWhileItWaits) {
  ByteBudget::Share* turn = nullptr;
  ByteBudget::Share* waiting = nullptr;
  thread_.run([&] {
    turn = &share(large);
    waiting = &share(large);
    wait_as("turn", *turn);
    wait_as("waiting", *waiting);
  });
  EXPECT_THAT(admitted(), ElementsAre("turn"));
  thread_.run([&] { waiting->leave(); });
  EXPECT_THAT(admitted(), ElementsAre("waiting"));
  thread_.run([&] {
    waiting->set(large, 0);  // it has left: nothing counts any more
    EXPECT_EQ(budget_->used(), large);
  });
}

TEST_F(ByteBudgetTest, HandsTheTurnOnWhenItsHolderLeaves) {
  ByteBudget::Share* first = nullptr;
  thread_.run([&] {
    share(2 * cap);
    first = &share(large);
    wait_as("first", *first);
    wait_as("second", share(large));
  });
  EXPECT_THAT(admitted(), ElementsAre("first"));
  thread_.run([&] { first->leave(); });
  EXPECT_THAT(admitted(), ElementsAre("second"));
}

TEST_F(ByteBudgetTest, LooksAgainWhenTheCapIsRaised) {
  thread_.run([&] {
    share(2 * cap);
    wait_as("a", share(large), false);
  });
  EXPECT_THAT(admitted(), IsEmpty());
  thread_.run([&] { budget_->set_cap(10 * cap); });
  EXPECT_THAT(admitted(), ElementsAre("a"));
}

TEST_F(ByteBudgetTest, AllowsLittleReadingWithoutRoomOrTurn) {
  thread_.run([&] {
    ByteBudget::Share& fresh = share(0);
    EXPECT_EQ(fresh.allowance(), cap);
    ByteBudget::Share& holder = share(2 * cap);
    EXPECT_EQ(fresh.allowance(), ByteBudget::small_share);
    fresh.set(12 << 10, 0);
    EXPECT_EQ(fresh.allowance(), std::size_t{4} << 10);
    fresh.set(large, 0);
    EXPECT_EQ(fresh.allowance(), 0U);
    holder.set(0, 0);
    EXPECT_EQ(fresh.allowance(), cap - large);
  });
}

}  // namespace
}  // namespace hearth::daemon
