#include "packs/mandates/engine/overview.hpp"

#include <array>
#include <utility>

#include "base/clock.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::milliseconds;

// The row of `table` that `word` means. A whole id does alone; a name that is also the beginning of
// an id, as of mandates from before check_name(), means neither.
Result<std::int64_t> number_of(store::Database& database,
                               const std::string& table,
                               const std::string& what,
                               const std::string& word,
                               bool has_name) {
  const std::string name = has_name ? " OR name = ?1" : "";
  auto rows = database.query("SELECT n, id = ?1 FROM " + table + " WHERE id = ?1" + name +
                                 " OR (length(?1) >= 6 AND substr(id, 1, length(?1)) = ?1) ORDER "
                                 "BY 2 DESC LIMIT 2",
                             word);
  std::vector<std::pair<std::int64_t, bool>> found;
  while (rows.next()) found.emplace_back(rows.integer(0), rows.integer(1) != 0);
  if (!rows.ok()) return std::unexpected(rows.error());
  if (found.empty())
    return fail(Errc::not_found, "there is no " + what + " " + word,
                {std::string(has_name ? "name it, or " : "") +
                 "give its id or a beginning of at least 6 digits"});
  if (found.size() > 1 && !found.front().second)
    return fail(Errc::conflict, "several " + what + "s begin with " + word,
                {"give more digits, or the whole id"});
  return found.front().first;
}

template <typename T>
Result<T> loaded(store::Database& database,
                 Result<std::int64_t> n,
                 Result<T> (*load)(store::Database&, std::int64_t)) {
  if (!n) return std::unexpected(std::move(n.error()));
  return load(database, *n);
}

template <typename T, typename... Arguments>
Result<PageOf<T>> page_of(store::Database& database,
                          const std::string& table,
                          const std::string& condition,
                          PageRequest page,
                          Result<T> (*load)(store::Database&, std::int64_t),
                          const Arguments&... arguments) {
  PageOf<T> result;
  const auto total =
      database.integer("SELECT count(*) FROM " + table + " WHERE " + condition, arguments...);
  if (!total) return std::unexpected(total.error());
  result.total = total->value_or(0);
  std::vector<std::int64_t> numbers;
  {
    auto rows = database.query(
        "SELECT n FROM " + table + " WHERE " + condition + " ORDER BY n DESC LIMIT ? OFFSET ?",
        arguments..., page.limit, page.offset);
    while (rows.next()) numbers.push_back(rows.integer(0));
    if (!rows.ok()) return std::unexpected(rows.error());
  }
  for (const std::int64_t n : numbers) {
    auto row = load(database, n);
    if (!row) return std::unexpected(std::move(row.error()));
    result.rows.push_back(std::move(*row));
  }
  return result;
}

template <typename Row>
Result<Row> read_found(MandateStore& store,
                       const std::string& word,
                       Result<Row> (*find)(store::Database&, const std::string&)) {
  const auto reader = store.read();
  if (!reader) return std::unexpected(reader.error());
  return find(**reader, word);
}

constexpr std::int64_t any = -1;

}  // namespace

Result<Mandate> find_mandate(store::Database& database, const std::string& word) {
  return loaded(database, number_of(database, "mandates", "mandate", word, true), load_mandate);
}
Result<Schedule> find_schedule(store::Database& database, const std::string& word) {
  return loaded(database, number_of(database, "schedules", "schedule", word, false), load_schedule);
}
Result<Run> find_run(store::Database& database, const std::string& word) {
  return loaded(database, number_of(database, "runs", "run", word, false), load_run);
}

Result<Mandate> find_mandate(MandateStore& store, const std::string& word) {
  return read_found<Mandate>(store, word, find_mandate);
}
Result<Schedule> find_schedule(MandateStore& store, const std::string& word) {
  return read_found<Schedule>(store, word, find_schedule);
}
Result<Run> find_run(MandateStore& store, const std::string& word) {
  return read_found<Run>(store, word, find_run);
}

Result<std::string> find_proposal(store::Database& database, const std::string& word) {
  const std::string whole = word.starts_with("prop_") ? word : "prop_" + word;
  std::vector<std::string> found;
  auto rows = database.query(
      "SELECT id FROM proposals WHERE id = ?1 OR (length(?1) >= 9 AND substr(id, 1, length(?1)) = "
      "?1) LIMIT 2",
      whole);
  while (rows.next()) found.emplace_back(rows.text(0));
  if (!rows.ok()) return std::unexpected(rows.error());
  if (found.empty())
    return fail(Errc::not_found, "there is no proposal " + word, {"mandates_approvals lists them"});
  if (found.size() > 1)
    return fail(Errc::conflict, "several proposals begin with " + word, {"give more digits"});
  return found.front();
}

