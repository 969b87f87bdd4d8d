#include "packs/knowledge/engine/rows.hpp"

namespace hearth::packs::knowledge {
namespace {

std::string joined(const std::vector<std::string>& tags) {
  std::string lines;
  for (const std::string& tag : tags) lines.append(lines.empty() ? "" : "\n").append(tag);
  return lines;
}

Result<void> add_to_index(store::Database& database,
                          std::int64_t n,
                          const Searchable& row,
                          const std::string& tag_lines) {
  auto done = database.run("INSERT INTO entries_fts(rowid, title, text, tags) VALUES(?, ?, ?, ?)",
                           n, row.title, row.text, tag_lines);
  for (const std::string& tag : row.tags) {
    if (done) done = database.run("INSERT INTO entry_tags(tag, n) VALUES(?, ?)", tag, n);
  }
  return done;
}

// While the row is as it was indexed: the index reads from it what to remove.
Result<void> remove_from_index(store::Database& database, std::int64_t n) {
  auto done = database.run("DELETE FROM entries_fts WHERE rowid = ?", n);
  if (done) done = database.run("DELETE FROM entry_tags WHERE n = ?", n);
  return done;
}

}  // namespace

Result<void> insert_row(store::Database& database, const NewRow& row) {
  const std::string tag_lines = joined(row.tags);
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
  auto done = database.run(
      "INSERT INTO entries(id, kind, created_ms, updated_ms, source_n, chunk, line, chunk_hash, "
      "title, tags, properties, text) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.id, row.kind, row.now_ms, row.now_ms, source, chunk, line, hash, row.title, tag_lines,
      row.properties, row.text);
  if (!done) return done;
  return add_to_index(database, database.last_rowid(), {row.title, row.text, row.tags}, tag_lines);
}

Result<void> replace_searchable(store::Database& database, std::int64_t n, const Searchable& now) {
  const std::string tag_lines = joined(now.tags);
  auto done = remove_from_index(database, n);
  if (done) {
    done = database.run("UPDATE entries SET title = ?, tags = ?, text = ? WHERE n = ?", now.title,
                        tag_lines, now.text, n);
  }
  if (done) done = add_to_index(database, n, now, tag_lines);
  return done;
}

Result<void> delete_row(store::Database& database, std::int64_t n) {
  auto done = remove_from_index(database, n);
  if (done) done = database.run("DELETE FROM entries WHERE n = ?", n);
  return done;
}

}  // namespace hearth::packs::knowledge
