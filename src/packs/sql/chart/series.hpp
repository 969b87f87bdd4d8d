// The data of a chart, sorted out: which rows can be drawn, to which series they belong, and where
// on an axis their values are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "packs/sql/chart/chart.hpp"
#include "packs/sql/chart/plan.hpp"

namespace hearth::packs::sql::chart {

inline constexpr std::size_t most_series = 24;
inline constexpr std::size_t most_bands = 2'000;

// The values of a field as places on an axis. Categories, and what is asked to be, are counted from
// 0 in the order of their labels: as they come, or sorted where they are numbers or times.
struct Places {
  std::vector<double> at;           // for each row; NaN where there is none
  std::vector<std::string> labels;  // of bands; empty on a continuous axis
  [[nodiscard]] bool are_bands() const { return !labels.empty(); }
};
[[nodiscard]] Result<Places> continuous_places(const Field& field);
[[nodiscard]] Result<Places> band_places(const Field& field);
// Categories as bands, others continuous.
[[nodiscard]] Result<Places> natural_places(const Field& field);

struct Series {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;  // NaN: a gap, where gaps are kept
};

// Counts why rows are left out.
class LeftOut final {
 public:
  void no_value(const std::string& column) {
    ++count(column, "has no number that an axis can hold");
  }
  void not_positive(const std::string& column) {
    ++count(column, "is not above 0, as a log axis wants");
  }
  [[nodiscard]] std::vector<std::string> notes() const;

 private:
  struct Reason {
    std::string column;
    std::string_view why;
    std::int64_t rows = 0;
  };
  std::int64_t& count(const std::string& column, std::string_view why);
  std::vector<Reason> reasons_;
};

// A number that can be drawn: finite, and within what ticks can be counted in.
[[nodiscard]] bool is_drawable(double value);

// The rows by series, for each of `data.y` or each group, without those that cannot be drawn.
struct SeriesOptions {
  bool keeps_gaps = false;  // rows without y stay
  bool x_is_log = false;
  bool y_is_log = false;
};
[[nodiscard]] Result<std::vector<Series>> split(const Data& data,
                                                const Places& x,
                                                const SeriesOptions& options,
                                                LeftOut& left_out);

// The series that each row belongs to: the groups' names in the order in which they come.
struct Groups {
  std::vector<std::size_t> of_row;  // empty: all in one
  std::vector<std::string> names;
};
[[nodiscard]] Result<Groups> groups_of(const Data& data);

// An axis for a field over the values that are drawn on it.
[[nodiscard]] AxisPlan axis_for(const Field* field, const Places& places, Scale scale);
// Widens the axis so that it holds the values, and has an extent.
void embrace(AxisPlan& axis, double low, double high);

[[nodiscard]] std::unexpected<Error> nothing_to_draw(std::string_view what);
[[nodiscard]] std::unexpected<Error> need_number(const Field& field, std::string_view role);
[[nodiscard]] std::string plural(std::int64_t count, std::string_view one);

}  // namespace hearth::packs::sql::chart
