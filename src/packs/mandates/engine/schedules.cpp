#include "packs/mandates/engine/schedules.hpp"

#include <algorithm>
#include <set>

#include "packs/mandates/engine/zone.hpp"

namespace hearth::packs::mandates {
namespace {

constexpr int most_backfilled = 1000;

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

}  // namespace

Result<void> check(const ScheduleSpec& spec, WallTime now) {
  const auto rhythm = rhythm_of(spec);
  if (!rhythm) return std::unexpected(rhythm.error());
  // Also where it has no meaning: somebody means something by it.
  if (const auto zone = Zone::load(spec.zone); !zone) return std::unexpected(zone.error());
  const Timing& timing = rhythm->timing;
  if (timing.followed() || timing.watched() || timing.next_after(now)) return {};
  return fail(Errc::invalid_args, "timing: \"" + spec.timing + "\" is over, and would never fire");
}

Result<std::int64_t> Schedules::create(std::int64_t mandate, const ScheduleSpec& spec) {
  if (auto ok = check(spec, store_.now()); !ok) return std::unexpected(std::move(ok.error()));
  const auto rhythm = rhythm_of(spec);
  if (!rhythm) return std::unexpected(rhythm.error());
  const auto followed = rhythm->timing.followed();
  return store_.write<std::int64_t>(
      Point::schedule_changed, [&](Change& change) -> Result<std::int64_t> {
        const auto owner = load_mandate(*change, mandate);
        if (!owner) return std::unexpected(owner.error());
        // It never begins again; one that is paused may.
        if (owner->state == "stopped")
          return fail(Errc::conflict, "the mandate " + owner->name + " is stopped");
        if (followed) {
          if (auto ok = check_follows(change, owner->name, *followed); !ok)
            return std::unexpected(std::move(ok.error()));
        }
        return insert_schedule(change, *owner, spec);
      });
}

Result<void> Schedules::remove(std::int64_t n) {
  return store_.commit(Point::schedule_changed, [&](Change& change) -> Result<void> {
    const auto schedule = load_schedule(*change, n);
    if (!schedule) return std::unexpected(schedule.error());
    auto done = change->run("DELETE FROM schedules WHERE n = ?", n);
    if (done) done = change->run("DELETE FROM occurrences WHERE schedule_n = ?", n);
    if (done) done = change->run("DELETE FROM missed WHERE schedule_n = ?", n);
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
      const auto before = fired.runs.size();
      auto done = backfill_one(change, *schedule, due, fired);
      if (!done) return std::unexpected(std::move(done.error()));
      if (fired.runs.size() > before) due.not_before += schedule->spec.catch_up.stagger;
    }
    if (fired.left > 0) {
      auto noted = change.note("backfill", {{"schedule", schedule->id},
                                            {"runs", std::to_string(fired.runs.size())},
                                            {"left", std::to_string(fired.left)},
                                            {"reason", fired.skipped}});
      if (!noted) return std::unexpected(std::move(noted.error()));
    }
    return fired;
  });
}

Result<std::vector<Schedules::Wake>> Schedules::wakes(std::optional<std::int64_t> schedule) {
  auto reader = store_.read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  std::vector<Wake> wakes;
  auto rows = (*reader)->query(
      select_schedules("WHERE state = 'active' AND (?1 IS NULL OR n = ?1) AND (SELECT state FROM "
                       "mandates WHERE n = mandate_n) = 'active'"),
      schedule);
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
