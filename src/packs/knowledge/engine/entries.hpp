// Entries in the tables. The functions that change something run inside a transaction of the
// store's writer; the others on any connection.
#pragma once

#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "packs/knowledge/engine/entry.hpp"
#include "store/sqlite.hpp"

namespace hearth::packs::knowledge {

// Texts are checked and labels cleaned: `invalid_args` says what is wrong.
[[nodiscard]] Result<Entry> add_entry(store::Database& database,
                                      const NewEntry& wanted,
                                      WallTime now);
// `conflict` when the entry is not of the expected version.
[[nodiscard]] Result<Entry> change_entry(store::Database& database,
                                         std::string_view id,
                                         const EntryChange& change,
                                         WallTime now);
// The entry as it was.
[[nodiscard]] Result<Entry> remove_entry(store::Database& database, std::string_view id);

// By id, or a prefix of at least 4 characters that fits one entry only: `not_found`, or `conflict`
// with ids that fit.
[[nodiscard]] Result<Entry> find_entry(store::Database& database, std::string_view id);

// `invalid_args` for a cursor that no list gave out.
[[nodiscard]] Result<ListPage> list_entries(store::Database& database, const ListRequest& request);
[[nodiscard]] Result<Stats> read_stats(store::Database& database);

// ---- For the engine's own files ---------------------------------------------------------------

// "a\nb" → {"a", "b"}, and back.
[[nodiscard]] std::vector<std::string> split_tags(std::string_view lines);
// " AND …" for each part of a cleaned filter; its parameters are filter_parameters().
[[nodiscard]] std::string filter_sql(const Filter& filter);
[[nodiscard]] std::vector<std::string> filter_parameters(const Filter& filter);
[[nodiscard]] Result<Filter> clean_filter(const Filter& filter);
// "path:line".
[[nodiscard]] std::string source_name(std::string_view path, std::int64_t line);

}  // namespace hearth::packs::knowledge
