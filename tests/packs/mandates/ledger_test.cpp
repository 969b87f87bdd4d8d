// Budgets: reserved at the worst, settled, and never readable in a way that allows more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <optional>
#include <string>

#include "packs/mandates/store_fixture.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::hours;
using testing::HasSubstr;

class LedgerTest : public StoreTest {
 protected:
  std::optional<std::string> reserve(const std::string& name, Amounts amounts, Budget budget = {}) {
    auto refused = engine_->ledger->reserve(name, {"run", "mandate"}, amounts, budget);
    EXPECT_TRUE(refused) << refused.error().message;
    return *refused;
  }
  Amounts used() { return engine_->ledger->usage({"run", "mandate"}).run; }
};

TEST_F(LedgerTest, ReservesTheWorstCaseAndSettlesWhatWasUsed) {
  EXPECT_FALSE(reserve("a", {1, 500, 100, 10}));
  EXPECT_EQ(used(), (Amounts{1, 500, 100, 10}));
  ASSERT_TRUE(engine_->ledger->settle("a", Amounts{1, 120, 30, 4}));
  EXPECT_EQ(used(), (Amounts{1, 120, 30, 4}));
  EXPECT_EQ(engine_->ledger->settle("a", Amounts{}).error().code, Errc::conflict);
  open();
  EXPECT_EQ(used(), (Amounts{1, 120, 30, 4}));
}

// The store did not take its end, and the work is done again under the same name.
TEST_F(LedgerTest, WhatIsStillReservedUnderANameStaysCharged) {
  EXPECT_FALSE(reserve("a", {1, 500, 0, 0}));
  EXPECT_FALSE(reserve("a", {1, 500, 0, 0}));
  ASSERT_TRUE(engine_->ledger->settle("a", Amounts{1, 20, 0, 0}));
  EXPECT_EQ(used(), (Amounts{2, 520, 0, 0}));
  open();
  EXPECT_EQ(used(), (Amounts{2, 520, 0, 0}));
  EXPECT_EQ(reserve("a", {1, 500, 0, 0}, {.run = {.calls = 2}}), "run: calls");
}

TEST_F(LedgerTest, UnknownUsageAndAKillChargeTheReservation) {
  EXPECT_FALSE(reserve("a", {1, 500, 0, 0}));
  ASSERT_TRUE(engine_->ledger->settle("a", std::nullopt));
  EXPECT_FALSE(reserve("b", {1, 500, 0, 0}));
  open();
  EXPECT_EQ(used(), (Amounts{2, 1000, 0, 0}));
  EXPECT_FALSE(engine_->ledger->settle("b", Amounts{}));
}

// Who makes another namespace does not have the day's budget anew, also after a restart.
TEST_F(LedgerTest, TheDayIsThatOfAllLedgers) {
  auto other = test::Engine::open(directory_ / "other", clock_, world_).value();
  const Budget budget{.day = {.calls = 3}};
  const Spender spender{"run", "mandate"};
  {
    const auto days = std::make_shared<DayTotal>();
    auto a = Ledger::open(*engine_->store, days).value();
    auto b = Ledger::open(*other->store, days).value();
    EXPECT_EQ(a->reserve("1", spender, {2}, budget).value(), std::nullopt);
    EXPECT_EQ(b->reserve("1", spender, {2}, budget).value(), "day: calls");
    ASSERT_TRUE(a->settle("1", Amounts{1}));
    EXPECT_EQ(b->reserve("2", spender, {2}, budget).value(), std::nullopt);
    EXPECT_EQ(a->usage(spender).day.calls, 3);
    b.reset();
    EXPECT_EQ(a->usage(spender).day.calls, 1) << "it takes its own along";
  }
  other.reset();
  open();
  other = test::Engine::open(directory_ / "other", clock_, world_).value();
  const auto days = std::make_shared<DayTotal>();
  auto opening = days->opening();
  auto a = Ledger::open(*engine_->store, days).value();
  auto refused =
      std::async(std::launch::async, [&] { return a->reserve("3", spender, {1}, budget).value(); });
  auto b = Ledger::open(*other->store, days).value();
  opening.reset();
  EXPECT_EQ(refused.get(), "day: calls") << "nothing was reserved before all were open";
}

