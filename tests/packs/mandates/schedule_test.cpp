#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "packs/mandates/engine/cron.hpp"
#include "packs/mandates/engine/due_queue.hpp"
#include "packs/mandates/engine/firing.hpp"
#include "packs/mandates/engine/overlap.hpp"
#include "packs/mandates/engine/timing.hpp"
#include "packs/mandates/engine/zone.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;

WallTime at(std::string_view text) {
  return parse_rfc3339(text).value();
}
std::string text(std::optional<WallTime> time) {
  return time ? format_rfc3339(*time).substr(0, 16) : "never";
}
Timing timing(std::string_view what, std::string_view zone = "UTC") {
  auto parsed = Timing::parse(what, zone);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return *parsed;
}
// The first `count` occurrences after `from`.
std::vector<std::string> next(const Timing& timing, std::string_view from, int count) {
  std::vector<std::string> times;
  auto time = std::optional(at(from));
  for (int i = 0; i < count && time; ++i) {
    time = timing.next_after(*time);
    times.push_back(text(time));
  }
  return times;
}

TEST(Cron, ReadsListsRangesStepsAndNames) {
  EXPECT_THAT(
      next(timing("cron */20 9-10 * * *"), "2026-01-01T00:00:00Z", 7),
      ElementsAre("2026-01-01T09:00", "2026-01-01T09:20", "2026-01-01T09:40", "2026-01-01T10:00",
                  "2026-01-01T10:20", "2026-01-01T10:40", "2026-01-02T09:00"));
  EXPECT_THAT(
      next(timing("cron 5/25 0 1,15 JAN-mar/2 *"), "2026-01-01T00:00:00Z", 4),
      ElementsAre("2026-01-01T00:05", "2026-01-01T00:30", "2026-01-01T00:55", "2026-01-15T00:05"));
  for (const char* weekend :
       {"cron 0 8 * * sat,sun", "cron 0 8 * * 6-7", "cron 0 8 * * 0,6", "cron 0 8 * * Sat-Sun"}) {
    EXPECT_THAT(next(timing(weekend), "2026-11-28T09:00:00Z", 3),
                ElementsAre("2026-11-29T08:00", "2026-12-05T08:00", "2026-12-06T08:00"))
        << weekend;
  }
}

TEST(Cron, ReadsShortForms) {
  const auto same = [](std::string_view a, std::string_view b) {
    return Cron::parse(a).value() == Cron::parse(b).value();
  };
  EXPECT_TRUE(same("@daily", "0 0 * * *"));
  EXPECT_TRUE(same("@Weekly", "0 0 * * 7"));
  EXPECT_TRUE(same("@hourly", " 0  *\t* * * "));
  EXPECT_TRUE(same("@yearly", "@annually"));
  EXPECT_TRUE(same("@monthly", "0 0 1 * *"));
}

TEST(Cron, TakesEitherOfTwoRestrictedDays) {
  EXPECT_THAT(
      next(timing("cron 0 0 13 * fri"), "2026-11-01T00:00:00Z", 4),
      ElementsAre("2026-11-06T00:00", "2026-11-13T00:00", "2026-11-20T00:00", "2026-11-27T00:00"));
  EXPECT_THAT(next(timing("cron 0 0 12 * fri"), "2026-11-08T00:00:00Z", 2),
              ElementsAre("2026-11-12T00:00", "2026-11-13T00:00"));
}

TEST(Cron, FindsLeapDays) {
  EXPECT_THAT(next(timing("cron 0 0 29 2 *"), "2096-03-01T00:00:00Z", 1),
              ElementsAre("2104-02-29T00:00"));
}

TEST(Cron, RefusesWhatItCannotMean) {
  for (const char* wrong : {"",
                            "* * * *",
                            "* * * * * *",
                            "60 * * * *",
                            "* 24 * * *",
                            "* * 0 * *",
                            "* * * 13 *",
                            "* * * * 8",
                            "*/0 * * * *",
                            "5-1 * * * *",
                            "a * * * *",
                            "1, * * * *",
                            "1--2 * * * *",
                            "* * * * mon-",
                            "@reboot",
                            "0 0 30 2 *",
                            "0 0 31 4,6,9,11 *",
                            "-1 * * * *",
                            "+1 * * * *",
                            "1.5 * * * *",
                            "99999999999 * * * *"}) {
    const auto parsed = Cron::parse(wrong);
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().code, Errc::invalid_args);
  }
}

