#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "packs/sql/chart/series.hpp"

namespace hearth::packs::sql::chart {
namespace {

constexpr double share_of_band = 0.8;
constexpr double thinnest_share = 1.0 / 400;  // of the axis, below which a bar is not seen
constexpr std::size_t most_labelled = 24;
constexpr std::size_t most_beside = 40;  // bars that a horizontal chart still has room for
constexpr TextStyle value_style{.size = 11, .colour = ink, .across = Align::middle};

struct Bar {
  double at = 0;
  std::size_t series = 0;
  double from = 0;
  double to = 0;
};

struct Bars {
  std::vector<Bar> all;
  std::size_t series = 1;  // beside each other
  double width = 1;        // of all that stand at one place, on the axis
  double low = 0;
  double high = 0;
  std::int64_t together = 0;  // rows that were added to others
};

// Bars stand where their numbers or times are, unless they would be too thin there.
Result<Places> bar_places(const Field& field) {
  auto continuous = natural_places(field);
  if (!continuous || continuous->are_bands()) return continuous;
  std::vector<double> sorted = continuous->at;
  std::erase_if(sorted, [](double at) { return std::isnan(at); });
  std::ranges::sort(sorted);
  double gap = std::numeric_limits<double>::infinity();
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i] > sorted[i - 1]) gap = std::min(gap, sorted[i] - sorted[i - 1]);
  }
  const bool is_even = !sorted.empty() && std::isfinite(gap) &&
                       gap >= (sorted.back() - sorted.front()) * thinnest_share;
  return is_even ? std::move(continuous) : band_places(field);
}

double narrowest_gap(const std::map<double, std::vector<double>>& at) {
  double gap = std::numeric_limits<double>::infinity();
  for (auto each = at.begin(); each != at.end() && std::next(each) != at.end(); ++each) {
    gap = std::min(gap, std::next(each)->first - each->first);
  }
  return std::isfinite(gap) ? gap : 1;
}

Bars to_bars(const std::vector<Series>& series, bool is_stacked) {
  std::map<double, std::vector<double>> sums;
  Bars bars;
  for (std::size_t nth = 0; nth < series.size(); ++nth) {
    for (std::size_t i = 0; i < series[nth].x.size(); ++i) {
      std::vector<double>& at = sums[series[nth].x[i]];
      at.resize(series.size(), std::numeric_limits<double>::quiet_NaN());
      bars.together += std::isnan(at[nth]) ? 0 : 1;
      at[nth] = (std::isnan(at[nth]) ? 0 : at[nth]) + series[nth].y[i];
    }
  }
  bars.series = is_stacked ? 1 : series.size();
  bars.width = share_of_band * narrowest_gap(sums);
  for (const auto& [at, values] : sums) {
    double up = 0;
    double down = 0;
    for (std::size_t nth = 0; nth < values.size(); ++nth) {
      if (std::isnan(values[nth])) continue;
      double& base = values[nth] < 0 ? down : up;
      const double from = is_stacked ? base : 0;
      bars.all.push_back({at, nth, from, from + values[nth]});
      base = from + values[nth];
      bars.low = std::min(bars.low, bars.all.back().to);
      bars.high = std::max(bars.high, bars.all.back().to);
    }
  }
  return bars;
}

Box place(const Bar& bar, const Bars& bars, const Frame& frame, bool is_horizontal) {
  const Axis& along = is_horizontal ? frame.y : frame.x;
  const Axis& length = is_horizontal ? frame.x : frame.y;
  const double each = bars.width / static_cast<double>(bars.series);
  const double begin =
      bar.at - bars.width / 2 + (bars.series == 1 ? 0 : each * static_cast<double>(bar.series));
  const double base =
      length.plan.kind == AxisKind::log && bar.from <= 0 ? length.plan.low : bar.from;
  double a = along.at(begin);
  double b = along.at(begin + each);
  if (a > b) std::swap(a, b);
  if (b - a > 6) b -= 1;  // neighbours stay apart
  if (b - a < 1) b = a + 1;
  const double low = length.at(base);
  const double high = length.at(bar.to);
  if (is_horizontal) return {std::min(low, high), a, std::max(low, high), b};
  return {a, std::min(low, high), b, std::max(low, high)};
}

