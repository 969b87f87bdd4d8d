#include "packs/sql/chart/series.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

namespace hearth::packs::sql::chart {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double largest = 1e300;

std::vector<double> distinct(const std::vector<double>& numbers) {
  std::vector<double> sorted;
  std::ranges::copy_if(numbers, std::back_inserter(sorted), is_drawable);
  std::ranges::sort(sorted);
  const auto repeated = std::ranges::unique(sorted);
  sorted.erase(repeated.begin(), repeated.end());
  return sorted;
}

std::unexpected<Error> too_many(const Field& field, std::size_t count, std::size_t most) {
  return fail(Errc::invalid_args,
              "\"" + field.name + "\" has " + std::to_string(count) +
                  " different values, and a chart is readable with " + std::to_string(most),
              {"group or filter in the query: ORDER BY … LIMIT 20"});
}

}  // namespace

std::string plural(std::int64_t count, std::string_view one) {
  return std::to_string(count) + " " + std::string(one) + (count == 1 ? "" : "s");
}

bool is_drawable(double value) {
  return std::isfinite(value) && std::abs(value) <= largest;
}

std::unexpected<Error> nothing_to_draw(std::string_view what) {
  return fail(Errc::invalid_args, "there is nothing to draw: " + std::string(what),
              {"look at the rows with sql_query first"});
}

std::unexpected<Error> need_number(const Field& field, std::string_view role) {
  return fail(Errc::invalid_args,
              std::string(role) + " wants numbers, and \"" + field.name + "\" holds text",
              {"name a column of numbers", "CAST it in the query"});
}

Result<Places> continuous_places(const Field& field) {
  if (field.kind == FieldKind::category) return need_number(field, "this axis");
  Places places{field.numbers, {}};
  for (double& at : places.at) {
    if (!is_drawable(at)) at = nan;
  }
  return places;
}

Result<Places> band_places(const Field& field) {
  Places places;
  places.at.reserve(field.size());
  if (field.kind == FieldKind::category) {
    std::unordered_map<std::string_view, double> known;
    for (const std::string& text : field.texts) {
      const auto [found, is_new] = known.try_emplace(text, static_cast<double>(known.size()));
      if (is_new) places.labels.push_back(text);
      places.at.push_back(found->second);
    }
  } else {
    const std::vector<double> sorted = distinct(field.numbers);
    for (const double each : sorted) {
      places.labels.push_back(field.kind == FieldKind::time ? short_time(each)
                                                            : short_number(each, 6));
    }
    for (const double each : field.numbers) {
      places.at.push_back(
          is_drawable(each)
              ? static_cast<double>(std::ranges::lower_bound(sorted, each) - sorted.begin())
              : nan);
    }
  }
  if (places.labels.size() > most_bands) return too_many(field, places.labels.size(), most_bands);
  return places;
}

Result<Places> natural_places(const Field& field) {
  return field.kind == FieldKind::category ? band_places(field) : continuous_places(field);
}

std::int64_t& LeftOut::count(const std::string& column, std::string_view why) {
  for (Reason& reason : reasons_) {
    if (reason.column == column && reason.why == why) return reason.rows;
  }
  return reasons_.emplace_back(column, why).rows;
}

std::vector<std::string> LeftOut::notes() const {
  std::vector<std::string> all;
  for (const Reason& reason : reasons_) {
    all.push_back(plural(reason.rows, "row") + " left out: \"" + reason.column + "\" " +
                  std::string(reason.why));
  }
  return all;
}

Result<Groups> groups_of(const Data& data) {
  Groups groups;
  if (!data.group) return groups;
  const auto places = band_places(*data.group);
  if (!places) return std::unexpected(places.error());
  groups.names = places->labels;
  if (groups.names.size() > most_series) {
    return too_many(*data.group, groups.names.size(), most_series);
  }
  bool has_none = false;
  for (const double at : places->at) {
    has_none |= std::isnan(at);
    groups.of_row.push_back(std::isnan(at) ? groups.names.size() : static_cast<std::size_t>(at));
  }
  if (has_none) groups.names.emplace_back("(none)");
  return groups;
}

Result<std::vector<Series>> split(const Data& data,
                                  const Places& x,
                                  const SeriesOptions& options,
                                  LeftOut& left_out) {
  const auto groups = groups_of(data);
  if (!groups) return std::unexpected(groups.error());
  if (data.y.size() > most_series) {
    return fail(Errc::invalid_args, "y: at most " + std::to_string(most_series) + " columns");
  }
  std::vector<Series> all;
  for (const Field& y : data.y) {
    if (y.kind == FieldKind::category) return need_number(y, "y");
    const std::size_t first = all.size();
    if (groups->names.empty()) all.push_back({y.name, {}, {}});
    for (const std::string& name : groups->names) all.push_back({name, {}, {}});
    for (std::size_t row = 0; row < y.numbers.size(); ++row) {
      const double at = x.at[row];
      double value = y.numbers[row];
      if (std::isnan(at)) {
        left_out.no_value(data.x ? data.x->name : "x");
        continue;
      }
      if (options.x_is_log && at <= 0) {
        left_out.not_positive(data.x->name);
        continue;
      }
      if (!is_drawable(value)) {
        left_out.no_value(y.name);
        if (!options.keeps_gaps) continue;
        value = nan;
      } else if (options.y_is_log && value <= 0) {
        left_out.not_positive(y.name);
        continue;
      }
      Series& series = all[first + (groups->of_row.empty() ? 0 : groups->of_row[row])];
      series.x.push_back(at);
      series.y.push_back(value);
    }
  }
  std::erase_if(all, [](const Series& series) {
    return std::ranges::all_of(series.y, [](double value) { return std::isnan(value); });
  });
  if (all.empty()) return nothing_to_draw("no row has values in all the columns");
  return all;
}

AxisPlan axis_for(const Field* field, const Places& places, Scale scale) {
  AxisPlan axis;
  axis.title = field == nullptr ? "" : field->name;
  if (places.are_bands()) {
    axis.kind = AxisKind::band;
    axis.bands = places.labels;
    axis.low = -0.5;
    axis.high = static_cast<double>(places.labels.size()) - 0.5;
    axis.has_grid = false;
    return axis;
  }
  axis.kind = field != nullptr && field->kind == FieldKind::time ? AxisKind::time
              : scale == Scale::log                              ? AxisKind::log
                                                                 : AxisKind::linear;
  axis.low = std::numeric_limits<double>::infinity();
  axis.high = -axis.low;
  return axis;
}

void embrace(AxisPlan& axis, double low, double high) {
  if (axis.kind == AxisKind::band) return;
  axis.low = std::min(axis.low, low);
  axis.high = std::max(axis.high, high);
  if (axis.kind == AxisKind::log) {
    if (axis.high < axis.low * 1.5) {
      axis.low /= 2;
      axis.high *= 2;
    }
    return;
  }
  if (axis.kind == AxisKind::time && axis.high > axis.low) {
    if (axis.high - axis.low >= 2) return;
    axis.low = std::floor(axis.low);  // ticks are whole seconds
    axis.high = std::ceil(axis.high);
    return;
  }
  // Below this a double has too few digits for ticks.
  const double least = std::max(std::abs(axis.low), std::abs(axis.high)) * 1e-9;
  if (axis.high - axis.low > least && axis.high > axis.low) return;
  const double half = axis.kind == AxisKind::time ? 43'200
                      : axis.low == 0             ? 1
                                                  : std::abs(axis.low) * 0.05;
  axis.low -= half;
  axis.high += half;
}

}  // namespace hearth::packs::sql::chart