TEST(Cron, AgreesWithAMinuteByMinuteSearch) {
  std::mt19937 random(7);
  const auto pick = [&](int low, int high) {
    return std::to_string(std::uniform_int_distribution(low, high)(random));
  };
  for (int round = 0; round < 60; ++round) {
    const std::string expression = pick(0, 59) + "," + pick(0, 59) + " " + pick(0, 23) + "/" +
                                   pick(1, 9) + " " + (round % 2 ? "*" : pick(1, 28)) + " * " +
                                   (round % 3 ? "*" : pick(0, 7));
    const Cron cron = Cron::parse(expression).value();
    WallMinute time = std::chrono::local_days(std::chrono::year(2026) / 2 / 20);
    const WallMinute end = time + std::chrono::days(15);
    auto expected = cron.next_after(time);
    for (time += minutes(1); time < end; time += minutes(1)) {
      ASSERT_EQ(cron.matches(time), expected == time) << expression;
      if (expected == time) expected = cron.next_after(time);
    }
  }
}

TEST(Zone, RefusesUnknownNames) {
  for (const char* wrong :
       {"", "Mars/Base", "../../etc/passwd", "/etc/localtime", "europe/berlin"}) {
    const auto zone = Zone::load(wrong);
    ASSERT_FALSE(zone) << wrong;
    EXPECT_EQ(zone.error().code, Errc::invalid_args);
  }
  EXPECT_EQ(Zone::load("Asia/Kathmandu").value().name(), "Asia/Kathmandu");
}

TEST(Timing, FiresASkippedWallTimeWhenTheClocksChange) {
  // 2026-03-08, 02:00 is 03:00 in New York (07:00 UTC).
  EXPECT_THAT(next(timing("cron 30 2 * * *", "America/New_York"), "2026-03-07T00:00:00Z", 3),
              ElementsAre("2026-03-07T07:30", "2026-03-08T07:00", "2026-03-09T06:30"));
  EXPECT_THAT(next(timing("cron */30 1-3 * * *", "America/New_York"), "2026-03-08T05:59:00Z", 5),
              ElementsAre("2026-03-08T06:00", "2026-03-08T06:30", "2026-03-08T07:00",
                          "2026-03-08T07:30", "2026-03-09T05:00"));
}

TEST(Timing, FiresARepeatedWallTimeOnce) {
  // 2026-11-01, 02:00 is 01:00 in New York (06:00 UTC).
  EXPECT_THAT(next(timing("cron 30 1 * * *", "America/New_York"), "2026-10-31T12:00:00Z", 2),
              ElementsAre("2026-11-01T05:30", "2026-11-02T06:30"));
  EXPECT_THAT(next(timing("cron 0 * * * *", "America/New_York"), "2026-11-01T03:59:00Z", 3),
              ElementsAre("2026-11-01T04:00", "2026-11-01T05:00", "2026-11-01T07:00"));
  // From within the second hour, too.
  EXPECT_THAT(next(timing("cron */20 * * * *", "America/New_York"), "2026-11-01T06:10:00Z", 1),
              ElementsAre("2026-11-01T07:00"));
}

TEST(Timing, KnowsADayThatAZoneLeftOut) {
  // Samoa went from December 29 to December 31, 2011.
  EXPECT_THAT(next(timing("cron 0 12 * * *", "Pacific/Apia"), "2011-12-29T12:00:00Z", 3),
              ElementsAre("2011-12-29T22:00", "2011-12-30T10:00", "2011-12-30T22:00"));
}

// Each wall time of a year happens once, in order, in zones with changes of an hour and of half
// one.
TEST(Timing, HappensOncePerWallTime) {
  for (const char* name : {"Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo"}) {
    const Zone zone = Zone::load(name).value();
    const Timing quarter = timing("cron */15 * * * *", name);
    std::set<WallTime> expected;
    const WallMinute begin = std::chrono::local_days(std::chrono::year(2018) / 1 / 2);
    const WallMinute end = std::chrono::local_days(std::chrono::year(2019) / 1 / 2);
    for (WallMinute wall = begin; wall < end; wall += minutes(15))
      expected.insert(zone.instant(wall));
    std::set<WallTime> found;
    for (auto time = quarter.next_after(*expected.begin() - seconds(1));
         time && *time <= *expected.rbegin(); time = quarter.next_after(*time)) {
      EXPECT_TRUE(found.empty() || *time > *found.rbegin());
      found.insert(*time);
    }
    EXPECT_EQ(found, expected) << name;
  }
}

