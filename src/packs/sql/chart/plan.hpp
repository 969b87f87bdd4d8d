// What is to be drawn, before it has places: each mark makes a Plan of its data, the layout gives
// it a Frame, and the plan paints itself into that.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "packs/sql/chart/canvas.hpp"
#include "packs/sql/chart/ticks.hpp"

namespace hearth::packs::sql::chart {

enum class AxisKind : std::uint8_t { linear, log, time, band };

struct AxisPlan {
  AxisKind kind = AxisKind::linear;
  double low = 0;                  // of a band axis: -0.5
  double high = 1;                 // and its number of bands less a half
  std::vector<std::string> bands;  // their labels
  std::string title;               //
  bool is_loose = true;            // a linear axis goes on to the next tick
  bool has_grid = true;            //
  bool is_downward = false;        // a vertical axis that begins on top
};

// An axis with its place, in pixels.
struct Axis {
  AxisPlan plan;
  std::vector<Tick> ticks;
  double begin = 0;
  double end = 0;
  double degrees = 0;      // of its labels
  double label_width = 0;  // they are cut there
  [[nodiscard]] double at(double value) const;
};

struct Frame {
  Box plot;
  Axis x;
  Axis y;
};

enum class Look : std::uint8_t { area, line, symbol };
struct LegendEntry {
  std::string name;
  Look look = Look::area;
  std::size_t nth = 0;  // of the series: its colour, dash and form
};

// The colours of a heat map.
struct Amounts {
  double low = 0;
  double high = 1;
  std::string title;
};

struct Plan {
  AxisPlan x;
  AxisPlan y;
  std::string legend_title;
  std::vector<LegendEntry> legend;
  std::optional<Amounts> amounts;
  std::function<void(Canvas&, const Frame&)> paint;
  std::int64_t drawn = 0;
  std::vector<std::string> notes;
};

[[nodiscard]] Result<Plan> plan_bars(const Spec& spec, const Data& data, const Canvas& canvas);
[[nodiscard]] Result<Plan> plan_points(const Spec& spec, const Data& data);  // line, scatter
[[nodiscard]] Result<Plan> plan_histogram(const Spec& spec, const Data& data);
[[nodiscard]] Result<Plan> plan_boxes(const Spec& spec, const Data& data);
[[nodiscard]] Result<Plan> plan_heat_map(const Spec& spec, const Data& data);

// Gives the plan its places on the canvas and draws all but what the plan paints itself.
[[nodiscard]] Frame lay_out(const Spec& spec, const Plan& plan, const Canvas& canvas);
void draw_background(Canvas& canvas, const Frame& frame);
void draw_surroundings(Canvas& canvas, const Spec& spec, const Plan& plan, const Frame& frame);

}  // namespace hearth::packs::sql::chart
