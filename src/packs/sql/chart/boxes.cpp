// Box plots after Tukey (1977): quartiles, whiskers to the farthest value within 1.5 interquartile
// ranges of the box, dots beyond.
#include <algorithm>
#include <cmath>

#include "packs/sql/chart/quantile.hpp"
#include "packs/sql/chart/series.hpp"

namespace hearth::packs::sql::chart {
namespace {

constexpr std::size_t most_boxes = 100;

struct Summary {
  double low = 0;  // of the whiskers
  double lower = 0;
  double middle = 0;
  double upper = 0;
  double high = 0;
  std::vector<double> beyond;
};

Summary summarize(std::vector<double> values) {
  std::ranges::sort(values);
  Summary box{.lower = quantile(values, 0.25),
              .middle = quantile(values, 0.5),
              .upper = quantile(values, 0.75)};
  const double reach = 1.5 * (box.upper - box.lower);
  box.low = *std::ranges::lower_bound(values, box.lower - reach);
  box.high = *std::prev(std::ranges::upper_bound(values, box.upper + reach));
  // Quartiles lie between values, which may all be beyond them.
  box.low = std::min(box.low, box.lower);
  box.high = std::max(box.high, box.upper);
  for (const double value : values) {
    if (value < box.low || value > box.high) box.beyond.push_back(value);
  }
  return box;
}

void paint_box(
    Canvas& canvas, const Frame& frame, const Summary& box, std::size_t at, Colour colour) {
  const double middle = frame.x.at(static_cast<double>(at));
  const double band = frame.x.at(1) - frame.x.at(0);
  const double half = std::clamp(band * 0.3, 2.0, 45.0);
  const auto y = [&frame](double value) { return frame.y.at(value); };
  const Pen pen{colour, 1.6};
  canvas.line({middle, y(box.low)}, {middle, y(box.lower)}, pen);
  canvas.line({middle, y(box.upper)}, {middle, y(box.high)}, pen);
  for (const double end : {box.low, box.high}) {
    canvas.line({middle - half / 2, y(end)}, {middle + half / 2, y(end)}, pen);
  }
  const Box area{middle - half, y(box.upper), middle + half, y(box.lower)};
  canvas.fill(area, paper);
  canvas.fill(area, colour.with_alpha(0.35));
  canvas.frame(area, pen);
  canvas.line({middle - half, y(box.middle)}, {middle + half, y(box.middle)}, {colour, 3});
  for (const double value : box.beyond) canvas.dot({middle, y(value)}, 2.4, colour.with_alpha(0.5));
}

}  // namespace

Result<Plan> plan_boxes(const Spec& spec, const Data& data) {
  if (data.y.empty()) return fail(Errc::invalid_args, "a box plot needs y: the numbers");
  if (data.group) {
    return fail(Errc::invalid_args, "a box plot takes x, not group, for what its boxes are of");
  }
  if (data.x && data.y.size() > 1) {
    return fail(Errc::invalid_args, "a box plot takes one y with x, or several y without");
  }
  Places places;
  if (data.x) {
    auto bands = band_places(*data.x);
    if (!bands) return std::unexpected(std::move(bands.error()));
    places = std::move(*bands);
  } else {
    places.at.assign(data.y[0].size(), 0);
  }
  LeftOut left_out;
  const auto all = split(data, places, {.y_is_log = spec.y_scale == Scale::log}, left_out);
  if (!all) return std::unexpected(all.error());
  std::vector<std::vector<double>> values(data.x ? places.labels.size() : all->size());
  for (std::size_t nth = 0; nth < all->size(); ++nth) {
    if (!data.x) places.labels.push_back((*all)[nth].name);
    for (std::size_t i = 0; i < (*all)[nth].y.size(); ++i) {
      values[data.x ? static_cast<std::size_t>((*all)[nth].x[i]) : nth].push_back((*all)[nth].y[i]);
    }
  }
  if (values.size() > most_boxes) {
    return fail(Errc::invalid_args,
                "\"" + data.x->name + "\" has " + std::to_string(values.size()) +
                    " different values, and " + std::to_string(most_boxes) + " boxes are the most",
                {"group or filter in the query"});
  }
  Plan plan;
  plan.x = axis_for(data.x ? &*data.x : nullptr, places, Scale::linear);
  plan.y = axis_for(data.y.size() == 1 ? &data.y[0] : nullptr, {}, spec.y_scale);
  std::vector<std::optional<Summary>> boxes;
  for (const std::vector<double>& each : values) {
    boxes.emplace_back();
    if (each.empty()) continue;
    const auto [low, high] = std::ranges::minmax(each);
    embrace(plan.y, low, high);
    boxes.back() = summarize(each);
    plan.drawn += std::ssize(each);
  }
  plan.notes = left_out.notes();
  const bool are_kinds = !data.x;
  plan.paint = [boxes, are_kinds](Canvas& canvas, const Frame& frame) {
    for (std::size_t at = 0; at < boxes.size(); ++at) {
      if (boxes[at]) paint_box(canvas, frame, *boxes[at], at, kind_colour(are_kinds ? at : 0));
    }
  };
  return plan;
}

}  // namespace hearth::packs::sql::chart
