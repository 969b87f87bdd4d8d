#include "packs/knowledge/engine/entries.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/ids.hpp"
#include "packs/knowledge/engine/filter.hpp"
#include "packs/knowledge/engine/rows.hpp"

namespace hearth::packs::knowledge {
namespace {

constexpr std::size_t least_prefix = 4;

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
  if (!(entry.salience >= 0 && entry.salience <= 1)) {
    return fail(Errc::invalid_args, "salience: between 0 (does not matter) and 1");
  }
  return {};
}

constexpr std::string_view find_sql =
    "SELECT e.n, e.id, e.kind, e.title, e.text, e.tags, e.properties, e.version, e.created_ms, "
    "e.updated_ms, s.path, e.line, e.memory, e.salience, e.deleted_ms, o.id, e.origin FROM entries "
    "e "
    "LEFT JOIN sources s ON s.n = e.source_n LEFT JOIN entries o ON o.n = e.superseded_by "
    "WHERE e.n = ?";

}  // namespace

Result<StoredEntry> load_entry(store::Database& database, std::int64_t n) {
  auto rows = database.query(find_sql, n);
  if (!rows.next()) {
    if (!rows.ok()) return std::unexpected(rows.error());
    return fail(Errc::not_found, "no entry " + std::to_string(n));
  }
  StoredEntry stored;
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
  if (!rows.is_null(16)) entry.source = rows.text(16);
  if (!rows.is_null(12)) entry.memory = rows.text(12);
  entry.salience = rows.real(13);
  if (!rows.is_null(14)) entry.deleted_ms = rows.integer(14);
  if (!rows.is_null(15)) entry.superseded_by = rows.text(15);
  return stored;
}

