// Schedules in the store: what fires, what is missed, what follows, whatever clock and kills do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "packs/mandates/engine/overview.hpp"
#include "packs/mandates/engine/sightings.hpp"
#include "packs/mandates/store_fixture.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;

class OccurrencesTest : public StoreTest {};

TEST_F(OccurrencesTest, FiresEachOccurrenceOnceWhateverTheClockDoes) {
  schedule({.timing = "cron */10 * * * *"});
  for (int i = 0; i < 40; ++i) {
    clock_.advance(minutes(i % 3 == 2 ? -5 : 10));
    while (engine_->work()) {
    }
    if (i % 7 == 0) open();
  }
  EXPECT_GT(engine_->number("SELECT count(*) FROM runs"), 10);
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs"),
            engine_->number("SELECT count(DISTINCT scheduled_ms) FROM runs"));
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs WHERE outcome = 'succeeded'"),
            engine_->number("SELECT count(*) FROM runs"));
}

TEST_F(OccurrencesTest, PausesAndShowsWhatWasMissed) {
  const auto n = schedule({.timing = "cron @hourly"});
  ASSERT_TRUE(engine_->schedules().pause(n, "holiday"));
  ASSERT_TRUE(engine_->scheduler->changed(n));
  clock_.advance(hours(5));
  EXPECT_FALSE(engine_->work());
  ASSERT_TRUE(engine_->schedules().resume(n));
  ASSERT_TRUE(engine_->scheduler->changed(n));
  EXPECT_EQ(
      engine_->number("SELECT sum(count) FROM missed WHERE reason = 'the schedule was paused'"), 5);
  {
    auto reader = engine_->store->read();
    EXPECT_EQ(missed_in_all(**reader, n).value(), 5);
    const auto gaps = missed_of(**reader, n, 1);
    ASSERT_EQ(gaps->size(), 1U);
    EXPECT_EQ(gaps->front().count, 5);
    EXPECT_EQ(gaps->front().last - gaps->front().first, hours(4));
    EXPECT_EQ(missed_in_all(**reader, n + 1).value(), 0);
  }
  clock_.advance(hours(1));
  EXPECT_TRUE(engine_->work());
  // What was missed can still be had, once.
  const auto now = engine_->store->now();
  EXPECT_EQ(engine_->schedules().backfill(n, now - hours(6), now).value().runs.size(), 5U);
  EXPECT_EQ(engine_->schedules().backfill(n, now - hours(6), now).value().runs.size(), 0U);
}

TEST_F(OccurrencesTest, AMandateThatIsPausedFiresNothingAndHasOneGap) {
  const auto n = schedule({.timing = "cron @hourly"});
  const auto other = schedule({.timing = "every 1h"});
  ASSERT_TRUE(engine_->schedules().pause(other, "by hand"));
  ASSERT_TRUE(set_mandate_state(*engine_->store, mandate_.n, "paused", "by hand"));
  for (int i = 0; i < 3; ++i) {
    clock_.advance(hours(1));
    EXPECT_FALSE(engine_->work());
    if (i == 1) open();
  }
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs"), 0);
  EXPECT_EQ(engine_->number("SELECT count(*) FROM missed"), 0);
  EXPECT_TRUE(engine_->schedules().wakes()->empty());
  ASSERT_TRUE(set_mandate_state(*engine_->store, mandate_.n, "active", ""));
  ASSERT_TRUE(engine_->scheduler->load());
  EXPECT_EQ(engine_->number("SELECT count(*) FROM missed"), 1);
  {
    auto reader = engine_->store->read().value();
    const auto gaps = missed_of(*reader, n, 5);
    ASSERT_EQ(gaps->size(), 1U);
    EXPECT_EQ(gaps->front().count, 3);
    EXPECT_EQ(gaps->front().reason, "the mandate was paused");
    EXPECT_EQ(missed_in_all(*reader, other).value(), 0) << "that one is paused itself";
  }
  clock_.advance(hours(1));
  EXPECT_TRUE(engine_->work());
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs"), 1);
}

