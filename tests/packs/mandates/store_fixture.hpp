// An open store with one mandate, "m", on a clock that is held and in a scripted world. For tests.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "packs/mandates/scripted_world.hpp"

namespace hearth::packs::mandates {

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    // Schedules of whole hours are then in time after whole hours.
    using std::chrono::hours;
    clock_.advance(std::chrono::ceil<hours>(clock_.wall()) - clock_.wall());
    open();
    mandate_ = create_mandate(*engine_->store, "m", "spec").value();
  }
  Result<std::unique_ptr<test::Engine>> try_open() {
    engine_.reset();
    return test::Engine::open(state_, clock_, world_);
  }
  void open() {
    auto opened = try_open();
    ASSERT_TRUE(opened) << opened.error().message;
    engine_ = std::move(*opened);
  }
  // As somebody with an SQL shell, while no daemon runs.
  void edit(const std::string& sql) {
    engine_.reset();
    auto database = store::Database::open(state_ + "/mandates.db", {}).value();
    const auto done = database.execute(sql);
    ASSERT_TRUE(done) << done.error().message;
  }
  std::int64_t run_waiting_for_approval() {
    world_.plans = {"a||halt|ask write a.txt x"};
    const auto run = engine_->runs().create(mandate_.n, "test").value();
    while (engine_->work()) {
    }
    return run;
  }
  std::int64_t schedule(ScheduleSpec spec) {
    const auto made = engine_->schedules().create(mandate_.n, spec).value();
    EXPECT_TRUE(engine_->scheduler->changed(made));
    return made;
  }

  const test::ScratchDirectory directory_{"mandates-store"};
  const std::string state_ = directory_ / "state";
  test::HeldClock clock_;
  test::ScriptedWorld world_{directory_ / "world"};
  std::unique_ptr<test::Engine> engine_;
  Mandate mandate_;
};

}  // namespace hearth::packs::mandates
