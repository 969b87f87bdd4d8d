#include "packs/knowledge/engine/edges.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <utility>

#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/rows.hpp"

namespace hearth::packs::knowledge {
namespace {

Result<std::int64_t> number_of(store::Database& database, std::string_view name) {
  const auto stored = find_stored(database, name);
  if (!stored) return std::unexpected(stored.error());
  return stored->n;
}

// " AND x.relation IN (?, …)", or nothing.
std::string relation_sql(const EdgeFilter& filter) {
  std::string sql;
  for (std::size_t i = 0; i < filter.relations.size(); ++i) sql += i == 0 ? "?" : ", ?";
  return sql.empty() ? sql : " AND x.relation IN (" + sql + ")";
}

Result<EdgeFilter> clean(const EdgeFilter& filter) {
  EdgeFilter cleaned = filter;
  for (std::string& relation : cleaned.relations) {
    auto label = clean_label("relation", relation);
    if (!label) return std::unexpected(std::move(label.error()));
    relation = std::move(*label);
  }
  return cleaned;
}

// Edges of the entry `?`, as rows of (other, relation, weight, is_outgoing); the parameters are
// edge_parameters().
std::string edges_sql(const EdgeFilter& filter) {
  const std::string relations = relation_sql(filter);
  const std::string out =
      "SELECT x.target AS other, x.relation, x.weight, 1 AS outgoing FROM edges x "
      "WHERE x.source = ? AND x.weight >= CAST(? AS REAL)" +
      relations;
  const std::string in =
      "SELECT x.source AS other, x.relation, x.weight, 0 AS outgoing FROM edges x "
      "WHERE x.target = ? AND x.weight >= CAST(? AS REAL)" +
      relations;
  if (filter.direction == Direction::out) return out;
  if (filter.direction == Direction::in) return in;
  return out + " UNION ALL " + in;
}

std::vector<std::string> edge_parameters(const EdgeFilter& filter, std::int64_t n) {
  std::vector<std::string> once{std::to_string(n), std::to_string(filter.least_weight)};
  once.insert(once.end(), filter.relations.begin(), filter.relations.end());
  if (filter.direction != Direction::both) return once;
  std::vector<std::string> twice = once;
  twice.insert(twice.end(), once.begin(), once.end());
  return twice;
}

EntryBrief brief_of(const Entry& entry) {
  return {entry.id, entry.title, entry.kind};
}

}  // namespace

Result<Edge> link(store::Database& database, const NewEdge& wanted, WallTime now) {
  auto relation = clean_label("relation", wanted.relation);
  if (!relation) return std::unexpected(std::move(relation.error()));
  if (!std::isfinite(wanted.weight) || wanted.weight <= 0) {
    return fail(Errc::invalid_args, "weight: a positive number");
  }
  const auto source = find_stored(database, wanted.source);
  if (!source) return std::unexpected(source.error());
  const auto target = find_stored(database, wanted.target);
  if (!target) return std::unexpected(target.error());
  if (source->n == target->n) {
    return fail(Errc::invalid_args, "source and target are the same entry, " + source->entry.id);
  }
  const auto known = database.integer(
      "SELECT count(*) FROM edges WHERE source = ? AND relation = ? AND target = ?", source->n,
      *relation, target->n);
  if (!known) return std::unexpected(known.error());
  auto done = database.run(
      "INSERT INTO edges(source, relation, target, weight, created_ms) VALUES(?, ?, ?, ?, ?) "
      "ON CONFLICT DO UPDATE SET weight = excluded.weight",
      source->n, *relation, target->n, wanted.weight, to_ms(now));
  if (!done) return std::unexpected(std::move(done.error()));
  return Edge{.source = source->entry.id,
              .relation = std::move(*relation),
              .target = target->entry.id,
              .weight = wanted.weight,
              .is_new = known->value_or(0) == 0};
}

Result<std::int64_t> unlink(store::Database& database,
                            std::string_view source,
                            std::string_view target,
                            const std::optional<std::string>& relation) {
  const auto from = number_of(database, source);
  if (!from) return std::unexpected(from.error());
  const auto to = number_of(database, target);
  if (!to) return std::unexpected(to.error());
  Result<void> done;
  if (relation) {
    auto label = clean_label("relation", *relation);
    if (!label) return std::unexpected(std::move(label.error()));
    done = database.run("DELETE FROM edges WHERE source = ? AND relation = ? AND target = ?", *from,
                        *label, *to);
  } else {
    done = database.run("DELETE FROM edges WHERE source = ? AND target = ?", *from, *to);
  }
  if (!done) return std::unexpected(std::move(done.error()));
  return database.changes();
}

Result<Neighbors> neighbors(store::Database& database,
                            std::string_view name,
                            const EdgeFilter& filter,
                            std::int64_t limit,
                            std::int64_t offset) {
  const auto n = number_of(database, name);
  if (!n) return std::unexpected(n.error());
  const auto cleaned = clean(filter);
  if (!cleaned) return std::unexpected(cleaned.error());
  const std::string from = " FROM (" + edges_sql(*cleaned) + ") x JOIN live e ON e.n = x.other";
  const std::vector<std::string> parameters = edge_parameters(*cleaned, *n);
  Neighbors found;
  const auto total = database.integer("SELECT count(*)" + from, parameters);
  if (!total) return std::unexpected(total.error());
  found.total = total->value_or(0);
  auto rows = database.query("SELECT e.id, e.title, e.kind, x.relation, x.outgoing, x.weight" +
                                 from + " ORDER BY x.weight DESC, x.relation, e.n LIMIT ? OFFSET ?",
                             parameters, limit, offset);
  while (rows.next()) {
    found.neighbors.push_back(
        {.entry = {std::string(rows.text(0)), std::string(rows.text(1)), std::string(rows.text(2))},
         .relation = std::string(rows.text(3)),
         .is_outgoing = rows.integer(4) != 0,
         .weight = rows.real(5)});
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return found;
}

Result<Traversal> traverse(store::Database& database,
                           const std::vector<std::string>& roots,
                           const EdgeFilter& filter,
                           std::int64_t depth,
                           std::int64_t limit,
                           const std::stop_token& stop) {
  const auto cleaned = clean(filter);
  if (!cleaned) return std::unexpected(cleaned.error());
  Traversal answer;
  std::unordered_set<std::int64_t> seen;
  for (const std::string& root : roots) {
    const auto stored = find_stored(database, root);
    if (!stored) return std::unexpected(stored.error());
    if (!seen.insert(stored->n).second) continue;
    answer.reached.push_back({.n = stored->n, .entry = brief_of(stored->entry)});
  }
  const std::string sql =
      "SELECT e.n, e.id, e.title, e.kind, x.relation, x.outgoing, x.weight FROM (" +
      edges_sql(*cleaned) +
      ") x JOIN live e ON e.n = x.other ORDER BY x.weight DESC, x.relation, e.n";
  for (std::size_t i = 0; i < answer.reached.size() && !answer.is_more; ++i) {
    if (stop.stop_requested()) return fail(Errc::cancelled, "the traversal was cancelled");
    if (answer.reached[i].depth >= depth) break;
    const std::int64_t next_depth = answer.reached[i].depth + 1;
    const std::string from = answer.reached[i].entry.id;
    auto rows = database.query(sql, edge_parameters(*cleaned, answer.reached[i].n));
    while (rows.next()) {
      if (!seen.insert(rows.integer(0)).second) continue;
      if (static_cast<std::int64_t>(answer.reached.size()) >= limit) {
        answer.is_more = true;
        break;
      }
      answer.reached.push_back({.n = rows.integer(0),
                                .entry = {std::string(rows.text(1)), std::string(rows.text(2)),
                                          std::string(rows.text(3))},
                                .depth = next_depth,
                                .from = from,
                                .relation = std::string(rows.text(4)),
                                .is_outgoing = rows.integer(5) != 0,
                                .weight = rows.real(6)});
    }
    if (!rows.ok()) return std::unexpected(rows.error());
  }
  return answer;
}

Result<void> supersede(store::Database& database,
                       std::string_view older,
                       std::string_view newer,
                       WallTime now,
                       std::optional<std::int64_t> expected_version) {
  const auto old_entry = find_stored(database, older);
  if (!old_entry) return std::unexpected(old_entry.error());
  if (auto is = check_version(old_entry->entry, expected_version); !is) return is;
  const auto new_entry = find_stored(database, newer);
  if (!new_entry) return std::unexpected(new_entry.error());
  if (old_entry->n == new_entry->n) {
    return fail(Errc::invalid_args, "older and newer are the same entry, " + old_entry->entry.id);
  }
  // From the newer one on, by what has taken its place: never back to the older one.
  const auto circle = database.integer(
      "WITH RECURSIVE chain(n) AS (VALUES(?) UNION SELECT e.superseded_by FROM entries e "
      "JOIN chain c ON e.n = c.n WHERE e.superseded_by IS NOT NULL) "
      "SELECT count(*) FROM chain WHERE n = ?",
      new_entry->n, old_entry->n);
  if (!circle) return std::unexpected(circle.error());
  if (circle->value_or(0) > 0) {
    return fail(Errc::conflict,
                old_entry->entry.id + " has taken the place of " + new_entry->entry.id + " already",
                {"name the older one first"});
  }
  auto done = database.run(
      "UPDATE entries SET superseded_by = ?, version = version + 1, updated_ms = ? WHERE n = ?",
      new_entry->n, to_ms(now), old_entry->n);
  if (done) done = touch_row(database, old_entry->n);
  return done;
}

namespace {

// Of `from` to `into`; where there is such an edge already, the heavier weight stays.
Result<void> move_edges(store::Database& database,
                        std::int64_t into,
                        std::int64_t from,
                        Merged& merged) {
  const auto all =
      database.integer("SELECT count(*) FROM edges WHERE source = ? OR target = ?", from, from);
  if (!all) return std::unexpected(all.error());
  const auto before = database.integer("SELECT count(*) FROM edges");
  if (!before) return std::unexpected(before.error());
  Result<void> done;
  for (const std::string_view sql :
       {"INSERT INTO edges SELECT ?, relation, target, weight, created_ms FROM edges "
        "WHERE source = ? AND target <> ? "
        "ON CONFLICT DO UPDATE SET weight = max(weight, excluded.weight)",
        "INSERT INTO edges SELECT source, relation, ?, weight, created_ms FROM edges "
        "WHERE target = ? AND source <> ? "
        "ON CONFLICT DO UPDATE SET weight = max(weight, excluded.weight)"}) {
    if (done) done = database.run(sql, into, from, into);
  }
  const auto after = database.integer("SELECT count(*) FROM edges");
  if (!after) return std::unexpected(after.error());
  if (done) done = database.run("DELETE FROM edges WHERE source = ? OR target = ?", from, from);
  merged.edges_moved = after->value_or(0) - before->value_or(0);
  merged.edges_dropped = all->value_or(0) - merged.edges_moved;
  return done;
}

}  // namespace

namespace {

Result<Merged> merge_for_good(store::Database& database,
                              const Merge& wanted,
                              UnionOfProperties union_of,
                              WallTime now) {
  auto into = find_stored(database, wanted.into);
  if (!into) return std::unexpected(std::move(into.error()));
  auto from = find_stored(database, wanted.from);
  if (!from) return std::unexpected(std::move(from.error()));
  if (into->n == from->n) {
    return fail(Errc::invalid_args, "into and from are the same entry, " + into->entry.id);
  }
  Merged merged;
  EntryChange change;
  change.expected_version = wanted.expected_version;
  const Entry& other = from->entry;
  if (into->entry.text.find(other.text) == std::string::npos) {
    change.text = into->entry.text + "\n\n" + other.text;
  }
  change.tags = into->entry.tags;
  change.tags->insert(change.tags->end(), other.tags.begin(), other.tags.end());
  change.salience = std::max(into->entry.salience, other.salience);
  change.merge_properties = [&](std::string_view present) {
    merged.properties_kept.clear();
    return union_of(present, other.properties, merged.properties_kept);
  };
  auto changed = change_entry(database, into->entry.id, change, now);
  if (!changed) return std::unexpected(std::move(changed.error()));
  auto done = move_edges(database, into->n, from->n, merged);
  if (done) done = hide_row(database, from->n, to_ms(now));
  // What took its place is a part of it now.
  if (done) {
    done = database.run("UPDATE entries SET superseded_by = NULL WHERE n = ? AND superseded_by = ?",
                        into->n, from->n);
  }
  // What it had taken the place of stays outdated.
  if (done) {
    done = database.run("UPDATE entries SET superseded_by = ? WHERE n = ? OR superseded_by = ?",
                        into->n, from->n, from->n);
  }
  if (!done) return std::unexpected(std::move(done.error()));
  merged.into = std::move(*changed);
  merged.from = std::move(from->entry);
  return merged;
}

}  // namespace

Result<Merged> merge_entries(store::Database& database,
                             const Merge& wanted,
                             UnionOfProperties union_of,
                             WallTime now) {
  if (!wanted.is_dry_run) return merge_for_good(database, wanted, union_of, now);
  // Done, and undone.
  auto done = database.execute("SAVEPOINT dry_run");
  if (!done) return std::unexpected(std::move(done.error()));
  auto merged = merge_for_good(database, wanted, union_of, now);
  done = database.execute("ROLLBACK TO dry_run; RELEASE dry_run");
  if (!done) return std::unexpected(std::move(done.error()));
  return merged;
}

Result<Resolved> resolve_reference(store::Database& database, std::string_view name) {
  Resolved resolved;
  auto stored = find_stored(database, name);
  if (stored) {
    resolved.how = Resolved::How::found;
    resolved.entries.push_back(brief_of(stored->entry));
    return resolved;
  }
  if (stored.error().code == Errc::conflict) {
    resolved.how = Resolved::How::ambiguous;
    for (const std::string& id : stored.error().suggestions) {
      const auto each = find_stored(database, id);
      if (each) resolved.entries.push_back(brief_of(each->entry));
    }
    return resolved;
  }
  const bool is_missing =
      stored.error().code == Errc::not_found || stored.error().code == Errc::invalid_args;
  if (!is_missing) return std::unexpected(std::move(stored.error()));
  // Titles that begin so are what may be meant.
  auto rows = database.query(
      "SELECT id, title, kind FROM live WHERE title >= ? COLLATE NOCASE AND "
      "title < ? COLLATE NOCASE ORDER BY title COLLATE NOCASE LIMIT ?",
      name, std::string(name) + "\xf4\x8f\xbf\xbf", most_suggestions);
  while (rows.next()) {
    resolved.entries.push_back(
        {std::string(rows.text(0)), std::string(rows.text(1)), std::string(rows.text(2))});
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return resolved;
}

}  // namespace hearth::packs::knowledge
