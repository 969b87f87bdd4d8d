// What runs may cost: model calls, and what is observed and done.
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "packs/mandates/machine_fixture.hpp"

namespace hearth::packs::mandates {
namespace {

// Each limit that leaves too little for the next call at its worst ends the run, and is named.
TEST_F(MachineTest, EachBudgetEndsARunBeforeTheCallThatCouldPassIt) {
  const Amounts worst = test::ScriptedWorld::worst_of_thought;
  struct Case {
    Limits limits;
    std::string name;
  };
  const std::vector<Case> cases{{{.calls = 0}, "calls"},
                                {{.tokens = worst.tokens - 1}, "tokens"},
                                {{.money = worst.money - 1}, "money"},
                                {{.wall_ms = worst.wall_ms - 1}, "seconds"}};
  for (const Case& each : cases) {
    for (const std::string scope : {"run", "mandate", "day"}) {
      world_.run_rules.budget = {};
      (scope == "run"       ? world_.run_rules.budget.run
       : scope == "mandate" ? world_.run_rules.budget.mandate
                            : world_.run_rules.budget.day) = each.limits;
      const int thoughts = world_.count("think");
      const auto n = start();
      // What earlier runs used is of their day, and of their mandate.
      EXPECT_EQ(finish(n).reason, "budget: " + scope + ": " + each.name);
      EXPECT_EQ(world_.count("think"), thoughts) << "nothing was asked";
    }
  }
  // Raised meanwhile, it goes on.
  const auto n = start();
  world_.run_rules.budget.run.calls = 0;
  EXPECT_EQ(finish(n).outcome, "failed");
  world_.run_rules.budget = {};
  ASSERT_TRUE(engine_->runs().retry(n));
  EXPECT_EQ(finish(n).outcome, "succeeded");
}

TEST_F(MachineTest, GoesAsFarAsItsCallsReach) {
  world_.run_rules.budget.run.calls = 3;  // orient, decide, reflect
  EXPECT_EQ(run().outcome, "succeeded");
  world_.requests = 2;  // an answer that has to be repaired
  world_.used = Amounts{2, 100, 2000, 50};
  const mandates::Run ended = run();
  EXPECT_EQ(ended.outcome, "failed");
  EXPECT_EQ(ended.reason, "budget: run: calls");
  // What the first of the two used is charged, the second was never sent.
  EXPECT_EQ(engine_->ledger->usage({ended.id, ""}).run.calls, 3);
}

constexpr Amounts minute{.wall_ms = 60'000};

// What it used is charged when it has ended, and its worst when nobody knows.
TEST_F(MachineTest, WhatIsObservedAndDoneIsChargedByItsTime) {
  world_.used = Amounts();
  world_.look = world_.act = minute;
  world_.looked = Amounts{.wall_ms = 20};
  world_.acted = Amounts{.wall_ms = 300};
  world_.plans = {"a||halt|post 1\nb||halt|post 2\nc||halt|ask post 3"};
  const auto n = start();
  EXPECT_EQ(finish(n).reason, "waiting_approval");
  const Spender spender{engine_->run(n).id, mandate_.id};
  EXPECT_EQ(engine_->ledger->usage(spender).run, Amounts{.wall_ms = 620}) << "c has not begun";
  decide(Verdict::approve);
  EXPECT_EQ(finish(n).outcome, "succeeded");
  for (const Amounts& used :
       {engine_->ledger->usage(spender).run, engine_->ledger->usage(spender).mandate,
        engine_->ledger->usage(spender).day})
    EXPECT_EQ(used, Amounts{.wall_ms = 920});
  world_.looked = world_.acted = std::nullopt;
  world_.plans = {"a||halt|post 1"};
  const mandates::Run unknown = run();
  EXPECT_EQ(engine_->ledger->usage({unknown.id, ""}).run, Amounts{.wall_ms = 120'000});
  EXPECT_TRUE(engine_->store->audit());
}

TEST_F(MachineTest, TooLittleTimeEndsARunBeforeItLooks) {
  world_.look = minute;
  for (const std::string scope : {"run", "mandate", "day"}) {
    world_.run_rules.budget = {};
    (scope == "run"       ? world_.run_rules.budget.run
     : scope == "mandate" ? world_.run_rules.budget.mandate
                          : world_.run_rules.budget.day)
        .wall_ms = minute.wall_ms - 1;
    EXPECT_EQ(run().reason, "budget: " + scope + ": seconds");
    EXPECT_EQ(world_.count("look"), 0);
    EXPECT_EQ(world_.count("think"), 0);
  }
}

// Nothing is left of an approval that its step could not be paid with: it was not used up either.
TEST_F(MachineTest, TooLittleTimeEndsARunBeforeItActsAndMoreLetsItGoOn) {
  world_.used = Amounts();
  world_.act = minute;
  world_.acted = Amounts{.wall_ms = 50'000};
  world_.plans = {"a||halt|post 1\nb|a|halt|ask post 2"};
  world_.run_rules.budget.run.wall_ms = 100'000;
  const auto n = start();
  EXPECT_EQ(finish(n).reason, "waiting_approval");
  decide(Verdict::approve);
  EXPECT_EQ(finish(n).reason, "budget: run: seconds");
  EXPECT_EQ(world_.count("effect"), 1);
  EXPECT_EQ(engine_->number("SELECT count(*) FROM effects"), 1);
  world_.run_rules.budget.run.wall_ms = 160'000;  // and for the thought after it
  ASSERT_TRUE(engine_->runs().retry(n));
  EXPECT_EQ(finish(n).reason, "waiting_approval") << "what ended with the run is asked anew";
  decide(Verdict::approve);
  EXPECT_EQ(finish(n).outcome, "succeeded");
  EXPECT_EQ(world_.count("effect"), 2);
}

// Of what goes on side by side each is reserved at its worst: where that is too much for all of
// them, what is left over waits until the others are settled.
TEST_F(MachineTest, AWaveTakesNoMoreThanItsBudget) {
  world_.used = Amounts();
  world_.act = minute;
  world_.acted = Amounts{.wall_ms = 1};
  world_.plans = {"a||halt|post 1\nb||halt|post 2\nc||halt|post 3"};
  world_.run_rules.budget.run.wall_ms = minute.wall_ms + 3;
  EXPECT_EQ(run().outcome, "succeeded");
  EXPECT_EQ(world_.count("effect"), 3);
  world_.acted = minute;
  world_.plans = {"a||halt|post 1\nb||halt|post 2\nc||halt|post 3"};
  world_.run_rules.budget.run.wall_ms = 2 * minute.wall_ms;
  const mandates::Run ended = run();
  EXPECT_EQ(ended.reason, "budget: run: seconds");
  EXPECT_EQ(world_.count("effect"), 5);
  EXPECT_EQ(engine_->ledger->usage({ended.id, ""}).run, Amounts{.wall_ms = 120'000});
}

// What a kill cut off stays charged, and doing it again is charged anew.
TEST_F(MachineTest, AKillLeavesTheTimeOfWhatItCutOffCharged) {
  world_.used = Amounts();
  world_.act = minute;
  world_.acted = Amounts{.wall_ms = 1};
  world_.plans = {"a||halt|check"};
  const auto n = start();
  world_.interfere = [&](std::string_view what) -> std::optional<Error> {
    if (what == "perform") throw std::runtime_error("killed");
    return std::nullopt;
  };
  EXPECT_THROW(engine_->work(), std::runtime_error);
  world_.interfere = {};
  reopen();
  EXPECT_EQ(finish(n).outcome, "succeeded");
  EXPECT_EQ(engine_->ledger->usage({engine_->run(n).id, ""}).run, Amounts{.wall_ms = 60'001});
}

}  // namespace
}  // namespace hearth::packs::mandates
