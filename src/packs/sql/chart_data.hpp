// Rows of a query as the columns of a chart. No JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "packs/sql/chart/chart.hpp"
#include "packs/sql/engine/values.hpp"

namespace hearth::packs::sql {

// The columns by name; empty: chosen by what they hold.
struct ChartColumns {
  std::optional<std::string> x;
  std::vector<std::string> y;
  std::optional<std::string> group;
  std::optional<std::string> value;
};

// `not_found` lists the columns there are. Dates and timestamps become times, numbers of any width
// numbers, all else categories; NULL is nothing, or the category "(null)".
[[nodiscard]] Result<chart::Data> chart_data(chart::Mark mark,
                                             const ChartColumns& columns,
                                             const std::vector<Column>& header,
                                             const Batch& rows);

// Seconds since 1970 of "2024-01-31", "2024-01-31T10:00:00.5", with or without "Z" or "+01:00".
[[nodiscard]] std::optional<double> seconds_of(std::string_view text);

}  // namespace hearth::packs::sql
