// What goes into a statement and what comes out of it, in one spelling for all engines.
//
// A cell is a kind and a text that the engine's side has made canonical, so that nothing above it
// rounds a number or guesses a type:
//   null     SQL NULL; no text
//   boolean  "true" or "false"
//   integer  decimal digits, as many as there are: "-9223372036854775808"
//   real     shortest text that reads back the same double: "0.1", "1e+300"; never NaN or infinity
//   text     anything else as text: DECIMAL "12.340000000", DATE "2024-01-31", TIME "10:00:00.5",
//            TIMESTAMP "2024-01-31T10:00:00", with zone "2024-01-31T09:00:00Z", INTERVAL "P1DT2H",
//            BLOB in base64, UUID, ENUM; the reals "NaN", "Infinity" and "-Infinity"
//   json     LIST, ARRAY, STRUCT, MAP and JSON columns, as compact JSON text
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::packs::sql {

enum class CellKind : std::uint8_t { null, boolean, integer, real, text, json };

struct Cell {
  CellKind kind = CellKind::null;
  std::string text;
};

struct Column {
  std::string name;  // names may repeat
  std::string type;  // as the engine spells it: "DECIMAL(38,9)", "timestamp with time zone"
};

// A run of rows, one cell after another in one buffer. Also what crosses a process boundary.
class Batch final {
 public:
  struct View {
    CellKind kind;
    std::string_view text;
  };

  explicit Batch(std::size_t columns = 0) : columns_(columns) {}

  void add(CellKind kind, std::string_view text) {
    bytes_.append(text);
    cells_.push_back({kind, static_cast<std::uint32_t>(bytes_.size())});
  }
  void set_columns(std::size_t columns) { columns_ = columns; }  // while it is empty
  [[nodiscard]] std::size_t columns() const { return columns_; }
  [[nodiscard]] std::size_t rows() const { return columns_ == 0 ? 0 : cells_.size() / columns_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }
  [[nodiscard]] View at(std::size_t row, std::size_t column) const {
    const std::size_t index = row * columns_ + column;
    const std::size_t begin = index == 0 ? 0 : cells_[index - 1].end;
    return {cells_[index].kind, std::string_view(bytes_).substr(begin, cells_[index].end - begin)};
  }

  struct Mark {
    CellKind kind;
    std::uint32_t end;  // in the bytes; a batch holds less than 4 GiB
  };
  [[nodiscard]] std::string_view text() const { return bytes_; }
  [[nodiscard]] const std::vector<Mark>& marks() const { return cells_; }

 private:
  std::size_t columns_;
  std::string bytes_;
  std::vector<Mark> cells_;
};

// One statement with the values of its parameters: $1, $2 … in order, or by name.
struct Parameter {
  std::string name;  // empty: by position
  Cell value;
};
struct Statement {
  std::string sql;
  std::vector<Parameter> parameters = {};
  // Of execute(): hearth's own words, which may do what a caller's may not (COPY … TO a file). What
  // a caller wrote is in it only where a parser has found one whole statement that reads.
  bool is_trusted = false;
};

}  // namespace hearth::packs::sql
