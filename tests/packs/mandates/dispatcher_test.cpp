#include "packs/mandates/engine/dispatcher.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "packs/mandates/scripted_world.hpp"
#include "support/sizes.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// By the machine's clock: what is tested here is waiting.
class DispatcherTest : public testing::Test {
 protected:
  void SetUp() override {
    engine_ = test::Engine::open(directory_ / "state", clock_, world_).value();
    mandate_ = create_mandate(*engine_->store, "m", "spec").value();
  }
  void start() { start_with(world_, 2); }
  void start_with(Thinker& thinker, int workers) {
    dispatcher_ =
        Dispatcher::start(*engine_->store, *engine_->ledger, Ports{world_, thinker, world_},
                          workers, std::make_shared<Helpers>(1))
            .value();
  }
  std::int64_t create_run() {
    const auto run = engine_->runs().create(mandate_.n, "test").value();
    dispatcher_->wake();
    return run;
  }
  // Every run ends with a thought, whose call is an event.
  void expect_state(std::int64_t run, const std::string& state) {
    const auto deadline = std::chrono::steady_clock::now() + test::patience;
    while (engine_->run(run).state != state) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << engine_->run(run).state;
      std::this_thread::sleep_for(milliseconds(2));
    }
  }

  const test::ScratchDirectory directory_{"mandates-dispatcher"};
  SystemClock clock_;
  test::ScriptedWorld world_{directory_ / "world"};
  std::unique_ptr<test::Engine> engine_;
  Mandate mandate_;
  std::unique_ptr<Dispatcher> dispatcher_;
};

TEST_F(DispatcherTest, FiresInTimeAndDrivesToTheEnd) {
  const auto schedule = engine_->schedules()
                            .create(mandate_.n, {.timing = "every 1s", .overlap = Overlap::allow})
                            .value();
  start();
  dispatcher_->schedule_changed(schedule);
  const auto deadline = std::chrono::steady_clock::now() + test::patience;
  while (engine_->number("SELECT count(*) FROM runs WHERE outcome = 'succeeded'") < 2) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::sleep_for(milliseconds(2));
  }
  dispatcher_->close();
  const auto late = engine_->number("SELECT min(fired_ms - scheduled_ms) FROM occurrences");
  EXPECT_GE(late, 0);
  if (!test::is_sanitized()) EXPECT_LT(late, 500);
}

TEST_F(DispatcherTest, AnApprovalWakesItsRun) {
  world_.plans = {"a||halt|ask write a.txt x"};
  start();
  const auto run = create_run();
  expect_state(run, "blocked");
  ASSERT_TRUE(engine_->approvals().decide(engine_->approvals().pending().value().front(),
                                          Verdict::approve, "ada", ""));
  dispatcher_->wake();
  expect_state(run, "ended");
  EXPECT_EQ(world_.read("a.txt"), "x");
}

// The thread that parked the run may still be on its way back when the run goes on.
TEST_F(DispatcherTest, AnApprovalIsHeardAsSoonAsItIsAskedFor) {
  world_.plans = {"a||halt|ask write a.txt x"};
  start();
  const int rounds = test::is_sanitized() ? 10 : 60;
  for (int i = 0; i < rounds; ++i) {
    const auto run = create_run();
    const auto deadline = std::chrono::steady_clock::now() + test::patience;
    std::vector<std::string> pending;
    while (pending.empty() && std::chrono::steady_clock::now() < deadline)
      pending = engine_->approvals().pending().value();
    ASSERT_EQ(pending.size(), 1U);
    ASSERT_TRUE(engine_->approvals().decide(pending.front(), Verdict::approve, "ada", ""));
    dispatcher_->wake();
    expect_state(run, "ended");
  }
}

// A model that does not answer.
class SilentModel final : public Thinker {
 public:
  explicit SilentModel(Thinker& other) : other_(other) {}
  Thought think(Phase,
                const RunContext&,
                const std::stop_token& stop,
                const Reserve& reserve) override {
    EXPECT_TRUE(reserve(test::ScriptedWorld::worst_of_thought));
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    asked_.set_value();
    changed.wait(lock, stop, [] { return false; });
    return {fail(Errc::cancelled, "cut off"), std::nullopt};
  }
  Result<Plan> plan(std::string_view decision) override { return other_.plan(decision); }
  Result<bool> is_goal_reached(std::string_view text) override {
    return other_.is_goal_reached(text);
  }
  Result<RunRules> rules(std::string_view spec) override { return other_.rules(spec); }
  void wait_until_asked() { asked_.get_future().wait(); }

