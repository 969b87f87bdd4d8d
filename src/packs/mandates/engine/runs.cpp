#include "packs/mandates/engine/runs.hpp"

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "packs/mandates/engine/schedules.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::milliseconds;

constexpr std::array<std::string_view, phase_count> phase_names{"observe", "orient", "decide",
                                                                "act", "reflect"};

struct Candidate {
  std::int64_t n = 0;
  std::string id;
  std::string state;
};

// The one that waits the longest of those that may go on. Of a schedule no more may be active than
// its overlap allows; that is told here and not of the rows found, for thousands that
// wait for their schedule must not stand before one that waits for nothing. One that was asked to
// end, or whose schedule is gone, waits for nothing. The first condition is the index's.
Result<std::optional<Candidate>> next_candidate(store::Database& database, WallTime now) {
  auto rows = database.query(
      "SELECT n, id, state FROM runs WHERE state <> 'ended' AND state IN ('waiting', 'blocked') "
      "AND not_before_ms <= ? AND (state = 'blocked' OR stop > 0 OR schedule_n IS NULL OR "
      "(SELECT count(*) FROM runs other WHERE other.schedule_n = runs.schedule_n AND "
      "other.state IN ('running', 'blocked')) < coalesce((SELECT iif(overlap = 'allow', "
      "most_active, 1) FROM schedules s WHERE s.n = runs.schedule_n), 1 << 30)) "
      "ORDER BY not_before_ms, n LIMIT 1",
      to_ms(now));
  if (!rows.next()) {
    if (!rows.ok()) return std::unexpected(rows.error());
    return std::optional<Candidate>();
  }
  return Candidate{
      .n = rows.integer(0), .id = std::string(rows.text(1)), .state = std::string(rows.text(2))};
}

// After so many failures in a row the schedule stops by itself, and says why.
Result<void> count_failures(Change& change, const Run& run, bool has_failed) {
  if (!run.schedule_n) return {};
  auto done = change->run("UPDATE schedules SET failures = iif(?, failures + 1, 0) WHERE n = ?",
                          has_failed, *run.schedule_n);
  if (!done || !has_failed) return done;
  const std::string reason = "run " + run.id + " failed, and those before it";
  done = change->run(
      "UPDATE schedules SET state = 'paused', reason = ? WHERE n = ? AND state = 'active' AND "
      "pause_after > 0 AND failures >= pause_after",
      reason, *run.schedule_n);
  if (!done || change->changes() == 0) return done;
  return change.note("schedule_paused",
                     {{"schedule", std::to_string(*run.schedule_n)}, {"reason", reason}});
}

// Nothing of a run stays open. What was cut off in the middle has failed where that does not matter
// (repeatable, ports.hpp), and what never began; else a person has to look.
Result<void> close_all(Change& change, std::int64_t run) {
  auto done = change->run(
      "UPDATE proposals SET state = 'superseded' WHERE run_n = ? AND state IN "
      "('pending', 'approved')",
      run);
  if (!done) return done;
  return change->run(
      "UPDATE effects SET state = iif(recovery = 2 OR state = 'held', 'failed', 'review') "
      "WHERE run_n = ? AND "
      "state IN ('intended', 'held')",
      run);
}

}  // namespace

std::string_view phase_name(Phase phase) {
  return phase_names[static_cast<std::size_t>(phase)];
}

Result<Run> load_run(store::Database& database, std::int64_t n) {
  auto rows = database.query(
      "SELECT n, id, mandate_n, schedule_n, cause, state, reason, outcome, cycle, bad_cycles, "
      "stop, created_ms, begun_ms, wakes FROM runs WHERE n = ?",
      n);
  if (!rows.next()) {
    return rows.ok() ? fail(Errc::not_found, "no run " + std::to_string(n))
                     : std::unexpected(rows.error());
  }
  Run run;
  run.n = rows.integer(0);
  run.id = rows.text(1);
  run.mandate_n = rows.integer(2);
  if (!rows.is_null(3)) run.schedule_n = rows.integer(3);
  run.cause = rows.text(4);
  run.state = rows.text(5);
  run.reason = rows.text(6);
  run.outcome = rows.text(7);
  run.cycle = static_cast<int>(rows.integer(8));
  run.bad_cycles = static_cast<int>(rows.integer(9));
  run.stop = static_cast<Stop>(rows.integer(10));
  run.created = from_ms(rows.integer(11));
  if (!rows.is_null(12)) run.begun = from_ms(rows.integer(12));
  run.wakes = rows.integer(13);
  return run;
}

