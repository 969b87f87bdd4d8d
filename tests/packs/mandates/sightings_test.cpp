#include "packs/mandates/engine/sightings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "packs/mandates/engine/overview.hpp"
#include "packs/mandates/scripted_world.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;

class SightingsTest : public testing::Test {
 protected:
  void SetUp() override {
    open();
    mandate_ = create_mandate(*engine_->store, "m", "spec").value();
  }
  void open() {
    engine_.reset();
    auto opened = test::Engine::open(state_, clock_, world_);
    ASSERT_TRUE(opened) << opened.error().message;
    engine_ = std::move(*opened);
  }
  std::int64_t watch(const ScheduleSpec& spec) {
    return engine_->schedules().create(mandate_.n, spec).value();
  }
  // A look that found `marks`, after which `causes` have happened.
  Result<Fired> look(std::int64_t schedule, const Marks& marks, std::vector<std::string> causes) {
    Sightings sightings(*engine_->store);
    const auto last = sightings.last(schedule);
    EXPECT_TRUE(last);
    return sightings.store(schedule, *last ? (*last)->round : 0,
                           {engine_->store->now(), marks, std::move(causes)});
  }
  std::vector<std::string> causes() {
    auto reader = engine_->store->read().value();
    std::vector<std::string> all;
    auto rows = reader->query("SELECT cause FROM runs ORDER BY n");
    while (rows.next()) all.emplace_back(rows.text(0));
    return all;
  }
  std::vector<MissedRow> missed(std::int64_t schedule) {
    auto reader = engine_->store->read().value();
    return missed_of(*reader, schedule, 20).value();
  }

  const test::ScratchDirectory directory_{"sightings"};
  const std::string state_ = directory_ / "state";
  test::HeldClock clock_;
  test::ScriptedWorld world_{directory_ / "world"};
  std::unique_ptr<test::Engine> engine_;
  Mandate mandate_;
};

TEST_F(SightingsTest, EachEventHasOneRunAndWhatWasSeenIsKept) {
  const auto n = watch({.timing = "on labelled bug", .overlap = Overlap::buffer_all});
  Sightings sightings(*engine_->store);
  EXPECT_FALSE(sightings.last(n).value()) << "nothing was seen yet";
  ASSERT_TRUE(look(n, {{"old", "1"}}, {}));
  EXPECT_THAT(causes(), IsEmpty());
  // Two in the same millisecond.
  const auto fired = look(n, {{"old", "1"}, {"a", ""}, {"b", ""}}, {"labelled a", "labelled b"});
  ASSERT_TRUE(fired) << fired.error().message;
  EXPECT_EQ(fired->runs.size(), 2U);
  EXPECT_THAT(causes(), ElementsAre("labelled a", "labelled b"));
  ASSERT_TRUE(look(n, {{"a", "2"}}, {}));
  open();
  const auto last = Sightings(*engine_->store).last(n).value();
  ASSERT_TRUE(last);
  EXPECT_EQ(last->round, 3);
  EXPECT_THAT(last->marks, ElementsAre(std::pair("a", "2")));
  EXPECT_EQ(engine_->number("SELECT count(*) FROM occurrences"), 2);
  EXPECT_TRUE(engine_->store->audit());
}

TEST_F(SightingsTest, OfTwoLooksAtTheSameRoundOneCounts) {
  const auto n = watch({.timing = "on changed *.md"});
  Sightings sightings(*engine_->store);
  const Sighting sighting{engine_->store->now(), {{"a.md", "1"}}, {"changed a.md"}};
  ASSERT_TRUE(sightings.store(n, 0, sighting));
  const auto second = sightings.store(n, 0, sighting);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::conflict);
  EXPECT_EQ(causes().size(), 1U);
}

// An import of thousands of entries must not become thousands of runs.
TEST_F(SightingsTest, ManyAtOnceAreBoundedAndTheRestIsVisible) {
  const auto n = watch({.timing = "on remembered", .overlap = Overlap::buffer_all});
  ASSERT_TRUE(look(n, {}, {}));
  ASSERT_TRUE(look(n, {{"x", ""}}, std::vector<std::string>(150, "remembered x")));
  EXPECT_EQ(causes().size(), 100U);
  const auto rest = missed(n);
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest.front().count, 50);
  EXPECT_EQ(rest.front().reason, "too many at once");
}

TEST_F(SightingsTest, WhileARunGoesOnTheOverlapDecides) {
  const auto n = watch({.timing = "on labelled bug"});
  ASSERT_TRUE(look(n, {}, {}));
  ASSERT_TRUE(look(n, {{"a", ""}, {"b", ""}}, {"labelled a", "labelled b"}));
  EXPECT_THAT(causes(), ElementsAre("labelled a"));
  EXPECT_EQ(engine_->number("SELECT count(*) FROM occurrences WHERE run_n IS NULL AND reason = "
                            "'overlap'"),
            1);
}

TEST_F(SightingsTest, WhatHappensDuringAPauseIsMissedAndVisible) {
  const auto n = watch({.timing = "on labelled bug"});
  ASSERT_TRUE(look(n, {}, {}));
  ASSERT_TRUE(engine_->schedules().pause(n, "holidays"));
  ASSERT_TRUE(look(n, {{"a", ""}}, {"labelled a"}));
  EXPECT_THAT(causes(), IsEmpty());
  ASSERT_EQ(missed(n).size(), 1U);
  EXPECT_EQ(missed(n).front().reason, "the schedule is paused");
  ASSERT_TRUE(engine_->schedules().resume(n));
  ASSERT_TRUE(look(n, {{"a", ""}, {"b", ""}}, {"labelled b"}));
  EXPECT_THAT(causes(), ElementsAre("labelled b"));
}

TEST_F(SightingsTest, ARemovedScheduleLeavesNothing) {
  const auto n = watch({.timing = "on labelled bug"});
  ASSERT_TRUE(look(n, {{"a", ""}}, {}));
  ASSERT_TRUE(engine_->schedules().remove(n));
  EXPECT_EQ(look(n, {{"b", ""}}, {"labelled b"}).error().code, Errc::not_found);
  EXPECT_EQ(engine_->number("SELECT count(*) FROM sightings"), 0);
  EXPECT_EQ(engine_->number("SELECT count(*) FROM watches"), 0);
  EXPECT_THAT(Sightings(*engine_->store).watches().value(), IsEmpty());
}

TEST_F(SightingsTest, TellsWhatMandatesDidSince) {
  const auto run = engine_->runs().create(mandate_.n, "test").value();
  const WallTime begin = engine_->store->now();
  world_.plans = {"a||halt|write a.txt x"};
  while (engine_->work()) {
  }
  Sightings sightings(*engine_->store);
  const auto effects = sightings.effects_since(begin).value();
  ASSERT_EQ(effects.size(), 1U) << engine_->run(run).reason;
  EXPECT_FALSE(effects.front().is_open);
  EXPECT_EQ(effects.front().from, begin);
  clock_.advance(minutes(1));
  EXPECT_THAT(sightings.effects_since(engine_->store->now()).value(), IsEmpty());
}

}  // namespace
}  // namespace hearth::packs::mandates