// A schedule of every second would write its rows and records for ever.
TEST_F(OccurrencesTest, AMandateThatIsStoppedHasNothingToDoEver) {
  const auto n = schedule({.timing = "every 1s"});
  ASSERT_TRUE(set_mandate_state(*engine_->store, mandate_.n, "stopped", "by hand"));
  EXPECT_TRUE(engine_->schedules().wakes()->empty());
  const auto records = engine_->number("SELECT max(written) FROM journal_state");
  for (int i = 0; i < 5; ++i) {
    clock_.advance(std::chrono::seconds(1));
    const auto ran = engine_->scheduler->run_due(engine_->store->now());
    ASSERT_TRUE(ran);
    EXPECT_EQ(ran->wake, std::nullopt);
  }
  EXPECT_EQ(engine_->number("SELECT count(*) FROM missed"), 0);
  EXPECT_EQ(engine_->number("SELECT max(written) FROM journal_state"), records);
  EXPECT_EQ(engine_->scheduler->size(), 0U);
  ASSERT_TRUE(engine_->scheduler->changed(n));
  EXPECT_EQ(engine_->scheduler->size(), 0U);
}

TEST_F(OccurrencesTest, ARemovedScheduleFiresNoMoreAndItsRunsGoOn) {
  const auto n = schedule({.timing = "cron @hourly"});
  clock_.advance(hours(1));
  ASSERT_TRUE(engine_->scheduler->run_due(engine_->store->now()));
  ASSERT_TRUE(engine_->schedules().remove(n));
  ASSERT_TRUE(engine_->scheduler->changed(n));
  clock_.advance(hours(2));
  while (engine_->work()) {
  }
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs WHERE outcome = 'succeeded'"), 1);
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs"), 1);
}

// What is left of one that was removed, its runs above all, is not the next one's.
TEST_F(OccurrencesTest, NoNumberIsGivenTwice) {
  const auto first = schedule({.timing = "cron @hourly"});
  clock_.advance(hours(1));
  ASSERT_TRUE(engine_->scheduler->run_due(engine_->store->now()));
  ASSERT_TRUE(engine_->schedules().remove(first));
  for (const char* const table : {"occurrences", "missed"})
    EXPECT_EQ(engine_->number(std::string("SELECT count(*) FROM ") + table), 0) << table;
  const auto other = create_mandate(*engine_->store, "other", "spec").value();
  const auto second = engine_->schedules().create(
      other.n, {.timing = "cron @hourly", .overlap = Overlap::terminate_other});
  ASSERT_TRUE(second);
  EXPECT_GT(*second, first);
  // Of the same moment, and it ends what is its own.
  ASSERT_TRUE(engine_->schedules().trigger(*second, clock_.wall()));
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs WHERE stop <> 0"), 0);
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs WHERE state = 'waiting'"), 2);

  const auto last = engine_->number("SELECT max(n) FROM runs");
  while (engine_->work()) {
  }
  ASSERT_TRUE(set_mandate_state(*engine_->store, other.n, "stopped", "by hand"));
  ASSERT_TRUE(delete_mandate(*engine_->store, other.n));
  EXPECT_LT(engine_->number("SELECT max(n) FROM runs"), last);
  EXPECT_GT(engine_->runs().create(mandate_.n, "test").value(), last);
  EXPECT_GT(create_mandate(*engine_->store, "third", "spec")->n, other.n);
}

TEST_F(OccurrencesTest, StoppingAMandateEndsItsRuns) {
  const auto run = run_waiting_for_approval();
  ASSERT_TRUE(set_mandate_state(*engine_->store, mandate_.n, "stopped", "by hand"));
  engine_->work();
  EXPECT_EQ(engine_->run(run).outcome, "stopped");
  EXPECT_EQ(set_mandate_state(*engine_->store, mandate_.n, "active", "").error().code,
            Errc::conflict);
}

// Whoever may call tools could otherwise wake for good what a person has stopped.
TEST_F(OccurrencesTest, NothingBeginsOfAMandateThatIsPausedOrStopped) {
  world_.run_rules.most_cycles = 0;
  const auto failed = engine_->runs().create(mandate_.n, "test").value();
  while (engine_->work()) {
  }
  ASSERT_EQ(engine_->run(failed).outcome, "failed");
  const auto hourly = schedule({.timing = "every 1h"});
  clock_.advance(hours(3));
  for (const char* const state : {"paused", "stopped"}) {
    SCOPED_TRACE(state);
    ASSERT_TRUE(set_mandate_state(*engine_->store, mandate_.n, state, "by hand"));
    const WallTime now = engine_->store->now();
    EXPECT_EQ(engine_->runs().create(mandate_.n, "test").error().code, Errc::conflict);
    EXPECT_EQ(engine_->runs().retry(failed).error().code, Errc::conflict);
    EXPECT_EQ(engine_->schedules().trigger(hourly, now).error().code, Errc::conflict);
    EXPECT_EQ(engine_->schedules()
                  .backfill(hourly, now - hours(9), now, Overlap::buffer_all)
                  .error()
                  .code,
              Errc::conflict);
    EXPECT_FALSE(engine_->work());
  }
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs"), 1);
}

