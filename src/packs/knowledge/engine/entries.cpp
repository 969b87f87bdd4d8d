#include "packs/knowledge/engine/entries.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/ids.hpp"
#include "packs/knowledge/engine/rows.hpp"

namespace hearth::packs::knowledge {
namespace {

constexpr std::size_t least_prefix = 4;
constexpr int most_suggestions = 3;

std::int64_t to_ms(WallTime time) {
  return time.time_since_epoch().count();
}

Result<void> check_sizes(const Entry& entry) {
  if (entry.text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return fail(Errc::invalid_args, "text is empty", {"give the text that is to be remembered"});
  }
  if (entry.text.size() > most_text_bytes) {
    return fail(Errc::invalid_args,
                "text is " + std::to_string(entry.text.size()) + " bytes; at most " +
                    std::to_string(most_text_bytes) + " fit into one entry",
                {"split it", "write it to a file and import that"});
  }
  if (entry.title.size() > most_title_bytes) {
    return fail(Errc::invalid_args,
                "title is longer than " + std::to_string(most_title_bytes) + " bytes");
  }
  if (entry.properties.size() > most_property_bytes) {
    return fail(Errc::invalid_args,
                "properties are longer than " + std::to_string(most_property_bytes) + " bytes");
  }
  return {};
}

constexpr std::string_view find_sql =
    "SELECT e.n, e.id, e.kind, e.title, e.text, e.tags, e.properties, e.version, e.created_ms, "
    "e.updated_ms, s.path, e.line FROM entries e LEFT JOIN sources s ON s.n = e.source_n "
    "WHERE e.n = ?";

struct Stored {
  std::int64_t n = 0;
  Entry entry;
};

Result<Stored> load(store::Database& database, std::int64_t n) {
  auto rows = database.query(find_sql, n);
  if (!rows.next()) {
    if (!rows.ok()) return std::unexpected(rows.error());
    return fail(Errc::not_found, "no entry " + std::to_string(n));
  }
  Stored stored;
  stored.n = rows.integer(0);
  Entry& entry = stored.entry;
  entry.id = rows.text(1);
  entry.kind = rows.text(2);
  entry.title = rows.text(3);
  entry.text = rows.text(4);
  entry.tags = split_tags(rows.text(5));
  entry.properties = rows.text(6);
  entry.version = rows.integer(7);
  entry.created_ms = rows.integer(8);
  entry.updated_ms = rows.integer(9);
  if (!rows.is_null(10)) entry.source = source_name(rows.text(10), rows.integer(11));
  return stored;
}

Error no_such_entry(std::string_view id) {
  return {Errc::not_found,
          "no entry " + std::string(utf8_prefix(id, 64)),
          {"find its id with knowledge_search or knowledge_list"}};
}

// The row of an id or of a unique prefix.
Result<std::int64_t> locate(store::Database& database, std::string_view id) {
  std::string wanted(id);
  std::ranges::transform(wanted, wanted.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (wanted.size() < least_prefix) {
    return fail(Errc::invalid_args, "id: give the whole id, or at least its first " +
                                        std::to_string(least_prefix) + " characters");
  }
  if (wanted.find_first_not_of("0123456789abcdef-") != std::string::npos) {
    return std::unexpected(no_such_entry(id));
  }
  // 'g' follows every character that an id has.
  auto rows =
      database.query("SELECT n, id FROM entries WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
                     wanted, wanted + "g", most_suggestions + 1);
  std::vector<std::string> ids;
  std::int64_t n = 0;
  while (rows.next()) {
    if (ids.empty()) n = rows.integer(0);
    ids.emplace_back(rows.text(1));
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  if (ids.empty()) return std::unexpected(no_such_entry(id));
  if (ids.size() == 1 || ids.front() == wanted) return n;
  const bool is_more = ids.size() > most_suggestions;
  if (is_more) ids.pop_back();
  std::string message = std::string(is_more ? "more than " : "") + std::to_string(ids.size()) +
                        " entries have ids that begin with " + wanted + "; give more of the id";
  return fail(Errc::conflict, std::move(message), std::move(ids));
}

Result<Stored> find_stored(store::Database& database, std::string_view id) {
  const auto n = locate(database, id);
  if (!n) return std::unexpected(n.error());
  return load(database, *n);
}

// Takes what is to change over the entry.
Result<void> apply(Entry& entry, const EntryChange& change) {
  if (change.text) entry.text = *change.text;
  if (change.title) entry.title = *change.title;
  if (entry.title.empty()) entry.title = title_of(entry.text);
  if (change.kind) {
    auto kind = clean_label("kind", *change.kind);
    if (!kind) return std::unexpected(std::move(kind.error()));
    entry.kind = std::move(*kind);
  }
  if (change.tags) {
    auto tags = clean_tags(*change.tags);
    if (!tags) return std::unexpected(std::move(tags.error()));
    entry.tags = std::move(*tags);
  }
  if (change.merge_properties) {
    auto merged = change.merge_properties(entry.properties);
    if (!merged) return std::unexpected(std::move(merged.error()));
    entry.properties = std::move(*merged);
  }
  return check_sizes(entry);
}

}  // namespace

std::vector<std::string> split_tags(std::string_view lines) {
  std::vector<std::string> tags;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    tags.emplace_back(lines.substr(0, end));
    lines = end == std::string_view::npos ? std::string_view() : lines.substr(end + 1);
  }
  return tags;
}

std::string source_name(std::string_view path, std::int64_t line) {
  return std::string(path) + ":" + std::to_string(line);
}

std::string filter_sql(const Filter& filter) {
  std::string sql;
  if (filter.kind) sql += " AND e.kind = ?";
  // The plus keeps the planner from starting with the tag: the order is another index's.
  for (std::size_t i = 0; i < filter.tags.size(); ++i) {
    sql += " AND +e.n IN (SELECT n FROM entry_tags WHERE tag = ?)";
  }
  return sql;
}

std::vector<std::string> filter_parameters(const Filter& filter) {
  std::vector<std::string> parameters;
  if (filter.kind) parameters.push_back(*filter.kind);
  parameters.insert(parameters.end(), filter.tags.begin(), filter.tags.end());
  return parameters;
}

Result<Filter> clean_filter(const Filter& filter) {
  Filter clean;
  if (filter.kind) {
    auto kind = clean_label("kind", *filter.kind);
    if (!kind) return std::unexpected(std::move(kind.error()));
    clean.kind = std::move(*kind);
  }
  auto tags = clean_tags(filter.tags);
  if (!tags) return std::unexpected(std::move(tags.error()));
  clean.tags = std::move(*tags);
  return clean;
}

Result<Entry> add_entry(store::Database& database, const NewEntry& wanted, WallTime now) {
  Entry entry;
  EntryChange all{.text = wanted.text,
                  .title = wanted.title,
                  .kind = wanted.kind,
                  .tags = wanted.tags,
                  .merge_properties = {},
                  .expected_version = {}};
  entry.properties = wanted.properties;
  if (auto fits = apply(entry, all); !fits) return std::unexpected(std::move(fits.error()));
  entry.id = make_uuid_v7(now);
  entry.created_ms = entry.updated_ms = to_ms(now);
  const NewRow row{.id = entry.id,
                   .kind = entry.kind,
                   .title = entry.title,
                   .text = entry.text,
                   .tags = entry.tags,
                   .properties = entry.properties,
                   .now_ms = entry.created_ms,
                   .place = {}};
  if (auto done = insert_row(database, row); !done) return std::unexpected(std::move(done.error()));
  return entry;
}

Result<Entry> change_entry(store::Database& database,
                           std::string_view id,
                           const EntryChange& change,
                           WallTime now) {
  auto stored = find_stored(database, id);
  if (!stored) return std::unexpected(std::move(stored.error()));
  Entry& entry = stored->entry;
  if (change.expected_version && *change.expected_version != entry.version) {
    return fail(Errc::conflict,
                "entry " + entry.id + " is of version " + std::to_string(entry.version) + ", not " +
                    std::to_string(*change.expected_version) + ": somebody changed it meanwhile",
                {"read it with knowledge_get and repeat the change on its present version"});
  }
  if (auto fits = apply(entry, change); !fits) return std::unexpected(std::move(fits.error()));
  ++entry.version;
  entry.updated_ms = to_ms(now);
  auto done = database.run(
      "UPDATE entries SET kind = ?, properties = ?, version = ?, updated_ms = ? WHERE n = ?",
      entry.kind, entry.properties, entry.version, entry.updated_ms, stored->n);
  if (done && (change.text || change.title || change.tags)) {
    done = replace_searchable(database, stored->n, {entry.title, entry.text, entry.tags});
  }
  if (!done) return std::unexpected(std::move(done.error()));
  return std::move(entry);
}

Result<Entry> remove_entry(store::Database& database, std::string_view id) {
  auto stored = find_stored(database, id);
  if (!stored) return std::unexpected(std::move(stored.error()));
  if (auto done = delete_row(database, stored->n); !done) {
    return std::unexpected(std::move(done.error()));
  }
  return std::move(stored->entry);
}

Result<Entry> find_entry(store::Database& database, std::string_view id) {
  auto stored = find_stored(database, id);
  if (!stored) return std::unexpected(std::move(stored.error()));
  return std::move(stored->entry);
}

namespace {

// A cursor is the row of the last entry of a page.
Result<std::int64_t> read_cursor(const std::optional<std::string>& cursor) {
  if (!cursor) return INT64_MAX;
  std::int64_t n = 0;
  const char* end = cursor->data() + cursor->size();
  const auto [rest, code] = std::from_chars(cursor->data(), end, n);
  if (code != std::errc() || rest != end || n < 1) {
    return fail(Errc::invalid_args, "cursor: not one that knowledge_list gave",
                {"leave it out to start from the newest entry"});
  }
  return n;
}

}  // namespace

Result<ListPage> list_entries(store::Database& database, const ListRequest& request) {
  const auto before = read_cursor(request.cursor);
  if (!before) return std::unexpected(before.error());
  const auto filter = clean_filter(request.filter);
  if (!filter) return std::unexpected(filter.error());
  const std::string where = filter_sql(*filter);
  const std::vector<std::string> parameters = filter_parameters(*filter);

  auto transaction = store::Transaction::begin(database, store::Transaction::Kind::deferred);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  ListPage page;
  const auto total =
      database.integer("SELECT count(*) FROM entries e WHERE true" + where, parameters);
  if (!total) return std::unexpected(total.error());
  page.total = total->value_or(0);

  auto rows = database.query(
      "SELECT e.n, e.id, e.kind, e.title, e.tags, e.version, e.created_ms, e.updated_ms, s.path, "
      "e.line FROM entries e LEFT JOIN sources s ON s.n = e.source_n WHERE e.n < ?" +
          where + " ORDER BY e.n DESC LIMIT ?",
      *before, parameters, request.limit + 1);
  std::int64_t last = 0;
  while (rows.next()) {
    if (static_cast<std::int64_t>(page.entries.size()) == request.limit) {
      page.cursor = std::to_string(last);
      break;
    }
    last = rows.integer(0);
    Entry& entry = page.entries.emplace_back();
    entry.id = rows.text(1);
    entry.kind = rows.text(2);
    entry.title = rows.text(3);
    entry.tags = split_tags(rows.text(4));
    entry.version = rows.integer(5);
    entry.created_ms = rows.integer(6);
    entry.updated_ms = rows.integer(7);
    if (!rows.is_null(8)) entry.source = source_name(rows.text(8), rows.integer(9));
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return page;
}

Result<Stats> read_stats(store::Database& database) {
  auto transaction = store::Transaction::begin(database, store::Transaction::Kind::deferred);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  Stats stats;
  auto rows = database.query("SELECT kind, count(*) FROM entries GROUP BY kind ORDER BY 2 DESC, 1");
  while (rows.next()) {
    stats.kinds.push_back({std::string(rows.text(0)), rows.integer(1)});
    stats.entries += rows.integer(1);
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  const auto sources = database.integer("SELECT count(*) FROM sources");
  if (!sources) return std::unexpected(sources.error());
  stats.sources = sources->value_or(0);
  const auto tags = database.integer("SELECT count(DISTINCT tag) FROM entry_tags");
  if (!tags) return std::unexpected(tags.error());
  stats.tags = tags->value_or(0);
  const auto updated = database.integer("SELECT max(updated_ms) FROM entries");
  if (!updated) return std::unexpected(updated.error());
  if (stats.entries > 0) stats.updated_ms = *updated;
  return stats;
}

}  // namespace hearth::packs::knowledge
