// Runs that failed and are tried again: those that could only fail again are refused, with what to
// do instead.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "packs/mandates/machine_fixture.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;

class MachineRetryTest : public MachineTest {
 protected:
  // Why it is refused, and what to do; empty: it goes on.
  std::string refusal(std::int64_t run) {
    const auto done = engine_->machine->retry(run);
    if (done) return {};
    EXPECT_EQ(done.error().code, Errc::conflict);
    std::string text = done.error().message;
    for (const std::string& each : done.error().suggestions) text += "; " + each;
    EXPECT_EQ(engine_->run(run).state, "ended");
    return text;
  }
  std::int64_t failed(const std::string& reason) {
    const auto run = start();
    const mandates::Run ended = finish(run);
    EXPECT_EQ(ended.outcome, "failed");
    EXPECT_THAT(ended.reason, testing::StartsWith(reason));
    return run;
  }
  void update() {
    const auto done =
        update_mandate(*engine_->store, mandate_.n,
                       {.before = digest("spec"), .spec = "spec", .what = {}, .reviewer = {}});
    ASSERT_TRUE(done) << done.error().message;
  }
};

TEST_F(MachineRetryTest, RefusesOneWhoseDeadlineIsOver) {
  const auto follower = create_mandate(*engine_->store, "follower", "spec").value();
  ASSERT_TRUE(engine_->schedules().create(follower.n, {.timing = "after failed tidy"}));
  world_.run_rules.deadline = hours(1);
  world_.plans = {"a||halt|ask write a.txt x"};
  const auto run = start();
  EXPECT_EQ(finish(run).reason, "waiting_approval");
  clock_.advance(hours(2));
  EXPECT_EQ(finish(run).reason, "deadline");
  const auto runs = engine_->number("SELECT count(*) FROM runs");
  EXPECT_EQ(refusal(run), "run " + engine_->run(run).id +
                              " would fail again at once: its deadline is over; start the mandate "
                              "again: hearth mandates run tidy");
  EXPECT_FALSE(engine_->work());
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs"), runs) << "nothing follows it again";
  world_.run_rules.deadline = hours(24);
  EXPECT_EQ(refusal(run), "");
}

TEST_F(MachineRetryTest, RefusesOneWhoseCyclesAreUsedUpAndALoop) {
  world_.reflections = {"more"};
  world_.plans = {"a||halt|check", "b||halt|check", "c||halt|check"};
  world_.run_rules.most_cycles = 2;
  const auto ran_out = failed("cycles");
  EXPECT_THAT(refusal(ran_out), HasSubstr("its cycles are used up; start"));
  world_.run_rules.most_cycles = 3;
  EXPECT_EQ(refusal(ran_out), "");
  EXPECT_EQ(finish(ran_out).cycle, 4) << "it had one more";

  world_.run_rules.most_cycles = 10;
  world_.plans = {"a||halt|check"};
  const auto loop = failed("loop");
  EXPECT_THAT(refusal(loop), HasSubstr("the same plan again and again; start"));
  world_.run_rules.most_alike = 5;
  EXPECT_EQ(refusal(loop), "");
  EXPECT_EQ(finish(loop).cycle, 5);
}

TEST_F(MachineRetryTest, RefusesWhatItsBudgetIsStillTooSmallFor) {
  const Amounts worst = test::ScriptedWorld::worst_of_thought;
  for (const std::string scope : {"run", "mandate"}) {
    SCOPED_TRACE(scope);
    world_.run_rules.budget = {};
    Limits& limits = scope == "run" ? world_.run_rules.budget.run : world_.run_rules.budget.mandate;
    limits.tokens = worst.tokens - 1;
    const auto run = failed("budget: " + scope + ": tokens");
    clock_.advance(seconds(1));
    EXPECT_THAT(refusal(run), HasSubstr("budget: " + scope +
                                        ": tokens; a person allows more: "
                                        "hearth mandates budget-set tidy"));
    limits.tokens = 1'000'000;
    update();
    EXPECT_EQ(refusal(run), "");
    EXPECT_EQ(finish(run).outcome, "succeeded");
    clock_.advance(seconds(1));
  }
  // Changed since, and all of it is used up nevertheless.
  world_.run_rules.budget = {};
  world_.run_rules.budget.run.calls = 2;
  const auto run = failed("budget: run: calls");
  clock_.advance(seconds(1));
  update();
  EXPECT_THAT(refusal(run), HasSubstr("budget: run: calls"));
}

TEST_F(MachineRetryTest, RefusesWhatADayLeavesNothingForUntilItIsOver) {
  world_.run_rules.budget.day.calls = 2;
  const auto run = failed("budget: day: calls");
  EXPECT_THAT(refusal(run), HasSubstr("budget: day: calls; wait for tomorrow"));
  clock_.advance(hours(24) - seconds(1));
  EXPECT_EQ(refusal(run), "");
  EXPECT_EQ(finish(run).outcome, "succeeded");
}

TEST_F(MachineRetryTest, LeavesTheOthersToTheStore) {
  const auto run = start();
  EXPECT_EQ(engine_->machine->retry(run).error().code, Errc::conflict);
  EXPECT_EQ(finish(run).outcome, "succeeded");
  EXPECT_THAT(refusal(run), HasSubstr("has not failed"));
  EXPECT_EQ(engine_->machine->retry(run + 1).error().code, Errc::not_found);
}

}  // namespace
}  // namespace hearth::packs::mandates
