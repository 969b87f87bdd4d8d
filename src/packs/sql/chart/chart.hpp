// Charts of query results: pure functions from columns to a picture, without JSON, files or
// threads.
//
// What is drawn is meant to be read without tuning: ticks at round numbers and dates, zero in sight
// where lengths are compared, labels that do not run into each other, colours that colour-blind
// people tell apart. What was left out or put together is said in Picture::notes, never hidden.
// Errors: `invalid_args` with what to change; `unavailable` when the drawing library is missing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hearth::packs::sql::chart {

enum class FieldKind : std::uint8_t { number, time, category };

// One column of the data, a value for each row.
struct Field {
  std::string name;
  FieldKind kind = FieldKind::number;
  std::vector<double> numbers;     // number; time: seconds since 1970; NaN where there is none
  std::vector<std::string> texts;  // category
  [[nodiscard]] std::size_t size() const {
    return kind == FieldKind::category ? texts.size() : numbers.size();
  }
};

enum class Mark : std::uint8_t { bar, line, scatter, histogram, box, heat_map };

// The columns by what they are drawn as. All are of the same length.
//   bar        x: what the bars are of, y: their lengths (none: the number of rows)
//   line, scatter   x, y
//   histogram  x
//   box        y; x: a box for each (none: a box for each of y)
//   heat_map   x, y[0], value (none: the number of rows)
// Several y, or a group, make several series; not both.
struct Data {
  std::optional<Field> x;
  std::vector<Field> y;
  std::optional<Field> group;
  std::optional<Field> value;
};

enum class Scale : std::uint8_t { linear, log };
enum class Format : std::uint8_t { png, svg };

struct Spec {
  Mark mark = Mark::bar;
  Format format = Format::png;
  std::string title = {};
  std::string subtitle = {};
  std::optional<std::string> x_title = {};  // else the columns' names
  std::optional<std::string> y_title = {};
  Scale x_scale = Scale::linear;
  Scale y_scale = Scale::linear;
  bool is_stacked = false;                 // bars of several series on top of each other
  std::optional<bool> is_horizontal = {};  // bars; else when their labels want it
  int bins = 0;                            // of a histogram; 0: as many as the data bear
  int width = 900;                         // 200 to 4,000 CSS pixels; a PNG has two for each
  int height = 540;
};

inline constexpr int smallest_side = 200;
inline constexpr int largest_side = 4'000;

struct Picture {
  std::string bytes;
  std::string mime_type;
  int width = 0;  // in pixels, of a PNG; else as asked for
  int height = 0;
  std::int64_t drawn = 0;          // rows that are in the picture
  std::vector<std::string> notes;  // "3 rows have no number in \"price\" and are left out"
};

[[nodiscard]] Result<Picture> draw(const Spec& spec, const Data& data);

[[nodiscard]] std::string_view mark_name(Mark mark);

}  // namespace hearth::packs::sql::chart
