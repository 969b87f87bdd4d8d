#include "packs/mandates/engine/machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "packs/mandates/machine_fixture.hpp"
#include "support/sizes.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

Plan plan_of(std::initializer_list<Step> steps) {
  return {.steps = steps};
}
std::vector<std::string> ids(const std::vector<const Step*>& steps) {
  std::vector<std::string> ids;
  for (const Step* step : steps) ids.push_back(step->id);
  return ids;
}

TEST(Plans, AreRefusedWhenTheyCannotBeCarriedOut) {
  EXPECT_TRUE(check(plan_of({{.id = "a"}, {.id = "b", .needs = {"a"}}})));
  EXPECT_FALSE(check(plan_of({{.id = "a"}, {.id = "a"}})));
  for (const std::string id : {"", "a/b", "../../x\n", "a b", "a\x1b", "ä"})
    EXPECT_FALSE(check(plan_of({{.id = id}}))) << id;
  EXPECT_TRUE(check(plan_of({{.id = "Fix_2.b-" + std::string(56, 'x')}})));
  EXPECT_FALSE(check(plan_of({{.id = std::string(65, 'x')}})));
  EXPECT_FALSE(check(plan_of({{.id = "a", .needs = {"b"}}})));
  EXPECT_FALSE(check(plan_of({{.id = "a", .needs = {"a"}}})));
  EXPECT_FALSE(check(plan_of({{.id = "a", .needs = {"b"}}, {.id = "b", .needs = {"a"}}})));
  Plan large;
  for (int i = 0; i <= 200; ++i) large.steps.push_back({.id = std::to_string(i)});
  EXPECT_FALSE(check(large));
}

TEST(Plans, BeginWhatIsReadyAndObeyThePolicyOfWhatFailed) {
  const auto with = [](OnFailure policy) {
    return plan_of({{.id = "a", .on_failure = policy},
                    {.id = "b", .needs = {"a"}},
                    {.id = "c", .needs = {"b"}},
                    {.id = "d"}});
  };
  const Plan skip = with(OnFailure::skip_dependents);
  EXPECT_THAT(ids(frontier(skip, {}).ready), testing::ElementsAre("a", "d"));
  EXPECT_THAT(ids(frontier(skip, {{"a", StepState::done}}).ready), testing::ElementsAre("b", "d"));
  EXPECT_THAT(ids(frontier(skip, {{"a", StepState::failed}}).ready), testing::ElementsAre("d"));
  EXPECT_THAT(ids(frontier(skip, {{"a", StepState::failed}}).skipped), testing::ElementsAre("b"));
  EXPECT_THAT(ids(frontier(skip, {{"a", StepState::failed}, {"b", StepState::skipped}}).skipped),
              testing::ElementsAre("c"));
  const Plan halt = with(OnFailure::halt);
  EXPECT_THAT(ids(frontier(halt, {{"a", StepState::failed}}).skipped),
              testing::ElementsAre("b", "c", "d"));
  const Plan go_on = with(OnFailure::continue_);
  EXPECT_THAT(ids(frontier(go_on, {{"a", StepState::failed}}).ready),
              testing::ElementsAre("b", "d"));
}

TEST(Recovery, IsDecidedByTheWorld) {
  const Intent by_world;
  EXPECT_EQ(recover(by_world, Standing::after), Recover::done);
  EXPECT_EQ(recover(by_world, Standing::before), Recover::retry);
  EXPECT_EQ(recover(by_world, Standing::other), Recover::needs_review);
  const Intent by_key{.recovery = Recovery::by_key};
  EXPECT_EQ(recover(by_key, Standing::other, hours(22)), Recover::retry);
  EXPECT_EQ(recover(by_key, Standing::other, hours(24)), Recover::needs_review) << "forgotten";
}

