// Kills at every persistence point, and at random ones: one run per occurrence, no completed phase
// asked again, no effect twice, approvals kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>

#include "packs/mandates/engine/points.hpp"
#include "packs/mandates/scripted_world.hpp"
#include "support/sizes.hpp"

namespace hearth::packs::mandates {
namespace {

// Leaves everything between two changes, as a kill does: the store holds what was committed. Steps
// of one wave go on side by side: those that were not hit come no further than their next point.
struct Killed {};
class Killer {
 public:
  Killer(Point point, When when, int visit) : point_(point), when_(when), left_(visit) {}
  void operator()(Point point, When when) {
    if (point == point_ && when == when_ && left_ > 0) --left_;
    if (left_ <= 0) throw Killed();
  }

 private:
  const Point point_;
  const When when_;
  std::atomic<int> left_;
};

// Of the effect that may be repeated: killed in the middle of acting, it may be.
bool may_lose_a_check(Point point) {
  static constexpr std::array acting{Point::effect_intended, Point::effect_performed,
                                     Point::step_ended, Point::proposal_made};
  return std::ranges::find(acting, point) != acting.end();
}

constexpr const char* first_plan =
    "a||halt|write a.txt one\nb||halt|ask write b.txt two\nc|a,b|halt|post hi\nd||halt|check";

class Life {
 public:
  explicit Life(const std::string& directory)
      : directory_(directory), world_(directory + "/world") {
    world_.plans = {first_plan, "e||halt|write a.txt three"};
    world_.reflections = {"more", "done"};
  }

  // Goes on until all is done, or the hook throws. Everything it needs is on disk.
  void live(const PointHook& hook) {
    auto engine = test::Engine::open(directory_ + "/state", clock_, world_, hook).value();
    if (engine->number("SELECT count(*) FROM mandates") == 0) {
      ASSERT_TRUE(create_mandate(*engine->store, "m", "spec"));
    }
    if (engine->number("SELECT count(*) FROM schedules") == 0) {
      const auto made = engine->schedules().create(1, {.timing = "cron @hourly"});
      ASSERT_TRUE(made);
      ASSERT_TRUE(engine->scheduler->changed(*made));
    }
    // The hour after the schedule's creation, also the second time.
    const auto created = engine->number("SELECT created_ms FROM schedules");
    const WallTime hour = std::chrono::ceil<std::chrono::hours>(
        WallTime(std::chrono::milliseconds(created)) + std::chrono::milliseconds(1));
    if (clock_.wall() < hour) clock_.advance(hour - clock_.wall());
    for (int i = 0; i < 100; ++i) {
      engine->work();
      for (const std::string& id : engine->approvals().pending().value()) {
        ASSERT_TRUE(engine->approvals().decide(id, Verdict::approve, "ada", ""));
      }
      if (engine->number("SELECT count(*) FROM runs WHERE state = 'ended'") == 1) return;
    }
    FAIL() << "the run does not end";
  }

  // `lost`: how often the world may not have got to note what was done to it.
  void check(int most_thoughts, int most_checks, std::size_t lost = 0) {
    auto engine = test::Engine::open(directory_ + "/state", clock_, world_).value();
    EXPECT_EQ(engine->number("SELECT count(*) FROM mandates"), 1);
    EXPECT_EQ(engine->number("SELECT count(*) FROM schedules"), 1);
    EXPECT_EQ(engine->number("SELECT count(*) FROM occurrences"), 1);
    EXPECT_EQ(engine->number("SELECT count(*) FROM runs"), 1);
    const auto run = engine->run(1);
    EXPECT_EQ(run.outcome, "succeeded") << run.reason;
    EXPECT_EQ(engine->number("SELECT count(*) FROM phases WHERE is_done"), 10);
    EXPECT_EQ(engine->number("SELECT count(*) FROM steps WHERE state = 'done'"), 5);
    EXPECT_EQ(engine->number("SELECT count(*) FROM proposals WHERE state = 'used'"), 1);
    EXPECT_EQ(engine->number("SELECT count(*) FROM proposals"), 1);
    EXPECT_EQ(world_.read("a.txt"), "three");
    EXPECT_EQ(world_.read("b.txt"), "two");
    for (const auto& [key, count] : world_.counts("effect")) {
      EXPECT_LE(count, key.ends_with("/d") ? most_checks : 1) << key;
    }
    EXPECT_GE(world_.counts("effect").size() + lost, 5U);
    const int thoughts = world_.count("think");
    EXPECT_GE(thoughts, 6);
    EXPECT_LE(thoughts, most_thoughts);
    // What was spent is charged, or more.
    EXPECT_GE(engine->ledger->usage({run.id, ""}).run.calls, thoughts);
    EXPECT_TRUE(engine->store->audit());
  }