Result<PhaseRows> load_phases(store::Database& database, std::int64_t run, int cycle) {
  PhaseRows phases;
  auto rows = database.query(
      "SELECT phase, is_done, begun, failed, output FROM phases WHERE run_n = ? AND cycle = ?", run,
      cycle);
  while (rows.next()) {
    const auto phase = static_cast<std::size_t>(rows.integer(0));
    if (phase >= phase_count) return fail(Errc::damaged, database.path() + ": no such phase");
    phases[phase] = {.is_done = rows.integer(1) != 0,
                     .begun = static_cast<int>(rows.integer(2)),
                     .failed = static_cast<int>(rows.integer(3)),
                     .output = std::string(rows.text(4))};
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return phases;
}

Result<std::vector<StepRow>> load_steps(store::Database& database, std::int64_t run, int cycle) {
  std::vector<StepRow> steps;
  auto rows = database.query(
      "SELECT step, state, output FROM steps WHERE run_n = ? AND cycle = ? ORDER BY step", run,
      cycle);
  while (rows.next()) {
    steps.push_back({.step = std::string(rows.text(0)),
                     .state = step_state_from_name(rows.text(1)),
                     .output = std::string(rows.text(2))});
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return steps;
}

Result<std::int64_t> Runs::create(std::int64_t mandate, std::string cause, std::string key) {
  return store_.write<std::int64_t>(
      Point::schedule_fired, [&](Change& change) -> Result<std::int64_t> {
        const auto owner = load_mandate(*change, mandate);
        if (!owner) return std::unexpected(owner.error());
        if (owner->state != "active") {
          return fail(Errc::conflict, "the mandate " + owner->name + " is " + owner->state);
        }
        // A key makes the id, so that the same key is the same run.
        const std::string id = key.empty()
                                   ? make_uuid_v7(change.now())
                                   : hex(digest("run\n" + owner->id + "\n" + key)).substr(0, 32);
        const auto known = change->integer("SELECT n FROM runs WHERE id = ?", id);
        if (!known) return std::unexpected(known.error());
        if (*known) return **known;
        const auto n = change.next_number("runs");
        if (!n) return n;
        auto done = change->run(
            "INSERT INTO runs(n, id, mandate_n, cause, state, not_before_ms, created_ms) "
            "VALUES(?, ?, ?, ?, 'waiting', ?, ?)",
            *n, id, mandate, cause, change.now_ms(), change.now_ms());
        if (done) {
          done =
              change.note("run_created", {{"run", id}, {"mandate", owner->id}, {"cause", cause}});
        }
        if (!done) return std::unexpected(std::move(done.error()));
        return n;
      });
}

Result<std::vector<std::int64_t>> Runs::take(WallTime now, int most) {
  using Taken = std::vector<std::int64_t>;
  {
    // Nothing to do is the usual case, and writes nothing.
    auto reader = store_.read();
    if (!reader) return std::unexpected(std::move(reader.error()));
    const auto found = next_candidate(**reader, now);
    if (!found) return std::unexpected(found.error());
    if (!*found) return Taken();
  }
  return store_.write<Taken>(Point::run_begun, [&](Change& change) -> Result<Taken> {
    Taken taken;
    while (static_cast<int>(taken.size()) < most) {
      // Sees those that this transaction has begun.
      const auto found = next_candidate(*change, now);
      if (!found) return std::unexpected(found.error());
      if (!*found) break;
      const Candidate& each = **found;
      auto done = change->run(
          "UPDATE runs SET state = 'running', reason = iif(stop > 0, reason, ''), begun_ms = "
          "coalesce(begun_ms, ?) "
          "WHERE n = ?",
          change.now_ms(), each.n);
      if (done && each.state == "waiting") done = change.note("run_begun", {{"run", each.id}});
      if (!done) return std::unexpected(std::move(done.error()));
      taken.push_back(each.n);
    }
    return taken;
  });
}

Result<std::optional<WallTime>> Runs::next_wake(WallTime now) {
  auto reader = store_.read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  const auto next = (*reader)->integer(
      "SELECT min(not_before_ms) FROM runs WHERE state IN ('waiting', 'blocked') AND state <> "
      "'ended' AND not_before_ms > ?",
      to_ms(now));
  if (!next) return std::unexpected(next.error());
  // min() of nothing is a row with NULL, which reads as 0.
  if (!*next || **next == 0) return std::optional<WallTime>();
  return std::optional(from_ms(**next));
}

Result<std::vector<std::int64_t>> Runs::interrupted() {
  auto reader = store_.read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  std::vector<std::int64_t> runs;
  auto rows = (*reader)->query("SELECT n FROM runs WHERE state = 'running' ORDER BY n");
  while (rows.next()) runs.push_back(rows.integer(0));
  if (!rows.ok()) return std::unexpected(rows.error());
  return runs;
}

Result<void> Runs::wake_waiting_for_model() {
  return wake_waiting(waiting_for_model);
}

Result<void> Runs::wake_waiting_for_secrets() {
  return wake_waiting(waiting_for_secrets);
}

Result<void> Runs::wake_waiting(std::string_view reason) {
  std::vector<std::int64_t> waiting;
  {
    auto reader = store_.read();
    if (!reader) return std::unexpected(std::move(reader.error()));
    auto rows = (*reader)->query(
        "SELECT n FROM runs WHERE state = 'running' OR (state = 'blocked' AND reason LIKE ? || "
        "'%')",
        reason);
    while (rows.next()) waiting.push_back(rows.integer(0));
    if (!rows.ok()) return std::unexpected(rows.error());
  }
  if (waiting.empty()) return {};
  return store_.commit(Point::run_blocked, [&](Change& change) -> Result<void> {
    Result<void> done;
    for (auto n = waiting.begin(); done && n != waiting.end(); ++n) done = wake_run(change, *n);
    return done;
  });
}

Result<void> Runs::stop(std::int64_t n, Stop how, std::string reason) {
  return store_.commit(Point::run_ended, [&](Change& change) -> Result<void> {
    const auto run = load_run(*change, n);
    if (!run) return std::unexpected(run.error());
    if (run->state == "ended") return fail(Errc::conflict, "run " + run->id + " has ended");
    Result<void> done;
    if (run->state == "waiting") {
      done = change->run(
          "UPDATE runs SET state = 'ended', outcome = 'stopped', reason = ?, ended_ms = ? "
          "WHERE n = ?",
          reason, change.now_ms(), n);
    } else {
      done = change->run("UPDATE runs SET stop = max(stop, ?), reason = ? WHERE n = ?",
                         static_cast<int>(how), reason, n);
      if (done) done = wake_run(change, n);
    }
    if (done) done = change.note("run_stop", {{"run", run->id}, {"reason", reason}});
    return done;
  });
}

Result<void> Runs::retry(std::int64_t n) {
  return store_.commit(Point::run_begun, [&](Change& change) -> Result<void> {
    const auto run = load_run(*change, n);
    if (!run) return std::unexpected(run.error());
    if (run->state != "ended" || run->outcome != "failed") {
      return fail(Errc::conflict, "run " + run->id + " has not failed");
    }
    const auto owner = load_mandate(*change, run->mandate_n);
    if (!owner) return std::unexpected(owner.error());
    if (owner->state != "active")
      return fail(Errc::conflict, "the mandate " + owner->name + " is " + owner->state);
    auto done = change->run(
        "UPDATE runs SET state = 'waiting', outcome = '', reason = 'retry', stop = 0, "
        "bad_cycles = 0, ended_ms = NULL, not_before_ms = ? WHERE n = ?",
        change.now_ms(), n);
    if (done) {
      done =
          change->run("UPDATE phases SET failed = 0, begun = 0 WHERE run_n = ? AND is_done = 0", n);
    }
    if (done) done = change.note("run_retry", {{"run", run->id}});
    return done;
  });
}

Result<int> Runs::begin_phase(const Run& run, Phase phase) {
  return store_.write<int>(Point::phase_begun, [&](Change& change) -> Result<int> {
    auto done = change->run(
        "INSERT INTO phases(run_n, cycle, phase, begun, begun_ms) VALUES(?, ?, ?, 1, ?) "
        "ON CONFLICT DO UPDATE SET begun = begun + 1, begun_ms = excluded.begun_ms",
        run.n, run.cycle, static_cast<int>(phase), change.now_ms());
    if (!done) return std::unexpected(std::move(done.error()));
    const auto begun =
        change->integer("SELECT begun FROM phases WHERE run_n = ? AND cycle = ? AND phase = ?",
                        run.n, run.cycle, static_cast<int>(phase));
    if (!begun) return std::unexpected(begun.error());
    done = change.note("phase_begun", {{"run", run.id},
                                       {"cycle", std::to_string(run.cycle)},
                                       {"phase", phase_name(phase)},
                                       {"time", std::to_string(begun->value_or(0))}});
    if (!done) return std::unexpected(std::move(done.error()));
    return static_cast<int>(begun->value_or(0));
  });
}

Result<void> Runs::end_phase(const Run& run, Phase phase, std::string_view output) {
  return store_.commit(Point::phase_ended, [&](Change& change) -> Result<void> {
    auto done = change->run(
        "UPDATE phases SET is_done = 1, ended_ms = ?, output = ?, error = '' WHERE run_n = ? AND "
        "cycle = ? AND phase = ? AND is_done = 0",
        change.now_ms(), output, run.n, run.cycle, static_cast<int>(phase));
    if (done && change->changes() != 1) {
      return fail(Errc::internal, "run " + run.id + ": a phase ended twice");
    }
    if (done) {
      done = change.note("phase_ended", {{"run", run.id},
                                         {"cycle", std::to_string(run.cycle)},
                                         {"phase", phase_name(phase)},
                                         {"output", hex(digest(output))}});
    }
    return done;
  });
}

Result<void> Runs::fail_phase(const Run& run, Phase phase, std::string_view error, bool counts) {
  return store_.commit(Point::phase_ended, [&](Change& change) -> Result<void> {
    auto done = change->run(
        "UPDATE phases SET failed = failed + ?, begun = 0, error = ? WHERE run_n = ? AND cycle = ? "
        "AND phase = ?",
        counts, error, run.n, run.cycle, static_cast<int>(phase));
    if (done) {
      done = change.note("phase_failed", {{"run", run.id},
                                          {"cycle", std::to_string(run.cycle)},
                                          {"phase", phase_name(phase)},
                                          {"error", error}});
    }
    return done;
  });
}

Result<void> Runs::end_cycle(const Run& run, bool was_bad) {
  return store_.commit(Point::cycle_ended, [&](Change& change) -> Result<void> {
    auto done = change->run(
        "UPDATE runs SET cycle = cycle + 1, bad_cycles = iif(?, bad_cycles + 1, 0) WHERE n = ? AND "
        "cycle = ?",
        was_bad, run.n, run.cycle);
    if (done) {
      done = change.note("cycle_ended", {{"run", run.id}, {"cycle", std::to_string(run.cycle)}});
    }
    return done;
  });
}

Result<void> Runs::block(const Run& run, std::string_view reason, WallTime until) {
  return store_.commit(Point::run_blocked, [&](Change& change) -> Result<void> {
    auto done = change->run(
        "UPDATE runs SET state = 'blocked', reason = iif(stop > 0, reason, ?), not_before_ms = "
        "iif(wakes = ?, ?, ?) "
        "WHERE n = ?",
        reason, run.wakes, to_ms(until), change.now_ms(), run.n);
    if (done) done = change.note("run_blocked", {{"run", run.id}, {"reason", reason}});
    return done;
  });
}

Result<void> Runs::end(const Run& run, std::string_view outcome, std::string_view reason) {
  return store_.commit(Point::run_ended, [&](Change& change) -> Result<void> {
    auto done = change->run(
        "UPDATE runs SET state = 'ended', outcome = ?, reason = ?, ended_ms = ? WHERE n = ? AND "
        "state <> 'ended'",
        outcome, reason, change.now_ms(), run.n);
    if (!done || change->changes() == 0) return done;
    done = close_all(change, run.n);
    if (done && outcome != "stopped") {
      done = count_failures(change, run, outcome == "failed");
      if (done) done = fire_after(change, run.mandate_n, run.id, outcome);
    }
    if (done) {
      done = change.note("run_ended", {{"run", run.id}, {"outcome", outcome}, {"reason", reason}});
    }
    return done;
  });
}

Result<void> wake_run(Change& change, std::int64_t run) {
  return change->run(
      "UPDATE runs SET wakes = wakes + 1, not_before_ms = min(not_before_ms, ?) WHERE n = ?",
      change.now_ms(), run);
}

}  // namespace hearth::packs::mandates