TEST_F(LedgerTest, RefusesWhatDoesNotFitIntoAnyScope) {
  EXPECT_EQ(reserve("a", {1, 501, 0, 0}, {.run = {.tokens = 500}}), "run: tokens");
  EXPECT_EQ(reserve("a", {1, 0, 0, 0}, {.mandate = {.calls = 0}}), "mandate: calls");
  EXPECT_EQ(reserve("a", {1, 0, 7, 0}, {.day = {.money = 6}}), "day: money");
  EXPECT_EQ(reserve("a", {1, 0, 0, 7}, {.run = {.wall_ms = 6}}), "run: seconds");
  EXPECT_EQ(used(), Amounts{});
  EXPECT_FALSE(reserve("a", {1, 500, 0, 0}, {.run = {.tokens = 500}}));
  // More than was reserved is charged, and nothing fits any more.
  ASSERT_TRUE(engine_->ledger->settle("a", Amounts{1, 900, 0, 0}));
  EXPECT_EQ(reserve("b", {1, 0, 0, 0}, {.run = {.tokens = 500}}), "run: tokens");
  EXPECT_FALSE(engine_->ledger->reserve("c", {"r", "m"}, {.calls = -1}, {}));
}

TEST_F(LedgerTest, ADayEndsAtMidnightAndDoesNotComeBack) {
  const Budget budget{.day = {.calls = 1}};
  EXPECT_FALSE(reserve("a", {1, 0, 0, 0}, budget));
  EXPECT_EQ(reserve("b", {1, 0, 0, 0}, budget), "day: calls");
  clock_.advance(hours(24));
  EXPECT_FALSE(reserve("b", {1, 0, 0, 0}, budget));
  clock_.advance(-hours(24 * 30));
  EXPECT_EQ(reserve("c", {1, 0, 0, 0}, budget), "day: calls");
  open();
  EXPECT_EQ(reserve("c", {1, 0, 0, 0}, budget), "day: calls");
}

// Who folds forgets what is over, and a failed run can be tried again.
TEST_F(LedgerTest, FoldingKeepsWhatARunMaySpendOfItsBudget) {
  const auto failed = engine_->run(engine_->runs().create(mandate_.n, "test").value());
  const auto succeeded = engine_->run(engine_->runs().create(mandate_.n, "test").value());
  for (const auto& each : {failed, succeeded}) {
    for (int i = 0; i < 10; ++i) {
      const std::string name = each.id + std::to_string(i);
      ASSERT_EQ(engine_->ledger->reserve(name, {each.id, mandate_.id}, {1, 50, 0, 0}, {}).value(),
                std::nullopt);
      ASSERT_TRUE(engine_->ledger->settle(name, Amounts{1, 50, 0, 0}));
    }
  }
  ASSERT_TRUE(engine_->runs().end(failed, "failed", "observe: no disk"));
  ASSERT_TRUE(engine_->runs().end(succeeded, "succeeded", "goal reached"));
  open();
  engine_->ledger.reset();
  const auto opened = Ledger::open(*engine_->store, std::make_shared<DayTotal>(), 20);
  ASSERT_TRUE(opened) << opened.error().message;
  const auto& folded = *opened;
  EXPECT_EQ(engine_->number("SELECT count(*) FROM ledger"), 3) << "a run, a mandate and a day";
  const Amounts used = folded->usage({failed.id, mandate_.id}).run;
  EXPECT_EQ(used, (Amounts{10, 500, 0, 0}));
  ASSERT_TRUE(engine_->runs().retry(failed.n));
  EXPECT_EQ(folded
                ->reserve("again", {failed.id, mandate_.id}, {1, 50, 0, 0},
                          {.run = {.calls = 10}, .mandate = {}, .day = {}})
                .value(),
            "run: calls");
  EXPECT_EQ(folded->usage({succeeded.id, mandate_.id}).mandate, (Amounts{20, 1000, 0, 0}));
}

TEST_F(LedgerTest, StopsEverythingWhenItDoesNotHold) {
  EXPECT_FALSE(reserve("a", {1, 500, 0, 0}));
  EXPECT_FALSE(reserve("b", {1, 500, 0, 0}));
  engine_.reset();
  std::filesystem::copy(state_, directory_ / "whole", std::filesystem::copy_options::recursive);
  for (const char* sql :
       {"UPDATE ledger SET tokens = 1 WHERE n = 1", "DELETE FROM ledger WHERE n = 1",
        "DELETE FROM ledger WHERE n = 2", "DELETE FROM ledger", "UPDATE ledger SET run = 'other'",
        "INSERT INTO ledger SELECT n + 1, kind, name, run, mandate, day, calls, -tokens, money, "
        "wall_ms, mac FROM ledger WHERE n = 2"}) {
    SCOPED_TRACE(sql);
    std::filesystem::remove_all(state_);
    std::filesystem::copy(directory_ / "whole", state_, std::filesystem::copy_options::recursive);
    edit(sql);
    const auto opened = try_open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::damaged);
    EXPECT_THAT(opened.error().message, HasSubstr("ledger"));
  }
}

}  // namespace
}  // namespace hearth::packs::mandates
