// Entries in the tables. The functions that change something run inside a transaction of the
// store's writer; the others on any connection.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "packs/knowledge/engine/embedder.hpp"
#include "packs/knowledge/engine/entry.hpp"
#include "store/sqlite.hpp"

namespace hearth::packs::knowledge {

// Of names that may have been meant.
inline constexpr int most_suggestions = 3;

// Texts are checked and labels cleaned: `invalid_args` says what is wrong. `model` is whose space
// the caller's vector is of.
[[nodiscard]] Result<Entry> add_entry(store::Database& database,
                                      const NewEntry& wanted,
                                      WallTime now,
                                      const std::optional<EmbeddingModel>& model = {});
// `conflict` when the entry is not of the expected version.
[[nodiscard]] Result<Entry> change_entry(store::Database& database,
                                         std::string_view id,
                                         const EntryChange& change,
                                         WallTime now,
                                         const std::optional<EmbeddingModel>& model = {});
// The entry as it was. A soft deletion hides it, and change_entry() may restore it; a hard one ends
// it with its edges.
enum class Deletion : std::uint8_t { soft, hard };
// `conflict` unless it is of the expected version, if one is given.
[[nodiscard]] Result<Entry> remove_entry(store::Database& database,
                                         std::string_view name,
                                         Deletion deletion,
                                         WallTime now,
                                         std::optional<std::int64_t> expected_version = {});

// By id, a prefix of one of at least 4 characters, or the whole title, that fits one entry only:
// `not_found`, or `conflict` with ids that fit.
enum class Which : std::uint8_t { living, deleted_too };
[[nodiscard]] Result<Entry> find_entry(store::Database& database,
                                       std::string_view name,
                                       Which which = Which::living);

// `invalid_args` for a cursor that no list gave out.
[[nodiscard]] Result<ListPage> list_entries(store::Database& database, const ListRequest& request);
[[nodiscard]] Result<Stats> read_stats(store::Database& database);

// ---- For the engine's own files ---------------------------------------------------------------

struct StoredEntry {
  std::int64_t n = 0;
  Entry entry;
};
[[nodiscard]] Result<StoredEntry> find_stored(store::Database& database,
                                              std::string_view name,
                                              Which which = Which::living);
[[nodiscard]] Result<StoredEntry> load_entry(store::Database& database, std::int64_t n);
// `conflict` unless the entry is of that version, if one is expected.
[[nodiscard]] Result<void> check_version(const Entry& entry, std::optional<std::int64_t> expected);

// "path:line".
[[nodiscard]] std::string source_name(std::string_view path, std::int64_t line);

}  // namespace hearth::packs::knowledge