 private:
  Thinker& other_;
  std::promise<void> asked_;
};

TEST_F(DispatcherTest, LeavesAtOnceInTheMiddleOfAModelCallAndGoesOnLater) {
  SilentModel silent(world_);
  start_with(silent, 1);
  const auto run = create_run();
  silent.wait_until_asked();
  EXPECT_EQ(dispatcher_->status().running, 1U);
  const auto begin = std::chrono::steady_clock::now();
  dispatcher_->close();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(test::is_sanitized() ? 10 : 1));
  EXPECT_EQ(engine_->run(run).state, "running");
  dispatcher_.reset();
  start();
  expect_state(run, "ended");
  EXPECT_EQ(engine_->run(run).outcome, "succeeded");
  // The cut call stays charged.
  EXPECT_EQ(engine_->ledger->usage({engine_->run(run).id, ""}).run.calls, 4);
}

TEST_F(DispatcherTest, StopCutsAModelCallOff) {
  SilentModel silent(world_);
  start_with(silent, 1);
  const auto run = create_run();
  silent.wait_until_asked();
  ASSERT_TRUE(engine_->runs().stop(run, Stop::terminate, "by hand"));
  dispatcher_->cut_off(run);
  expect_state(run, "ended");
  EXPECT_EQ(engine_->run(run).outcome, "stopped");
}

TEST_F(DispatcherTest, TheDeadlineCutsAModelCallOff) {
  world_.run_rules.deadline = seconds(1);
  SilentModel silent(world_);
  start_with(silent, 1);
  const auto run = create_run();
  silent.wait_until_asked();
  expect_state(run, "ended");
  EXPECT_EQ(engine_->run(run).outcome, "failed");
  EXPECT_EQ(engine_->run(run).reason, "deadline");
}

// A run whose store fails for a moment is driven on, without a restart.
TEST_F(DispatcherTest, GoesOnWhenTheStoreWorksAgain) {
  auto other = store::Database::open(directory_ / "state/mandates.db", {}).value();
  std::atomic<bool> breaks = true;
  world_.interfere = [&](std::string_view what) -> std::optional<Error> {
    // Its phase's end then finds no table to write to.
    if (what == "observe" && breaks.exchange(false))
      EXPECT_TRUE(other.execute("ALTER TABLE phases RENAME TO gone"));
    return std::nullopt;
  };
  start();
  const auto run = create_run();
  const auto deadline = std::chrono::steady_clock::now() + test::patience;
  while (dispatcher_->status().error.empty()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::sleep_for(milliseconds(2));
  }
  ASSERT_TRUE(other.execute("ALTER TABLE gone RENAME TO phases"));
  expect_state(run, "ended");
  EXPECT_EQ(engine_->run(run).outcome, "succeeded");
}

TEST_F(DispatcherTest, RestsWhileNothingIsDue) {
  ASSERT_TRUE(engine_->store->commit(Point::schedule_changed, [&](Change& change) -> Result<void> {
    return change->run(
        "WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < 10000) "
        "INSERT INTO schedules(id, mandate_n, timing, zone, jitter_ms, late_after_ms, catch_up, "
        "catch_up_most, catch_up_window_ms, catch_up_stagger_ms, overlap, most_waiting, "
        "most_active, pause_after, state, cursor_ms, created_ms) SELECT 's' || i, ?1, "
        "'at 2150-01-01T00:00:00Z', 'UTC', 0, 60000, 'skip', 1, 0, 0, 'skip', 1, 1, 0, 'active', "
        "?2, ?2 FROM k",
        mandate_.n, change.now_ms());
  }));
  start();
  const auto deadline = std::chrono::steady_clock::now() + test::patience;
  while (dispatcher_->status().schedules != 10'000) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::sleep_for(milliseconds(2));
  }
  const auto switches = [] {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_nvcsw;
  };
  // A thread that polled would sleep, and be woken, many times meanwhile.
  const auto before = switches();
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_LE(switches() - before, 10);
}

}  // namespace
}  // namespace hearth::packs::mandates
