// What sql_chart takes and gives, as records of JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "json/record.hpp"
#include "packs/sql/chart_data.hpp"

namespace hearth::packs::sql::wire {

struct ChartRequest {
  std::string sql;
  std::string kind;
  std::optional<std::string> database;
  std::optional<std::string> x;
  std::optional<std::vector<std::string>> y;
  std::optional<std::string> group;
  std::optional<std::string> value;
  std::string title;
  std::string subtitle;
  std::optional<std::string> x_title;
  std::optional<std::string> y_title;
  std::string x_scale = "linear";
  std::string y_scale = "linear";
  bool stacked = false;
  std::optional<bool> horizontal;
  std::int64_t bins = 0;
  std::int64_t width = 900;
  std::int64_t height = 540;
  std::optional<std::string> format;
  std::optional<std::string> path;
  bool overwrite = false;
  std::int64_t timeout = 60;
};
BOOST_DESCRIBE_STRUCT(ChartRequest,
                      (),
                      (sql,
                       kind,
                       database,
                       x,
                       y,
                       group,
                       value,
                       title,
                       subtitle,
                       x_title,
                       y_title,
                       x_scale,
                       y_scale,
                       stacked,
                       horizontal,
                       bins,
                       width,
                       height,
                       format,
                       path,
                       overwrite,
                       timeout))
json::Notes notes(const ChartRequest*);

struct ChartAnswer {
  std::string kind;
  std::string format;
  std::int64_t rows_drawn = 0;
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::int64_t bytes = 0;
  std::optional<std::string> path;
  std::vector<std::string> notes;
};
BOOST_DESCRIBE_STRUCT(ChartAnswer,
                      (),
                      (kind, format, rows_drawn, width, height, bytes, path, notes))
json::Notes notes(const ChartAnswer*);

[[nodiscard]] chart::Spec to_spec(const ChartRequest& request);
[[nodiscard]] ChartColumns to_columns(const ChartRequest& request);

}  // namespace hearth::packs::sql::wire
