// A store, a mandate and the machine that drives its runs, on a clock that is held. For tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "packs/mandates/scripted_world.hpp"

namespace hearth::packs::mandates {

namespace mandates = packs::mandates;

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

}  // namespace hearth::packs::mandates