  test::ScriptedWorld& world() { return world_; }

 private:
  const std::string directory_;
  test::HeldClock clock_;
  test::ScriptedWorld world_;
};

// A store that is empty but for its tables, to begin with.
class CrashTest : public testing::Test {
 protected:
  void SetUp() override {
    test::HeldClock clock;
    test::ScriptedWorld world(scratch_ / "template/world");
    ASSERT_TRUE(test::Engine::open(scratch_ / "template/state", clock, world));
  }
  std::string fresh() {
    const std::string directory = scratch_ / ("life-" + std::to_string(++lives_));
    std::filesystem::copy(scratch_ / "template", directory,
                          std::filesystem::copy_options::recursive);
    return directory;
  }

  const test::ScratchDirectory scratch_{"mandates-crash"};
  int lives_ = 0;
};

using Visits = std::map<Point, int>;

TEST_F(CrashTest, SurvivesAKillAtEveryPoint) {
  Visits visits;
  {
    Life undisturbed(fresh());
    std::mutex mutex;
    undisturbed.live([&](Point point, When when) {
      const std::lock_guard lock(mutex);
      visits[point] += when == When::before;
    });
    undisturbed.check(6, 1);
  }
  for (const NamedPoint& each : points) {
    // A point that the life does not come by would be tested by nobody.
    ASSERT_GT(visits[each.point], 0) << each.name;
    for (int visit = 1; visit <= visits[each.point]; ++visit) {
      const bool is_edge = visit == 1 || visit == visits[each.point];
      if (!is_edge && !test::is_full_size()) continue;
      for (const When when : {When::before, When::after}) {
        SCOPED_TRACE(std::string(each.name) + (when == When::before ? " before " : " after ") +
                     std::to_string(visit));
        Life life(fresh());
        Killer kill(each.point, when, visit);
        EXPECT_THROW(life.live(std::ref(kill)), Killed);
        life.live({});
        // Asked, and killed before the answer was stored: it is asked again, and charged twice.
        const bool lost_answer = each.point == Point::call_settled ||
                                 (each.point == Point::phase_ended && when == When::before);
        life.check(lost_answer ? 7 : 6, may_lose_a_check(each.point) ? 2 : 1);
        if (HasFailure()) return;
      }
    }
  }
}

// kill -9 of a process, whenever it happens to hit.
TEST_F(CrashTest, SurvivesKillsAtRandomMoments) {
  const int kills = test::is_full_size() ? 200 : 12;
  std::mt19937 random(5);
  int done = 0;
  while (done < kills) {
    const std::string directory = fresh();
    int of_this_life = 0;
    for (bool has_ended = false; !has_ended;) {
      const auto delay = std::chrono::microseconds(
          std::uniform_int_distribution(0, test::is_sanitized() ? 400'000 : 60'000)(random));
      const pid_t child = ::fork();
      ASSERT_GE(child, 0);
      if (child == 0) {
        Life life(directory);
        life.live({});
        ::_exit(HasFailure() ? 1 : 0);
      }
      std::this_thread::sleep_for(delay);
      if (done < kills) ::kill(child, SIGKILL);
      int status = 0;
      ASSERT_EQ(::waitpid(child, &status, 0), child);
      has_ended = WIFEXITED(status);
      if (has_ended) {
        ASSERT_EQ(WEXITSTATUS(status), 0);
      } else {
        ++done;
        ++of_this_life;
      }
    }
    Life(directory).check(6 + of_this_life, 1 + of_this_life,
                          static_cast<std::size_t>(of_this_life));
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace hearth::packs::mandates
