// An actor over the bench's workspace, as one run of one mandate has it.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "packs/mandates/actor.hpp"
#include "packs/mandates/bench_fixture.hpp"
#include "packs/mandates/sandbox_fixture.hpp"

namespace hearth::packs::mandates {

class ActorTest : public BenchTest {
 protected:
  ActorTest() {
    spec_.workspace = path("").substr(0, path("").size() - 1);
    settings_.agents_may = workspace::Scope::automatic;
    open();
  }
  // With what stands in settings_ now.
  void open() {
    bench_.emplace(context_, settings_);
    actor_.emplace(
        *bench_, "default", own("changes"),
        [this](const std::string& run) -> Result<std::string> {
          reported_ = run;
          return "# Run " + run + "\n";
        },
        [](const std::string&, std::string_view) { return Result<void>(); });
  }
  [[nodiscard]] RunContext context() const {
    return {.run = "run", .mandate = "mandate", .spec = spec_text(spec_)};
  }
  Result<Intent> prepare(const std::string& action) {
    auto intent = actor_->prepare(context(), {.id = "s", .action = action});
    if (intent) intent->key = "run/1/s";
    return intent;
  }
  Intent prepared(const std::string& action) {
    auto intent = prepare(action);
    EXPECT_TRUE(intent) << intent.error().message;
    return intent.value_or(Intent());
  }
  Judgement judge(const std::string& action) { return actor_->judge(context(), prepared(action)); }
  Errc refused(const std::string& action) {
    const auto intent = prepare(action);
    EXPECT_FALSE(intent) << action;
    return intent ? Errc::internal : intent.error().code;
  }
  using End = Performed::End;
  // Its text is in said_.
  End perform(const Intent& intent) {
    Performed performed = actor_->perform(intent, {}, {});
    said_ = std::move(performed.text);
    return performed.end;
  }
  Standing standing(const Intent& intent) { return actor_->inspect(intent).value(); }

  MandateSpec spec_{.goal = "g", .workspace = {}};
  Settings settings_;
  std::string reported_;
  std::string said_;
  std::optional<Workbench> bench_;
  std::optional<WorkspaceActor> actor_;
};

class SandboxedActor : public ActorTest {
 protected:
  void SetUp() override { HEARTH_NEEDS_SANDBOX(); }
  std::string commit_step(const std::string& branch,
                          const std::string& paths = R"(["greeting.txt"])") {
    return R"({"id":"s","kind":"commit","branch":")" + branch +
           R"(","message":"Say it well","paths":)" + paths + "}";
  }
};

}  // namespace hearth::packs::mandates
