#include "packs/mandates/engine/sightings.hpp"

#include <utility>

#include "base/clock.hpp"
#include "packs/mandates/engine/ports.hpp"

namespace hearth::packs::mandates {
namespace {

Result<Marks> marks_of(store::Database& database, std::int64_t schedule) {
  Marks marks;
  auto rows = database.query("SELECT item, mark FROM sightings WHERE schedule_n = ?", schedule);
  while (rows.next()) marks.emplace(rows.text(0), rows.text(1));
  if (!rows.ok()) return std::unexpected(rows.error());
  return marks;
}

// Only what differs is written: of ten thousand files few change.
Result<void> put(Change& change, std::int64_t schedule, const Marks& before, const Marks& now) {
  for (const auto& [item, mark] : before) {
    if (now.contains(item)) continue;
    auto done =
        change->run("DELETE FROM sightings WHERE schedule_n = ? AND item = ?", schedule, item);
    if (!done) return done;
  }
  for (const auto& [item, mark] : now) {
    const auto known = before.find(item);
    if (known != before.end() && known->second == mark) continue;
    auto done = change->run(
        "INSERT INTO sightings(schedule_n, item, mark) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET "
        "mark = excluded.mark",
        schedule, item, mark);
    if (!done) return done;
  }
  return {};
}

}  // namespace

Result<std::vector<WatchRow>> Sightings::watches() {
  auto reader = store_.read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  std::vector<WatchRow> all;
  auto rows = (*reader)->query(
      "SELECT n, mandate_n, timing, zone FROM schedules WHERE timing LIKE 'on %' AND (SELECT state "
      "FROM mandates WHERE n = mandate_n) <> 'stopped' ORDER BY n");
  while (rows.next()) {
    const auto timing = Timing::parse(rows.text(2), rows.text(3));
    if (!timing) return std::unexpected(timing.error());
    if (auto watched = timing->watched())
      all.push_back({rows.integer(0), rows.integer(1), std::move(*watched)});
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return all;
}

Result<std::optional<Seen>> Sightings::last(std::int64_t schedule) {
  auto reader = store_.read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  std::optional<Seen> seen;
  {
    auto rows =
        (*reader)->query("SELECT round, looked_ms FROM watches WHERE schedule_n = ?", schedule);
    if (rows.next()) seen = Seen{rows.integer(0), from_ms(rows.integer(1)), {}};
    if (!rows.ok()) return std::unexpected(rows.error());
  }
  if (!seen) return seen;
  auto marks = marks_of(**reader, schedule);
  if (!marks) return std::unexpected(std::move(marks.error()));
  seen->marks = std::move(*marks);
  return seen;
}

Result<Fired> Sightings::store(std::int64_t schedule,
                               std::int64_t round,
                               const Sighting& sighting) {
  return store_.write<Fired>(Point::schedule_fired, [&](Change& change) -> Result<Fired> {
    const auto stored = change->integer("SELECT round FROM watches WHERE schedule_n = ?", schedule);
    if (!stored) return std::unexpected(stored.error());
    if (stored->value_or(0) != round)
      return fail(Errc::conflict, "somebody else has looked meanwhile", {"look again"});
    const auto before = marks_of(*change, schedule);
    if (!before) return std::unexpected(before.error());
    Fired fired;
    // First: a schedule that was removed meanwhile leaves nothing behind.
    auto done = fire_events(change, schedule, sighting.causes, fired);
    if (done && sighting.unclear > 0)
      done = miss_events(change, schedule, sighting.unclear, "a command of a mandate went on");
    if (done) done = put(change, schedule, *before, sighting.marks);
    if (done) {
      done = change->run(
          "INSERT INTO watches(schedule_n, round, looked_ms) VALUES(?, ?, ?) ON CONFLICT DO "
          "UPDATE SET round = excluded.round, looked_ms = excluded.looked_ms",
          schedule, round + 1, to_ms(sighting.looked));
    }
    if (!done) return std::unexpected(std::move(done.error()));
    return fired;
  });
}

Result<std::vector<OwnEffect>> Sightings::effects_since(WallTime since) {
  auto reader = store_.read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  std::vector<OwnEffect> effects;
  // One that a person has to look at may have happened in part.
  auto rows = (*reader)->query(
      "SELECT kind, target, payload, output, state, intended_ms, ended_ms FROM effects WHERE "
      "recovery <> ?1 AND (state IN ('intended', 'review') OR ended_ms >= ?2)",
      static_cast<std::int64_t>(Recovery::repeatable), to_ms(since));
  while (rows.next()) {
    OwnEffect& effect = effects.emplace_back();
    effect.kind = rows.text(0);
    effect.target = rows.text(1);
    effect.payload = rows.text(2);
    effect.output = rows.text(3);
    effect.is_open = rows.text(4) == "intended";
    effect.from = from_ms(rows.integer(5));
    effect.to = effect.is_open    ? store_.now()
                : rows.is_null(6) ? effect.from
                                  : from_ms(rows.integer(6));
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return effects;
}

}  // namespace hearth::packs::mandates
