// Rows that have come but were not asked for yet.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "packs/sql/engine/engine.hpp"
#include "packs/sql/engine/pg/cells.hpp"
#include "packs/sql/engine/pg/link.hpp"

namespace hearth::packs::sql::pg {

// One thread at a time.
class RowBuffer final {
 public:
  explicit RowBuffer(std::size_t columns) : batch_(columns) {}

  // For what arrives: whole rows.
  [[nodiscard]] Batch& batch() { return batch_; }
  // That were not taken.
  [[nodiscard]] std::size_t rows() const { return batch_.rows() - taken_; }
  [[nodiscard]] std::size_t bytes() const { return batch_.bytes() - taken_bytes_; }
  [[nodiscard]] bool is_empty() const { return rows() == 0; }
  // At most that many rows, and about that many bytes but at least one row.
  [[nodiscard]] Batch take(std::size_t most_rows, std::size_t most_bytes);

 private:
  Batch batch_;
  std::size_t taken_ = 0;
  std::size_t taken_bytes_ = 0;
};

// A small result that is here whole.
[[nodiscard]] std::unique_ptr<Rows> whole_result(const Answer& answer, const TypeBook& types);

}  // namespace hearth::packs::sql::pg
