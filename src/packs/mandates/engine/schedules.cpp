#include "packs/mandates/engine/schedules.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/ids.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr int most_backfilled = 1000;
constexpr std::size_t most_events = 100;
constexpr std::array<std::string_view, 3> catch_up_names{"skip", "once", "bounded"};

std::int64_t to_ms(WallTime time) {
  return time.time_since_epoch().count();
}
WallTime from_ms(std::int64_t ms) {
  return WallTime(milliseconds(ms));
}

constexpr std::string_view schedule_sql =
    "SELECT n, id, mandate_n, timing, zone, jitter_ms, late_after_ms, catch_up, catch_up_most, "
    "catch_up_window_ms, catch_up_stagger_ms, overlap, most_waiting, most_active, pause_after, "
    "state, reason, cursor_ms FROM schedules ";

Schedule read_schedule(const store::Rows& rows) {
  Schedule schedule;
  schedule.n = rows.integer(0);
  schedule.id = rows.text(1);
  schedule.mandate_n = rows.integer(2);
  ScheduleSpec& spec = schedule.spec;
  spec.timing = rows.text(3);
  spec.zone = rows.text(4);
  spec.jitter = milliseconds(rows.integer(5));
  spec.late_after = milliseconds(rows.integer(6));
  const auto kind = std::ranges::find(catch_up_names, rows.text(7));
  spec.catch_up.kind = kind == catch_up_names.end()
                           ? CatchUp::skip
                           : static_cast<CatchUp>(kind - catch_up_names.begin());
  spec.catch_up.most = static_cast<int>(rows.integer(8));
  spec.catch_up.window = milliseconds(rows.integer(9));
  spec.catch_up.stagger = milliseconds(rows.integer(10));
  spec.overlap = overlap_from_name(rows.text(11)).value_or(Overlap::skip);
  spec.limits.most_waiting = static_cast<int>(rows.integer(12));
  spec.limits.most_active = static_cast<int>(rows.integer(13));
  spec.pause_after = static_cast<int>(rows.integer(14));
  schedule.state = rows.text(15);
  schedule.reason = rows.text(16);
  schedule.cursor = from_ms(rows.integer(17));
  return schedule;
}

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
  auto done = change->run(
      "INSERT INTO runs(id, mandate_n, schedule_n, scheduled_ms, cause, state, not_before_ms, "
      "created_ms) VALUES(?, ?, ?, ?, ?, 'waiting', ?, ?)",
      id, schedule.mandate_n, schedule.n, to_ms(due.scheduled), cause, to_ms(due.not_before),
      change.now_ms());
  if (!done) return std::unexpected(std::move(done.error()));
  const std::int64_t run = change->last_rowid();
  done = change.note("occurrence", {{"schedule", schedule.id},
                                    {"scheduled", format_rfc3339(due.scheduled)},
                                    {"cause", cause},
                                    {"run", id}});
  if (!done) return std::unexpected(std::move(done.error()));
  return run;
}

// One occurrence: a run, or the reason why there is none. One that is known already is left alone.
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
  const auto load = load_of(change, schedule.n);
  if (!load) return std::unexpected(load.error());
  const Admission admission = admit(schedule.spec.overlap, *load, schedule.spec.limits);
  std::optional<std::int64_t> run;
  if (admission.is_admitted) {
    if (admission.drops_waiting || admission.others != Stop::none) {
      if (auto room = make_room(change, schedule, admission.others, fired); !room) return room;
    }
    auto inserted = insert_run(change, schedule, due, cause);
    if (!inserted) return std::unexpected(std::move(inserted.error()));
    run = *inserted;
    fired.runs.push_back(*inserted);
  } else {
    auto noted = change.note("occurrence", {{"schedule", schedule.id},
                                            {"scheduled", format_rfc3339(due.scheduled)},
                                            {"skipped", admission.reason}});
    if (!noted) return noted;
  }
  return change->run(
      "INSERT INTO occurrences(schedule_n, scheduled_ms, fired_ms, run_n, reason) "
      "VALUES(?, ?, ?, ?, ?)",
      schedule.n, to_ms(due.scheduled), change.now_ms(), run, admission.reason);
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

// Counts all up to `now` as missed.
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
  if (mandate->state != "active") {
    return skip_all(change, *schedule, now, "the mandate is " + mandate->state);
  }
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

// What is paused or stopped begins nothing, by hand neither.
Result<void> check_active(Change& change, std::int64_t mandate) {
  const auto owner = load_mandate(*change, mandate);
  if (!owner) return std::unexpected(owner.error());
  if (owner->state == "active") return {};
  return fail(Errc::conflict, "the mandate " + owner->name + " is " + owner->state);
}

