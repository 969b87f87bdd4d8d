// Months of many schedules in minutes: zones whose clocks change, kills, clocks that jump, models
// that take their time. Every occurrence that the calendar has must be found again, once.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "packs/mandates/engine/cron.hpp"
#include "packs/mandates/engine/zone.hpp"
#include "packs/mandates/scripted_world.hpp"
#include "support/sizes.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

struct Killed {};

struct Size {
  int schedules;
  days time;
  WallTime begin;
  int kill_one_of;  // changes
};

// Both with changes of the clocks: Berlin's, or those of all five zones.
Size size() {
  if (test::is_full_size()) {
    return {200, days(90), std::chrono::sys_days(std::chrono::year(2026) / 9 / 1), 2000};
  }
  return {60, days(4), std::chrono::sys_days(std::chrono::year(2026) / 10 / 23), 400};
}

std::int64_t resident_kib() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmRSS:")) return std::stoll(line.substr(6));
  }
  return 0;
}

class MandatesSoak : public testing::Test {
 protected:
  int pick(int low, int high) { return std::uniform_int_distribution(low, high)(random_); }

  ScheduleSpec any_schedule() {
    static const char* zones[] = {"America/New_York", "Europe/Berlin", "Australia/Lord_Howe",
                                  "Pacific/Auckland", "America/Santiago"};
    ScheduleSpec spec{.zone = zones[pick(0, 4)]};
    const std::string minute = std::to_string(pick(0, 59));
    const int kind = pick(0, 9);
    if (kind < 6) spec.timing = "cron " + minute + " " + std::to_string(pick(0, 4)) + " * * *";
    if (kind == 6) spec.timing = "cron " + minute + " */6 * * *";
    if (kind == 7) spec.timing = "cron */40 1-2 * * 6,7";
    if (kind == 8) spec.timing = "cron " + minute + " 9 1,15 * mon-fri";
    if (kind == 9) spec.timing = "every " + std::to_string(pick(7, 30)) + "h";
    spec.jitter = minutes(pick(0, 2) * 5);
    spec.catch_up = {.kind = static_cast<CatchUp>(pick(0, 2)), .most = 2, .window = hours(8)};
    spec.overlap = static_cast<Overlap>(pick(0, 5));
    return spec;
  }

  void set_up_schedules() {
    clock_.advance(size_.begin - clock_.wall());
    auto engine = test::Engine::open(state_, clock_, world_).value();
    const auto mandate = create_mandate(*engine->store, "m", "spec").value();
    for (int i = 0; i < size_.schedules; ++i)
      ASSERT_TRUE(engine->schedules().create(mandate.n, any_schedule()));
  }

  // To what comes next, mostly; sometimes somewhere else.
  void move_clock(test::Engine& engine) {
    const WallTime now = engine.store->now();
    auto next = engine.scheduler->run_due(now).value().wake;
    const auto run = engine.runs().next_wake(now).value();
    if (run && (!next || *run < *next)) next = run;
    milliseconds step = next ? std::max<milliseconds>(*next - clock_.wall(), milliseconds(1))
                             : milliseconds(minutes(1));
    const int luck = pick(0, 199);
    if (luck == 0) step = -minutes(pick(1, 180));  // set back
    if (luck == 1) step = minutes(pick(1, 400));   // set forward, or asleep
    clock_.advance(std::min<milliseconds>(step, hours(8)));
  }

  // One life of the daemon; ends by a kill, or because the time is over.
  void live(WallTime end) {
    const auto hook = [&](Point, When) {
      if (pick(1, 2 * size_.kill_one_of) == 1) throw Killed();
    };
    auto engine = test::Engine::open(state_, clock_, world_, hook).value();
    while (clock_.wall() < end && !HasFailure()) {
      engine->work();
      for (const std::string& id : engine->approvals().pending().value()) {
        // Some are never answered.
        if (pick(0, 3) == 0) continue;
        const auto decided =
            engine->approvals().decide(id, static_cast<Verdict>(pick(0, 1)), "ada", "");
        // Eight hours and a clock that jumps as far: one may come too late, which is a no.
        if (!decided) ASSERT_EQ(decided.error().code, Errc::timed_out) << decided.error().message;
      }
      move_clock(*engine);
    }
  }

  void finish_all() {
    auto engine = test::Engine::open(state_, clock_, world_).value();
    for (int n = 1; n <= size_.schedules; ++n) ASSERT_TRUE(engine->schedules().pause(n, "over"));
    ASSERT_TRUE(engine->scheduler->load());
    for (int i = 0; i < 10'000; ++i) {
      while (engine->work()) {
      }
      if (engine->number("SELECT count(*) FROM runs WHERE state <> 'ended'") == 0) return;
      clock_.advance(minutes(10));
    }
    FAIL() << "some runs do not end";
  }

