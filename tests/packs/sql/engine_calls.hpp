// Short forms for what tests ask of an engine's connection.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "packs/sql/engine/engine.hpp"
#include "support/sizes.hpp"

namespace hearth::test {

namespace sql = packs::sql;

[[nodiscard]] inline sql::Work within(std::chrono::milliseconds time) {
  sql::Work work;
  work.deadline = std::chrono::steady_clock::now() + time;
  return work;
}
[[nodiscard]] inline sql::Work patiently() {
  return within(patience);
}

// All of a result: cells joined by "|", rows by a newline; NULL is "∅".
[[nodiscard]] inline std::string rows_text(sql::Rows& rows) {
  std::string text;
  while (true) {
    const auto batch = rows.next(1'000, 1 << 20, patiently());
    if (!batch) return std::string(errc_name(batch.error().code)) + ": " + batch.error().message;
    if (batch->rows() == 0) return text;
    for (std::size_t row = 0; row < batch->rows(); ++row) {
      if (!text.empty()) text += '\n';
      for (std::size_t column = 0; column < batch->columns(); ++column) {
        const auto cell = batch->at(row, column);
        if (column > 0) text += '|';
        text += cell.kind == sql::CellKind::null ? "∅" : std::string(cell.text);
      }
    }
  }
}

// The same for a query's, or its error: "not_found: …".
[[nodiscard]] inline std::string ask(sql::Connection& connection,
                                     const std::string& text,
                                     std::vector<sql::Parameter> parameters = {}) {
  const auto rows = connection.query({text, std::move(parameters)}, {}, patiently());
  if (!rows) return std::string(errc_name(rows.error().code)) + ": " + rows.error().message;
  return rows_text(**rows);
}

// "1 0", or the error.
[[nodiscard]] inline std::string change(sql::Connection& connection,
                                        const std::vector<std::string>& texts) {
  std::vector<sql::Statement> statements;
  for (const std::string& text : texts) statements.push_back({text});
  const auto executed = connection.execute(statements, std::nullopt, patiently());
  if (!executed)
    return std::string(errc_name(executed.error().code)) + ": " + executed.error().message;
  std::string counts;
  for (const auto count : executed->rows_affected)
    counts += (counts.empty() ? "" : " ") + std::to_string(count);
  return counts;
}

// Rows for a table (i bigint, s text, b bytea): `count` of them after two that try the format.
[[nodiscard]] inline sql::BulkInsert some_rows(std::vector<std::string> before, int count) {
  sql::BulkInsert rows;
  for (const std::string& text : before) rows.before.push_back({text});
  rows.table = "t";
  rows.columns = {"i", "s", "b"};
  rows.are_bytes = {false, false, true};
  rows.next = [count, given = 0]() mutable -> Result<sql::Batch> {
    sql::Batch batch(3);
    const auto add = [&](const std::string& number) {
      batch.add(sql::CellKind::integer, number);
      batch.add(sql::CellKind::text, "row " + number);
      batch.add(sql::CellKind::null, "");
    };
    if (given == 0) {
      batch.add(sql::CellKind::integer, "-1");
      batch.add(sql::CellKind::text, "a \"b\", \\.\n\tc");
      batch.add(sql::CellKind::text, "AP8Q");
      batch.add(sql::CellKind::null, "");
      batch.add(sql::CellKind::text, "");
      batch.add(sql::CellKind::text, "");
    }
    for (int i = 0; i < 1'000 && given < count; ++i) add(std::to_string(given++));
    return batch;
  };
  return rows;
}

}  // namespace hearth::test
