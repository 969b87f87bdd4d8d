// Writing rows of `entries`: the one place that keeps the table of tags in step with them, and
// gives every change that an index must see its number. Inside a transaction of the store's writer.
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
  std::optional<std::string> memory;
  double salience = 0.5;
  std::optional<std::string> origin;
};
// Under a number that no other row had or will have: the indexes know it by that.
[[nodiscard]] Result<void> insert_row(store::Database& database, const NewRow& row);

// What the indexes cover.
struct Searchable {
  std::string_view kind;
  std::string_view title;
  std::string_view text;
  const std::vector<std::string>& tags;
};
// Its stored vector goes when title or text are others now.
[[nodiscard]] Result<void> replace_searchable(store::Database& database,
                                              std::int64_t n,
                                              const Searchable& now);

// For good, with its edges, its tags and its vector.
[[nodiscard]] Result<void> delete_row(store::Database& database, std::int64_t n);
// Deleted, but still there for whoever asks for what is deleted.
[[nodiscard]] Result<void> hide_row(store::Database& database, std::int64_t n, std::int64_t now_ms);
// Gives the row the next number: the indexes look at it again.
[[nodiscard]] Result<void> touch_row(store::Database& database, std::int64_t n);

// Of a model that cannot be asked at will. `vector` has length 1.
[[nodiscard]] Result<void> store_vector(store::Database& database,
                                        std::int64_t n,
                                        std::string_view model,
                                        const std::vector<float>& vector);

// The length of the column's value for so many dimensions: others are of a model that went by the
// same name.
[[nodiscard]] constexpr std::int64_t vector_bytes(std::uint32_t dimensions) {
  return static_cast<std::int64_t>(dimensions * sizeof(float));
}
// As it is in the column.
[[nodiscard]] std::vector<float> stored_vector(std::string_view bytes);

// Tags as they are in the column: lines.
[[nodiscard]] std::string join_tags(const std::vector<std::string>& tags);
[[nodiscard]] std::vector<std::string> split_tags(std::string_view lines);

// The number of the last change.
[[nodiscard]] Result<std::uint64_t> last_sequence(store::Database& database);

}  // namespace hearth::packs::knowledge