Result<PageOf<Mandate>> list_mandates(store::Database& database, PageRequest page) {
  return page_of(database, "mandates", "n > ?", page, load_mandate, any);
}

Result<PageOf<Schedule>> list_schedules(store::Database& database,
                                        std::optional<std::int64_t> mandate,
                                        PageRequest page) {
  const std::string condition = mandate ? "mandate_n = ?" : "n > ?";
  return page_of(database, "schedules", condition, page, load_schedule, mandate.value_or(any));
}

Result<PageOf<Run>> list_runs(store::Database& database,
                              std::optional<std::int64_t> mandate,
                              const std::string& state,
                              PageRequest page) {
  const std::string condition = std::string(mandate ? "mandate_n = ?" : "n > ?") +
                                (state.empty() ? " AND ? = ''" : " AND state = ?");
  return page_of(database, "runs", condition, page, load_run, mandate.value_or(any), state);
}

Result<PageOf<std::string>> list_proposals(store::Database& database,
                                           const std::string& state,
                                           std::optional<std::int64_t> run,
                                           PageRequest page) {
  PageOf<std::string> result;
  const std::string from =
      "FROM proposals WHERE (?1 = '' OR state = ?1) AND (?2 IS NULL OR run_n = ?2)";
  const auto total = database.integer("SELECT count(*) " + from, state, run);
  if (!total) return std::unexpected(total.error());
  result.total = total->value_or(0);
  auto rows = database.query("SELECT id " + from + " ORDER BY created_ms DESC, id LIMIT ? OFFSET ?",
                             state, run, page.limit, page.offset);
  while (rows.next()) result.rows.emplace_back(rows.text(0));
  if (!rows.ok()) return std::unexpected(rows.error());
  return result;
}

