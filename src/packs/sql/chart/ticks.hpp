// Where the ticks of an axis go and what they say.
#pragma once

#include <string>
#include <vector>

namespace hearth::packs::sql::chart {

struct Tick {
  double at = 0;
  std::string label;  // empty: a mark without one
  bool is_minor = false;
};

// Evenly spaced round numbers for low < high, about `wanted` of them: the search of Talbot, Lin and
// Hanrahan, "An Extension of Wilkinson's Algorithm for Positioning Tick Labels on Axes" (IEEE
// InfoVis 2010). It weighs how simple the numbers are, how well they cover the data and how many
// there are; legibility is left to the layout. `is_loose`: the outermost ticks embrace the data.
[[nodiscard]] std::vector<double> round_numbers(double low,
                                                double high,
                                                double wanted,
                                                bool is_loose);

[[nodiscard]] std::vector<Tick> linear_ticks(double low, double high, double wanted, bool is_loose);

// For 0 < low < high: powers of ten, every nth of them when there are many; 2 and 5 between them
// when there are few. Loose: from the power below to the one above.
[[nodiscard]] std::vector<Tick> log_ticks(double low, double high, double wanted);

// For seconds since 1970, UTC: at round seconds to years, whichever gives about `wanted`; the
// calendar's units, as clocks show them. The first tick of a day, month or year says which it is.
[[nodiscard]] std::vector<Tick> time_ticks(double low, double high, double wanted);

// A number as an axis with ticks `step` apart writes it: "1,250", "0.25", "3.2M", "1e-9".
[[nodiscard]] std::string axis_number(double value, double step, double largest);
// A number by itself, to about `digits` significant digits.
[[nodiscard]] std::string short_number(double value, int digits = 4);
// "2024-01-31", or with a time of day "2024-01-31 10:00".
[[nodiscard]] std::string short_time(double at);

}  // namespace hearth::packs::sql::chart
