#include "packs/mandates/engine/overview.hpp"

#include <gtest/gtest.h>

#include "packs/mandates/engine/mandate_name.hpp"
#include "packs/mandates/scripted_world.hpp"

namespace hearth::packs::mandates {
namespace {

// Two mandates; one has a schedule, a run that has ended and one that waits for a person.
class OverviewTest : public testing::Test {
 protected:
  OverviewTest() {
    world_.plans = {"a||halt|write a.txt x"};
    first_ = create_mandate(*engine_->store, "first", "spec").value();
    second_ = create_mandate(*engine_->store, "second", "spec").value();
    schedule_ = engine_->schedules().create(second_.n, {.timing = "every 1h"}).value();
    ended_ = engine_->runs().create(second_.n, "test").value();
    finish();
    world_.plans = {"a||halt|ask write b.txt x"};
    blocked_ = engine_->runs().create(second_.n, "test").value();
    finish();
  }
  void finish() {
    while (engine_->work()) {
    }
  }

  const test::ScratchDirectory directory_{"mandates-overview"};
  test::HeldClock clock_;
  test::ScriptedWorld world_{directory_ / "world"};
  std::unique_ptr<test::Engine> engine_ =
      test::Engine::open(directory_ / "state", clock_, world_).value();
  Mandate first_;
  Mandate second_;
  std::int64_t schedule_ = 0;
  std::int64_t ended_ = 0;
  std::int64_t blocked_ = 0;
};

TEST_F(OverviewTest, FindsByNameIdAndBeginning) {
  auto reader = engine_->store->read().value();
  EXPECT_EQ(find_mandate(*reader, "second")->n, second_.n);
  EXPECT_EQ(find_mandate(*reader, second_.id)->n, second_.n);
  EXPECT_EQ(find_mandate(*reader, second_.id.substr(0, 35))->n,
            second_.id.substr(0, 35) == first_.id.substr(0, 35) ? 0 : second_.n);
  // Made in the same millisecond, they begin alike.
  EXPECT_EQ(find_mandate(*reader, second_.id.substr(0, 8)).error().code, Errc::conflict);
  EXPECT_EQ(find_mandate(*reader, second_.id.substr(0, 5)).error().code, Errc::not_found);
  EXPECT_EQ(find_mandate(*reader, "%").error().code, Errc::not_found);
  const std::string run = engine_->run(ended_).id;
  EXPECT_EQ(find_run(*reader, run)->n, ended_);
  const std::string proposal = engine_->approvals().pending().value().front();
  EXPECT_EQ(find_proposal(*reader, proposal).value(), proposal);
  EXPECT_EQ(find_proposal(*reader, proposal.substr(5)).value(), proposal);
  EXPECT_EQ(find_proposal(*reader, proposal.substr(0, 12)).value(), proposal);
  EXPECT_EQ(find_proposal(*reader, "prop_").error().code, Errc::not_found);
}

// A name wins over the beginning of an id: what a person types must not come to mean another one.
TEST_F(OverviewTest, AttackNamesThatHideIdsOrShowAsAnother) {
  for (const std::size_t size : {6U, 8U, 9U, 13U, 35U, 36U})
    EXPECT_EQ(create_mandate(*engine_->store, first_.id.substr(0, size), "spec").error().code,
              Errc::invalid_args)
        << size;
  for (const std::string name :
       {"", " ", "   ", " a", "a ", "a\nb", "a\rb", "a/b", "a\tb", "\x1b[2Jx", "a\u2028b",
        "a\u200b", "a\u202eb", "\xff", "01A22A1C-E23E", "decade"})
    EXPECT_EQ(check_name(name).error().code, Errc::invalid_args) << name;
  EXPECT_FALSE(check_name(std::string(201, 'x')));
  for (const std::string name : {"a", "cafe", "spelling", "01a22a1c-e23e-x", "01a22a1ce23e0",
                                 "nightly build", "Rechtschreibprüfung", "01a22a1c_"})
    EXPECT_TRUE(check_name(name)) << name;
}

// One that was stored before.
TEST_F(OverviewTest, AttackAStoredNameThatHidesAnId) {
  const std::string beginning = first_.id.substr(0, 35);
  const auto rename = [&](const std::string& name) {
    return engine_->store->commit(Point::mandate_changed, [&](Change& change) {
      return change->run("UPDATE mandates SET name = ? WHERE n = ?", name, second_.n);
    });
  };
  ASSERT_TRUE(rename(beginning));
  auto reader = engine_->store->read().value();
  EXPECT_EQ(find_mandate(*reader, beginning).error().code, Errc::conflict);
  EXPECT_EQ(find_mandate(*reader, first_.id)->n, first_.n);
  EXPECT_EQ(find_mandate(*reader, second_.id)->n, second_.n);
}

TEST_F(OverviewTest, ListsInPagesNewestFirst) {
  auto reader = engine_->store->read().value();
  const auto all = list_mandates(*reader, {}).value();
  EXPECT_EQ(all.total, 2);
  ASSERT_EQ(all.rows.size(), 2U);
  EXPECT_EQ(all.rows[0].name, "second");
  const auto page = list_mandates(*reader, {.offset = 1, .limit = 1}).value();
  EXPECT_EQ(page.total, 2);
  ASSERT_EQ(page.rows.size(), 1U);
  EXPECT_EQ(page.rows[0].name, "first");
  EXPECT_EQ(list_schedules(*reader, second_.n, {}).value().total, 1);
  EXPECT_EQ(list_schedules(*reader, first_.n, {}).value().total, 0);
  EXPECT_EQ(list_runs(*reader, {}, "", {}).value().total, 2);
  EXPECT_EQ(list_runs(*reader, second_.n, "blocked", {}).value().rows.at(0).n, blocked_);
  EXPECT_EQ(list_runs(*reader, first_.n, "", {}).value().total, 0);
  EXPECT_EQ(list_proposals(*reader, "pending", {}, {}).value().total, 1);
  EXPECT_EQ(list_proposals(*reader, "used", {}, {}).value().total, 0);
  EXPECT_EQ(phases_of(*reader, ended_).value().size(), 5U);
  EXPECT_EQ(effects_of(*reader, ended_).value().at(0).target, "a.txt");
  const auto steps = steps_of(*reader, ended_).value();
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(steps[0].step.step, "a");
  EXPECT_EQ(steps[0].step.state, StepState::done);
}

TEST_F(OverviewTest, CountsWhatThereIsToDo) {
  auto reader = engine_->store->read().value();
  const Census census = census_of(*reader).value();
  EXPECT_EQ(census.mandates, 2);
  EXPECT_EQ(census.schedules, 1);
  EXPECT_EQ(census.running, 0);
  EXPECT_EQ(census.blocked, 1);
  EXPECT_EQ(census.approvals, 1);
}

TEST_F(OverviewTest, DeletesWhatIsStoppedAndHasEnded) {
  EXPECT_EQ(delete_mandate(*engine_->store, second_.n).error().code, Errc::conflict);
  ASSERT_TRUE(set_mandate_state(*engine_->store, second_.n, "stopped", "by hand"));
  EXPECT_EQ(delete_mandate(*engine_->store, second_.n).error().code, Errc::conflict)
      << "a run of it has not ended";
  finish();
  ASSERT_TRUE(delete_mandate(*engine_->store, second_.n));
  for (const char* const table :
       {"runs", "schedules", "phases", "steps", "effects", "proposals", "occurrences", "missed"}) {
    EXPECT_EQ(engine_->number(std::string("SELECT count(*) FROM ") + table), 0) << table;
  }
  EXPECT_EQ(engine_->number("SELECT count(*) FROM mandates"), 1);
  EXPECT_TRUE(engine_->store->audit());
  EXPECT_EQ(delete_mandate(*engine_->store, second_.n).error().code, Errc::not_found);
}

TEST_F(OverviewTest, KeepsWhatWaitsForALook) {
  world_.plans = {"a||halt|write b.txt new"};
  world_.interfere = [&](std::string_view what) -> std::optional<Error> {
    if (what != "perform") return std::nullopt;
    world_.put("b.txt", "half");
    return Error{Errc::outcome_unknown, "cut off", {}};
  };
  const auto run = engine_->runs().create(first_.n, "test").value();
  finish();
  ASSERT_EQ(engine_->run(run).reason, "needs_review");
  ASSERT_TRUE(set_mandate_state(*engine_->store, first_.n, "stopped", "by hand"));
  finish();
  ASSERT_EQ(engine_->run(run).state, "ended");
  EXPECT_EQ(delete_mandate(*engine_->store, first_.n).error().code, Errc::conflict);
  ASSERT_TRUE(
      engine_->effects().resolve(engine_->effects().for_review().value().front(), true, "ada"));
  EXPECT_TRUE(delete_mandate(*engine_->store, first_.n));
}

}  // namespace
}  // namespace hearth::packs::mandates
