// Occurrences that are made up for: each once, and as many at a time as there is room for.
#include <gtest/gtest.h>

#include <cstdint>

#include "packs/mandates/engine/overview.hpp"
#include "packs/mandates/store_fixture.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::hours;

class BackfillTest : public StoreTest {};

TEST_F(BackfillTest, LeavesWhatHasNoRoomForTheNextOne) {
  ScheduleSpec spec{.timing = "cron @hourly"};
  spec.limits.most_waiting = 4;
  spec.catch_up.stagger = std::chrono::milliseconds(0);
  const auto n = schedule(spec);
  ASSERT_TRUE(engine_->schedules().pause(n, "holiday"));
  clock_.advance(hours(10));
  ASSERT_TRUE(engine_->schedules().resume(n));
  const WallTime to = engine_->store->now();
  const auto backfill = [&] {
    return engine_->schedules().backfill(n, to - hours(10), to).value();
  };
  std::size_t runs = 0;
  for (const std::int64_t left : {6, 2, 0, 0}) {
    const Fired fired = backfill();
    runs += fired.runs.size();
    EXPECT_EQ(fired.left, left);
    EXPECT_EQ(fired.skipped, left > 0 ? "queue_full" : "");
    EXPECT_EQ(backfill().runs.size(), 0U) << "no room";
    while (engine_->work()) {
    }
  }
  EXPECT_EQ(runs, 10U);
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs"), 10);
  EXPECT_EQ(engine_->number("SELECT count(DISTINCT scheduled_ms) FROM runs"), 10);
  EXPECT_TRUE(engine_->store->audit());
}

TEST_F(BackfillTest, WhatOverlapSkippedCanBeHadLaterOnce) {
  world_.plans = {"a||halt|ask write a.txt x"};
  const auto n = schedule({.timing = "cron @hourly"});
  for (int i = 0; i < 3; ++i) {
    clock_.advance(hours(1));
    while (engine_->work()) {
    }
  }
  ASSERT_EQ(engine_->number("SELECT count(*) FROM occurrences WHERE reason = 'overlap'"), 2);
  const WallTime to = engine_->store->now();
  const auto backfill = [&](Overlap overlap) {
    return engine_->schedules().backfill(n, to - hours(3), to, overlap).value();
  };
  const Fired refused = backfill(Overlap::skip);
  EXPECT_TRUE(refused.runs.empty());
  EXPECT_EQ(refused.left, 2);
  EXPECT_EQ(backfill(Overlap::buffer_all).runs.size(), 2U);
  EXPECT_TRUE(backfill(Overlap::buffer_all).runs.empty());
  EXPECT_EQ(engine_->number("SELECT count(*) FROM runs"), 3);
  auto reader = engine_->store->read().value();
  EXPECT_EQ(skipped_of(*reader, n).value(), 0);
}

}  // namespace
}  // namespace hearth::packs::mandates