void paint_bars(Canvas& canvas, const Frame& frame, const Bars& bars, bool is_horizontal) {
  const bool has_labels = bars.all.size() <= most_labelled;
  for (const Bar& bar : bars.all) {
    const Box box = place(bar, bars, frame, is_horizontal);
    canvas.fill(box, kind_colour(bar.series));
    if (!has_labels || bar.from != 0) continue;
    const std::string label = short_number(bar.to);
    TextStyle style = value_style;
    const double width = canvas.width_of(label, style);
    const bool is_down = bar.to < 0;
    if (is_horizontal) {
      style.across = is_down ? Align::end : Align::begin;
      style.down = Align::middle;
      if (box.height() < 9) continue;
      canvas.text({is_down ? box.left - 4 : box.right + 4, (box.top + box.bottom) / 2}, label,
                  style);
    } else if (width <= box.width() + 6) {
      style.down = is_down ? Align::begin : Align::end;
      canvas.text({(box.left + box.right) / 2, is_down ? box.bottom + 4 : box.top - 4}, label,
                  style);
    }
  }
}

bool wants_horizontal(const Spec& spec, const AxisPlan& along, const Canvas& canvas) {
  if (spec.is_horizontal) return *spec.is_horizontal;
  if (along.kind != AxisKind::band || along.bands.size() > most_beside) return false;
  double widest = 0;
  for (const std::string& label : along.bands) {
    widest = std::max(widest, canvas.width_of(label, {.size = 11.5}));
  }
  const double each = (spec.width - 110.0) / static_cast<double>(along.bands.size());
  const double height = (spec.height - 110.0) / static_cast<double>(along.bands.size());
  return widest + 8 > each && height > 13;
}

// Without y the rows are counted.
Data with_counts(const Data& data) {
  Data counted = data;
  Field ones{"rows", FieldKind::number, {}, {}};
  ones.numbers.assign(data.x->size(), 1);
  counted.y.push_back(std::move(ones));
  return counted;
}

void add_legend(Plan& plan, const std::vector<Series>& series, const Data& data) {
  if (series.size() < 2 && !data.group) return;
  if (data.group) plan.legend_title = data.group->name;
  for (std::size_t nth = 0; nth < series.size(); ++nth) {
    plan.legend.push_back({series[nth].name, Look::area, nth});
  }
}

}  // namespace

Result<Plan> plan_bars(const Spec& spec, const Data& data, const Canvas& canvas) {
  if (!data.x) return fail(Errc::invalid_args, "a bar chart needs x: what the bars are of");
  const bool is_count = data.y.empty();
  const Data whole = is_count ? with_counts(data) : data;
  const auto places = bar_places(*data.x);
  if (!places) return std::unexpected(places.error());
  LeftOut left_out;
  const auto series = split(whole, *places, {.y_is_log = spec.y_scale == Scale::log}, left_out);
  if (!series) return std::unexpected(series.error());
  if (series->size() > kinds.size()) {
    return fail(Errc::invalid_args,
                "bars of " + std::to_string(series->size()) + " kinds cannot be told apart; " +
                    std::to_string(kinds.size()) + " can",
                {"group or filter in the query", "draw lines"});
  }
  if (spec.is_stacked && spec.y_scale == Scale::log) {
    return fail(Errc::invalid_args, "stacked bars have no meaning on a log axis",
                {"leave out stacked, or the log scale"});
  }
  const Bars bars = to_bars(*series, spec.is_stacked);
  Plan plan;
  AxisPlan along = axis_for(&*data.x, *places, Scale::linear);
  if (along.kind != AxisKind::band) {
    const double margin = bars.width / (2 * share_of_band);
    embrace(along, bars.all.front().at - margin, bars.all.back().at + margin);
    along.is_loose = false;
    along.has_grid = false;
  }
  AxisPlan length = axis_for(whole.y.size() == 1 ? &whole.y[0] : nullptr, {}, spec.y_scale);
  if (length.kind == AxisKind::log) {
    double least = bars.high;
    for (const Bar& bar : bars.all) least = std::min(least, bar.to);
    embrace(length, least * 0.9, bars.high);
  } else {
    length.kind = AxisKind::linear;
    // Room for the labels at the ends of the bars.
    const double more = bars.all.size() <= most_labelled ? 1.05 : 1;
    embrace(length, bars.low * more, bars.high * more);
  }
  const bool is_horizontal = wants_horizontal(spec, along, canvas);
  along.is_downward = is_horizontal && along.kind == AxisKind::band;
  plan.x = std::move(along);
  plan.y = std::move(length);
  if (is_horizontal) std::swap(plan.x, plan.y);
  add_legend(plan, *series, data);
  for (const Series& each : *series) plan.drawn += static_cast<std::int64_t>(each.x.size());
  plan.notes = left_out.notes();
  if (bars.together > 0 && !is_count) {
    plan.notes.push_back(plural(bars.together, "row") +
                         " added to another of the same bar: a bar is the sum of its rows");
  }
  plan.paint = [bars, is_horizontal](Canvas& to, const Frame& frame) {
    paint_bars(to, frame, bars, is_horizontal);
  };
  return plan;
}

}  // namespace hearth::packs::sql::chart