TEST_F(OccurrencesTest, AStoppedMandateGetsNoSchedule) {
  ASSERT_TRUE(set_mandate_state(*engine_->store, mandate_.n, "paused", ""));
  EXPECT_TRUE(engine_->schedules().create(mandate_.n, {.timing = "every 1h"}));
  ASSERT_TRUE(set_mandate_state(*engine_->store, mandate_.n, "stopped", ""));
  const auto refused = engine_->schedules().create(mandate_.n, {.timing = "every 2h"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::conflict);
}

TEST_F(OccurrencesTest, ARunIsFollowedOnceByWhatWaitsForItsOutcome) {
  const auto follower = [&](const std::string& name, const std::string& timing) {
    const Mandate made = create_mandate(*engine_->store, name, "spec").value();
    EXPECT_TRUE(engine_->schedules().create(made.n, {.timing = timing})) << timing;
    return made;
  };
  const Mandate both = follower("both", "after ended m");
  const Mandate good = follower("good", "after succeeded m");
  const Mandate bad = follower("bad", "after failed m");
  const Mandate later = follower("later", "after succeeded good");
  const Mandate paused = follower("paused", "after ended m");
  ASSERT_TRUE(set_mandate_state(*engine_->store, paused.n, "paused", ""));
  const auto runs_of = [&](const Mandate& mandate) {
    return engine_->number("SELECT count(*) FROM runs WHERE mandate_n = " +
                           std::to_string(mandate.n));
  };
  const auto first = engine_->runs().create(mandate_.n, "test").value();
  while (engine_->work()) {
  }
  EXPECT_EQ(runs_of(both), 1);
  EXPECT_EQ(runs_of(good), 1);
  EXPECT_EQ(runs_of(bad), 0);
  EXPECT_EQ(runs_of(later), 1) << "what follows is followed";
  EXPECT_EQ(runs_of(paused), 0);
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs WHERE cause = 'after " +
                            engine_->run(first).id + "'"),
            2);
  open();
  EXPECT_FALSE(engine_->work()) << "nothing comes again with the next daemon";

  clock_.advance(minutes(1));
  world_.run_rules.most_cycles = 0;
  (void)engine_->runs().create(mandate_.n, "test").value();
  while (engine_->work()) {
  }
  EXPECT_EQ(runs_of(bad), 1);
  EXPECT_EQ(runs_of(good), 1);
  // One that was stopped has not ended by itself.
  clock_.advance(minutes(1));
  const auto stopped = engine_->runs().create(mandate_.n, "test").value();
  ASSERT_TRUE(engine_->runs().stop(stopped, Stop::cancel, "by hand"));
  EXPECT_FALSE(engine_->work());
  EXPECT_TRUE(engine_->store->audit());
}

TEST_F(OccurrencesTest, MandatesDoNotFollowEachOtherInACircle) {
  const Mandate second = create_mandate(*engine_->store, "second", "spec").value();
  const Mandate third = create_mandate(*engine_->store, "third", "spec").value();
  auto schedules = engine_->schedules();
  const auto follows = [&](const Mandate& mandate, const std::string& timing) {
    const auto made = schedules.create(mandate.n, {.timing = timing});
    return made ? std::nullopt : std::optional(made.error().code);
  };
  EXPECT_EQ(follows(mandate_, "after ended m"), Errc::conflict);
  EXPECT_EQ(follows(mandate_, "after ended nothing"), Errc::not_found);
  EXPECT_EQ(follows(second, "after ended m"), std::nullopt);
  EXPECT_EQ(follows(third, "after failed second"), std::nullopt);
  EXPECT_EQ(follows(mandate_, "after succeeded third"), Errc::conflict);
  EXPECT_EQ(follows(third, "after succeeded m"), std::nullopt) << "two ways, and no circle";
  EXPECT_EQ(
      schedules.create(third.n, {.timing = "after ended m", .overlap = Overlap::terminate_other})
          .error()
          .code,
      Errc::invalid_args);
}

TEST_F(OccurrencesTest, TwoMandatesOfOneNameAreRefusedInWords) {
  const auto again = create_mandate(*engine_->store, "m", "spec");
  EXPECT_EQ(again.error().code, Errc::conflict);
  EXPECT_EQ(again.error().message, "there is a mandate m");
}