// Names of the mandates that a mandate's schedules follow.
Result<std::vector<std::string>> followed_by(Change& change, const std::string& mandate) {
  std::vector<std::string> names;
  auto rows = change->query(
      "SELECT s.timing, s.zone FROM schedules s JOIN mandates m ON m.n = s.mandate_n WHERE m.name "
      "= "
      "? AND s.timing LIKE 'after %'",
      mandate);
  while (rows.next()) {
    const auto timing = Timing::parse(rows.text(0), rows.text(1));
    if (!timing) return std::unexpected(timing.error());
    if (const auto name = timing->followed()) names.push_back(*name);
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return names;
}

// A circle would go round for ever, with nobody beginning it.
Result<void> check_follows(Change& change, const std::string& owner, const std::string& first) {
  const auto known = change->integer("SELECT n FROM mandates WHERE name = ?", first);
  if (!known) return std::unexpected(known.error());
  if (!*known) return fail(Errc::not_found, "there is no mandate " + first + " to follow");
  std::set<std::string> seen;
  std::vector<std::string> open{first};
  while (!open.empty()) {
    const std::string name = std::move(open.back());
    open.pop_back();
    if (name == owner) {
      return fail(Errc::conflict, owner + " would follow itself, by way of " + first,
                  {"follow a mandate that goes by time"});
    }
    if (!seen.insert(name).second) continue;
    auto next = followed_by(change, name);
    if (!next) return std::unexpected(std::move(next.error()));
    open.insert(open.end(), next->begin(), next->end());
  }
  return {};
}

std::unexpected<Error> out_of_bounds(std::string_view what) {
  return fail(Errc::invalid_args, "schedule: " + std::string(what));
}

}  // namespace

Result<Rhythm> rhythm_of(const ScheduleSpec& spec) {
  if (spec.jitter < milliseconds(0) || spec.jitter > hours(24)) {
    return out_of_bounds("jitter is between 0 and 24h");
  }
  if (spec.late_after < milliseconds(0) || spec.late_after > hours(1)) {
    return out_of_bounds("late_after is between 0 and 1h");
  }
  if (spec.catch_up.most < 1 || spec.catch_up.most > 1000) {
    return out_of_bounds("catch_up runs at most 1 to 1000");
  }
  if (spec.catch_up.window < milliseconds(0) || spec.catch_up.window > hours(24 * 366)) {
    return out_of_bounds("catch_up's window is between 0 and 366 days");
  }
  if (spec.catch_up.stagger < milliseconds(0) || spec.catch_up.stagger > hours(24)) {
    return out_of_bounds("catch_up's stagger is between 0 and 24h");
  }
  if (spec.limits.most_waiting < 1 || spec.limits.most_waiting > 1000 ||
      spec.limits.most_active < 1 || spec.limits.most_active > 100) {
    return out_of_bounds("at most 1 to 1000 runs wait, and 1 to 100 are active");
  }
  auto timing = Timing::parse(spec.timing, spec.zone);
  if (!timing) return std::unexpected(std::move(timing.error()));
  // Who ends a run has no hand on another one's threads.
  if (timing->followed() && spec.overlap == Overlap::terminate_other)
    return out_of_bounds("what follows a run cannot terminate another one; use cancel_other");
  return Rhythm{.timing = *timing,
                .jitter = spec.jitter,
                .late_after = spec.late_after,
                .catch_up = spec.catch_up};
}

Result<Mandate> load_mandate(store::Database& database, std::int64_t n) {
  auto rows =
      database.query("SELECT n, id, name, spec, state, reason FROM mandates WHERE n = ?", n);
  if (!rows.next()) {
    return rows.ok() ? fail(Errc::not_found, "no mandate " + std::to_string(n))
                     : std::unexpected(rows.error());
  }
  return Mandate{.n = rows.integer(0),
                 .id = std::string(rows.text(1)),
                 .name = std::string(rows.text(2)),
                 .spec = std::string(rows.text(3)),
                 .state = std::string(rows.text(4)),
                 .reason = std::string(rows.text(5))};
}

Result<Mandate> create_mandate(MandateStore& store, std::string name, std::string spec) {
  if (name.empty() || name.size() > 200) {
    return fail(Errc::invalid_args, "a mandate's name has 1 to 200 bytes");
  }
  return store.write<Mandate>(Point::mandate_changed, [&](Change& change) -> Result<Mandate> {
    const auto known = change->integer("SELECT n FROM mandates WHERE name = ?", name);
    if (!known) return std::unexpected(known.error());
    if (*known) return fail(Errc::conflict, "there is a mandate " + name, {"use another name"});
    const std::string id = make_uuid_v7(change.now());
    auto done = change->run(
        "INSERT INTO mandates(id, name, spec, state, created_ms, updated_ms) "
        "VALUES(?, ?, ?, 'active', ?, ?)",
        id, name, spec, change.now_ms(), change.now_ms());
    const std::int64_t n = change->last_rowid();
    if (done) done = change.note("mandate_created", {{"mandate", id}, {"name", name}});
    if (!done) return std::unexpected(std::move(done.error()));
    return load_mandate(*change, n);
  });
}