  // What the calendar has, found minute by minute.
  static std::set<WallTime> expected(const Schedule& schedule, WallTime from, WallTime to) {
    std::set<WallTime> times;
    if (!schedule.spec.timing.starts_with("cron ")) {
      const auto timing = Timing::parse(schedule.spec.timing, "UTC").value();
      for (auto time = timing.next_after(from); time && *time <= to;
           time = timing.next_after(*time))
        times.insert(*time);
      return times;
    }
    const Cron cron = Cron::parse(schedule.spec.timing.substr(5)).value();
    const Zone zone = Zone::load(schedule.spec.zone).value();
    for (WallMinute wall = zone.wall(from - hours(3)); wall <= zone.wall(to + hours(3));
         wall += minutes(1)) {
      if (!cron.matches(wall)) continue;
      const WallTime time = zone.instant(wall);
      if (time > from && time <= to) times.insert(time);
    }
    return times;
  }

  // Each of them either was considered by itself, or lies in exactly one range of missed ones.
  void check_schedule(test::Engine& engine, std::int64_t n) {
    auto reader = engine.store->read().value();
    const Schedule schedule = load_schedule(*reader, n).value();
    SCOPED_TRACE(schedule.spec.timing + " " + schedule.spec.zone);
    const WallTime created(milliseconds(
        reader->integer("SELECT created_ms FROM schedules WHERE n = ?", n).value().value()));
    auto left = expected(schedule, created, schedule.cursor);
    found_ += static_cast<std::int64_t>(left.size());
    auto rows = reader->query("SELECT scheduled_ms FROM occurrences WHERE schedule_n = ?", n);
    while (rows.next()) {
      const WallTime time{milliseconds(rows.integer(0))};
      EXPECT_EQ(left.erase(time), 1U) << "not in the calendar: " << format_rfc3339(time);
    }
    auto missed =
        reader->query("SELECT first_ms, last_ms, count FROM missed WHERE schedule_n = ?", n);
    while (missed.next()) {
      const auto first = left.lower_bound(WallTime(milliseconds(missed.integer(0))));
      const auto last = left.upper_bound(WallTime(milliseconds(missed.integer(1))));
      EXPECT_EQ(std::distance(first, last), missed.integer(2));
      left.erase(first, last);
    }
    for (const WallTime time : left) ADD_FAILURE() << "lost: " << format_rfc3339(time);
  }

  void check_all() {
    auto engine = test::Engine::open(state_, clock_, world_).value();
    for (int n = 1; n <= size_.schedules; ++n) check_schedule(*engine, n);
    const auto none = [&](const std::string& sql) { EXPECT_EQ(engine->number(sql), 0) << sql; };
    none(
        "SELECT count(*) FROM occurrences o LEFT JOIN runs r ON r.n = o.run_n WHERE o.run_n IS NOT "
        "NULL AND (r.n IS NULL OR r.schedule_n <> o.schedule_n OR r.scheduled_ms <> "
        "o.scheduled_ms)");
    none(
        "SELECT count(*) FROM runs WHERE n NOT IN (SELECT run_n FROM occurrences WHERE run_n IS "
        "NOT "
        "NULL)");
    none("SELECT count(*) FROM effects WHERE state NOT IN ('done', 'failed')");
    none("SELECT count(*) FROM runs WHERE outcome = 'failed'");
    const auto effects = world_.counts("effect");
    for (const auto& [key, count] : effects) EXPECT_EQ(count, 1) << key;
    EXPECT_EQ(static_cast<std::int64_t>(effects.size()),
              engine->number("SELECT count(*) FROM effects WHERE state = 'done'"));
    // A kill may lose the answer of the call that was going on, and nothing else.
    const auto thoughts = world_.count("think");
    const auto kept =
        engine->number("SELECT count(*) FROM phases WHERE is_done AND phase IN (1, 2, 4)");
    EXPECT_GE(thoughts, kept);
    EXPECT_LE(thoughts, kept + kills_);
    EXPECT_TRUE(engine->store->audit());
    EXPECT_GT(found_, size_.schedules);
    EXPECT_GT(kills_, 0);
    RecordProperty("occurrences", static_cast<int>(found_));
    RecordProperty("kills", kills_);
  }

  const Size size_ = size();
  const test::ScratchDirectory directory_{"mandates-soak"};
  const std::string state_ = directory_ / "state";
  std::mt19937 random_{20261129};
  test::HeldClock clock_;
  test::ScriptedWorld world_{directory_ / "world"};
  std::int64_t found_ = 0;
  int kills_ = 0;
};

TEST_F(MandatesSoak, KeepsEveryPromiseForMonths) {
  world_.plans = {"a||halt|post news\nb|a|continue|ask post more"};
  world_.interfere = [this](std::string_view what) -> std::optional<Error> {
    // A slow model.
    if (what == "decide" && pick(0, 9) == 0) clock_.advance(minutes(pick(1, 30)));
    return std::nullopt;
  };
  set_up_schedules();
  const WallTime end = size_.begin + size_.time;
  std::int64_t resident_early = 0;
  while (clock_.wall() < end && !HasFailure()) {
    try {
      live(end);
    } catch (const Killed&) {
      ++kills_;
      // Away for a while.
      if (pick(0, 2) == 0) clock_.advance(minutes(pick(1, 300)));
    }
    if (resident_early == 0 && clock_.wall() > size_.begin + size_.time / 3) {
      resident_early = resident_kib();
    }
  }
  if (!test::is_sanitized()) EXPECT_LT(resident_kib() - resident_early, 32 * 1024);
  finish_all();
  check_all();
}

}  // namespace
}  // namespace hearth::packs::mandates
