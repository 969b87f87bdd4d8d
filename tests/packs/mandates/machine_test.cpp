#include "packs/mandates/engine/machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "packs/mandates/scripted_world.hpp"
#include "support/sizes.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;
namespace mandates = packs::mandates;

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
  EXPECT_FALSE(check(plan_of({{.id = ""}})));
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

// testing::Test has a Run of its own.
class MachineTest : public testing::Test {
 protected:
  void SetUp() override {
    reopen();
    mandate_ = create_mandate(*engine_->store, "tidy", "spec").value();
  }
  void reopen() {
    engine_.reset();
    auto opened = test::Engine::open(directory_ / "state", clock_, world_);
    ASSERT_TRUE(opened) << opened.error().message;
    engine_ = std::move(*opened);
  }
  std::int64_t start() { return engine_->runs().create(mandate_.n, "test").value(); }
  mandates::Run finish(std::int64_t run) {
    for (int i = 0; i < 100 && engine_->work(); ++i) {
    }
    return engine_->run(run);
  }
  mandates::Run run() { return finish(start()); }
  std::string only_proposal() {
    const auto pending = engine_->approvals().pending().value();
    EXPECT_EQ(pending.size(), 1U);
    return pending.empty() ? "" : pending.front();
  }
  std::string step_output(std::int64_t run, const std::string& step, int cycle = 1) {
    auto reader = engine_->store->read().value();
    for (const StepRow& row : load_steps(*reader, run, cycle).value()) {
      if (row.step == step) return std::string(step_state_name(row.state)) + ": " + row.output;
    }
    return "none";
  }
  void decide(Verdict verdict) {
    const auto done = engine_->approvals().decide(only_proposal(), verdict, "ada", "");
    ASSERT_TRUE(done) << done.error().message;
  }

  const test::ScratchDirectory directory_{"mandates"};
  test::HeldClock clock_;
  test::ScriptedWorld world_{directory_ / "world"};
  std::unique_ptr<test::Engine> engine_;
  Mandate mandate_;
};

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