Result<void> update_mandate(MandateStore& store, std::int64_t mandate, std::string spec) {
  return store.commit(Point::mandate_changed, [&](Change& change) -> Result<void> {
    const auto known = load_mandate(*change, mandate);
    if (!known) return std::unexpected(known.error());
    auto done = change->run("UPDATE mandates SET spec = ?, updated_ms = ? WHERE n = ?", spec,
                            change.now_ms(), mandate);
    if (done) {
      done = change.note("mandate_updated", {{"mandate", known->id}, {"spec", hex(digest(spec))}});
    }
    return done;
  });
}

Result<void> set_mandate_state(MandateStore& store,
                               std::int64_t mandate,
                               std::string state,
                               std::string reason) {
  return store.commit(Point::mandate_changed, [&](Change& change) -> Result<void> {
    const auto known = load_mandate(*change, mandate);
    if (!known) return std::unexpected(known.error());
    if (known->state == "stopped") {
      return fail(Errc::conflict, "the mandate " + known->name + " is stopped for good");
    }
    auto done = change->run("UPDATE mandates SET state = ?, reason = ?, updated_ms = ? WHERE n = ?",
                            state, reason, change.now_ms(), mandate);
    if (done && state == "stopped") {
      done = change->run(
          "UPDATE runs SET stop = 2, reason = ?, wakes = wakes + 1, "
          "not_before_ms = min(not_before_ms, ?) WHERE mandate_n = ? AND state <> 'ended'",
          "the mandate was stopped" + (reason.empty() ? "" : ": " + reason), change.now_ms(),
          mandate);
    }
    if (done) {
      done = change.note("mandate_state",
                         {{"mandate", known->id}, {"state", state}, {"reason", reason}});
    }
    return done;
  });
}

Result<Schedule> load_schedule(store::Database& database, std::int64_t n) {
  auto rows = database.query(std::string(schedule_sql) + "WHERE n = ?", n);
  if (!rows.next()) {
    return rows.ok() ? fail(Errc::not_found, "no schedule " + std::to_string(n))
                     : std::unexpected(rows.error());
  }
  return read_schedule(rows);
}

Result<std::int64_t> Schedules::create(std::int64_t mandate, const ScheduleSpec& spec) {
  const auto rhythm = rhythm_of(spec);
  if (!rhythm) return std::unexpected(rhythm.error());
  const auto followed = rhythm->timing.followed();
  return store_.write<std::int64_t>(
      Point::schedule_changed, [&](Change& change) -> Result<std::int64_t> {
        const auto owner = load_mandate(*change, mandate);
        if (!owner) return std::unexpected(owner.error());
        if (followed) {
          if (auto ok = check_follows(change, owner->name, *followed); !ok)
            return std::unexpected(std::move(ok.error()));
        }
        const std::string id = make_uuid_v7(change.now());
        const CatchUpRule& rule = spec.catch_up;
        auto done = change->run(
            "INSERT INTO schedules(id, mandate_n, timing, zone, jitter_ms, late_after_ms, "
            "catch_up, catch_up_most, catch_up_window_ms, catch_up_stagger_ms, overlap, "
            "most_waiting, most_active, pause_after, state, cursor_ms, created_ms) "
            "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'active', ?, ?)",
            id, mandate, spec.timing, spec.zone, spec.jitter.count(), spec.late_after.count(),
            catch_up_names[static_cast<std::size_t>(rule.kind)], rule.most, rule.window.count(),
            rule.stagger.count(), overlap_name(spec.overlap), spec.limits.most_waiting,
            spec.limits.most_active, spec.pause_after, change.now_ms(), change.now_ms());
        const std::int64_t n = change->last_rowid();
        if (done) {
          done = change.note("schedule_created", {{"schedule", id},
                                                  {"mandate", owner->id},
                                                  {"timing", spec.timing},
                                                  {"zone", spec.zone}});
        }
        if (!done) return std::unexpected(std::move(done.error()));
        return n;
      });
}

Result<void> Schedules::remove(std::int64_t n) {
  return store_.commit(Point::schedule_changed, [&](Change& change) -> Result<void> {
    const auto schedule = load_schedule(*change, n);
    if (!schedule) return std::unexpected(schedule.error());
    auto done = change->run("DELETE FROM schedules WHERE n = ?", n);
    if (done) done = change->run("DELETE FROM watches WHERE schedule_n = ?", n);
    if (done) done = change->run("DELETE FROM sightings WHERE schedule_n = ?", n);
    if (done) done = change.note("schedule_removed", {{"schedule", schedule->id}});
    return done;
  });
}

