#include "packs/mandates/engine/occurrences.hpp"

#include <algorithm>
#include <optional>

#include "base/clock.hpp"
#include "base/ids.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t most_events = 100;

// Runs of one schedule that have not ended.
Result<Load> load_of(Change& change, std::int64_t schedule) {
  Load load;
  auto rows = change->query(
      "SELECT state, count(*) FROM runs WHERE schedule_n = ? AND state <> 'ended' GROUP BY state",
      schedule);
  while (rows.next()) {
    (rows.text(0) == "waiting" ? load.waiting : load.active) += static_cast<int>(rows.integer(1));
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return load;
}

// Ends the runs that wait, asks the others to end.
Result<void> make_room(Change& change, const Schedule& schedule, Stop stop, Fired& fired) {
  auto done = change->run(
      "UPDATE runs SET state = 'ended', outcome = 'stopped', reason = 'replaced by a later run', "
      "ended_ms = ? WHERE schedule_n = ? AND state = 'waiting'",
      change.now_ms(), schedule.n);
  if (done && change->changes() > 0) {
    done = change.note("runs_replaced",
                       {{"schedule", schedule.id}, {"count", std::to_string(change->changes())}});
  }
  if (!done || stop == Stop::none) return done;
  auto rows = change->query(
      "SELECT n FROM runs WHERE schedule_n = ? AND state IN ('running', 'blocked')", schedule.n);
  while (rows.next()) {
    (stop == Stop::cancel ? fired.cancelled : fired.terminated).push_back(rows.integer(0));
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return change->run(
      "UPDATE runs SET stop = max(stop, ?), reason = 'replaced by a later run', wakes = wakes + 1, "
      "not_before_ms = min(not_before_ms, ?) WHERE "
      "schedule_n = ? AND state IN ('running', 'blocked')",
      static_cast<int>(stop), change.now_ms(), schedule.n);
}

Result<std::int64_t> insert_run(Change& change,
                                const Schedule& schedule,
                                const Due& due,
                                std::string_view cause) {
  const std::string id = make_uuid_v7(change.now());
  const auto run = change.next_number("runs");
  if (!run) return run;
  auto done = change->run(
      "INSERT INTO runs(n, id, mandate_n, schedule_n, scheduled_ms, cause, state, not_before_ms, "
      "created_ms) VALUES(?, ?, ?, ?, ?, ?, 'waiting', ?, ?)",
      *run, id, schedule.mandate_n, schedule.n, to_ms(due.scheduled), cause, to_ms(due.not_before),
      change.now_ms());
  if (!done) return std::unexpected(std::move(done.error()));
  done = change.note("occurrence", {{"schedule", schedule.id},
                                    {"scheduled", format_rfc3339(due.scheduled)},
                                    {"cause", cause},
                                    {"run", id}});
  if (!done) return std::unexpected(std::move(done.error()));
  return run;
}

struct Begun {
  std::optional<std::int64_t> run;
  std::string_view reason;  // why there is none
};

// A run, as far as the schedule's others leave room for it.
Result<Begun> begin_one(Change& change,
                        const Schedule& schedule,
                        const Due& due,
                        std::string_view cause,
                        Fired& fired) {
  const auto load = load_of(change, schedule.n);
  if (!load) return std::unexpected(load.error());
  const Admission admission = admit(schedule.spec.overlap, *load, schedule.spec.limits);
  if (!admission.is_admitted) {
    fired.skipped = admission.reason;
    return Begun{.run = {}, .reason = admission.reason};
  }
  if (admission.drops_waiting || admission.others != Stop::none) {
    if (auto room = make_room(change, schedule, admission.others, fired); !room)
      return std::unexpected(std::move(room.error()));
  }
  const auto run = insert_run(change, schedule, due, cause);
  if (!run) return std::unexpected(run.error());
  fired.runs.push_back(*run);
  return Begun{.run = *run, .reason = {}};
}

Result<void> note_missed(Change& change,
                         const Schedule& schedule,
                         const Missed& missed,
                         std::string_view reason) {
  auto done = change->run(
      "INSERT INTO missed(schedule_n, first_ms, last_ms, count, is_complete, noted_ms, reason) "
      "VALUES(?, ?, ?, ?, ?, ?, ?)",
      schedule.n, to_ms(missed.first), to_ms(missed.last), missed.count, missed.is_complete,
      change.now_ms(), reason);
  if (!done) return done;
  return change.note("missed", {{"schedule", schedule.id},
                                {"first", format_rfc3339(missed.first)},
                                {"last", format_rfc3339(missed.last)},
                                {"count", std::to_string(missed.count)},
                                {"complete", missed.is_complete ? "yes" : "no"},
                                {"reason", reason}});
}

Result<void> move_cursor(Change& change, const Schedule& schedule, WallTime cursor) {
  return change->run("UPDATE schedules SET cursor_ms = max(cursor_ms, ?) WHERE n = ?",
                     to_ms(cursor), schedule.n);
}

// What is due by an event is due now; of several at once each has a millisecond of its own.
Result<Due> due_now(Change& change, std::int64_t schedule) {
  const auto last = change->integer(
      "SELECT coalesce(max(scheduled_ms), 0) FROM occurrences WHERE schedule_n = ?", schedule);
  if (!last) return std::unexpected(last.error());
  const WallTime after_last = from_ms(last->value_or(0) + 1);
  return Due{.scheduled = std::max(change.now(), after_last), .not_before = change.now()};
}

}  // namespace

Result<void> fire_one(Change& change,
                      const Schedule& schedule,
                      const Due& due,
                      std::string_view cause,
                      Fired& fired) {
  const auto known =
      change->integer("SELECT 1 FROM occurrences WHERE schedule_n = ? AND scheduled_ms = ?",
                      schedule.n, to_ms(due.scheduled));
  if (!known) return std::unexpected(known.error());
  if (*known) return {};
  const auto begun = begin_one(change, schedule, due, cause, fired);
  if (!begun) return std::unexpected(begun.error());
  if (!begun->run) {
    auto noted = change.note("occurrence", {{"schedule", schedule.id},
                                            {"scheduled", format_rfc3339(due.scheduled)},
                                            {"skipped", begun->reason}});
    if (!noted) return noted;
  }
  return change->run(
      "INSERT INTO occurrences(schedule_n, scheduled_ms, fired_ms, run_n, reason) "
      "VALUES(?, ?, ?, ?, ?)",
      schedule.n, to_ms(due.scheduled), change.now_ms(), begun->run, begun->reason);
}

Result<void> backfill_one(Change& change, const Schedule& schedule, const Due& due, Fired& fired) {
  const auto has_run = change->integer(
      "SELECT 1 FROM occurrences WHERE schedule_n = ? AND scheduled_ms = ? AND run_n IS NOT NULL",
      schedule.n, to_ms(due.scheduled));
  if (!has_run) return std::unexpected(has_run.error());
  if (*has_run) return {};
  const auto begun = begin_one(change, schedule, due, "backfill", fired);
  if (!begun) return std::unexpected(begun.error());
  if (!begun->run) {
    ++fired.left;
    return {};
  }
  return change->run(
      "INSERT INTO occurrences(schedule_n, scheduled_ms, fired_ms, run_n) VALUES(?, ?, ?, ?) "
      "ON CONFLICT DO UPDATE SET fired_ms = excluded.fired_ms, run_n = excluded.run_n, reason = ''",
      schedule.n, to_ms(due.scheduled), change.now_ms(), begun->run);
}

Result<void> skip_all(Change& change,
                      const Schedule& schedule,
                      WallTime now,
                      std::string_view why) {
  auto rhythm = rhythm_of(schedule.spec);
  if (!rhythm) return std::unexpected(std::move(rhythm.error()));
  rhythm->catch_up.kind = CatchUp::skip;
  rhythm->late_after = milliseconds(-1);
  const Firing firing = plan_firing(*rhythm, schedule.id, schedule.cursor, now);
  if (firing.missed) {
    if (auto noted = note_missed(change, schedule, *firing.missed, why); !noted) return noted;
  }
  return move_cursor(change, schedule, firing.cursor);
}

Result<void> fire_due(Change& change, std::int64_t n, WallTime now, Fired& fired) {
  const auto schedule = load_schedule(*change, n);
  if (!schedule) return std::unexpected(schedule.error());
  if (schedule->state != "active") return {};
  const auto mandate = load_mandate(*change, schedule->mandate_n);
  if (!mandate) return std::unexpected(mandate.error());
  // What it misses meanwhile is one gap, counted when it is resumed (set_mandate_state).
  if (mandate->state != "active") return {};
  const auto rhythm = rhythm_of(schedule->spec);
  if (!rhythm) return std::unexpected(rhythm.error());
  const Firing firing = plan_firing(*rhythm, schedule->id, schedule->cursor, now);
  if (firing.missed) {
    auto noted = note_missed(change, *schedule, *firing.missed, "late");
    if (!noted) return noted;
  }
  for (const Due& due : firing.due) {
    auto done = fire_one(change, *schedule, due, due.is_catch_up ? "catch_up" : "schedule", fired);
    if (!done) return done;
  }
  return move_cursor(change, *schedule, firing.cursor);
}

Result<void> fire_after(Change& change,
                        std::int64_t mandate,
                        const std::string& run,
                        std::string_view outcome) {
  const auto ended = load_mandate(*change, mandate);
  if (!ended) return std::unexpected(ended.error());
  const auto timings = timings_after(ended->name, outcome);
  std::vector<Schedule> followers;
  {
    auto rows = change->query(
        select_schedules("WHERE state = 'active' AND timing IN (?, ?) AND (SELECT state "
                         "FROM mandates WHERE n = mandate_n) = 'active' ORDER BY n"),
        timings[0], timings[1]);
    while (rows.next()) followers.push_back(read_schedule(rows));
    if (!rows.ok()) return std::unexpected(rows.error());
  }
  Fired fired;  // whom it asks to end is asked by its row
  for (const Schedule& each : followers) {
    const auto due = due_now(change, each.n);
    if (!due) return std::unexpected(due.error());
    if (auto done = fire_one(change, each, *due, "after " + run, fired); !done) return done;
  }
  return {};
}

Result<void> miss_events(Change& change,
                         std::int64_t schedule,
                         std::int64_t count,
                         std::string_view why) {
  const auto row = load_schedule(*change, schedule);
  if (!row) return std::unexpected(row.error());
  return note_missed(change, *row, {.first = change.now(), .last = change.now(), .count = count},
                     why);
}

Result<void> fire_events(Change& change,
                         std::int64_t schedule,
                         std::span<const std::string> causes,
                         Fired& fired) {
  const auto row = load_schedule(*change, schedule);
  if (!row) return std::unexpected(row.error());
  const auto mandate = load_mandate(*change, row->mandate_n);
  if (!mandate) return std::unexpected(mandate.error());
  std::string refused;
  if (row->state != "active") refused = "the schedule is " + row->state;
  if (mandate->state != "active") refused = "the mandate is " + mandate->state;
  const std::size_t most = refused.empty() ? std::min(causes.size(), most_events) : 0;
  for (const std::string& cause : causes.first(most)) {
    const auto due = due_now(change, schedule);
    if (!due) return std::unexpected(due.error());
    if (auto done = fire_one(change, *row, *due, cause, fired); !done) return done;
  }
  if (most == causes.size()) return {};
  const Missed missed{.first = change.now(),
                      .last = change.now(),
                      .count = static_cast<std::int64_t>(causes.size() - most)};
  return note_missed(change, *row, missed, refused.empty() ? "too many at once" : refused);
}

}  // namespace hearth::packs::mandates
