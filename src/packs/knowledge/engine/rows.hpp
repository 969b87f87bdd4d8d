// Writing rows of `entries`: the one place that keeps the full-text index and the table of tags in
// step with them. Inside a transaction of the store's writer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "store/sqlite.hpp"

namespace hearth::packs::knowledge {

// A passage's place in its source.
struct SourcePlace {
  std::int64_t source = 0;  // row of sources
  std::int64_t chunk = 0;
  std::int64_t line = 1;
  std::string_view hash;
};

struct NewRow {
  std::string_view id;
  std::string_view kind;
  std::string_view title;
  std::string_view text;
  const std::vector<std::string>& tags;  // sorted
  std::string_view properties;
  std::int64_t now_ms = 0;
  std::optional<SourcePlace> place;
};
[[nodiscard]] Result<void> insert_row(store::Database& database, const NewRow& row);

// What the index covers.
struct Searchable {
  std::string_view title;
  std::string_view text;
  const std::vector<std::string>& tags;
};
[[nodiscard]] Result<void> replace_searchable(store::Database& database,
                                              std::int64_t n,
                                              const Searchable& now);

[[nodiscard]] Result<void> delete_row(store::Database& database, std::int64_t n);

}  // namespace hearth::packs::knowledge
