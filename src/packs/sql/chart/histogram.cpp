#include <algorithm>
#include <cmath>

#include "packs/sql/chart/quantile.hpp"
#include "packs/sql/chart/series.hpp"

namespace hearth::packs::sql::chart {
namespace {

constexpr int most_bins = 60;
constexpr int most_asked_bins = 500;

// As many as Freedman and Diaconis (1981) would make: 2 IQR n^(-1/3) wide. Sturges' where half of
// the numbers are the same.
double bins_wanted(const std::vector<double>& sorted) {
  const auto count = static_cast<double>(sorted.size());
  const double width = 2 * (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / std::cbrt(count);
  const double range = sorted.back() - sorted.front();
  const double wanted = width > 0 ? range / width : std::log2(count) + 1;
  return std::clamp(std::ceil(wanted), 1.0, static_cast<double>(most_bins));
}

std::vector<double> even_edges(double low, double high, int bins) {
  std::vector<double> edges;
  for (int i = 0; i <= bins; ++i) edges.push_back(low + (high - low) * i / bins);
  return edges;
}

std::vector<double> edges_of(const std::vector<double>& sorted, const Spec& spec, bool is_time) {
  double low = sorted.front();
  double high = sorted.back();
  const bool is_log = spec.x_scale == Scale::log && !is_time;
  if (high - low <= std::abs(high) * 1e-12) {
    const double half = low == 0 ? 0.5 : std::abs(low) * (is_log ? 0.1 : 0.05);
    return {low - half, low + half};
  }
  const int bins = spec.bins > 0 ? spec.bins : static_cast<int>(bins_wanted(sorted));
  if (is_log) {
    std::vector<double> edges = even_edges(std::log10(low), std::log10(high), bins);
    for (double& edge : edges) edge = std::pow(10.0, edge);
    edges.front() = low;
    edges.back() = high;
    return edges;
  }
  if (spec.bins > 0 || is_time) return even_edges(low, high, bins);
  const bool are_whole =
      std::ranges::all_of(sorted, [](double value) { return value == std::floor(value); });
  if (are_whole && high - low < most_bins && high - low <= 2.0 * bins) {
    return even_edges(low - 0.5, high + 0.5, static_cast<int>(high - low) + 1);
  }
  std::vector<double> edges = round_numbers(low, high, bins + 1, true);
  if (edges.size() < 2) return even_edges(low, high, bins);
  return edges;
}

std::vector<std::int64_t> count(const std::vector<double>& values,
                                const std::vector<double>& edges) {
  std::vector<std::int64_t> counts(edges.size() - 1);
  for (const double value : values) {
    const auto above = std::ranges::upper_bound(edges, value) - edges.begin();
    // The last bin holds its upper edge.
    const auto bin = std::clamp<std::ptrdiff_t>(above - 1, 0, std::ssize(counts) - 1);
    ++counts[static_cast<std::size_t>(bin)];
  }
  return counts;
}

}  // namespace

Result<Plan> plan_histogram(const Spec& spec, const Data& data) {
  if (!data.x) return fail(Errc::invalid_args, "a histogram needs x: whose values are counted");
  if (!data.y.empty()) {
    return fail(Errc::invalid_args, "a histogram counts x, and takes no y",
                {"draw bars for numbers that are counted already"});
  }
  if (data.x->kind == FieldKind::category) return need_number(*data.x, "a histogram");
  if (spec.bins < 0 || spec.bins > most_asked_bins) {
    return fail(Errc::invalid_args, "bins: from 1 to " + std::to_string(most_asked_bins));
  }
  const auto places = continuous_places(*data.x);
  if (!places) return std::unexpected(places.error());
  const bool is_time = data.x->kind == FieldKind::time;
  // The values of x take y's place, so that they are split alike.
  Data by_value{.x = data.x, .y = {*data.x}, .group = data.group, .value = {}};
  by_value.y[0].kind = FieldKind::number;
  LeftOut left_out;
  auto all =
      split(by_value, *places, {.x_is_log = spec.x_scale == Scale::log && !is_time}, left_out);
  if (!all) return std::unexpected(all.error());
  std::vector<double> sorted;
  for (const Series& series : *all) sorted.insert(sorted.end(), series.y.begin(), series.y.end());
  std::ranges::sort(sorted);
  const std::vector<double> edges = edges_of(sorted, spec, is_time);

  Plan plan;
  plan.x = axis_for(&*data.x, *places, spec.x_scale);
  embrace(plan.x, edges.front(), edges.back());
  plan.x.is_loose = false;
  plan.x.has_grid = false;
  plan.y = axis_for(nullptr, {}, spec.y_scale);
  plan.y.title = "rows";
  std::vector<std::vector<std::int64_t>> counts;
  std::int64_t highest = 1;
  for (const Series& series : *all) {
    counts.push_back(count(series.y, edges));
    highest = std::max(highest, std::ranges::max(counts.back()));
  }
  embrace(plan.y, plan.y.kind == AxisKind::log ? 0.8 : 0, static_cast<double>(highest));
  if (data.group) plan.legend_title = data.group->name;
  for (std::size_t nth = 0; data.group && nth < all->size(); ++nth) {
    plan.legend.push_back({(*all)[nth].name, Look::area, nth});
  }
  plan.drawn = static_cast<std::int64_t>(sorted.size());
  plan.notes = left_out.notes();
  plan.paint = [edges, counts](Canvas& canvas, const Frame& frame) {
    const double alpha = counts.size() > 1 ? 0.55 : 1;
    for (std::size_t nth = 0; nth < counts.size(); ++nth) {
      for (std::size_t bin = 0; bin < counts[nth].size(); ++bin) {
        if (counts[nth][bin] == 0) continue;
        Box box{frame.x.at(edges[bin]), frame.y.at(static_cast<double>(counts[nth][bin])),
                frame.x.at(edges[bin + 1]), frame.plot.bottom};
        if (box.width() > 4) box.right -= 1;
        canvas.fill(box, kind_colour(nth).with_alpha(alpha));
      }
    }
  };
  return plan;
}

}  // namespace hearth::packs::sql::chart
