// Where everything goes: margins follow from the labels, and the labels from the room that the
// margins leave, so that both are found in two rounds.
#include <algorithm>
#include <cmath>

#include "packs/sql/chart/plan.hpp"

namespace hearth::packs::sql::chart {
namespace {

constexpr TextStyle title_style{.size = 17, .is_bold = true};
constexpr TextStyle subtitle_style{.size = 12.5, .colour = faint_ink};
constexpr TextStyle axis_title_style{.size = 12.5, .colour = ink, .across = Align::middle};
constexpr TextStyle label_style{.size = 11.5, .colour = faint_ink};
constexpr TextStyle legend_style{.size = 12, .down = Align::middle};
constexpr TextStyle legend_title_style{.size = 12, .is_bold = true, .down = Align::middle};

constexpr double edge = 18;
constexpr double line_height = 17;  // of labels
constexpr double legend_row = 20;
constexpr double swatch = 26;
constexpr double tick_length = 5;
constexpr double tilt = -40;  // degrees of labels that do not fit side by side
constexpr double longest_tilted = 150;
constexpr double longest_upright = 190;        // of the labels left of a vertical axis
constexpr double widest_upright_share = 0.35;  // and of the picture
constexpr double widest_legend = 200;

struct Margins {
  double left = 60;
  double top = edge;
  double right = edge;
  double bottom = 60;
};

double widest(const std::vector<Tick>& ticks, const Canvas& canvas) {
  double width = 0;
  for (const Tick& tick : ticks) width = std::max(width, canvas.width_of(tick.label, label_style));
  return width;
}

// Band labels, all or every nth.
std::vector<Tick> band_ticks(const AxisPlan& plan, double room_each, double room_needed) {
  const auto every = static_cast<std::size_t>(std::max(1.0, std::ceil(room_needed / room_each)));
  std::vector<Tick> ticks;
  for (std::size_t i = 0; i < plan.bands.size(); i += every) {
    ticks.push_back({static_cast<double>(i), plan.bands[i]});
  }
  return ticks;
}

void set_continuous_ticks(Axis& axis, double wanted) {
  const AxisPlan& plan = axis.plan;
  switch (plan.kind) {
    case AxisKind::time:
      axis.ticks = time_ticks(plan.low, plan.high, wanted);
      break;
    case AxisKind::log:
      axis.ticks = log_ticks(plan.low, plan.high, wanted);
      break;
    case AxisKind::linear:
      axis.ticks = linear_ticks(plan.low, plan.high, wanted, plan.is_loose);
      break;
    case AxisKind::band:
      break;
  }
}

// The ticks may reach beyond the data.
void widen_to_ticks(Axis& axis) {
  if (axis.ticks.empty() || axis.plan.kind == AxisKind::time || axis.plan.kind == AxisKind::band) {
    return;
  }
  if (!axis.plan.is_loose) {
    std::erase_if(axis.ticks, [&axis](const Tick& tick) {
      return tick.at < axis.plan.low || tick.at > axis.plan.high;
    });
    return;
  }
  axis.plan.low = std::min(axis.plan.low, axis.ticks.front().at);
  axis.plan.high = std::max(axis.plan.high, axis.ticks.back().at);
}

bool collide(const Axis& axis, const Canvas& canvas) {
  double free_from = -1e9;
  for (const Tick& tick : axis.ticks) {
    if (tick.label.empty()) continue;
    const double half = canvas.width_of(tick.label, label_style) / 2;
    const double at = axis.at(tick.at);
    if (at - half < free_from) return true;
    free_from = at + half + 12;
  }
  return false;
}

// Sets ticks and labels of a horizontal axis; returns the height they take.
double fit_horizontal(Axis& axis, const Canvas& canvas) {
  const double width = axis.end - axis.begin;
  axis.label_width = width;
  if (axis.plan.kind != AxisKind::band) {
    const AxisPlan asked = axis.plan;
    for (double wanted = std::clamp(width / 85, 2.0, 14.0);; wanted *= 0.75) {
      axis.plan = asked;
      set_continuous_ticks(axis, wanted);
      widen_to_ticks(axis);
      if (wanted < 2 || !collide(axis, canvas)) break;
    }
    return tick_length + line_height;
  }
  const double each = width / static_cast<double>(axis.plan.bands.size());
  axis.ticks = band_ticks(axis.plan, each, 0);
  const double label = widest(axis.ticks, canvas);
  if (label + 8 <= each) return tick_length + line_height;
  axis.degrees = tilt;
  axis.label_width = std::min(longest_tilted, label + 1);
  axis.ticks = band_ticks(axis.plan, each, line_height + 5);
  const double turned = std::abs(tilt) * 3.14159 / 180;
  return tick_length + axis.label_width * std::sin(turned) + line_height;
}

// The same of a vertical axis; returns the width.
double fit_vertical(Axis& axis, double most, const Canvas& canvas) {
  const double height = std::abs(axis.end - axis.begin);
  axis.label_width = most;
  if (axis.plan.kind == AxisKind::band) {
    const double each = height / static_cast<double>(axis.plan.bands.size());
    axis.ticks = band_ticks(axis.plan, each, line_height - 2);
  } else {
    set_continuous_ticks(axis, std::clamp(height / 50, 2.0, 12.0));
    widen_to_ticks(axis);
  }
  return tick_length + 5 + std::min(widest(axis.ticks, canvas), most);
}

double legend_width(const Plan& plan, const Canvas& canvas) {
  if (plan.amounts) return 86;
  if (plan.legend.empty()) return 0;
  double width = canvas.width_of(plan.legend_title, legend_title_style);
  for (const LegendEntry& entry : plan.legend) {
    width = std::max(width, swatch + canvas.width_of(entry.name, legend_style));
  }
  return std::min(width, widest_legend) + edge;
}

void draw_symbol(Canvas& canvas, const LegendEntry& entry, double left, double middle) {
  const Colour colour = kind_colour(entry.nth);
  const auto round = static_cast<int>(entry.nth / kinds.size());
  switch (entry.look) {
    case Look::area:
      canvas.fill({left, middle - 6, left + 16, middle + 6}, colour);
      break;
    case Look::line:
      canvas.line({left, middle}, {left + 20, middle}, {colour, 2.4, round});
      break;
    case Look::symbol:
      canvas.symbol({left + 8, middle}, 5, round, colour);
      break;
  }
}

void draw_legend(Canvas& canvas, const Plan& plan, const Frame& frame) {
  const double left = frame.plot.right + edge;
  double middle = frame.plot.top + 8;
  if (!plan.legend_title.empty()) {
    canvas.text({left, middle}, canvas.fitted(plan.legend_title, widest_legend, legend_title_style),
                legend_title_style);
    middle += legend_row;
  }
  for (std::size_t i = 0; i < plan.legend.size(); ++i) {
    const LegendEntry& entry = plan.legend[i];
    const bool is_last_row = middle + legend_row > frame.plot.bottom + 30;
    if (is_last_row && i + 1 < plan.legend.size()) {
      const std::string more = "and " + std::to_string(plan.legend.size() - i) + " more";
      canvas.text({left, middle}, more, legend_style);
      return;
    }
    draw_symbol(canvas, entry, left, middle);
    canvas.text({left + swatch, middle},
                canvas.fitted(entry.name, widest_legend - swatch, legend_style), legend_style);
    middle += legend_row;
  }
}

void draw_amounts(Canvas& canvas, const Amounts& amounts, const Frame& frame) {
  const Box bar{frame.plot.right + edge, frame.plot.top + 24, frame.plot.right + edge + 16,
                std::min(frame.plot.bottom, frame.plot.top + 264)};
  const std::string title = canvas.fitted(amounts.title, 80, legend_title_style);
  canvas.text({bar.left, frame.plot.top + 8}, title, legend_title_style);
  constexpr int slices = 64;
  const double height = bar.height() / slices;
  for (int i = 0; i < slices; ++i) {
    const double top = bar.top + i * height;
    canvas.fill({bar.left, top, bar.right, std::min(top + height + 0.5, bar.bottom)},
                amount_colour(1 - (i + 0.5) / slices));
  }
  if (amounts.high <= amounts.low) {
    canvas.text({bar.right + 6, (bar.top + bar.bottom) / 2}, short_number(amounts.low),
                legend_style);
    return;
  }
  for (const Tick& tick : linear_ticks(amounts.low, amounts.high, bar.height() / 50, false)) {
    const double share = (tick.at - amounts.low) / (amounts.high - amounts.low);
    if (share < -1e-9 || share > 1 + 1e-9) continue;
    const double at = bar.bottom - share * bar.height();
    canvas.line({bar.right, at}, {bar.right + 4, at}, {axis_line, 1});
    canvas.text({bar.right + 7, at}, tick.label,
                {.size = 11.5, .colour = faint_ink, .down = Align::middle});
  }
}

void draw_x_labels(Canvas& canvas, const Frame& frame) {
  for (const Tick& tick : frame.x.ticks) {
    const double at = frame.x.at(tick.at);
    if (frame.x.plan.kind != AxisKind::band) {
      const double length = tick.label.empty() ? tick_length / 2 : tick_length;
      canvas.line({at, frame.plot.bottom}, {at, frame.plot.bottom + length}, {axis_line, 1});
    }
    if (tick.label.empty()) continue;
    TextStyle style = label_style;
    style.degrees = frame.x.degrees;
    if (style.degrees == 0) {
      style.across = Align::middle;
      style.down = Align::begin;
      canvas.text({at, frame.plot.bottom + tick_length + 3}, tick.label, style);
      continue;
    }
    style.across = Align::end;
    style.down = Align::middle;
    const double room = std::min(frame.x.label_width, (at - 6) / 0.78);
    canvas.text({at + 3, frame.plot.bottom + tick_length + 6},
                canvas.fitted(tick.label, room, style), style);
  }
}

void draw_y_labels(Canvas& canvas, const Frame& frame) {
  TextStyle style = label_style;
  style.across = Align::end;
  style.down = Align::middle;
  for (const Tick& tick : frame.y.ticks) {
    if (tick.label.empty()) continue;
    canvas.text({frame.plot.left - tick_length - 2, frame.y.at(tick.at)},
                canvas.fitted(tick.label, frame.y.label_width, style), style);
  }
}

}  // namespace

double Axis::at(double value) const {
  const bool is_log = plan.kind == AxisKind::log;
  const double low = is_log ? std::log10(plan.low) : plan.low;
  const double high = is_log ? std::log10(plan.high) : plan.high;
  const double place = is_log ? std::log10(std::max(value, plan.low * 1e-9)) : value;
  return begin + (place - low) / (high - low) * (end - begin);
}

Frame lay_out(const Spec& spec, const Plan& plan, const Canvas& canvas) {
  Margins margins;
  if (!spec.title.empty()) margins.top += 25;
  if (!spec.subtitle.empty()) margins.top += 19;
  margins.top += spec.title.empty() && spec.subtitle.empty() ? 0 : 6;
  const double legend = legend_width(plan, canvas);
  margins.right = legend > 0 ? legend + edge : edge + 14;
  const double most_upright = std::min(longest_upright, widest_upright_share * spec.width);
  Frame frame;
  for (int round = 0; round < 2; ++round) {
    frame.plot = {margins.left, margins.top, spec.width - margins.right,
                  spec.height - margins.bottom};
    // Where there is no room the picture is too small for its labels; it still is one.
    frame.plot.right = std::max(frame.plot.right, frame.plot.left + 40);
    frame.plot.bottom = std::max(frame.plot.bottom, frame.plot.top + 40);
    frame.x = {plan.x, {}, frame.plot.left, frame.plot.right};
    const bool is_down = plan.y.is_downward;
    frame.y = {plan.y,
               {},
               is_down ? frame.plot.top : frame.plot.bottom,
               is_down ? frame.plot.bottom : frame.plot.top};
    margins.left =
        edge / 2 + fit_vertical(frame.y, most_upright, canvas) + (plan.y.title.empty() ? 0 : 24);
    margins.bottom = edge / 2 + fit_horizontal(frame.x, canvas) + (plan.x.title.empty() ? 0 : 22);
  }
  return frame;
}

void draw_background(Canvas& canvas, const Frame& frame) {
  const Box& plot = frame.plot;
  for (const Tick& tick : frame.x.ticks) {
    if (!frame.x.plan.has_grid || tick.is_minor) continue;
    const double at = frame.x.at(tick.at);
    canvas.line({at, plot.top}, {at, plot.bottom}, {grid_line, 1});
  }
  for (const Tick& tick : frame.y.ticks) {
    if (!frame.y.plan.has_grid || tick.is_minor) continue;
    const double at = frame.y.at(tick.at);
    canvas.line({plot.left, at}, {plot.right, at}, {grid_line, 1});
  }
}

void draw_surroundings(Canvas& canvas, const Spec& spec, const Plan& plan, const Frame& frame) {
  const Box& plot = frame.plot;
  const auto zero_line = [&](const Axis& axis, bool is_vertical) {
    const bool crosses =
        axis.plan.kind == AxisKind::linear && axis.plan.low < 0 && axis.plan.high > 0;
    if (!crosses) return;
    const double at = axis.at(0);
    canvas.line(is_vertical ? Spot{at, plot.top} : Spot{plot.left, at},
                is_vertical ? Spot{at, plot.bottom} : Spot{plot.right, at}, {axis_line, 1});
  };
  zero_line(frame.y, false);
  if (plan.y.kind == AxisKind::band) zero_line(frame.x, true);
  canvas.line({plot.left, plot.bottom}, {plot.right, plot.bottom}, {axis_line, 1});
  if (plan.y.kind == AxisKind::band || plan.y.kind == AxisKind::log) {
    canvas.line({plot.left, plot.top}, {plot.left, plot.bottom}, {axis_line, 1});
  }
  draw_x_labels(canvas, frame);
  draw_y_labels(canvas, frame);
  if (!plan.x.title.empty()) {
    canvas.text({(plot.left + plot.right) / 2, spec.height - edge / 2 - 3.0},
                canvas.fitted(plan.x.title, plot.width(), axis_title_style), axis_title_style);
  }
  if (!plan.y.title.empty()) {
    TextStyle style = axis_title_style;
    style.degrees = -90;
    canvas.text({edge / 2 + 10, (plot.top + plot.bottom) / 2},
                canvas.fitted(plan.y.title, plot.height(), style), style);
  }
  double base = edge + 12;
  const double room = spec.width - 2 * edge;
  if (!spec.title.empty()) {
    canvas.text({edge, base}, canvas.fitted(spec.title, room, title_style), title_style);
    base += 21;
  }
  if (!spec.subtitle.empty()) {
    canvas.text({edge, base}, canvas.fitted(spec.subtitle, room, subtitle_style), subtitle_style);
  }
  if (plan.amounts) {
    draw_amounts(canvas, *plan.amounts, frame);
  } else {
    draw_legend(canvas, plan, frame);
  }
}

}  // namespace hearth::packs::sql::chart