Result<std::vector<CycleLog>> phases_of(store::Database& database, std::int64_t run) {
  std::vector<CycleLog> all;
  auto rows = database.query(
      "SELECT cycle, phase, is_done, failed, error, output, begun_ms, ended_ms FROM phases WHERE "
      "run_n = ? ORDER BY cycle, phase",
      run);
  while (rows.next()) {
    CycleLog& each = all.emplace_back();
    each.cycle = static_cast<int>(rows.integer(0));
    each.phase = static_cast<Phase>(rows.integer(1));
    each.is_done = rows.integer(2) != 0;
    each.failed = static_cast<int>(rows.integer(3));
    each.error = rows.text(4);
    each.output = rows.text(5);
    each.begun = from_ms(rows.integer(6));
    if (!rows.is_null(7)) each.ended = from_ms(rows.integer(7));
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return all;
}

Result<std::vector<EffectRow>> effects_of(store::Database& database, std::int64_t run) {
  std::vector<EffectRow> all;
  auto rows = database.query(
      "SELECT key, state, kind, target, output FROM effects WHERE run_n = ? ORDER BY intended_ms, "
      "key",
      run);
  while (rows.next()) {
    all.push_back({.key = std::string(rows.text(0)),
                   .state = std::string(rows.text(1)),
                   .kind = std::string(rows.text(2)),
                   .target = std::string(rows.text(3)),
                   .output = std::string(rows.text(4))});
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return all;
}

Result<std::vector<StepLog>> steps_of(store::Database& database, std::int64_t run) {
  std::vector<StepLog> all;
  auto rows = database.query(
      "SELECT cycle, step, state, output FROM steps WHERE run_n = ? ORDER BY cycle, step", run);
  while (rows.next()) {
    all.push_back({.cycle = static_cast<int>(rows.integer(0)),
                   .step = {.step = std::string(rows.text(1)),
                            .state = step_state_from_name(rows.text(2)),
                            .output = std::string(rows.text(3))}});
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return all;
}

Result<std::int64_t> skipped_of(store::Database& database, std::int64_t schedule) {
  const auto count = database.integer(
      "SELECT count(*) FROM occurrences WHERE schedule_n = ? AND run_n IS NULL", schedule);
  if (!count) return std::unexpected(count.error());
  return count->value_or(0);
}

Result<std::int64_t> missed_in_all(store::Database& database, std::int64_t schedule) {
  const auto count =
      database.integer("SELECT sum(count) FROM missed WHERE schedule_n = ?", schedule);
  if (!count) return std::unexpected(count.error());
  return count->value_or(0);
}

Result<std::vector<MissedRow>> missed_of(store::Database& database,
                                         std::int64_t schedule,
                                         std::int64_t most) {
  std::vector<MissedRow> all;
  auto rows = database.query(
      "SELECT first_ms, last_ms, count, reason FROM missed WHERE schedule_n = ? ORDER BY first_ms "
      "DESC LIMIT ?",
      schedule, most);
  while (rows.next()) {
    all.push_back({.first = from_ms(rows.integer(0)),
                   .last = from_ms(rows.integer(1)),
                   .count = rows.integer(2),
                   .reason = std::string(rows.text(3))});
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return all;
}

// By indexes alone, of what is active or open: asked after each change. CROSS JOIN fixes the order,
// and that a run has not ended is what its partial index wants to read.
Result<Census> census_of(store::Database& database) {
  Census census;
  auto rows = database.query(
      "SELECT (SELECT count(*) FROM mandates), "
      "(SELECT count(*) FROM mandates m CROSS JOIN schedules s WHERE m.state = 'active' AND "
      "s.mandate_n = m.n AND s.state = 'active'), "
      "(SELECT count(*) FROM runs WHERE state <> 'ended' AND state = 'waiting'), "
      "(SELECT count(*) FROM runs WHERE state <> 'ended' AND state = 'running'), "
      "(SELECT count(*) FROM runs WHERE state <> 'ended' AND state = 'blocked'), "
      "(SELECT count(*) FROM proposals WHERE state = 'pending')");
  if (!rows.next()) return std::unexpected(rows.error());
  census.mandates = rows.integer(0);
  census.schedules = rows.integer(1);
  census.waiting = rows.integer(2);
  census.running = rows.integer(3);
  census.blocked = rows.integer(4);
  census.approvals = rows.integer(5);
  return census;
}

Result<void> delete_mandate(MandateStore& store, std::int64_t mandate) {
  return store.commit(Point::mandate_changed, [&](Change& change) -> Result<void> {
    const auto known = load_mandate(*change, mandate);
    if (!known) return std::unexpected(known.error());
    if (known->state != "stopped")
      return fail(Errc::conflict, "the mandate " + known->name + " is " + known->state,
                  {"stop it first"});
    const auto open = change->integer(
        "SELECT count(*) FROM runs WHERE mandate_n = ? AND state <> 'ended'", mandate);
    if (!open) return std::unexpected(open.error());
    if (open->value_or(0) != 0)
      return fail(Errc::conflict, "a run of " + known->name + " has not ended", {"wait for it"});
    const auto looks = change->integer(
        "SELECT count(*) FROM effects WHERE state = 'review' AND run_n IN (SELECT n FROM runs "
        "WHERE mandate_n = ?)",
        mandate);
    if (!looks) return std::unexpected(looks.error());
    if (looks->value_or(0) != 0)
      return fail(Errc::conflict, "an effect of " + known->name + " waits for a person's look",
                  {"hearth mandates resolve"});
    static constexpr std::array deletions{
        "DELETE FROM phases WHERE run_n IN (SELECT n FROM runs WHERE mandate_n = ?)",
        "DELETE FROM steps WHERE run_n IN (SELECT n FROM runs WHERE mandate_n = ?)",
        "DELETE FROM effects WHERE run_n IN (SELECT n FROM runs WHERE mandate_n = ?)",
        "DELETE FROM proposals WHERE run_n IN (SELECT n FROM runs WHERE mandate_n = ?)",
        "DELETE FROM occurrences WHERE schedule_n IN (SELECT n FROM schedules WHERE mandate_n = ?)",
        "DELETE FROM missed WHERE schedule_n IN (SELECT n FROM schedules WHERE mandate_n = ?)",
        "DELETE FROM watches WHERE schedule_n IN (SELECT n FROM schedules WHERE mandate_n = ?)",
        "DELETE FROM sightings WHERE schedule_n IN (SELECT n FROM schedules WHERE mandate_n = ?)",
        "DELETE FROM runs WHERE mandate_n = ?",
        "DELETE FROM schedules WHERE mandate_n = ?",
        "DELETE FROM mandates WHERE n = ?"};
    for (const char* const sql : deletions) {
      if (auto done = change->run(sql, mandate); !done) return done;
    }
    return change.note("mandate_deleted", {{"mandate", known->id}, {"name", known->name}});
  });
}

}  // namespace hearth::packs::mandates