TEST_F(MachineTest, GoesThroughItsCyclesToTheGoal) {
  world_.plans = {"a||halt|write a.txt one\nb|a|halt|check", "a||halt|write a.txt two"};
  world_.reflections = {"more", "done"};
  const mandates::Run ended = run();
  EXPECT_EQ(ended.outcome, "succeeded");
  EXPECT_EQ(ended.cycle, 2);
  EXPECT_EQ(world_.read("a.txt"), "two");
  EXPECT_EQ(world_.count("think"), 6);
  EXPECT_EQ(engine_->ledger->usage({ended.id, mandate_.id}).run, (Amounts{6, 600, 12'000, 300}));
  EXPECT_TRUE(engine_->store->audit());
}

TEST_F(MachineTest, TheSameKeyIsTheSameRun) {
  const auto first = engine_->runs().create(mandate_.n, "event", "file changed 7").value();
  EXPECT_EQ(engine_->runs().create(mandate_.n, "event", "file changed 7").value(), first);
  EXPECT_NE(engine_->runs().create(mandate_.n, "event", "file changed 8").value(), first);
}

TEST_F(MachineTest, EndsAtItsLimits) {
  world_.reflections = {"more"};
  world_.run_rules.most_alike = 100;
  world_.run_rules.most_cycles = 4;
  EXPECT_EQ(run().reason, "cycles");
  world_.run_rules.most_alike = 3;
  EXPECT_THAT(run().reason, StartsWith("loop"));
  world_.plans = {"a||halt|fail", "b||halt|fail", "c||halt|fail"};
  EXPECT_EQ(run().reason, "errors");
  world_.run_rules.budget.run.calls = 2;
  EXPECT_EQ(run().reason, "budget: run: calls");
}

TEST_F(MachineTest, EndsAtItsDeadlineAlsoWhileItWaits) {
  world_.run_rules.deadline = hours(1);
  world_.plans = {"a||halt|ask write a.txt x"};
  const auto waiting = start();
  EXPECT_EQ(finish(waiting).reason, "waiting_approval");
  clock_.advance(hours(9));
  EXPECT_EQ(finish(waiting).reason, "deadline");
  EXPECT_TRUE(engine_->approvals().pending().value().empty());
}

TEST_F(MachineTest, TriesAFailedPhaseAgainLaterAndLater) {
  int failures = 2;
  world_.interfere = [&](std::string_view what) -> std::optional<Error> {
    if (what != "orient" || failures-- <= 0) return std::nullopt;
    return Error{Errc::timed_out, "the model is slow", {}};
  };
  const auto n = start();
  EXPECT_THAT(finish(n).reason, HasSubstr("waiting_retry"));
  clock_.advance(seconds(29));
  EXPECT_EQ(finish(n).state, "blocked");
  clock_.advance(seconds(2));
  EXPECT_EQ(finish(n).state, "blocked");
  clock_.advance(seconds(61));
  EXPECT_EQ(finish(n).outcome, "succeeded");
  // Failed calls cost, too.
  EXPECT_EQ(engine_->ledger->usage({engine_->run(n).id, ""}).run.calls, 5);
}

TEST_F(MachineTest, FailsWhenItsRetriesAreUsedUpAndCanBeRetriedByHand) {
  bool is_broken = true;
  world_.run_rules.retry.most = 0;
  world_.interfere = [&](std::string_view what) -> std::optional<Error> {
    if (what != "decide" || !is_broken) return std::nullopt;
    return Error{Errc::io, "no route", {}};
  };
  const auto n = start();
  EXPECT_EQ(finish(n).reason, "decide: no route");
  is_broken = false;
  ASSERT_TRUE(engine_->runs().retry(n));
  EXPECT_EQ(finish(n).outcome, "succeeded");
  EXPECT_EQ(world_.count("think"), 4);  // orient once, decide twice, reflect
}

TEST_F(MachineTest, WaitsVisiblyForAModel) {
  bool has_model = false;
  world_.interfere = [&](std::string_view what) -> std::optional<Error> {
    if (what != "orient" || has_model) return std::nullopt;
    return Error{Errc::unavailable, "no client", {}};
  };
  const auto n = start();
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(finish(n).reason, "waiting_model: no client");
    clock_.advance(minutes(2));
  }
  has_model = true;
  EXPECT_EQ(finish(n).outcome, "succeeded");
}

TEST_F(MachineTest, LooksAgainForAModelWhenItIsTold) {
  bool has_model = false;
  world_.interfere = [&](std::string_view what) -> std::optional<Error> {
    if (what != "orient" || has_model) return std::nullopt;
    return Error{Errc::unavailable, "no client", {}};
  };
  const auto n = start();
  EXPECT_EQ(finish(n).reason, "waiting_model: no client");
  has_model = true;
  EXPECT_EQ(finish(n).state, "blocked") << "not before its time";
  ASSERT_TRUE(engine_->runs().wake_waiting_for_model());
  EXPECT_EQ(finish(n).outcome, "succeeded");
}

// Between the look and the wait: whoever is told of it must not wait for ever.
TEST_F(MachineTest, GoesOnWhenAModelComesJustAfterTheLook) {
  bool has_looked = false;
  world_.absent = [&]() -> std::optional<std::string> {
    if (std::exchange(has_looked, true)) return std::nullopt;
    EXPECT_TRUE(engine_->runs().wake_waiting_for_model());
    return "no client";
  };
  EXPECT_EQ(run().outcome, "succeeded");
}

// Whatever comes next would be kept and shown with them in it.
TEST_F(MachineTest, NoPhaseBeginsBeforeTheSecretsAreKnown) {
  bool are_known = false;
  world_.obstructed = [&]() -> std::optional<std::string> {
    if (are_known) return std::nullopt;
    return "a secret is being read";
  };
  const auto n = start();
  EXPECT_EQ(finish(n).reason, "waiting_secrets: a secret is being read");
  EXPECT_EQ(finish(n).state, "blocked");
  EXPECT_EQ(world_.count("think"), 0);
  are_known = true;
  EXPECT_EQ(finish(n).state, "blocked") << "nobody has told it";
  ASSERT_TRUE(engine_->runs().wake_waiting_for_secrets());
  EXPECT_EQ(finish(n).outcome, "succeeded");
  // Also when they become known just after the look.
  are_known = false;
  world_.obstructed = [&]() -> std::optional<std::string> {
    if (std::exchange(are_known, true)) return std::nullopt;
    EXPECT_TRUE(engine_->runs().wake_waiting_for_secrets());
    return "a secret is being read";
  };
  EXPECT_EQ(run().outcome, "succeeded");
}

TEST_F(MachineTest, AsksAgainWhenAPlanCannotBeRead) {
  world_.plans = {"nonsense"};
  world_.run_rules.retry.most = 1;
  const auto n = start();
  EXPECT_THAT(finish(n).reason, HasSubstr("no plan"));
  clock_.advance(hours(1));
  EXPECT_EQ(finish(n).reason, "decide: no plan");
}

TEST_F(MachineTest, WaitsForAnApprovalWithoutHoldingOthersUp) {
  world_.plans = {"a||halt|ask write a.txt x"};
  const auto first = start();
  EXPECT_EQ(finish(first).reason, "waiting_approval");
  world_.plans = {"b||halt|write b.txt y"};
  EXPECT_EQ(run().outcome, "succeeded");
  // Decided while the daemon was away and back.
  reopen();
  decide(Verdict::approve);
  reopen();
  EXPECT_EQ(finish(first).outcome, "succeeded");
  EXPECT_EQ(world_.read("a.txt"), "x");
}

TEST_F(MachineTest, GoesOnWithStepsThatDoNotNeedTheOneThatWaits) {
  world_.plans = {"a||halt|ask write a.txt x\nb||halt|write b.txt y\nc|a|halt|write c.txt z"};
  const auto n = start();
  EXPECT_EQ(finish(n).reason, "waiting_approval");
  EXPECT_EQ(world_.read("b.txt"), "y");
  EXPECT_EQ(world_.read("c.txt"), "");
  decide(Verdict::approve);
  EXPECT_EQ(finish(n).outcome, "succeeded");
  EXPECT_EQ(world_.read("c.txt"), "z");
  for (const auto& [key, count] : world_.counts("effect")) EXPECT_EQ(count, 1) << key;
}

// A wake is for once: a run that has nothing new goes back to sleep.
TEST_F(MachineTest, SleepsAgainAfterAWakeForNothing) {
  world_.plans = {"a||halt|ask write a.txt x"};
  const auto n = start();
  (void)finish(n);
  ASSERT_TRUE(engine_->store->commit(Point::run_blocked,
                                     [&](Change& change) { return wake_run(change, n); }));
  EXPECT_TRUE(engine_->work());
  EXPECT_FALSE(engine_->work());
  EXPECT_EQ(engine_->run(n).reason, "waiting_approval");
}

TEST_F(MachineTest, ADeniedStepFails) {
  world_.plans = {"a||halt|ask write a.txt x"};
  const auto n = start();
  (void)finish(n);
  decide(Verdict::deny);
  EXPECT_EQ(finish(n).outcome, "succeeded");  // the model was told, and found the goal reached
  EXPECT_EQ(step_output(n, "a"), "failed: denied: denied");
  EXPECT_EQ(world_.read("a.txt"), "");
}

TEST_F(MachineTest, TheDeadlineEndsARunThatWaits) {
  world_.run_rules.deadline = minutes(10);
  world_.plans = {"a||halt|ask write a.txt x"};
  const auto asks = start();
  EXPECT_EQ(finish(asks).reason, "waiting_approval");
  world_.plans = {"a||halt|write b.txt new"};
  world_.interfere = [&](std::string_view what) -> std::optional<Error> {
    if (what != "perform") return std::nullopt;
    world_.put("b.txt", "half");
    return Error{Errc::outcome_unknown, "cut off", {}};
  };
  const auto looks = start();
  EXPECT_EQ(finish(looks).reason, "needs_review");
  // By itself: nobody wakes them.
  clock_.advance(minutes(10));
  for (const auto run : {asks, looks}) {
    EXPECT_EQ(finish(run).state, "ended");
    EXPECT_EQ(engine_->run(run).reason, "deadline");
  }
  EXPECT_TRUE(engine_->approvals().pending().value().empty());
  // A person's word is taken nevertheless, for the record.
  EXPECT_TRUE(
      engine_->effects().resolve(engine_->effects().for_review().value().front(), true, "ada"));
}

TEST_F(MachineTest, NoAnswerUntilTheDeadlineIsNo) {
  world_.plans = {"a||halt|ask write a.txt x"};
  const auto n = start();
  (void)finish(n);
  const std::string id = only_proposal();
  clock_.advance(hours(8));
  EXPECT_EQ(engine_->approvals().decide(id, Verdict::approve, "ada", "").error().code,
            Errc::timed_out);
  EXPECT_EQ(finish(n).outcome, "succeeded");
  EXPECT_EQ(step_output(n, "a"), "failed: denied: expired");
}

TEST_F(MachineTest, DriftSupersedesWhatWasAskedOrApproved) {
  world_.put("a.txt", "old");
  world_.plans = {"a||halt|ask write a.txt new"};
  const auto n = start();
  (void)finish(n);
  const std::string first = only_proposal();
  world_.put("a.txt", "edited by hand");
  decide(Verdict::approve);
  // What was approved is not what would happen now.
  EXPECT_EQ(finish(n).reason, "waiting_approval");
  EXPECT_EQ(engine_->approvals().load(first).value().state, "superseded");
  EXPECT_EQ(world_.read("a.txt"), "edited by hand");
  EXPECT_NE(only_proposal(), first);
  decide(Verdict::approve);
  EXPECT_EQ(finish(n).outcome, "succeeded");
  EXPECT_EQ(world_.read("a.txt"), "new");
}

TEST_F(MachineTest, ARuleIsOverriddenByElevationOnly) {
  world_.plans = {"a||halt|elevate write .git/x y"};
  std::filesystem::create_directories(world_.file(".git"));
  const auto n = start();
  (void)finish(n);
  const std::string id = only_proposal();
  EXPECT_EQ(engine_->approvals().decide(id, Verdict::approve, "ada", "").error().code,
            Errc::permission);
  decide(Verdict::elevate);
  EXPECT_EQ(finish(n).outcome, "succeeded");
  EXPECT_EQ(world_.read(".git/x"), "y");
  EXPECT_EQ(engine_->approvals().load(id).value().state, "used");
}

TEST_F(MachineTest, DoesNotWhatIsDenied) {
  world_.plans = {"a||halt|deny write a.txt x"};
  const auto n = start();
  EXPECT_EQ(finish(n).outcome, "succeeded");
  EXPECT_EQ(step_output(n, "a"), "failed: denied: a rule");
}

TEST_F(MachineTest, StopsWhatWaitsRunsOrIsBlocked) {
  const auto waiting = start();
  ASSERT_TRUE(engine_->runs().stop(waiting, Stop::cancel, "by hand"));
  EXPECT_EQ(engine_->run(waiting).outcome, "stopped");

  world_.plans = {"a||halt|ask write a.txt x"};
  const auto blocked = start();
  (void)finish(blocked);
  ASSERT_TRUE(engine_->runs().stop(blocked, Stop::cancel, "by hand"));
  EXPECT_EQ(finish(blocked).outcome, "stopped");
  EXPECT_EQ(engine_->run(blocked).reason, "by hand");
  EXPECT_TRUE(engine_->approvals().pending().value().empty());
}

TEST_F(MachineTest, ACancelledRunEndsBetweenItsSteps) {
  world_.plans = {"a||halt|write a.txt x\nb|a|halt|write b.txt y"};
  std::int64_t n = 0;
  world_.interfere = [&](std::string_view what) -> std::optional<Error> {
    if (what == "perform") EXPECT_TRUE(engine_->runs().stop(n, Stop::cancel, "by hand"));
    return std::nullopt;
  };
  n = start();
  EXPECT_EQ(finish(n).outcome, "stopped");
  EXPECT_EQ(engine_->run(n).reason, "by hand");
  EXPECT_EQ(world_.read("a.txt"), "x");
  EXPECT_EQ(world_.read("b.txt"), "");
}

TEST_F(MachineTest, GivesUpWhatTakesTheDaemonAlongEachTime) {
  const auto n = start();
  ASSERT_EQ(engine_->runs().take(engine_->store->now(), 1).value().size(), 1U);
  // Begun, and killed, again and again.
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(engine_->runs().begin_phase(engine_->run(n), Phase::observe));
  }
  reopen();
  EXPECT_EQ(finish(n).reason, "observe was begun too often");
}

TEST_F(MachineTest, AnErrorOfAnySizeFitsIntoTheJournal) {
  world_.run_rules.retry.most = 0;
  world_.interfere = [](std::string_view what) -> std::optional<Error> {
    if (what != "observe") return std::nullopt;
    return Error{Errc::io, std::string(3 << 20, 'x'), {}};
  };
  EXPECT_EQ(run().outcome, "failed");
  EXPECT_TRUE(engine_->store->audit());
}

// A leaving daemon cuts a model call off: the run stays, and goes on later.
TEST_F(MachineTest, IsDrivenOnAfterTheDaemonLeft) {
  std::stop_source leaving;
  world_.interfere = [&](std::string_view what) -> std::optional<Error> {
    if (what != "decide" || leaving.stop_requested()) return std::nullopt;
    leaving.request_stop();
    return Error{Errc::cancelled, "cut off", {}};
  };
  const auto n = start();
  engine_->work(leaving.get_token());
  EXPECT_EQ(engine_->run(n).state, "running");
  reopen();
  EXPECT_EQ(finish(n).outcome, "succeeded");
  EXPECT_EQ(world_.count("think"), 4);
}

// Nothing of it has begun, says who was to carry it out: the next daemon does it, and asks nobody.
TEST_F(MachineTest, AnEffectThatWasCutOffBeforeItBeganIsTakenUp) {
  world_.plans = {"a||halt|ask write a.txt new"};
  std::stop_source leaving;
  world_.interfere = [&](std::string_view what) -> std::optional<Error> {
    if (what != "perform" || leaving.stop_requested()) return std::nullopt;
    leaving.request_stop();
    return Error{Errc::cancelled, "stopped before it began", {}};
  };
  const auto n = start();
  (void)finish(n);
  decide(Verdict::approve);
  engine_->work(leaving.get_token());
  EXPECT_EQ(engine_->number("SELECT count(*) FROM effects WHERE state = 'held'"), 1);
  // What the world looks like meanwhile would say nothing.
  world_.put("a.txt", "half");
  std::filesystem::remove(world_.file("a.txt"));
  reopen();
  EXPECT_EQ(finish(n).outcome, "succeeded");
  EXPECT_EQ(world_.read("a.txt"), "new");
  EXPECT_EQ(world_.resent, 0);
  EXPECT_EQ(engine_->number("SELECT count(*) FROM proposals WHERE state = 'used'"), 1);
  EXPECT_TRUE(engine_->store->audit());
}

// Nor is one asked about that then finds another world, or whose run ends first.
TEST_F(MachineTest, AnEffectThatNeverBeganIsNoQuestion) {
  for (const bool is_stopped : {false, true}) {
    std::stop_source leaving;
    world_.plans = {"a||halt|write a.txt new"};
    world_.interfere = [&](std::string_view what) -> std::optional<Error> {
      if (what != "perform" || leaving.stop_requested()) return std::nullopt;
      leaving.request_stop();
      return Error{Errc::cancelled, "stopped before it began", {}};
    };
    const auto n = start();
    engine_->work(leaving.get_token());
    world_.put("a.txt", "somebody's");
    if (is_stopped) ASSERT_TRUE(engine_->runs().stop(n, Stop::cancel, "by hand"));
    reopen();
    EXPECT_EQ(finish(n).state, "ended");
    if (!is_stopped) EXPECT_EQ(step_output(n, "a"), "failed: it has changed");
    EXPECT_TRUE(engine_->effects().for_review().value().empty());
    EXPECT_EQ(engine_->number("SELECT count(*) FROM effects WHERE state = 'held'"), 0);
    std::filesystem::remove(world_.file("a.txt"));
  }
}

// Whoever carries it out says that it is over: nobody has to look, and what it printed is kept.
TEST_F(MachineTest, AnEffectThatFailedToItsEndHasFailed) {
  world_.put("a.txt", "old");
  world_.plans = {"a||halt|write a.txt new"};
  world_.interfere = [&](std::string_view what) -> std::optional<Error> {
    if (what != "perform") return std::nullopt;
    world_.put("a.txt", "half");
    return Error{Errc::io, "printed; exited with 3", {}};
  };
  const auto n = start();
  EXPECT_EQ(finish(n).state, "ended");
  EXPECT_EQ(step_output(n, "a"), "failed: printed; exited with 3");
  EXPECT_TRUE(engine_->effects().for_review().value().empty());
}

// A leaving daemon cuts a call of a tool off; the next one says that it may be the second.
TEST_F(MachineTest, SaysThatAnEffectMayHaveHappened) {
  world_.plans = {"a||halt|post hello"};
  std::stop_source leaving;
  world_.interfere = [&](std::string_view what) -> std::optional<Error> {
    if (what != "perform" || leaving.stop_requested()) return std::nullopt;
    leaving.request_stop();
    return Error{Errc::outcome_unknown, "cut off", {}};
  };
  const auto n = start();
  engine_->work(leaving.get_token());
  EXPECT_EQ(world_.resent, 0);
  reopen();
  EXPECT_EQ(finish(n).outcome, "succeeded");
  EXPECT_EQ(world_.resent, 1);
}

TEST_F(MachineTest, AsksAPersonWhenTheWorldDoesNotTell) {
  world_.put("a.txt", "old");
  world_.plans = {"a||halt|write a.txt new\nb|a|halt|check"};
  world_.interfere = [&](std::string_view what) -> std::optional<Error> {
    if (what != "perform" || world_.read("a.txt") != "old") return std::nullopt;
    world_.put("a.txt", "half");
    return Error{Errc::outcome_unknown, "the disk is full", {}};
  };
  const auto n = start();
  EXPECT_EQ(finish(n).reason, "needs_review");
  const auto keys = engine_->effects().for_review().value();
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(engine_->effects().find(keys.front()).value()->output, "the disk is full")
      << "which says where to look";
  reopen();
  EXPECT_EQ(finish(n).state, "blocked");
  ASSERT_TRUE(engine_->effects().resolve(keys.front(), true, "ada"));
  EXPECT_EQ(finish(n).outcome, "succeeded");
  EXPECT_EQ(step_output(n, "a"), "done: the disk is full\nit happened, says ada");
  EXPECT_EQ(world_.read("a.txt"), "half");
}

}  // namespace
}  // namespace hearth::packs::mandates