// Each limit that leaves too little for the next call at its worst ends the run, and is named.
TEST_F(MachineTest, EachBudgetEndsARunBeforeTheCallThatCouldPassIt) {
  const Amounts worst = world_.worst_case(Phase::orient, {});
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

// Where so many have to be at the same time; an error for one whose company does not come.
class MeetingPlace {
 public:
  explicit MeetingPlace(int expected) : expected_(expected) {}
  std::optional<Error> come() {
    std::unique_lock lock(mutex_);
    ++here_;
    changed_.notify_all();
    if (changed_.wait_for(lock, test::patience, [&] { return here_ >= expected_; }))
      return std::nullopt;
    return Error{Errc::timed_out, "nobody came", {}};
  }

 private:
  const int expected_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int here_ = 0;
};

TEST_F(MachineTest, StepsThatDoNotNeedEachOtherGoOnSideBySide) {
  world_.plans = {
      "a||halt|post 1\nb||halt|post 2\nc||halt|check\nd||halt|write a.txt x\n"
      "e|a,b,c,d|halt|check"};
  MeetingPlace place(4);
  world_.interfere = [&](std::string_view what) -> std::optional<Error> {
    return what == "perform" ? place.come() : std::nullopt;
  };
  const auto n = start();
  EXPECT_EQ(finish(n).outcome, "succeeded");
  for (const char* const step : {"a", "b", "c", "d", "e"})
    EXPECT_THAT(step_output(n, step), StartsWith("done")) << step;
  for (const auto& [key, count] : world_.counts("effect")) EXPECT_EQ(count, 1) << key;
  EXPECT_TRUE(engine_->store->audit());
}

// What goes on already comes to its end; what could begin does not.
TEST_F(MachineTest, AFailureHaltsWhatHasNotBegun) {
  world_.plans = {
      "a||halt|fail\nb||halt|post 1\nc||halt|post 2\nd||halt|post 3\n"
      "e||halt|post 4\nf||halt|post 5"};
  MeetingPlace place(3);
  world_.interfere = [&](std::string_view what) -> std::optional<Error> {
    return what == "perform" ? place.come() : std::nullopt;
  };
  const auto n = start();
  EXPECT_EQ(finish(n).state, "ended");
  EXPECT_EQ(step_output(n, "a"), "failed: cannot be prepared");
  for (const char* const step : {"b", "c", "d"})
    EXPECT_THAT(step_output(n, step), StartsWith("done")) << step;
  for (const char* const step : {"e", "f"}) EXPECT_EQ(step_output(n, step), "skipped: ") << step;
}

TEST_F(MachineTest, SomeStepsKeepThePlansOrder) {
  world_.plans = {
      "a||halt|post 1\nb||halt|post 2\nc||halt|write a.txt x\nd||halt|write b.txt y\n"
      "e||halt|post 3"};
  world_.ordered = "write";
  std::mutex mutex;
  std::vector<std::string> seen;
  MeetingPlace place(2);
  world_.interfere = [&](std::string_view what) -> std::optional<Error> {
    if (what != "perform") return std::nullopt;
    {
      const std::lock_guard lock(mutex);
      seen.push_back(std::to_string(world_.count("effect")) + world_.read("a.txt") +
                     world_.read("b.txt"));
    }
    return place.come();
  };
  EXPECT_EQ(run().outcome, "succeeded");
  EXPECT_THAT(seen, testing::ElementsAre("0", "0", "2", "3x", "4xy"));
}

// What keeps the order waits for what is before it, also for a person.
TEST_F(MachineTest, NothingThatKeepsTheOrderPassesOneThatWaits) {
  world_.plans = {
      "a||halt|ask write a.txt x\nb||halt|write b.txt y\nc||halt|post 1\nd||halt|write d.txt z"};
  world_.ordered = "write";
  const auto n = start();
  EXPECT_EQ(finish(n).reason, "waiting_approval");
  EXPECT_EQ(world_.read("b.txt") + world_.read("d.txt"), "");
  EXPECT_EQ(world_.count("effect"), 1) << "c goes on";
  decide(Verdict::approve);
  EXPECT_EQ(finish(n).outcome, "succeeded");
  EXPECT_EQ(world_.read("a.txt") + world_.read("b.txt") + world_.read("d.txt"), "xyz");
}

TEST_F(MachineTest, ARejectedStepHaltsWhatIsBehindIt) {
  world_.plans = {"a||halt|ask post 1\nb||halt|write b.txt y\nc||halt|post 2"};
  world_.ordered = "write";
  const auto n = start();
  EXPECT_EQ(finish(n).reason, "waiting_approval");
  EXPECT_EQ(world_.count("effect"), 1) << "c, beside it";
  decide(Verdict::deny);
  EXPECT_EQ(finish(n).state, "ended");
  EXPECT_EQ(step_output(n, "a"), "failed: denied: denied");
  EXPECT_EQ(step_output(n, "b"), "skipped: ");
  EXPECT_EQ(world_.read("b.txt"), "");
}

TEST_F(MachineTest, NothingBeginsWhileAPersonHasToLook) {
  world_.put("a.txt", "old");
  world_.plans = {
      "z||halt|ask post 1\na||halt|write a.txt new\nb||halt|check\nc||halt|write c.txt z"};
  world_.interfere = [&](std::string_view what) -> std::optional<Error> {
    if (what != "perform" || world_.read("a.txt") != "old") return std::nullopt;
    world_.put("a.txt", "half");
    return Error{Errc::outcome_unknown, "cut off", {}};
  };
  world_.ordered = "check";
  const auto n = start();
  (void)finish(n);
  const auto keys = engine_->effects().for_review().value();
  ASSERT_EQ(keys.size(), 1U);
  // The approval of one does not let it begin either, nor does a restart.
  decide(Verdict::approve);
  reopen();
  EXPECT_EQ(finish(n).reason, "needs_review");
  EXPECT_EQ(step_output(n, "b") + step_output(n, "c"), "nonenone");
  EXPECT_EQ(world_.count("effect"), 0);
  ASSERT_TRUE(engine_->effects().resolve(keys.front(), true, "ada"));
  EXPECT_EQ(finish(n).outcome, "succeeded");
  EXPECT_EQ(world_.read("c.txt"), "z");
}

TEST_F(MachineTest, WithoutHelpersItGoesOnStepByStep) {
  world_.plans = {"a||halt|post 1\nb||halt|post 2\nc||halt|check"};
  RunMachine machine(*engine_->store, *engine_->ledger, Ports{world_, world_, world_},
                     std::make_shared<Helpers>(0));
  std::vector<int> seen;
  world_.interfere = [&](std::string_view what) -> std::optional<Error> {
    if (what == "perform") seen.push_back(world_.count("effect"));
    return std::nullopt;
  };
  const auto n = start();
  ASSERT_EQ(engine_->runs().take(engine_->store->now(), 1).value().size(), 1U);
  ASSERT_TRUE(machine.drive(n, {}));
  EXPECT_EQ(engine_->run(n).outcome, "succeeded");
  EXPECT_THAT(seen, testing::ElementsAre(0, 1, 2));
}

// A leaving daemon cuts all of them off, and the next one goes on with all of them.
TEST_F(MachineTest, ALeavingDaemonCutsAWholeWaveOff) {
  world_.plans = {"a||halt|post 1\nb||halt|post 2\nc||halt|check"};
  std::stop_source leaving;
  MeetingPlace place(3);
  world_.interfere = [&](std::string_view what) -> std::optional<Error> {
    if (what != "perform") return std::nullopt;
    if (auto alone = place.come()) return alone;
    leaving.request_stop();
    return Error{Errc::outcome_unknown, "cut off", {}};
  };
  const auto n = start();
  engine_->work(leaving.get_token());
  EXPECT_EQ(engine_->run(n).state, "running");
  EXPECT_EQ(world_.count("effect"), 0);
  world_.interfere = {};
  reopen();
  EXPECT_EQ(finish(n).outcome, "succeeded");
  EXPECT_EQ(world_.resent, 3);
  EXPECT_EQ(world_.count("effect"), 3);
}

TEST(HelpersTest, AreLentWhileThereAreSome) {
  Helpers helpers(3);
  {
    const auto two = helpers.lend(2);
    EXPECT_EQ(two.count(), 2U);
    EXPECT_EQ(helpers.lend(2).count(), 1U);
    EXPECT_EQ(helpers.lend(9).count(), 1U) << "given back";
  }
  EXPECT_EQ(helpers.lend(9).count(), 3U);
}

TEST(HelpersTest, WhatATaskThrowsIsThrownWhenAllHaveEnded) {
  MeetingPlace place(2);
  std::atomic<int> ended = 0;
  const auto throws = [&] { throw std::runtime_error("broken"); };
  const auto works = [&] {
    EXPECT_FALSE(place.come());
    ++ended;
  };
  EXPECT_THROW(run_side_by_side({works, throws, works}, [](std::size_t) {}), std::runtime_error);
  EXPECT_EQ(ended, 2);
}

TEST(HelpersTest, WhereThreadsRunOutTheRestIsLeftOutFirst) {
  std::vector<std::string> seen;
  const auto task = [&](const char* name) { return [&seen, name] { seen.emplace_back(name); }; };
  int spawned = 0;
  run_side_by_side(
      {task("a"), task("b"), task("c"), task("d")},
      [&](std::size_t i) { seen.push_back("left " + std::to_string(i)); },
      [&](const std::function<void()>& each) {
        if (++spawned > 1) throw std::system_error(EAGAIN, std::generic_category());
        return std::async(std::launch::deferred, each);
      });
  EXPECT_THAT(seen, testing::ElementsAre("left 2", "left 3", "a", "b"));
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