TEST_F(OccurrencesTest, PausesAScheduleWhoseRunsFail) {
  const auto n = schedule({.timing = "cron @hourly", .pause_after = 2});
  world_.run_rules.retry.most = 0;
  world_.interfere = [](std::string_view what) -> std::optional<Error> {
    if (what != "observe") return std::nullopt;
    return Error{Errc::io, "no disk", {}};
  };
  for (int i = 0; i < 4; ++i) {
    clock_.advance(hours(1));
    while (engine_->work()) {
    }
  }
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs"), 2);
  auto reader = engine_->store->read().value();
  const Schedule paused = load_schedule(*reader, n).value();
  EXPECT_EQ(paused.state, "paused");
  EXPECT_THAT(paused.reason, HasSubstr("failed"));
}

TEST_F(OccurrencesTest, OverlapPoliciesMeetRunsThatWait) {
  world_.plans = {"a||halt|ask write a.txt x"};
  struct Case {
    Overlap overlap;
    int runs;  // of three occurrences
    int skipped;
    int active;  // that have begun and not ended
  };
  for (const Case& each : {Case{Overlap::skip, 1, 2, 1}, Case{Overlap::buffer_one, 2, 1, 1},
                           Case{Overlap::buffer_all, 3, 0, 1}, Case{Overlap::allow, 3, 0, 3},
                           Case{Overlap::cancel_other, 3, 0, 1}}) {
    SCOPED_TRACE(overlap_name(each.overlap));
    const auto n = schedule({.timing = "cron @hourly", .overlap = each.overlap});
    const std::string of = " WHERE schedule_n = " + std::to_string(n);
    for (int i = 0; i < 3; ++i) {
      clock_.advance(hours(1));
      while (engine_->work()) {
      }
    }
    EXPECT_EQ(engine_->number("SELECT count(*) FROM runs" + of), each.runs);
    EXPECT_EQ(engine_->number("SELECT count(*) FROM occurrences" + of + " AND reason = 'overlap'"),
              each.skipped);
    EXPECT_EQ(engine_->number("SELECT count(*) FROM runs" + of + " AND state = 'blocked'"),
              each.active);
    ASSERT_TRUE(engine_->schedules().pause(n, "done"));
    ASSERT_TRUE(engine_->scheduler->changed(n));
  }
}

TEST_F(OccurrencesTest, ATriggerAndAFiringOfOneMomentAreOneRun) {
  const auto n = schedule({.timing = "cron @hourly", .overlap = Overlap::allow});
  const WallTime now = engine_->store->now();
  EXPECT_EQ(engine_->schedules().trigger(n, now).value().runs.size(), 1U);
  EXPECT_EQ(engine_->schedules().trigger(n, now).value().runs.size(), 0U);
}

// More runs of a schedule wait than are looked at at once, for those of it that wait for a person.
class CrowdedTest : public OccurrencesTest {
 protected:
  void SetUp() override {
    OccurrencesTest::SetUp();
    world_.plans = {"a||halt|ask write a.txt x"};
    const auto n = schedule({.timing = "cron * * * * *", .overlap = Overlap::allow});
    for (int i = 0; i < 60; ++i) {
      clock_.advance(minutes(1));
      while (engine_->work()) {
      }
    }
    EXPECT_EQ(engine_->number("SELECT count(*) FROM runs WHERE state = 'blocked'"), 8);
    EXPECT_GT(engine_->number("SELECT count(*) FROM runs WHERE state = 'waiting'"), 32);
    EXPECT_TRUE(engine_->schedules().pause(n, "enough"));
    EXPECT_TRUE(engine_->scheduler->changed(n));
  }
};

TEST_F(CrowdedTest, OtherRunsDoNotWaitForThem) {
  world_.plans = {"a||halt|check"};
  const auto other = create_mandate(*engine_->store, "other", "spec").value();
  const auto run = engine_->runs().create(other.n, "test").value();
  while (engine_->work()) {
  }
  EXPECT_EQ(engine_->run(run).outcome, "succeeded");
}

TEST_F(CrowdedTest, AnApprovalLetsTheNextOneBegin) {
  for (const std::string& each : engine_->approvals().pending().value())
    ASSERT_TRUE(engine_->approvals().decide(each, Verdict::deny, "ada", ""));
  while (engine_->work()) {
  }
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs WHERE state = 'ended'"), 8);
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs WHERE state = 'blocked'"), 8);
}

TEST_F(CrowdedTest, AStoppedMandateLeavesNoneOfThem) {
  ASSERT_TRUE(set_mandate_state(*engine_->store, mandate_.n, "stopped", "enough"));
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs WHERE state = 'waiting'"), 0);
  while (engine_->work()) {
  }
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs WHERE outcome <> 'stopped'"), 0);
}

