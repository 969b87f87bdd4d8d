#include "packs/knowledge/engine/rows.hpp"

#include <bit>
#include <cstring>

namespace hearth::packs::knowledge {
namespace {

static_assert(std::endian::native == std::endian::little,
              "vectors are stored as they are in memory");

Result<void> add_tags(store::Database& database,
                      std::int64_t n,
                      const std::vector<std::string>& tags) {
  Result<void> done;
  for (const std::string& tag : tags) {
    if (done) done = database.run("INSERT INTO entry_tags(tag, n) VALUES(?, ?)", tag, n);
  }
  return done;
}

constexpr std::string_view count_sql = "UPDATE counter SET value = value + 1";

}  // namespace

std::string join_tags(const std::vector<std::string>& tags) {
  std::string lines;
  for (const std::string& tag : tags) lines.append(lines.empty() ? "" : "\n").append(tag);
  return lines;
}

std::vector<std::string> split_tags(std::string_view lines) {
  std::vector<std::string> tags;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    tags.emplace_back(lines.substr(0, end));
    lines = end == std::string_view::npos ? std::string_view() : lines.substr(end + 1);
  }
  return tags;
}

Result<std::uint64_t> last_sequence(store::Database& database) {
  const auto value = database.integer("SELECT value FROM counter");
  if (!value) return std::unexpected(value.error());
  return static_cast<std::uint64_t>(value->value_or(0));
}

Result<void> insert_row(store::Database& database, const NewRow& row) {
  std::optional<std::int64_t> source;
  std::optional<std::int64_t> chunk;
  std::optional<std::int64_t> line;
  std::optional<std::string_view> hash;
  if (row.place) {
    source = row.place->source;
    chunk = row.place->chunk;
    line = row.place->line;
    hash = row.place->hash;
  }
  auto done = database.run(count_sql);
  if (done) {
    done = database.run(
        "INSERT INTO entries(n, id, kind, seq, created_ms, updated_ms, memory, salience, source_n, "
        "chunk, line, chunk_hash, origin, title, tags, properties, text) "
        "VALUES((SELECT value FROM counter), ?, ?, (SELECT value FROM counter), ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?, ?)",
        row.id, row.kind, row.now_ms, row.now_ms, row.memory, row.salience, source, chunk, line,
        hash, row.origin, row.title, join_tags(row.tags), row.properties, row.text);
  }
  if (!done) return done;
  return add_tags(database, database.last_rowid(), row.tags);
}

Result<void> replace_searchable(store::Database& database, std::int64_t n, const Searchable& now) {
  // What is embedded are title and text.
  auto done = database.run(
      "DELETE FROM vectors WHERE n = ? AND EXISTS "
      "(SELECT 1 FROM entries WHERE n = ? AND (title <> ? OR text <> ?))",
      n, n, now.title, now.text);
  if (done) done = database.run(count_sql);
  if (done) {
    done = database.run(
        "UPDATE entries SET seq = (SELECT value FROM counter), kind = ?, title = ?, tags = ?, "
        "text = ? WHERE n = ?",
        now.kind, now.title, join_tags(now.tags), now.text, n);
  }
  if (done) done = database.run("DELETE FROM entry_tags WHERE n = ?", n);
  if (done) done = add_tags(database, n, now.tags);
  return done;
}

Result<void> delete_row(store::Database& database, std::int64_t n) {
  auto done = database.run(count_sql);
  constexpr std::string_view note_sql =
      "INSERT INTO removed(seq, n, id) SELECT (SELECT value FROM counter), n, id FROM entries "
      "WHERE n = ?";
  for (const std::string_view sql :
       {note_sql, std::string_view("DELETE FROM entry_tags WHERE n = ?"),
        std::string_view("DELETE FROM vectors WHERE n = ?"),
        std::string_view("DELETE FROM edges WHERE source = ?"),
        std::string_view("DELETE FROM edges WHERE target = ?"),
        std::string_view("UPDATE entries SET superseded_by = NULL WHERE superseded_by = ?"),
        std::string_view("DELETE FROM entries WHERE n = ?")}) {
    if (done) done = database.run(sql, n);
  }
  return done;
}

Result<void> touch_row(store::Database& database, std::int64_t n) {
  auto done = database.run(count_sql);
  if (done) {
    done = database.run("UPDATE entries SET seq = (SELECT value FROM counter) WHERE n = ?", n);
  }
  return done;
}

Result<void> hide_row(store::Database& database, std::int64_t n, std::int64_t now_ms) {
  auto done = database.run("UPDATE entries SET deleted_ms = ?, version = version + 1 WHERE n = ?",
                           now_ms, n);
  return done ? touch_row(database, n) : done;
}

Result<void> store_vector(store::Database& database,
                          std::int64_t n,
                          std::string_view model,
                          const std::vector<float>& vector) {
  const std::string_view bytes(reinterpret_cast<const char*>(vector.data()),
                               vector.size() * sizeof(float));
  auto done = database.run(
      "INSERT INTO vectors(n, model, vector) VALUES(?, ?, ?) ON CONFLICT(n) DO UPDATE SET "
      "model = excluded.model, vector = excluded.vector",
      n, model, store::Blob{bytes});
  return done ? touch_row(database, n) : done;
}

std::vector<float> stored_vector(std::string_view bytes) {
  std::vector<float> vector(bytes.size() / sizeof(float));
  std::memcpy(vector.data(), bytes.data(), vector.size() * sizeof(float));
  return vector;
}

}  // namespace hearth::packs::knowledge
