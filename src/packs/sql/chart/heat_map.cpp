#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "packs/sql/chart/series.hpp"

namespace hearth::packs::sql::chart {
namespace {

constexpr std::size_t most_distinct = 60;  // numbers or times that get a band each
constexpr std::size_t most_cells_across = 400;
constexpr int bands_of_numbers = 40;

struct Cell {
  double sum = 0;
  std::int64_t rows = 0;
};
using Cells = std::map<std::pair<std::size_t, std::size_t>, Cell>;

// Numbers that are nearly all different are put into bands of one width.
Result<Places> cell_places(const Field& field, std::vector<std::string>& notes) {
  if (field.kind == FieldKind::category) {
    auto bands = band_places(field);
    if (bands && bands->labels.size() > most_cells_across) {
      return fail(Errc::invalid_args,
                  "\"" + field.name + "\" has " + std::to_string(bands->labels.size()) +
                      " different values, and a heat map has room for " +
                      std::to_string(most_cells_across),
                  {"group or filter in the query"});
    }
    return bands;
  }
  std::vector<double> sorted;
  std::ranges::copy_if(field.numbers, std::back_inserter(sorted), is_drawable);
  std::ranges::sort(sorted);
  const auto repeated = std::ranges::unique(sorted);
  sorted.erase(repeated.begin(), repeated.end());
  if (sorted.size() <= most_distinct) return band_places(field);
  const double low = sorted.front();
  const double width = (sorted.back() - low) / bands_of_numbers;
  Places places;
  for (int i = 0; i < bands_of_numbers; ++i) {
    const double edge = low + width * i;
    places.labels.push_back(field.kind == FieldKind::time ? short_time(edge) : short_number(edge));
  }
  for (const double value : field.numbers) {
    const double band = std::floor((value - low) / width);
    places.at.push_back(is_drawable(value) ? std::clamp(band, 0.0, bands_of_numbers - 1.0)
                                           : std::numeric_limits<double>::quiet_NaN());
  }
  notes.push_back("\"" + field.name + "\" is put into " + std::to_string(bands_of_numbers) +
                  " bands of the same width; their labels say where they begin");
  return places;
}

double value_of(const Cell& cell, bool is_count) {
  return is_count ? static_cast<double>(cell.rows) : cell.sum / static_cast<double>(cell.rows);
}

constexpr TextStyle label_style{.size = 11, .across = Align::middle, .down = Align::middle};

// To three digits of the largest, alike in all cells.
std::string label_of(double value, const Amounts& amounts) {
  const double largest = std::max(std::abs(amounts.low), std::abs(amounts.high));
  const double step = largest > 0 ? std::pow(10.0, std::floor(std::log10(largest)) - 2) : 1;
  return axis_number(std::round(value / step) * step, step, largest);
}

// Labels are in all cells or in none.
bool all_fit(
    const Canvas& canvas, const Cells& cells, const Amounts& amounts, bool is_count, double width) {
  constexpr std::size_t most_labels = 400;
  return cells.size() <= most_labels && std::ranges::all_of(cells, [&](const auto& each) {
           const std::string label = label_of(value_of(each.second, is_count), amounts);
           return canvas.width_of(label, label_style) <= width;
         });
}

void paint_cells(
    Canvas& canvas, const Frame& frame, const Cells& cells, const Amounts& amounts, bool is_count) {
  const double width = frame.x.at(1) - frame.x.at(0);
  const double height = std::abs(frame.y.at(1) - frame.y.at(0));
  const bool has_labels = height >= 16 && all_fit(canvas, cells, amounts, is_count, width - 6);
  for (const auto& [where, cell] : cells) {
    const double value = value_of(cell, is_count);
    const double range = amounts.high - amounts.low;
    const Colour colour = amount_colour(range > 0 ? (value - amounts.low) / range : 0.5);
    const Spot middle{frame.x.at(static_cast<double>(where.first)),
                      frame.y.at(static_cast<double>(where.second))};
    const double gap = std::min(width, height) > 8 ? 0.75 : 0;
    canvas.fill({middle.x - width / 2 + gap, middle.y - height / 2 + gap,
                 middle.x + width / 2 - gap, middle.y + height / 2 - gap},
                colour);
    if (!has_labels) continue;
    TextStyle style = label_style;
    style.colour = is_dark(colour) ? paper : ink;
    canvas.text(middle, label_of(value, amounts), style);
  }
}

}  // namespace

Result<Plan> plan_heat_map(const Spec& spec, const Data& data) {
  if (!data.x || data.y.size() != 1) {
    return fail(Errc::invalid_args, "a heat map needs x and one y, the two sides of its cells");
  }
  if (data.group) {
    return fail(Errc::invalid_args, "a heat map takes value, not group, for its colours");
  }
  if (spec.x_scale == Scale::log || spec.y_scale == Scale::log) {
    return fail(Errc::invalid_args, "the sides of a heat map have no log scale",
                {"use log10(…) in the query"});
  }
  const bool is_count = !data.value;
  if (!is_count && data.value->kind != FieldKind::number) return need_number(*data.value, "value");
  Plan plan;
  const auto x = cell_places(*data.x, plan.notes);
  if (!x) return std::unexpected(x.error());
  const auto y = cell_places(data.y[0], plan.notes);
  if (!y) return std::unexpected(y.error());

  LeftOut left_out;
  Cells cells;
  for (std::size_t row = 0; row < x->at.size(); ++row) {
    if (std::isnan(x->at[row])) {
      left_out.no_value(data.x->name);
    } else if (std::isnan(y->at[row])) {
      left_out.no_value(data.y[0].name);
    } else if (!is_count && !is_drawable(data.value->numbers[row])) {
      left_out.no_value(data.value->name);
    } else {
      Cell& cell =
          cells[{static_cast<std::size_t>(x->at[row]), static_cast<std::size_t>(y->at[row])}];
      cell.sum += is_count ? 0 : data.value->numbers[row];
      ++cell.rows;
      ++plan.drawn;
    }
  }
  if (cells.empty()) return nothing_to_draw("no row has values in all the columns");
  Amounts amounts{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
                  is_count ? "rows" : data.value->name};
  for (const auto& [where, cell] : cells) {
    const double value = value_of(cell, is_count);
    amounts.low = std::min(amounts.low, value);
    amounts.high = std::max(amounts.high, value);
  }
  std::ranges::move(left_out.notes(), std::back_inserter(plan.notes));
  if (!is_count && std::cmp_greater(plan.drawn, cells.size())) {
    plan.notes.push_back("cells of several rows show the mean of their \"" + data.value->name +
                         "\"");
  }
  plan.x = axis_for(&*data.x, *x, Scale::linear);
  plan.y = axis_for(&data.y[0], *y, Scale::linear);
  plan.y.is_downward = data.y[0].kind == FieldKind::category;
  plan.amounts = amounts;
  plan.paint = [cells = std::move(cells), amounts, is_count](Canvas& canvas, const Frame& frame) {
    paint_cells(canvas, frame, cells, amounts, is_count);
  };
  return plan;
}

}  // namespace hearth::packs::sql::chart