namespace {

Error no_such_entry(std::string_view name) {
  return {Errc::not_found,
          "no entry " + std::string(utf8_prefix(name, 64)),
          {"find its id with knowledge_search or knowledge_list"}};
}

// Of entries that fit a name.
struct Fitting {
  std::vector<std::string> ids;  // at most most_suggestions + 1
  std::int64_t n = 0;            // of the first
};

Result<Fitting> read_fitting(store::Rows rows) {
  Fitting fitting;
  while (rows.next()) {
    if (fitting.ids.empty()) fitting.n = rows.integer(0);
    fitting.ids.emplace_back(rows.text(1));
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return fitting;
}

Error ambiguous(Fitting fitting, const std::string& what) {
  const bool is_more = fitting.ids.size() > most_suggestions;
  if (is_more) fitting.ids.pop_back();
  return {
      Errc::conflict,
      std::string(is_more ? "more than " : "") + std::to_string(fitting.ids.size()) + " " + what,
      std::move(fitting.ids)};
}

bool is_id_prefix(std::string_view text) {
  return text.size() >= least_prefix && text.size() <= 36 &&
         text.find_first_not_of("0123456789abcdef-") == std::string::npos;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

// The row of an id, of a unique prefix of one, or of a title.
Result<std::int64_t> locate(store::Database& database, std::string_view name, Which which) {
  const std::string prefix = lower_case(name);
  const bool has_deleted = which == Which::deleted_too;
  if (is_id_prefix(prefix)) {
    // 'g' follows every character that an id has.
    auto fitting = read_fitting(database.query(
        "SELECT n, id FROM entries WHERE id >= ? AND id < ? AND (deleted_ms IS NULL OR ?) "
        "ORDER BY id LIMIT ?",
        prefix, prefix + "g", has_deleted, most_suggestions + 1));
    if (!fitting) return std::unexpected(std::move(fitting.error()));
    if (fitting->ids.size() == 1 || (!fitting->ids.empty() && fitting->ids.front() == prefix)) {
      return fitting->n;
    }
    if (!fitting->ids.empty()) {
      return std::unexpected(ambiguous(std::move(*fitting), "entries have ids that begin with " +
                                                                prefix + "; give more of the id"));
    }
  }
  auto fitting = read_fitting(database.query(
      "SELECT n, id FROM entries WHERE title = ? COLLATE NOCASE AND (deleted_ms IS NULL OR ?) "
      "ORDER BY n LIMIT ?",
      name, has_deleted, most_suggestions + 1));
  if (!fitting) return std::unexpected(std::move(fitting.error()));
  if (fitting->ids.size() == 1) return fitting->n;
  if (!fitting->ids.empty()) {
    return std::unexpected(ambiguous(std::move(*fitting), "entries have this title; give an id"));
  }
  if (name.size() < least_prefix) {
    return fail(Errc::invalid_args, "id: give the whole id, at least its first " +
                                        std::to_string(least_prefix) +
                                        " characters, or the whole title");
  }
  return std::unexpected(no_such_entry(name));
}

}  // namespace

Result<StoredEntry> find_stored(store::Database& database, std::string_view name, Which which) {
  const auto n = locate(database, name, which);
  if (!n) return std::unexpected(n.error());
  return load_entry(database, *n);
}

namespace {

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
  if (change.salience) entry.salience = *change.salience;
  return check_sizes(entry);
}

// Checked, and of length 1.
Result<std::vector<float>> clean_vector(const std::vector<float>& given,
                                        const std::optional<EmbeddingModel>& model) {
  if (!model) {
    return fail(Errc::invalid_args, "vector: this store makes its vectors itself",
                {"leave it out, or set kind = \"supplied\" in [knowledge.embedder]"});
  }
  if (given.size() != model->dimensions) {
    return fail(Errc::invalid_args, "vector: has " + std::to_string(given.size()) +
                                        " numbers; here it takes " +
                                        std::to_string(model->dimensions));
  }
  double squares = 0;
  for (const float x : given) squares += static_cast<double>(x) * static_cast<double>(x);
  if (!std::isfinite(squares) || squares <= 0) {
    return fail(Errc::invalid_args, "vector: its length is 0, or no number");
  }
  std::vector<float> unit = given;
  const double length = std::sqrt(squares);
  for (float& x : unit) x = static_cast<float>(static_cast<double>(x) / length);
  return unit;
}

Result<void> add_vector(store::Database& database,
                        std::int64_t n,
                        const std::vector<float>& given,
                        const std::optional<EmbeddingModel>& model) {
  const auto vector = clean_vector(given, model);
  if (!vector) return std::unexpected(vector.error());
  return store_vector(database, n, model->name, *vector);
}

}  // namespace

std::string source_name(std::string_view path, std::int64_t line) {
  return std::string(path) + ":" + std::to_string(line);
}

Result<Entry> add_entry(store::Database& database,
                        const NewEntry& wanted,
                        WallTime now,
                        const std::optional<EmbeddingModel>& model) {
  Entry entry;
  EntryChange all{.text = wanted.text,
                  .title = wanted.title,
                  .kind = wanted.kind,
                  .tags = wanted.tags,
                  .merge_properties = {},
                  .salience = wanted.salience,
                  .vector = {},
                  .expected_version = {}};
  entry.properties = wanted.properties;
  entry.memory = wanted.memory;
  entry.source = wanted.source;
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
                   .place = {},
                   .memory = entry.memory,
                   .salience = entry.salience,
                   .origin = entry.source};
  auto done = insert_row(database, row);
  if (done && !wanted.vector.empty()) {
    done = add_vector(database, database.last_rowid(), wanted.vector, model);
  }
  if (!done) return std::unexpected(std::move(done.error()));
  return entry;
}

Result<void> check_version(const Entry& entry, std::optional<std::int64_t> expected) {
  if (!expected || *expected == entry.version) return {};
  return fail(Errc::conflict,
              "entry " + entry.id + " is of version " + std::to_string(entry.version) + ", not " +
                  std::to_string(*expected) + ": somebody changed it meanwhile",
              {"read it with knowledge_get and repeat the change on its present version"});
}

