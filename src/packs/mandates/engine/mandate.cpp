#include "packs/mandates/engine/mandate.hpp"

#include <vector>

#include "base/ids.hpp"
#include "packs/mandates/engine/mandate_name.hpp"
#include "packs/mandates/engine/occurrences.hpp"

namespace hearth::packs::mandates {
namespace {

// Those that have not begun end here, whatever they wait for; the others are asked to.
Result<void> stop_runs(Change& change, std::int64_t mandate, const std::string& reason) {
  auto done = change->run(
      "UPDATE runs SET state = 'ended', outcome = 'stopped', reason = ?, ended_ms = ? "
      "WHERE mandate_n = ? AND state = 'waiting'",
      reason, change.now_ms(), mandate);
  if (!done) return done;
  return change->run(
      "UPDATE runs SET stop = 2, reason = ?, wakes = wakes + 1, "
      "not_before_ms = min(not_before_ms, ?) WHERE mandate_n = ? AND state <> 'ended'",
      reason, change.now_ms(), mandate);
}

// What was due of its schedules while it was paused.
Result<void> skip_schedules(Change& change, std::int64_t mandate) {
  std::vector<Schedule> schedules;
  {
    auto rows =
        change->query(select_schedules("WHERE mandate_n = ? AND state = 'active'"), mandate);
    while (rows.next()) schedules.push_back(read_schedule(rows));
    if (!rows.ok()) return std::unexpected(rows.error());
  }
  for (const Schedule& each : schedules) {
    auto done = skip_all(change, each, change.now(), "the mandate was paused");
    if (!done) return done;
  }
  return {};
}

}  // namespace

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
  if (auto ok = check_name(name); !ok) return std::unexpected(std::move(ok.error()));
  return store.write<Mandate>(Point::mandate_changed, [&](Change& change) -> Result<Mandate> {
    const auto known = change->integer("SELECT n FROM mandates WHERE name = ?", name);
    if (!known) return std::unexpected(known.error());
    if (*known) return fail(Errc::conflict, "there is a mandate " + name, {"use another name"});
    const std::string id = make_uuid_v7(change.now());
    const auto n = change.next_number("mandates");
    if (!n) return std::unexpected(n.error());
    auto done = change->run(
        "INSERT INTO mandates(n, id, name, spec, state, created_ms, updated_ms) "
        "VALUES(?, ?, ?, ?, 'active', ?, ?)",
        *n, id, name, spec, change.now_ms(), change.now_ms());
    if (done) done = change.note("mandate_created", {{"mandate", id}, {"name", name}});
    if (!done) return std::unexpected(std::move(done.error()));
    return load_mandate(*change, *n);
  });
}

Result<void> update_mandate(MandateStore& store,
                            std::int64_t mandate,
                            const MandateChange& wanted) {
  return store.commit(Point::mandate_changed, [&](Change& change) -> Result<void> {
    const auto known = load_mandate(*change, mandate);
    if (!known) return std::unexpected(known.error());
    if (digest(known->spec) != wanted.before)
      return fail(Errc::conflict, "the mandate " + known->name + " was changed meanwhile",
                  {"look at it, and try again"});
    auto done = change->run("UPDATE mandates SET spec = ?, updated_ms = ? WHERE n = ?", wanted.spec,
                            change.now_ms(), mandate);
    if (done) {
      done = change.note("mandate_updated", {{"mandate", known->id},
                                             {"spec", hex(digest(wanted.spec))},
                                             {"what", wanted.what},
                                             {"reviewer", wanted.reviewer}});
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
    if (done && state == "stopped")
      done = stop_runs(change, mandate,
                       "the mandate was stopped" + (reason.empty() ? "" : ": " + reason));
    if (done && state == "active" && known->state == "paused")
      done = skip_schedules(change, mandate);
    if (done) {
      done = change.note("mandate_state",
                         {{"mandate", known->id}, {"state", state}, {"reason", reason}});
    }
    return done;
  });
}

}  // namespace hearth::packs::mandates
