#include "packs/knowledge/engine/filter.hpp"

#include <memory>
#include <utility>

#include "packs/knowledge/engine/rows.hpp"
#include "packs/knowledge/engine/text_leg.hpp"

namespace hearth::packs::knowledge {
namespace {

// The path of a member in SQLite's JSON functions.
std::string member_path(const std::string& name) {
  return "$.\"" + name + "\"";
}

Result<std::shared_ptr<EntrySet>> read_set(store::Rows rows, std::int64_t newest) {
  auto set = std::make_shared<EntrySet>(newest);
  while (rows.next()) set->add(rows.integer(0));
  if (!rows.ok()) return std::unexpected(rows.error());
  return set;
}

// Whether the facets of the text index do not say it all.
bool needs_rows(const Filter& filter) {
  return !filter.properties.empty() || filter.since_ms || filter.before_ms;
}

}  // namespace

Result<Filter> clean_filter(const Filter& filter) {
  Filter clean = filter;
  if (filter.kind) {
    auto kind = clean_label("kind", *filter.kind);
    if (!kind) return std::unexpected(std::move(kind.error()));
    clean.kind = std::move(*kind);
  }
  auto tags = clean_tags(filter.tags);
  if (!tags) return std::unexpected(std::move(tags.error()));
  clean.tags = std::move(*tags);
  for (const PropertyMatch& each : filter.properties) {
    if (each.name.empty() || each.name.find('"') != std::string::npos) {
      return fail(Errc::invalid_args, "properties: a name is empty or has a quotation mark in it");
    }
  }
  return clean;
}

std::string filter_sql(const Filter& filter) {
  std::string sql;
  if (filter.kind) sql += " AND e.kind = ?";
  // The plus keeps the planner from starting with the tag: the order is another index's.
  for (std::size_t i = 0; i < filter.tags.size(); ++i) {
    sql += " AND +e.n IN (SELECT n FROM entry_tags WHERE tag = ?)";
  }
  for (std::size_t i = 0; i < filter.properties.size(); ++i) {
    sql += " AND e.properties -> ? = json(?)";
  }
  if (filter.since_ms) sql += " AND e.updated_ms >= CAST(? AS INTEGER)";
  if (filter.before_ms) sql += " AND e.updated_ms < CAST(? AS INTEGER)";
  if (filter.memory == any_memory) {
    sql += " AND e.memory IS NOT NULL";
  } else if (filter.memory) {
    sql += " AND e.memory = ?";
  }
  if (!filter.with_superseded) {
    sql +=
        " AND (e.superseded_by IS NULL OR NOT EXISTS "
        "(SELECT 1 FROM live newer WHERE newer.n = e.superseded_by))";
  }
  return sql;
}

std::vector<std::string> filter_parameters(const Filter& filter) {
  std::vector<std::string> parameters;
  if (filter.kind) parameters.push_back(*filter.kind);
  parameters.insert(parameters.end(), filter.tags.begin(), filter.tags.end());
  for (const PropertyMatch& each : filter.properties) {
    parameters.push_back(member_path(each.name));
    parameters.push_back(each.value);
  }
  if (filter.since_ms) parameters.push_back(std::to_string(*filter.since_ms));
  if (filter.before_ms) parameters.push_back(std::to_string(*filter.before_ms));
  if (filter.memory && *filter.memory != any_memory) parameters.push_back(*filter.memory);
  return parameters;
}

namespace {

// Those whose place a living entry has taken.
Result<std::shared_ptr<EntrySet>> read_superseded(store::Database& database, std::int64_t newest) {
  return read_set(
      database.query("SELECT e.n FROM entries e WHERE e.superseded_by IS NOT NULL AND EXISTS "
                     "(SELECT 1 FROM live newer WHERE newer.n = e.superseded_by)"),
      newest);
}

}  // namespace

Result<KeyFilter> key_filter(const KnowledgeStore& store,
                             store::Database& database,
                             const Filter& filter,
                             const search::Snapshot& texts,
                             bool is_for_vectors) {
  KeyFilter keys;
  const auto newest = last_sequence(database);
  if (!newest) return std::unexpected(newest.error());
  keys.newest = static_cast<std::int64_t>(*newest);
  if (filter.kind) keys.words.facets.push_back({kind_facet(*filter.kind)});
  for (const std::string& tag : filter.tags) keys.words.facets.push_back({tag_facet(tag)});
  if (filter.memory == any_memory) {
    keys.words.facets.push_back({memory_facet(memory_episodic), memory_facet(memory_semantic)});
  } else if (filter.memory) {
    keys.words.facets.push_back({memory_facet(*filter.memory)});
  }
  const bool has_facets = !keys.words.facets.empty();
  const bool is_sound = texts.trust() != search::Trust::damaged && !store.text_lacks();
  if (needs_rows(filter) || (has_facets && is_for_vectors && !is_sound)) {
    auto allowed = read_set(database.query("SELECT e.n FROM live e WHERE true" + filter_sql(filter),
                                           filter_parameters(filter)),
                            keys.newest);
    if (!allowed) return std::unexpected(std::move(allowed.error()));
    keys.words.allows = keys.vectors = [set = std::move(*allowed)](search::Key key) {
      return set->contains(static_cast<std::int64_t>(key));
    };
    return keys;
  }
  if (!filter.with_superseded) {
    auto superseded = read_superseded(database, keys.newest);
    if (!superseded) return std::unexpected(std::move(superseded.error()));
    if (!(*superseded)->empty()) {
      keys.words.allows = [set = std::move(*superseded)](search::Key key) {
        return !set->contains(static_cast<std::int64_t>(key));
      };
    }
  }
  if (!has_facets) {
    keys.vectors = keys.words.allows;
  } else if (is_for_vectors) {
    keys.is_of_text_index = true;
    const auto allowed = std::make_shared<EntrySet>(keys.newest);
    search::text::for_each_key(
        texts, keys.words, [&](search::Key key) { allowed->add(static_cast<std::int64_t>(key)); });
    keys.vectors = [allowed](search::Key key) {
      return allowed->contains(static_cast<std::int64_t>(key));
    };
  }
  return keys;
}

}  // namespace hearth::packs::knowledge