Result<Entry> change_entry(store::Database& database,
                           std::string_view id,
                           const EntryChange& change,
                           WallTime now,
                           const std::optional<EmbeddingModel>& model) {
  auto stored = find_stored(database, id, change.restores ? Which::deleted_too : Which::living);
  if (!stored) return std::unexpected(std::move(stored.error()));
  Entry& entry = stored->entry;
  if (auto is = check_version(entry, change.expected_version); !is) {
    return std::unexpected(std::move(is.error()));
  }
  if (auto fits = apply(entry, change); !fits) return std::unexpected(std::move(fits.error()));
  ++entry.version;
  entry.updated_ms = to_ms(now);
  entry.deleted_ms.reset();
  auto done = database.run(
      "UPDATE entries SET properties = ?, salience = ?, version = ?, updated_ms = ?, "
      "deleted_ms = NULL WHERE n = ?",
      entry.properties, entry.salience, entry.version, entry.updated_ms, stored->n);
  if (done && (change.text || change.title || change.tags || change.kind)) {
    done =
        replace_searchable(database, stored->n, {entry.kind, entry.title, entry.text, entry.tags});
  } else if (done) {
    done = touch_row(database, stored->n);  // whoever follows the entry is told, too
  }
  if (done && change.vector) done = add_vector(database, stored->n, *change.vector, model);
  // What was merged into another and comes back stands by itself again.
  if (done && change.restores) {
    done = database.run("UPDATE entries SET superseded_by = NULL WHERE n = ?", stored->n);
  }
  if (!done) return std::unexpected(std::move(done.error()));
  return std::move(entry);
}

Result<Entry> remove_entry(store::Database& database,
                           std::string_view name,
                           Deletion deletion,
                           WallTime now,
                           std::optional<std::int64_t> expected_version) {
  const bool is_hard = deletion == Deletion::hard;
  auto stored = find_stored(database, name, is_hard ? Which::deleted_too : Which::living);
  if (!stored) return std::unexpected(std::move(stored.error()));
  if (auto is = check_version(stored->entry, expected_version); !is) {
    return std::unexpected(std::move(is.error()));
  }
  Result<void> done;
  if (is_hard) {
    done = delete_row(database, stored->n);
  } else {
    done = hide_row(database, stored->n, to_ms(now));
  }
  if (!done) return std::unexpected(std::move(done.error()));
  return std::move(stored->entry);
}

Result<Entry> find_entry(store::Database& database, std::string_view name, Which which) {
  auto stored = find_stored(database, name, which);
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
  const auto total = database.integer("SELECT count(*) FROM live e WHERE true" + where, parameters);
  if (!total) return std::unexpected(total.error());
  page.total = total->value_or(0);

  auto rows = database.query(
      "SELECT e.n, e.id, e.kind, e.title, e.tags, e.version, e.created_ms, e.updated_ms, s.path, "
      "e.line, e.origin FROM live e LEFT JOIN sources s ON s.n = e.source_n WHERE e.n < ?" +
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
    if (!rows.is_null(10)) entry.source = rows.text(10);
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  return page;
}

Result<Stats> read_stats(store::Database& database) {
  auto transaction = store::Transaction::begin(database, store::Transaction::Kind::deferred);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  Stats stats;
  auto rows = database.query("SELECT kind, count(*) FROM live GROUP BY kind ORDER BY 2 DESC, 1");
  while (rows.next()) {
    stats.kinds.push_back({std::string(rows.text(0)), rows.integer(1)});
    stats.entries += rows.integer(1);
  }
  if (!rows.ok()) return std::unexpected(rows.error());
  struct Count {
    std::int64_t& to;
    std::string_view sql;
  };
  for (const Count& count :
       {Count{stats.sources, "SELECT count(*) FROM sources"},
        Count{stats.tags, "SELECT count(DISTINCT tag) FROM entry_tags"},
        Count{stats.edges, "SELECT count(*) FROM edges"},
        Count{stats.deleted, "SELECT count(*) FROM entries WHERE deleted_ms IS NOT NULL"},
        Count{stats.memories, "SELECT count(*) FROM live WHERE memory IS NOT NULL"}}) {
    const auto value = database.integer(count.sql);
    if (!value) return std::unexpected(value.error());
    count.to = value->value_or(0);
  }
  const auto updated = database.integer("SELECT max(updated_ms) FROM live");
  if (!updated) return std::unexpected(updated.error());
  if (stats.entries > 0) stats.updated_ms = *updated;
  return stats;
}

}  // namespace hearth::packs::knowledge
