// What DuckDB's reader of CSV would change in silence: 1.7 becomes the whole number 2, a time loses
// its offset where the column has none, a date its time and its BC, and TIME WITH TIME ZONE is NULL
// whatever it is (all checked: 1.4.4). Types are found out by the first rows, or come from a table,
// so that any row may hold such a value.
//
// To look at each in SQL would cost a load a third of its time. So the bytes of the file are looked
// through first, a few nanoseconds each field, for what may be such a value; only then SQL decides.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::packs::sql {

// Of a column's type; `other`: the reader changes nothing, or nothing is known of it.
enum class Exactness : std::uint8_t { other, whole, date, time, zoned_time, timestamp };
[[nodiscard]] Exactness exactness_of(std::string_view type);

// A condition that holds for texts that would be changed; what the reader refuses is none of them.
// `column` is SQL.
[[nodiscard]] std::string is_changed_sql(const std::string& column, std::string_view type);

// Goes through the bytes of a CSV. It may find what SQL then says is none, but misses nothing.
class ChangedValueSearch final {
 public:
  // `quote` '\0': there are none; another one within a quoted text is doubled. The first `lines`
  // are no rows.
  ChangedValueSearch(char delimiter,
                     char quote,
                     std::int64_t lines,
                     std::vector<Exactness> columns);
  void add(std::string_view piece);
  [[nodiscard]] bool has_found() const { return has_found_; }

 private:
  using Stops = std::array<bool, 256>;
  [[nodiscard]] Stops stops_for(Exactness exactness, bool is_behind_colon) const;
  [[nodiscard]] const Stops& stops() const;
  void take(char c);

  const char delimiter_;
  const char quote_;
  std::int64_t lines_;  // still to pass over
  const std::vector<Exactness> columns_;
  std::array<Stops, 7> stops_;  // by Exactness; the last: of a timestamp behind its first colon
  std::size_t column_ = 0;
  bool is_quoted_ = false;
  bool is_behind_colon_ = false;
  bool has_found_ = false;
};

// Finds the line on which a row of a CSV begins. Empty lines are none.
class LineOfRow final {
 public:
  // `row` counts from 1, behind the first `lines`.
  LineOfRow(char quote, std::int64_t lines, std::int64_t row)
      : quote_(quote), lines_(lines), row_(row) {}
  void add(std::string_view piece);
  [[nodiscard]] std::optional<std::int64_t> line() const { return line_; }

 private:
  const char quote_;
  std::int64_t lines_;
  std::int64_t row_;
  std::int64_t at_ = 1;  // the line that is being read
  bool is_quoted_ = false;
  bool has_begun_ = false;  // the row on it
  std::optional<std::int64_t> line_;
};

}  // namespace hearth::packs::sql