Result<void> Schedules::pause(std::int64_t n, std::string reason) {
  return store_.commit(Point::schedule_changed, [&](Change& change) -> Result<void> {
    const auto schedule = load_schedule(*change, n);
    if (!schedule) return std::unexpected(schedule.error());
    auto done =
        change->run("UPDATE schedules SET state = 'paused', reason = ? WHERE n = ?", reason, n);
    if (done)
      done = change.note("schedule_paused", {{"schedule", schedule->id}, {"reason", reason}});
    return done;
  });
}

Result<void> Schedules::resume(std::int64_t n) {
  return store_.commit(Point::schedule_changed, [&](Change& change) -> Result<void> {
    const auto schedule = load_schedule(*change, n);
    if (!schedule) return std::unexpected(schedule.error());
    if (schedule->state == "active") return {};
    auto done = skip_all(change, *schedule, change.now(), "the schedule was paused");
    if (done) {
      done = change->run(
          "UPDATE schedules SET state = 'active', reason = '', failures = 0 WHERE n = ?", n);
    }
    if (done) done = change.note("schedule_resumed", {{"schedule", schedule->id}});
    return done;
  });
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
    auto rows = change->query(std::string(schedule_sql) +
                                  "WHERE state = 'active' AND timing IN (?, ?) AND (SELECT state "
                                  "FROM mandates WHERE n = mandate_n) = 'active' ORDER BY n",
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

Result<Fired> Schedules::fire(std::span<const std::int64_t> schedules, WallTime now) {
  return store_.write<Fired>(Point::schedule_fired, [&](Change& change) -> Result<Fired> {
    Fired fired;
    for (const std::int64_t n : schedules) {
      // One that was deleted meanwhile is nobody's fault.
      auto done = fire_due(change, n, now, fired);
      if (!done && done.error().code != Errc::not_found) {
        return std::unexpected(std::move(done.error()));
      }
    }
    return fired;
  });
}

Result<Fired> Schedules::trigger(std::int64_t n, WallTime occurrence) {
  return store_.write<Fired>(Point::schedule_fired, [&](Change& change) -> Result<Fired> {
    Fired fired;
    const auto schedule = load_schedule(*change, n);
    if (!schedule) return std::unexpected(schedule.error());
    if (auto ok = check_active(change, schedule->mandate_n); !ok)
      return std::unexpected(std::move(ok.error()));
    const Due due{.scheduled = occurrence, .not_before = change.now()};
    auto done = fire_one(change, *schedule, due, "trigger", fired);
    if (!done) return std::unexpected(std::move(done.error()));
    return fired;
  });
}

Result<Fired> Schedules::backfill(std::int64_t n, WallTime from, WallTime to, Overlap overlap) {
  return store_.write<Fired>(Point::schedule_fired, [&](Change& change) -> Result<Fired> {
    Fired fired;
    auto schedule = load_schedule(*change, n);
    if (!schedule) return std::unexpected(std::move(schedule.error()));
    if (auto ok = check_active(change, schedule->mandate_n); !ok)
      return std::unexpected(std::move(ok.error()));
    schedule->spec.overlap = overlap;
    const auto rhythm = rhythm_of(schedule->spec);
    if (!rhythm) return std::unexpected(rhythm.error());
    // What is still to come fires by itself.
    const WallTime end = std::min(to, schedule->cursor);
    Due due{.scheduled = from, .not_before = change.now(), .is_catch_up = true};
    int count = 0;
    for (auto next = rhythm->timing.next_after(from); next && *next <= end;
         next = rhythm->timing.next_after(*next)) {
      if (++count > most_backfilled) {
        return fail(Errc::invalid_args, "backfill: more than 1000 occurrences",
                    {"ask for a shorter time"});
      }
      due.scheduled = *next;
      auto done = fire_one(change, *schedule, due, "backfill", fired);
      if (!done) return std::unexpected(std::move(done.error()));
      due.not_before += schedule->spec.catch_up.stagger;
    }
    return fired;
  });
}

Result<std::vector<Schedules::Wake>> Schedules::wakes(std::optional<std::int64_t> schedule) {
  auto reader = store_.read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  std::vector<Wake> wakes;
  auto rows = (*reader)->query(
      std::string(schedule_sql) + "WHERE state = 'active' AND (?1 IS NULL OR n = ?1)", schedule);
  while (rows.next()) {
    const Schedule each = read_schedule(rows);
    const auto rhythm = rhythm_of(each.spec);
    if (!rhythm) return std::unexpected(Error(rhythm.error()).within("schedule " + each.id));
    if (const auto next = next_fire(*rhythm, each.id, each.cursor))
      wakes.push_back({each.n, *next});
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return wakes;
}

}  // namespace hearth::packs::mandates