TEST(Timing, WhatFollowsARunIsDueAtNoTime) {
  const auto timing = Timing::parse("after failed nightly build", "UTC");
  ASSERT_TRUE(timing) << timing.error().message;
  EXPECT_EQ(timing->followed(), "nightly build");
  EXPECT_FALSE(timing->next_after(at("2026-01-01T00:00:00Z")));
  EXPECT_FALSE(Timing::parse("every 1h", "UTC")->followed());
  for (const char* const text :
       {"after", "after ", "after failed", "after failed ", "after stopped x"})
    EXPECT_FALSE(Timing::parse(text, "UTC")) << text;
  EXPECT_THAT(timings_after("x", "failed"), ElementsAre("after ended x", "after failed x"));
}

TEST(Timing, ReadsWhatHappensInTheWorld) {
  const auto watched = [](std::string_view what) {
    const auto timing = Timing::parse(what, "UTC");
    EXPECT_TRUE(timing) << what;
    if (!timing) return Watched{};
    EXPECT_FALSE(timing->next_after(at("2026-01-01T00:00:00Z"))) << "due at no time";
    return timing->watched().value_or(Watched{});
  };
  const Watched files = watched("on changed docs/**  *.md");
  EXPECT_EQ(files.what, Watched::What::files);
  EXPECT_THAT(files.words, ElementsAre("docs/**", "*.md"));
  const Watched label = watched("on labelled needs work");
  EXPECT_EQ(label.what, Watched::What::label);
  EXPECT_THAT(label.words, ElementsAre("needs work"));
  EXPECT_EQ(watched("on remembered").what, Watched::What::entries);
  EXPECT_THAT(watched("on remembered decision").words, ElementsAre("decision"));
  EXPECT_FALSE(timing("every 1h").watched());
  for (const char* wrong :
       {"on", "on ", "on changed", "on changed  ", "on changed /etc/passwd", "on changed ../x",
        "on changed a/../../x", "on labelled ", "on remembered ", "on fire"})
    EXPECT_FALSE(Timing::parse(wrong, "UTC")) << wrong;
  std::string many = "on changed";
  for (int i = 0; i < 21; ++i) many += " *.md";
  EXPECT_FALSE(Timing::parse(many, "UTC"));
}

TEST(Timing, ReadsIntervalsAndSingleTimes) {
  EXPECT_THAT(next(timing("every 90m from 2026-01-01T00:15:00Z"), "2026-01-01T00:15:00Z", 2),
              ElementsAre("2026-01-01T01:45", "2026-01-01T03:15"));
  EXPECT_THAT(next(timing("every 24h from 2026-05-01T06:00:00+02:00"), "2026-01-01T00:00:00Z", 2),
              ElementsAre("2026-05-01T04:00", "2026-05-02T04:00"));
  EXPECT_THAT(next(timing("at 2026-12-24T18:00:00Z"), "2026-01-01T00:00:00Z", 2),
              ElementsAre("2026-12-24T18:00", "never"));
  for (const char* wrong : {"every 0", "every 10ms", "every", "every 1h from monday", "at noon",
                            "at 2300-01-01T00:00:00Z", "30 9 * * *", "", "cron"}) {
    EXPECT_FALSE(Timing::parse(wrong, "UTC")) << wrong;
  }
  EXPECT_FALSE(Timing::parse("cron @daily", "Nowhere"));
}

class FiringTest : public testing::Test {
 protected:
  Firing plan(std::string_view now) {
    Firing firing = plan_firing(rhythm_, "s", cursor_, at(now));
    cursor_ = firing.cursor;
    return firing;
  }
  static std::vector<std::string> times(const Firing& firing) {
    std::vector<std::string> times;
    for (const Due& due : firing.due) times.push_back(text(due.scheduled));
    return times;
  }

  Rhythm rhythm_{.timing = timing("cron @hourly")};
  WallTime cursor_ = at("2026-01-01T00:00:00Z");
};

TEST_F(FiringTest, FiresWhatIsDueAndNothingTwice) {
  EXPECT_THAT(times(plan("2026-01-01T00:59:59Z")), ElementsAre());
  EXPECT_THAT(times(plan("2026-01-01T01:00:00Z")), ElementsAre("2026-01-01T01:00"));
  EXPECT_THAT(times(plan("2026-01-01T01:00:00Z")), ElementsAre());
}

