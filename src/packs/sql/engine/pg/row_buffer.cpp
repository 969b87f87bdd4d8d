#include "packs/sql/engine/pg/row_buffer.hpp"

namespace hearth::packs::sql::pg {
namespace {

class WholeRows final : public Rows {
 public:
  WholeRows(std::vector<Column> columns, RowBuffer buffer)
      : columns_(std::move(columns)), buffer_(std::move(buffer)) {}
  const std::vector<Column>& columns() const override { return columns_; }
  bool is_at_end() const override { return buffer_.is_empty(); }
  Result<Batch> next(std::size_t most_rows, std::size_t most_bytes, const Work&) override {
    return buffer_.take(most_rows, most_bytes);
  }

 private:
  std::vector<Column> columns_;
  RowBuffer buffer_;
};

}  // namespace

Batch RowBuffer::take(std::size_t most_rows, std::size_t most_bytes) {
  const std::size_t columns = batch_.columns();
  if (taken_ == 0 && batch_.rows() <= most_rows && batch_.bytes() <= most_bytes)
    return std::exchange(batch_, Batch(columns));
  Batch part(columns);
  while (!is_empty() && part.rows() < most_rows && part.bytes() < most_bytes) {
    for (std::size_t column = 0; column < columns; ++column) {
      const auto cell = batch_.at(taken_, column);
      part.add(cell.kind, cell.text);
      taken_bytes_ += cell.text.size();
    }
    ++taken_;
  }
  if (is_empty()) {
    batch_ = Batch(columns);
    taken_ = taken_bytes_ = 0;
  }
  return part;
}

std::unique_ptr<Rows> whole_result(const Answer& answer, const TypeBook& types) {
  std::vector<Column> columns;
  for (int i = 0; i < answer.columns(); ++i)
    columns.push_back({answer.name(i), types.name(answer.type(i), answer.modifier(i))});
  RowBuffer buffer(columns.size());
  for (int row = 0; row < answer.rows(); ++row) {
    for (int i = 0; i < answer.columns(); ++i) {
      if (answer.is_null(row, i)) {
        buffer.batch().add(CellKind::null, "");
      } else {
        add_cell(buffer.batch(), types, answer.type(i), answer.text(row, i));
      }
    }
  }
  return std::make_unique<WholeRows>(std::move(columns), std::move(buffer));
}

}  // namespace hearth::packs::sql::pg
