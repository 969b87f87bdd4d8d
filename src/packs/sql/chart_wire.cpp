#include "packs/sql/chart_wire.hpp"

#include "packs/sql/query_wire.hpp"

namespace hearth::packs::sql::wire {

using json::defaulted;
using json::Notes;
using json::one_of;
using json::range;

Notes notes(const ChartRequest*) {
  constexpr std::int64_t longest = 200;
  return {
      {"sql", "One statement that reads: a row for each bar, point or value", range(1, 1 << 20)},
      {"kind", "", one_of({"bar", "line", "scatter", "histogram", "box", "heat_map"})},
      {"database", database_text, range(1, 63)},
      {"x",
       "Column along x; left out, columns are chosen by what they hold. histogram: whose values "
       "are counted; box: a box for each of its values",
       range(0, longest)},
      {"y", "Columns of numbers along y, a series each. heat_map: the one column of its other side",
       range(0, 24)},
      {"group", "Column whose values make the series", range(0, longest)},
      {"value", "heat_map: column of numbers for the colours; without, rows are counted",
       range(0, longest)},
      {"title", "", range(0, longest) | defaulted},
      {"subtitle", "", range(0, longest) | defaulted},
      {"x_title", "Else the column's name", range(0, longest)},
      {"y_title", "", range(0, longest)},
      {"x_scale", "", one_of({"linear", "log"}) | defaulted},
      {"y_scale", "", one_of({"linear", "log"}) | defaulted},
      {"stacked", "Bars of several series on top of each other", defaulted},
      {"horizontal", "Bars that lie; else where their names want it"},
      {"bins", "Of a histogram; 0: as many as the data bear", range(0, 500) | defaulted},
      {"width", "CSS pixels; a PNG has two for each",
       range(chart::smallest_side, chart::largest_side) | defaulted},
      {"height", "", range(chart::smallest_side, chart::largest_side) | defaulted},
      {"format", "png, unless path ends in .svg", one_of({"png", "svg"})},
      {"path", "Also write it into this file of the project", range(1, 4096)},
      {"overwrite", "Replace the file if it is there", defaulted},
      {"timeout", timeout_text, range(1, most_seconds) | defaulted}};
}
Notes notes(const ChartAnswer*) {
  return {{"kind", ""},
          {"format", ""},
          {"rows_drawn", "Values that are in the picture"},
          {"width", "Pixels"},
          {"height", ""},
          {"bytes", ""},
          {"path", "Where it was written"},
          {"notes", "What was left out or put together"}};
}

namespace {

chart::Mark mark_of(const std::string& name) {
  using chart::Mark;
  for (const Mark mark : {Mark::bar, Mark::line, Mark::scatter, Mark::histogram, Mark::box}) {
    if (chart::mark_name(mark) == name) return mark;
  }
  return Mark::heat_map;
}

}  // namespace

chart::Spec to_spec(const ChartRequest& request) {
  const bool is_svg =
      request.format ? *request.format == "svg" : request.path && request.path->ends_with(".svg");
  const auto scale = [](const std::string& name) {
    return name == "log" ? chart::Scale::log : chart::Scale::linear;
  };
  return {.mark = mark_of(request.kind),
          .format = is_svg ? chart::Format::svg : chart::Format::png,
          .title = request.title,
          .subtitle = request.subtitle,
          .x_title = request.x_title,
          .y_title = request.y_title,
          .x_scale = scale(request.x_scale),
          .y_scale = scale(request.y_scale),
          .is_stacked = request.stacked,
          .is_horizontal = request.horizontal,
          .bins = static_cast<int>(request.bins),
          .width = static_cast<int>(request.width),
          .height = static_cast<int>(request.height)};
}

ChartColumns to_columns(const ChartRequest& request) {
  return {.x = request.x,
          .y = request.y.value_or(std::vector<std::string>()),
          .group = request.group,
          .value = request.value};
}

}  // namespace hearth::packs::sql::wire