TEST_F(FiringTest, AClockSetBackFiresNothingAgain) {
  EXPECT_THAT(times(plan("2026-01-01T01:00:10Z")), ElementsAre("2026-01-01T01:00"));
  for (const char* earlier :
       {"2026-01-01T00:30:00Z", "2026-01-01T01:00:00Z", "2025-06-01T01:00:00Z"})
    EXPECT_THAT(times(plan(earlier)), ElementsAre());
  EXPECT_THAT(times(plan("2026-01-01T02:00:00Z")), ElementsAre("2026-01-01T02:00"));
}

TEST_F(FiringTest, SkipsWhatIsLateAndSaysSo) {
  const Firing firing = plan("2026-01-01T05:00:20Z");
  EXPECT_THAT(times(firing), ElementsAre("2026-01-01T05:00"));
  ASSERT_TRUE(firing.missed);
  EXPECT_EQ(firing.missed->count, 4);
  EXPECT_EQ(text(firing.missed->first), "2026-01-01T01:00");
  EXPECT_EQ(text(firing.missed->last), "2026-01-01T04:00");
  EXPECT_TRUE(firing.missed->is_complete);
}

TEST_F(FiringTest, CatchesUpOnce) {
  rhythm_.catch_up.kind = CatchUp::once;
  const Firing firing = plan("2026-01-01T05:30:00Z");
  EXPECT_THAT(times(firing), ElementsAre("2026-01-01T05:00"));
  EXPECT_TRUE(firing.due.front().is_catch_up);
  EXPECT_EQ(firing.missed->count, 4);
}

TEST_F(FiringTest, CatchesUpWithinBoundsOneAfterTheOther) {
  rhythm_.catch_up = {.kind = CatchUp::bounded, .most = 3, .window = minutes(150)};
  const Firing firing = plan("2026-01-01T05:20:00Z");
  EXPECT_THAT(times(firing),
              ElementsAre("2026-01-01T03:00", "2026-01-01T04:00", "2026-01-01T05:00"));
  EXPECT_EQ(firing.due[2].not_before - firing.due[0].not_before, seconds(60));
  EXPECT_EQ(firing.missed->count, 2);
  // The window alone leaves two of the next three.
  EXPECT_THAT(times(plan("2026-01-01T08:59:00Z")),
              ElementsAre("2026-01-01T07:00", "2026-01-01T08:00"));
}

