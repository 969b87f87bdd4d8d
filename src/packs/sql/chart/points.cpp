// Lines and scattered points: the same places, joined or not.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "packs/sql/chart/series.hpp"

namespace hearth::packs::sql::chart {
namespace {

constexpr std::size_t most_with_dots = 40;  // points of a line that are marked

void sort_by_x(Series& series) {
  std::vector<std::size_t> order(series.x.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&series](std::size_t i) { return std::pair(series.x[i], i); });
  Series sorted{series.name, {}, {}};
  for (const std::size_t i : order) {
    sorted.x.push_back(series.x[i]);
    sorted.y.push_back(series.y[i]);
  }
  series = std::move(sorted);
}

void paint_line(Canvas& canvas, const Frame& frame, const Series& series, std::size_t nth) {
  const Pen pen{kind_colour(nth), 2.2, static_cast<int>(nth / kinds.size())};
  const bool has_dots = series.x.size() <= most_with_dots;
  std::vector<Spot> run;
  const auto end_run = [&] {
    // A point between two gaps is no line, and must be seen.
    if (run.size() == 1 && !has_dots) canvas.dot(run[0], 2.4, pen.colour);
    if (run.size() > 1) canvas.path(run, pen);
    run.clear();
  };
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    if (std::isnan(series.y[i])) {
      end_run();
      continue;
    }
    const Spot spot{frame.x.at(series.x[i]), frame.y.at(series.y[i])};
    run.push_back(spot);
    if (has_dots) canvas.dot(spot, 3.2, pen.colour);
  }
  end_run();
}

void paint_points(
    Canvas& canvas, const Frame& frame, const Series& series, std::size_t nth, std::size_t points) {
  // Many points show their density by growing darker where they overlap.
  const double alpha = points > 20'000 ? 0.15 : points > 2'000 ? 0.35 : 0.75;
  const double radius = points > 20'000 ? 1.6 : points > 2'000 ? 2.2 : 4;
  const Colour colour = kind_colour(nth).with_alpha(alpha);
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    canvas.symbol({frame.x.at(series.x[i]), frame.y.at(series.y[i])}, radius,
                  static_cast<int>(nth / kinds.size()), colour);
  }
}

void set_extent(AxisPlan& axis,
                const std::vector<double> Series::* values,
                const std::vector<Series>& all) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const Series& series : all) {
    for (const double value : series.*values) {
      if (std::isnan(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  // Zero is shown where it costs little room.
  if (axis.kind == AxisKind::linear && low > 0 && low < 0.25 * high) low = 0;
  embrace(axis, low, high);
}

}  // namespace

Result<Plan> plan_points(const Spec& spec, const Data& data) {
  const bool is_line = spec.mark == Mark::line;
  if (!data.x || data.y.empty()) {
    return fail(Errc::invalid_args,
                "a " + std::string(mark_name(spec.mark)) + " chart needs x and y");
  }
  const auto places = natural_places(*data.x);
  if (!places) return std::unexpected(places.error());
  LeftOut left_out;
  const SeriesOptions options{.keeps_gaps = is_line,
                              .x_is_log = spec.x_scale == Scale::log && !places->are_bands(),
                              .y_is_log = spec.y_scale == Scale::log};
  auto all = split(data, *places, options, left_out);
  if (!all) return std::unexpected(all.error());
  Plan plan;
  plan.x = axis_for(&*data.x, *places, spec.x_scale);
  plan.y = axis_for(data.y.size() == 1 ? &data.y[0] : nullptr, {}, spec.y_scale);
  set_extent(plan.x, &Series::x, *all);
  set_extent(plan.y, &Series::y, *all);
  // A line ends at the plot's edge; points stand clear of it.
  plan.x.is_loose = !is_line && plan.x.kind == AxisKind::linear;
  if (!is_line && plan.x.kind == AxisKind::time) {
    const double margin = 0.02 * (plan.x.high - plan.x.low);
    embrace(plan.x, plan.x.low - margin, plan.x.high + margin);
  }
  if (data.group) plan.legend_title = data.group->name;
  std::size_t points = 0;
  for (std::size_t nth = 0; nth < all->size(); ++nth) {
    Series& series = (*all)[nth];
    if (is_line) sort_by_x(series);
    points += static_cast<std::size_t>(
        std::ranges::count_if(series.y, [](double value) { return !std::isnan(value); }));
    if (all->size() > 1 || data.group) {
      plan.legend.push_back({series.name, is_line ? Look::line : Look::symbol, nth});
    }
  }
  plan.drawn = static_cast<std::int64_t>(points);
  plan.notes = left_out.notes();
  plan.paint = [all = std::move(*all), is_line, points](Canvas& canvas, const Frame& frame) {
    for (std::size_t nth = 0; nth < all.size(); ++nth) {
      if (is_line) {
        paint_line(canvas, frame, all[nth], nth);
      } else {
        paint_points(canvas, frame, all[nth], nth, points);
      }
    }
  };
  return plan;
}

}  // namespace hearth::packs::sql::chart
