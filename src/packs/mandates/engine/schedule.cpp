#include "packs/mandates/engine/schedule.hpp"

#include <algorithm>
#include <array>

#include "base/ids.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::array<std::string_view, 3> catch_up_names{"skip", "once", "bounded"};

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

std::string select_schedules(std::string_view condition) {
  return "SELECT n, id, mandate_n, timing, zone, jitter_ms, late_after_ms, catch_up, "
         "catch_up_most, catch_up_window_ms, catch_up_stagger_ms, overlap, most_waiting, "
         "most_active, pause_after, state, reason, cursor_ms FROM schedules " +
         std::string(condition);
}

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
  schedule.cursor = WallTime(milliseconds(rows.integer(17)));
  return schedule;
}

Result<Schedule> load_schedule(store::Database& database, std::int64_t n) {
  auto rows = database.query(select_schedules("WHERE n = ?"), n);
  if (!rows.next()) {
    return rows.ok() ? fail(Errc::not_found, "no schedule " + std::to_string(n))
                     : std::unexpected(rows.error());
  }
  return read_schedule(rows);
}

Result<std::int64_t> insert_schedule(Change& change,
                                     const Mandate& owner,
                                     const ScheduleSpec& spec) {
  const std::string id = make_uuid_v7(change.now());
  const CatchUpRule& rule = spec.catch_up;
  const auto n = change.next_number("schedules");
  if (!n) return n;
  auto done = change->run(
      "INSERT INTO schedules(n, id, mandate_n, timing, zone, jitter_ms, late_after_ms, "
      "catch_up, catch_up_most, catch_up_window_ms, catch_up_stagger_ms, overlap, "
      "most_waiting, most_active, pause_after, state, cursor_ms, created_ms) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'active', ?, ?)",
      *n, id, owner.n, spec.timing, spec.zone, spec.jitter.count(), spec.late_after.count(),
      catch_up_names[static_cast<std::size_t>(rule.kind)], rule.most, rule.window.count(),
      rule.stagger.count(), overlap_name(spec.overlap), spec.limits.most_waiting,
      spec.limits.most_active, spec.pause_after, change.now_ms(), change.now_ms());
  if (done) {
    done = change.note(
        "schedule_created",
        {{"schedule", id}, {"mandate", owner.id}, {"timing", spec.timing}, {"zone", spec.zone}});
  }
  if (!done) return std::unexpected(std::move(done.error()));
  return n;
}

}  // namespace hearth::packs::mandates