TEST_F(FiringTest, ManyYearsAwayStayVisibleAndCheap) {
  rhythm_.timing = timing("cron * * * * *");
  const Firing firing = plan("2036-01-01T00:00:30Z");
  EXPECT_THAT(times(firing), ElementsAre("2036-01-01T00:00"));
  EXPECT_GE(firing.missed->count, 100'000);
  EXPECT_FALSE(firing.missed->is_complete);
}

TEST_F(FiringTest, JitterIsTheSameEachTimeAndStaysBeforeTheNext) {
  rhythm_.timing = timing("every 1m");
  rhythm_.jitter = hours(1);
  WallTime cursor = cursor_;
  std::set<milliseconds> delays;
  for (int i = 0; i < 50; ++i) {
    const WallTime scheduled = rhythm_.timing.next_after(cursor).value();
    const WallTime fires = next_fire(rhythm_, "s", cursor).value();
    EXPECT_EQ(fires, next_fire(rhythm_, "s", cursor));
    EXPECT_GE(fires, scheduled);
    EXPECT_LT(fires, scheduled + minutes(1));
    EXPECT_TRUE(plan_firing(rhythm_, "s", cursor, fires - milliseconds(1)).due.empty());
    EXPECT_EQ(plan_firing(rhythm_, "s", cursor, fires).due.size(), 1U);
    delays.insert(fires - scheduled);
    cursor = scheduled;
  }
  EXPECT_GT(delays.size(), 40U);
  EXPECT_NE(next_fire(rhythm_, "s", cursor_), next_fire(rhythm_, "t", cursor_));
}

// Whenever one looks: each occurrence is due or missed, once.
TEST_F(FiringTest, LosesNoOccurrence) {
  std::mt19937 random(11);
  for (const CatchUp kind : {CatchUp::skip, CatchUp::once, CatchUp::bounded}) {
    rhythm_ = {.timing = timing("cron */7 * * * *", "Europe/Berlin"),
               .jitter = minutes(3),
               .catch_up = {.kind = kind, .most = 4, .window = hours(2)}};
    const WallTime begin = at("2026-03-28T00:00:00Z");
    WallTime cursor = begin;
    WallTime now = begin;
    std::int64_t seen = 0;
    while (now < begin + hours(60)) {
      now += milliseconds(std::uniform_int_distribution(-600'000, 9'000'000)(random));
      const Firing firing = plan_firing(rhythm_, "s", cursor, now);
      seen += static_cast<std::int64_t>(firing.due.size());
      if (firing.missed) seen += firing.missed->count;
      cursor = firing.cursor;
    }
    std::int64_t expected = 0;
    for (auto time = rhythm_.timing.next_after(begin); time && *time <= cursor;
         time = rhythm_.timing.next_after(*time))
      ++expected;
    EXPECT_EQ(seen, expected);
  }
}

TEST(Retry, DoublesUpToALongest) {
  const RetryRule rule{.most = 4, .first = seconds(10), .longest = seconds(60)};
  EXPECT_EQ(retry_delay(rule, 1), seconds(10));
  EXPECT_EQ(retry_delay(rule, 2), seconds(20));
  EXPECT_EQ(retry_delay(rule, 4), seconds(60));
  EXPECT_EQ(retry_delay(rule, 5), std::nullopt);
}

TEST(OverlapPolicy, DecidesByWhatStillRuns) {
  const QueueLimits limits{.most_waiting = 2, .most_active = 2};
  EXPECT_TRUE(admit(Overlap::skip, {}, limits).is_admitted);
  EXPECT_EQ(admit(Overlap::skip, {.active = 1}, limits).reason, "overlap");
  EXPECT_TRUE(admit(Overlap::buffer_one, {.active = 1}, limits).is_admitted);
  EXPECT_EQ(admit(Overlap::buffer_one, {.waiting = 1, .active = 1}, limits).reason, "overlap");
  EXPECT_TRUE(admit(Overlap::buffer_all, {.waiting = 1, .active = 1}, limits).is_admitted);
  EXPECT_EQ(admit(Overlap::buffer_all, {.waiting = 2, .active = 1}, limits).reason, "queue_full");
  const Admission cancel = admit(Overlap::cancel_other, {.waiting = 2, .active = 1}, limits);
  EXPECT_TRUE(cancel.is_admitted && cancel.drops_waiting);
  EXPECT_EQ(cancel.others, Stop::cancel);
  EXPECT_EQ(admit(Overlap::terminate_other, {.active = 1}, limits).others, Stop::terminate);
  EXPECT_EQ(admit(Overlap::allow, {.waiting = 2}, limits).reason, "queue_full");

  for (const auto each : {Overlap::skip, Overlap::buffer_one, Overlap::buffer_all,
                          Overlap::cancel_other, Overlap::terminate_other, Overlap::allow})
    EXPECT_EQ(overlap_from_name(overlap_name(each)), each);
  EXPECT_FALSE(overlap_from_name("replace"));
}

TEST(DueQueue, GivesTheEarliestFirst) {
  DueQueue queue;
  const WallTime zero{};
  queue.put(1, zero + seconds(30));
  queue.put(2, zero + seconds(10));
  queue.put(3, zero + seconds(20));
  queue.put(2, zero + seconds(40));
  queue.erase(1);
  EXPECT_EQ(queue.next(), zero + seconds(20));
  EXPECT_THAT(queue.take(zero + seconds(19), 10), ElementsAre());
  EXPECT_THAT(queue.take(zero + seconds(60), 10), ElementsAre(3, 2));
  EXPECT_EQ(queue.next(), std::nullopt);
}

TEST(DueQueue, AgreesWithASortedMapWhileTimesChange) {
  std::mt19937 random(3);
  DueQueue queue;
  std::map<std::int64_t, WallTime> times;
  const auto pick = [&](int most) { return std::uniform_int_distribution(0, most)(random); };
  for (int round = 0; round < 20'000; ++round) {
    const std::int64_t id = pick(99);
    const WallTime time{milliseconds(pick(1000))};
    if (pick(9) == 0) {
      queue.erase(id);
      times.erase(id);
    } else {
      queue.put(id, time);
      times[id] = time;
    }
    const auto least =
        std::ranges::min_element(times, {}, [](const auto& each) { return each.second; });
    ASSERT_EQ(queue.next(), times.empty() ? std::nullopt : std::optional(least->second));
    if (pick(19) == 0) {
      const WallTime now{milliseconds(pick(300))};
      for (const std::int64_t due : queue.take(now, 5)) {
        ASSERT_LE(times.at(due), now);
        times.erase(due);
      }
    }
    ASSERT_EQ(queue.size(), times.size());
  }
}

}  // namespace
}  // namespace hearth::packs::mandates