// A clock that was ahead once stops what follows it, until a person says that it is right now.
TEST_F(OccurrencesTest, GoesOnWhenTheClockIsAccepted) {
  schedule({.timing = "every 10m"});
  const auto count = [&] { return engine_->number("SELECT count(*) FROM runs"); };
  const auto pass = [&](int times) {
    for (int i = 0; i < times; ++i) {
      clock_.advance(minutes(10));
      while (engine_->work()) {
      }
    }
  };
  clock_.advance(hours(1000));
  pass(1);
  clock_.advance(-hours(1000));
  const auto before = count();
  pass(3);
  EXPECT_EQ(count(), before);
  EXPECT_GT(engine_->store->clock_lag(), hours(990));
  ASSERT_TRUE(engine_->store->accept_clock("ada"));
  EXPECT_EQ(engine_->store->clock_lag().count(), 0);
  ASSERT_TRUE(engine_->scheduler->load());
  pass(3);
  EXPECT_EQ(count(), before + 3);
  open();
  EXPECT_EQ(engine_->store->clock_lag().count(), 0) << "also after a restart";
  EXPECT_TRUE(engine_->store->audit());
}

TEST_F(OccurrencesTest, RefusesWhatWouldNeverFire) {
  const auto create = [&](ScheduleSpec spec) {
    return engine_->schedules().create(mandate_.n, spec);
  };
  EXPECT_EQ(create({.timing = "at 2000-01-01T00:00:00Z"}).error().code, Errc::invalid_args);
  EXPECT_EQ(create({.timing = "every 1h", .zone = "Europe/Nowhere"}).error().code,
            Errc::invalid_args);
  EXPECT_TRUE(create({.timing = "at 2150-01-01T00:00:00Z"}));
  EXPECT_TRUE(create({.timing = "on changed *.md"}));
}

TEST_F(OccurrencesTest, TellsOfThoseThatAreSkipped) {
  world_.plans = {"a||halt|ask write a.txt x"};
  const auto n = schedule({.timing = "every 10m"});
  for (int i = 0; i < 4; ++i) {
    clock_.advance(minutes(10));
    while (engine_->work()) {
    }
  }
  const Fired fired = engine_->schedules().trigger(n, engine_->store->now()).value();
  EXPECT_TRUE(fired.runs.empty());
  auto reader = engine_->store->read().value();
  EXPECT_GE(skipped_of(*reader, n).value(), 3);
}

TEST_F(OccurrencesTest, TenThousandSchedulesCostWhatIsDue) {
  // One transaction for all, as an import would.
  ASSERT_TRUE(engine_->store->commit(Point::schedule_changed, [&](Change& change) -> Result<void> {
    return change->run(
        "WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < 10000) "
        "INSERT INTO schedules(id, mandate_n, timing, zone, jitter_ms, late_after_ms, catch_up, "
        "catch_up_most, catch_up_window_ms, catch_up_stagger_ms, overlap, most_waiting, "
        "most_active, pause_after, state, cursor_ms, created_ms) SELECT 's' || i, ?1, "
        "'cron ' || (i % 60) || ' ' || (i % 24) || ' * * *', 'Europe/Berlin', 0, 60000, 'skip', 1, "
        "0, 0, 'skip', 1, 1, 0, 'active', ?2, ?2 FROM k",
        mandate_.n, change.now_ms());
  }));
  ASSERT_TRUE(engine_->scheduler->load());
  EXPECT_EQ(engine_->scheduler->size(), 10'000U);
  std::int64_t fired = 0;
  for (auto ran = engine_->scheduler->run_due(engine_->store->now()).value(); ran.wake;
       ran = engine_->scheduler->run_due(engine_->store->now()).value()) {
    fired += static_cast<std::int64_t>(ran.fired.runs.size());
    if (fired >= 300) break;
    // The one timer.
    if (*ran.wake > engine_->store->now()) clock_.advance(*ran.wake - engine_->store->now());
  }
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs"), fired);
  EXPECT_EQ(engine_->number("SELECT count(*) FROM missed"), 0);
}

TEST_F(OccurrencesTest, WhatNobodyCanTellIsCountedAsMissed) {
  const auto n = schedule({.timing = "on changed docs/**"});
  Sightings sightings(*engine_->store);
  ASSERT_TRUE(sightings.store(n, 0, {.looked = engine_->store->now(), .unclear = 3}));
  EXPECT_EQ(engine_->number("SELECT count FROM missed"), 3);
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs"), 0);
}

}  // namespace
}  // namespace hearth::packs::mandates
