// Steps of a run that go on side by side, and the threads that help with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "packs/mandates/machine_fixture.hpp"
#include "support/sizes.hpp"

namespace hearth::packs::mandates {
namespace {

using testing::StartsWith;

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

// The machine may have no thread left although the daemon has a right to one: what is left out
// belongs to the next wave, and nothing is done twice.
TEST_F(MachineTest, WhereNoThreadCanBeginTheRestOfAWaveComesLater) {
  world_.plans = {"a||halt|post 1\nb||halt|write b.txt x\nc||halt|check\nd|c|halt|post 2"};
  for (const int possible : {0, 1}) {
    int spawned = 0;
    const Spawn spawn = [&](const std::function<void()>& task) {
      if (spawned++ % 2 >= possible)
        throw std::system_error(EAGAIN, std::generic_category(), "no thread");
      return spawn_thread(task);
    };
    RunMachine machine(*engine_->store, *engine_->ledger, Ports{world_, world_, world_},
                       std::make_shared<Helpers>(3, spawn));
    const auto n = start();
    ASSERT_EQ(engine_->runs().take(engine_->store->now(), 1).value().size(), 1U);
    ASSERT_TRUE(machine.drive(n, {}));
    EXPECT_EQ(engine_->run(n).outcome, "succeeded") << possible;
    EXPECT_GT(spawned, 0);
    for (const char* const step : {"a", "b", "c", "d"})
      EXPECT_EQ(world_.count("effect", engine_->run(n).id + "/1/" + step), 1) << step << possible;
    std::filesystem::remove(world_.file("b.txt"));
  }
  EXPECT_EQ(world_.resent, 0);
  EXPECT_EQ(engine_->number("SELECT count(*) FROM effects WHERE state <> 'done'"), 0);
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
  EXPECT_THROW(run_side_by_side(
                   {works, throws, works}, [](std::size_t) {}, spawn_thread),
               std::runtime_error);
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

}  // namespace
}  // namespace hearth::packs::mandates
